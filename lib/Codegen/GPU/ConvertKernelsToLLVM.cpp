// Kernels -> LLVM's dialects for NVIDIA and AMD. See GPUPasses.td.
#include "KernelParameters.h"

#include "bitnet/Codegen/Passes.h"
#include "bitnet/Target/DeviceSpec.h"
#include "dialects/BitNet/BitNetDeviceOps.h"

#include "mlir/Conversion/ArithToLLVM/ArithToLLVM.h"
#include "mlir/Conversion/ControlFlowToLLVM/ControlFlowToLLVM.h"
#include "mlir/Conversion/GPUCommon/GPUCommonPass.h"
#include "mlir/Conversion/IndexToLLVM/IndexToLLVM.h"
#include "mlir/Conversion/LLVMCommon/ConversionTarget.h"
#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Conversion/MathToLLVM/MathToLLVM.h"
#include "mlir/Conversion/MemRefToLLVM/MemRefToLLVM.h"
#include "mlir/Conversion/SCFToControlFlow/SCFToControlFlow.h"
#include "mlir/Conversion/UBToLLVM/UBToLLVM.h"
#include "mlir/Conversion/VectorToLLVM/ConvertVectorToLLVM.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/LLVMIR/ROCDLDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Transforms/DialectConversion.h"

#define DEBUG_TYPE "bitnet-convert-kernels-to-llvm"

namespace bitnet {
#define GEN_PASS_DEF_CONVERTKERNELSTOLLVM
#include "bitnet/Codegen/Passes.h.inc"
} // namespace bitnet

using namespace mlir;

/// Of both NVIDIA and AMD.
static constexpr unsigned kGlobalMemory = 1, kSharedMemory = 3;

/// What one access of a block's memory moves at most.
static constexpr int64_t kSharedAlignment = 16;

//===----------------------------------------------------------------------===//
// What the two say differently
//===----------------------------------------------------------------------===//

static Value callIntrinsic(ImplicitLocOpBuilder &b, StringRef name, Type type,
                           ValueRange operands) {
  return LLVM::CallIntrinsicOp::create(b, type, b.getStringAttr(name), operands)
      .getResult(0);
}

namespace {

/// The special registers, the barrier and the dot product of a device.
class Instructions {
public:
  virtual ~Instructions() = default;

  virtual Value threadId(ImplicitLocOpBuilder &b, gpu::Dimension dim) const = 0;
  virtual Value blockId(ImplicitLocOpBuilder &b, gpu::Dimension dim) const = 0;
  virtual Value gridSize(ImplicitLocOpBuilder &b, gpu::Dimension dim) const = 0;
  virtual void barrier(ImplicitLocOpBuilder &b) const = 0;
  /// Of four unsigned bytes below 128 and four signed ones.
  virtual Value dot4(ImplicitLocOpBuilder &b, ValueRange operands) const = 0;
  virtual void markKernel(LLVM::LLVMFuncOp kernel,
                          DenseI32ArrayAttr threads) const = 0;
  virtual Attribute target(MLIRContext *context) const = 0;
};

class NVIDIA : public Instructions {
public:
  explicit NVIDIA(const bitnet::DeviceSpec &device) : spec(device.target()) {}

  Value threadId(ImplicitLocOpBuilder &b, gpu::Dimension dim) const override {
    return read(b, "tid", dim);
  }
  Value blockId(ImplicitLocOpBuilder &b, gpu::Dimension dim) const override {
    return read(b, "ctaid", dim);
  }
  Value gridSize(ImplicitLocOpBuilder &b, gpu::Dimension dim) const override {
    return read(b, "nctaid", dim);
  }

  void barrier(ImplicitLocOpBuilder &b) const override {
    NVVM::Barrier0Op::create(b);
  }

  Value dot4(ImplicitLocOpBuilder &b, ValueRange operands) const override {
    return callIntrinsic(b, "llvm.nvvm.idp4a.u.s", b.getI32Type(), operands);
  }

  void markKernel(LLVM::LLVMFuncOp kernel,
                  DenseI32ArrayAttr threads) const override {
    kernel->setAttr(NVVM::NVVMDialect::getKernelFuncAttrName(),
                    UnitAttr::get(kernel.getContext()));
    kernel->setAttr(NVVM::NVVMDialect::getReqntidAttrName(), threads);
  }

  Attribute target(MLIRContext *context) const override {
    return NVVM::NVVMTargetAttr::get(context, /*optLevel=*/3, spec.triple,
                                     spec.cpu, spec.features);
  }

private:
  static Value read(ImplicitLocOpBuilder &b, StringRef name,
                    gpu::Dimension dim) {
    std::string intrinsic =
        ("llvm.nvvm.read.ptx.sreg." + name + "." + gpu::stringifyDimension(dim))
            .str();
    return callIntrinsic(b, intrinsic, b.getI32Type(), {});
  }

  bitnet::TargetSpec spec;
};

class AMD : public Instructions {
public:
  explicit AMD(const bitnet::DeviceSpec &device) : spec(device.target()) {}

  Value threadId(ImplicitLocOpBuilder &b, gpu::Dimension dim) const override {
    return read(b, "workitem", dim);
  }
  Value blockId(ImplicitLocOpBuilder &b, gpu::Dimension dim) const override {
    return read(b, "workgroup", dim);
  }

  /// Among the arguments that the driver adds. (The packet of the launch counts
  /// threads.)
  Value gridSize(ImplicitLocOpBuilder &b, gpu::Dimension dim) const override {
    auto pointer = LLVM::LLVMPointerType::get(b.getContext(), /*constant=*/4);
    Value base =
        callIntrinsic(b, "llvm.amdgcn.implicitarg.ptr", pointer, ValueRange());
    Value at = LLVM::GEPOp::create(b, pointer, b.getI32Type(), base,
                                   ArrayRef<LLVM::GEPArg>{int32_t(dim)});
    return LLVM::LoadOp::create(b, b.getI32Type(), at, /*alignment=*/4);
  }

  /// The instruction orders no memory by itself.
  void barrier(ImplicitLocOpBuilder &b) const override {
    LLVM::FenceOp::create(b, LLVM::AtomicOrdering::release, "workgroup");
    ROCDL::SBarrierOp::create(b);
    LLVM::FenceOp::create(b, LLVM::AtomicOrdering::acquire, "workgroup");
  }

  /// Bytes below 128 are the same with a sign. RDNA 3 has only an instruction
  /// that is told so.
  Value dot4(ImplicitLocOpBuilder &b, ValueRange operands) const override {
    auto flag = [&](bool value) -> Value {
      return LLVM::ConstantOp::create(b, b.getBoolAttr(value));
    };
    if (!StringRef(spec.cpu).starts_with("gfx11"))
      return callIntrinsic(
          b, "llvm.amdgcn.sdot4", b.getI32Type(),
          {operands[0], operands[1], operands[2], flag(false)});
    return callIntrinsic(b, "llvm.amdgcn.sudot4", b.getI32Type(),
                         {flag(false), operands[0], flag(true), operands[1],
                          operands[2], flag(false)});
  }

  void markKernel(LLVM::LLVMFuncOp kernel,
                  DenseI32ArrayAttr threads) const override {
    Builder b(kernel.getContext());
    std::string count = std::to_string(llvm::product_of(threads.asArrayRef()));
    kernel->setAttr(ROCDL::ROCDLDialect::getKernelFuncAttrName(),
                    b.getUnitAttr());
    kernel->setAttr(ROCDL::ROCDLDialect::getFlatWorkGroupSizeAttrName(),
                    b.getStringAttr(count + "," + count));
    kernel->setAttr(ROCDL::ROCDLDialect::getReqdWorkGroupSizeAttrName(),
                    threads);
  }

  Attribute target(MLIRContext *context) const override {
    return ROCDL::ROCDLTargetAttr::get(context, /*optLevel=*/3, spec.triple,
                                       spec.cpu, spec.features);
  }

private:
  static Value read(ImplicitLocOpBuilder &b, StringRef name,
                    gpu::Dimension dim) {
    std::string intrinsic =
        ("llvm.amdgcn." + name + ".id." + gpu::stringifyDimension(dim)).str();
    return callIntrinsic(b, intrinsic, b.getI32Type(), {});
  }

  bitnet::TargetSpec spec;
};

//===----------------------------------------------------------------------===//
// Patterns
//===----------------------------------------------------------------------===//

/// gpu.func -> llvm.func, whose parameters are words already.
struct ConvertKernel : OpConversionPattern<gpu::GPUFuncOp> {
  ConvertKernel(const TypeConverter &types, MLIRContext *context,
                const Instructions &device)
      : OpConversionPattern(types, context), device(device) {}

  LogicalResult
  matchAndRewrite(gpu::GPUFuncOp kernel, OpAdaptor,
                  ConversionPatternRewriter &rewriter) const override {
    MLIRContext *context = rewriter.getContext();
    auto type = LLVM::LLVMFunctionType::get(
        LLVM::LLVMVoidType::get(context), kernel.getFunctionType().getInputs());
    auto function = LLVM::LLVMFuncOp::create(rewriter, kernel.getLoc(),
                                             kernel.getName(), type);
    // What a launch looks for.
    function->setAttr(gpu::GPUDialect::getKernelFuncAttrName(),
                      rewriter.getUnitAttr());
    device.markKernel(function, kernel.getKnownBlockSizeAttr());
    rewriter.inlineRegionBefore(kernel.getBody(), function.getBody(),
                                function.end());
    if (failed(rewriter.convertRegionTypes(&function.getBody(),
                                           *getTypeConverter())))
      return rewriter.notifyMatchFailure(kernel, "has blocks of other types");
    rewriter.eraseOp(kernel);
    return success();
  }

  const Instructions &device;
};

struct ConvertReturn : OpConversionPattern<gpu::ReturnOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(gpu::ReturnOp op, OpAdaptor,
                  ConversionPatternRewriter &rewriter) const override {
    rewriter.replaceOpWithNewOp<LLVM::ReturnOp>(op, ValueRange());
    return success();
  }
};

/// An id or a size -> a special register, widened.
template <typename OpTy, auto read>
struct ReadRegister : OpConversionPattern<OpTy> {
  ReadRegister(const TypeConverter &types, MLIRContext *context,
               const Instructions &device)
      : OpConversionPattern<OpTy>(types, context), device(device) {}

  LogicalResult
  matchAndRewrite(OpTy op, typename OpTy::Adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    Value number = (device.*read)(b, op.getDimension());
    rewriter.replaceOpWithNewOp<LLVM::ZExtOp>(op, b.getI64Type(), number);
    return success();
  }

  const Instructions &device;
};

struct ConvertBarrier : OpConversionPattern<gpu::BarrierOp> {
  ConvertBarrier(const TypeConverter &types, MLIRContext *context,
                 const Instructions &device)
      : OpConversionPattern(types, context), device(device) {}

  LogicalResult
  matchAndRewrite(gpu::BarrierOp op, OpAdaptor,
                  ConversionPatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    device.barrier(b);
    rewriter.eraseOp(op);
    return success();
  }

  const Instructions &device;
};

struct ConvertDot4 : OpConversionPattern<bitnet::Dot4Op> {
  ConvertDot4(const TypeConverter &types, MLIRContext *context,
              const Instructions &device)
      : OpConversionPattern(types, context), device(device) {}

  LogicalResult
  matchAndRewrite(bitnet::Dot4Op op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    rewriter.replaceOp(op, device.dot4(b, adaptor.getOperands()));
    return success();
  }

  const Instructions &device;
};

/// The pointer to scalars from number `index` on.
struct Place {
  Value pointer;
  unsigned alignment;

  Place(ImplicitLocOpBuilder &b, Value address, Value index, Type type) {
    Type scalar = getElementTypeOrSelf(type);
    alignment = scalar.getIntOrFloatBitWidth() / 8;
    if (auto vector = dyn_cast<VectorType>(type))
      alignment *= vector.getNumElements();
    auto global = LLVM::LLVMPointerType::get(b.getContext(), kGlobalMemory);
    Value base = LLVM::IntToPtrOp::create(b, global, address);
    pointer = LLVM::GEPOp::create(b, global, scalar, base, ValueRange{index});
  }
};

struct LoadByAddress : OpConversionPattern<bitnet::DeviceLoadOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(bitnet::DeviceLoadOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    Type type = getTypeConverter()->convertType(op.getType());
    Place place(b, adaptor.getAddress(), adaptor.getIndex(), type);
    if (std::optional<uint64_t> bytes = op.getAlignment())
      place.alignment = static_cast<unsigned>(*bytes);
    rewriter.replaceOpWithNewOp<LLVM::LoadOp>(op, type, place.pointer,
                                              place.alignment);
    return success();
  }
};

struct StoreByAddress : OpConversionPattern<bitnet::DeviceStoreOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(bitnet::DeviceStoreOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    Value value = adaptor.getValue();
    Place place(b, adaptor.getAddress(), adaptor.getIndex(), value.getType());
    rewriter.replaceOpWithNewOp<LLVM::StoreOp>(op, value, place.pointer,
                                               place.alignment);
    return success();
  }
};

//===----------------------------------------------------------------------===//
// The pass
//===----------------------------------------------------------------------===//

struct ConvertKernelsToLLVM
    : bitnet::impl::ConvertKernelsToLLVMBase<ConvertKernelsToLLVM> {
  using ConvertKernelsToLLVMBase::ConvertKernelsToLLVMBase;

  void runOnOperation() override {
    llvm::Expected<bitnet::DeviceSpec> found =
        bitnet::DeviceSpec::find(kind.getValue() + ":" + chip.getValue());
    if (!found) {
      getOperation().emitError() << llvm::toString(found.takeError());
      return signalPassFailure();
    }
    std::unique_ptr<Instructions> known;
    if (found->kind == "cuda")
      known = std::make_unique<NVIDIA>(*found);
    else
      known = std::make_unique<AMD>(*found);
    instructions = known.get();
    for (auto kernels :
         llvm::to_vector(getOperation().getOps<gpu::GPUModuleOp>()))
      // Not what has been converted for another chip. The launches still name
      // the original.
      if (!kernels.getTargetsAttr() && failed(convert(copy(kernels))))
        return signalPassFailure();
  }

private:
  gpu::GPUModuleOp copy(gpu::GPUModuleOp kernels) {
    auto copied = cast<gpu::GPUModuleOp>(OpBuilder(kernels).clone(*kernels));
    copied.setName((kernels.getName() + "_" + chip.getValue()).str());
    copied.setTargetsAttr(
        ArrayAttr::get(&getContext(), instructions->target(&getContext())));
    return copied;
  }

  /// Each parameter comes as 64 bits.
  static void takeWords(gpu::GPUFuncOp kernel) {
    auto b = ImplicitLocOpBuilder::atBlockBegin(kernel.getLoc(),
                                                &kernel.getBody().front());
    unsigned count = kernel.getFunctionType().getNumInputs();
    for (BlockArgument argument : kernel.getArguments().take_front(count)) {
      SmallVector<OpOperand *> uses;
      for (OpOperand &use : argument.getUses())
        uses.push_back(&use);
      Type type = argument.getType();
      argument.setType(b.getI64Type());
      Value value = bitnet::fromWord(b, argument, type);
      for (OpOperand *use : uses)
        use->set(value);
    }
    SmallVector<Type> words(count, b.getI64Type());
    kernel.setFunctionType(b.getFunctionType(words, {}));
    kernel.removeArgAttrsAttr();
  }

  /// Memory of a block as LLVM has it: global variables.
  static void shareMemory(gpu::GPUFuncOp kernel) {
    ImplicitLocOpBuilder outside(kernel.getLoc(), kernel);
    auto b = ImplicitLocOpBuilder::atBlockBegin(kernel.getLoc(),
                                                &kernel.getBody().front());
    auto shared = llvm::to_vector(kernel.getWorkgroupAttributions());
    for (auto [i, buffer] : llvm::enumerate(shared)) {
      auto type = cast<MemRefType>(buffer.getType());
      std::string name = (kernel.getName() + "_shared_" + Twine(i)).str();
      memref::GlobalOp::create(
          outside, name, b.getStringAttr("private"), type, b.getUnitAttr(),
          /*constant=*/false, b.getI64IntegerAttr(kSharedAlignment));
      buffer.replaceAllUsesWith(memref::GetGlobalOp::create(b, type, name));
    }
    kernel->setAttr("workgroup_attributions", b.getI64IntegerAttr(0));
    for (BlockArgument buffer : llvm::reverse(shared))
      kernel.getBody().front().eraseArgument(buffer.getArgNumber());
  }

  /// Whether devices compute it as the CPU does, without a library.
  static bool hasInstruction(Operation *op) {
    return isa<math::AbsFOp, math::AbsIOp, math::CeilOp, math::CopySignOp,
               math::CountLeadingZerosOp, math::CountTrailingZerosOp,
               math::CtPopOp, math::FloorOp, math::FmaOp, math::IsFiniteOp,
               math::IsInfOp, math::IsNaNOp, math::IsNormalOp,
               math::RoundEvenOp, math::RoundOp, math::SqrtOp, math::TruncOp>(
        op);
  }

  LogicalResult checkMath(gpu::GPUModuleOp kernels) {
    WalkResult result = kernels.walk([&](Operation *op) {
      bool isMath = isa_and_present<math::MathDialect>(op->getDialect());
      if (!isa<arith::RemFOp>(op) && (!isMath || hasInstruction(op)))
        return WalkResult::advance();
      op->emitOpError("has no exact instruction on ")
          << kind.getValue() << " devices";
      return WalkResult::interrupt();
    });
    return failure(result.wasInterrupted());
  }

  /// Loops become branches; bf16 is rounded by integers, as on CPUs.
  LogicalResult simplify(gpu::GPUModuleOp kernels) {
    RewritePatternSet patterns(&getContext());
    populateSCFToControlFlowConversionPatterns(patterns);
    arith::populateExpandBFloat16Patterns(patterns);
    ConversionTarget target(getContext());
    target.addIllegalDialect<scf::SCFDialect>();
    target.addDynamicallyLegalOp<arith::ExtFOp>([](arith::ExtFOp op) {
      return !getElementTypeOrSelf(op.getIn().getType()).isBF16();
    });
    target.addDynamicallyLegalOp<arith::TruncFOp>([](arith::TruncFOp op) {
      return !getElementTypeOrSelf(op.getType()).isBF16();
    });
    target.markUnknownOpDynamicallyLegal([](Operation *) { return true; });
    return applyPartialConversion(kernels, target, std::move(patterns));
  }

  void addPatterns(LLVMTypeConverter &types, RewritePatternSet &patterns) {
    arith::populateArithToLLVMConversionPatterns(types, patterns);
    cf::populateControlFlowToLLVMConversionPatterns(types, patterns);
    index::populateIndexToLLVMConversionPatterns(types, patterns);
    populateFinalizeMemRefToLLVMConversionPatterns(types, patterns);
    populateMathToLLVMConversionPatterns(types, patterns);
    populateVectorToLLVMConversionPatterns(types, patterns);
    ub::populateUBToLLVMConversionPatterns(types, patterns);
    patterns.add<ConvertReturn, LoadByAddress, StoreByAddress>(types,
                                                               &getContext());
    patterns.add<ConvertBarrier, ConvertDot4, ConvertKernel,
                 ReadRegister<gpu::ThreadIdOp, &Instructions::threadId>,
                 ReadRegister<gpu::BlockIdOp, &Instructions::blockId>,
                 ReadRegister<gpu::GridDimOp, &Instructions::gridSize>>(
        types, &getContext(), *instructions);
  }

  LogicalResult convert(gpu::GPUModuleOp kernels) {
    if (failed(checkMath(kernels)))
      return failure();
    for (auto kernel : llvm::to_vector(kernels.getOps<gpu::GPUFuncOp>())) {
      if (!kernel.getKnownBlockSizeAttr())
        return kernel.emitOpError("has no known block size");
      takeWords(kernel);
      shareMemory(kernel);
    }
    if (failed(simplify(kernels)))
      return failure();
    LowerToLLVMOptions options(&getContext());
    options.overrideIndexBitwidth(64);
    LLVMTypeConverter types(&getContext(), options);
    populateGpuMemorySpaceAttributeConversions(
        types, [](gpu::AddressSpace space) -> unsigned {
          return space == gpu::AddressSpace::Workgroup ? kSharedMemory
                                                       : kGlobalMemory;
        });
    RewritePatternSet patterns(&getContext());
    addPatterns(types, patterns);
    LLVMConversionTarget target(getContext());
    target.addLegalDialect<NVVM::NVVMDialect, ROCDL::ROCDLDialect>();
    target.addLegalOp<gpu::GPUModuleOp>();
    return applyFullConversion(kernels, target, std::move(patterns));
  }

  const Instructions *instructions = nullptr;
};

} // namespace

// Kernels -> SPIR-V for Vulkan. See GPUPasses.td.
#include "KernelParameters.h"

#include "bitnet/Codegen/Passes.h"
#include "dialects/BitNet/BitNetDeviceOps.h"

#include "mlir/Conversion/ArithToSPIRV/ArithToSPIRV.h"
#include "mlir/Conversion/ControlFlowToSPIRV/ControlFlowToSPIRV.h"
#include "mlir/Conversion/FuncToSPIRV/FuncToSPIRV.h"
#include "mlir/Conversion/GPUToSPIRV/GPUToSPIRV.h"
#include "mlir/Conversion/MathToSPIRV/MathToSPIRV.h"
#include "mlir/Conversion/MemRefToSPIRV/MemRefToSPIRV.h"
#include "mlir/Conversion/SCFToSPIRV/SCFToSPIRV.h"
#include "mlir/Conversion/UBToSPIRV/UBToSPIRV.h"
#include "mlir/Conversion/VectorToSPIRV/VectorToSPIRV.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/SPIRV/IR/SPIRVDialect.h"
#include "mlir/Dialect/SPIRV/IR/SPIRVOps.h"
#include "mlir/Dialect/SPIRV/IR/TargetAndABI.h"
#include "mlir/Dialect/SPIRV/Transforms/SPIRVConversion.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/TypeUtilities.h"

#define DEBUG_TYPE "bitnet-convert-kernels-to-spirv"

namespace bitnet {
#define GEN_PASS_DEF_CONVERTKERNELSTOSPIRV
#include "bitnet/Codegen/Passes.h.inc"
} // namespace bitnet

using namespace mlir;

/// What a device must have: what every driver of Vulkan 1.2 for computing has.
static spirv::TargetEnvAttr getTarget(MLIRContext *context) {
  using spirv::Capability;
  using spirv::Extension;
  auto triple = spirv::VerCapExtAttr::get(
      spirv::Version::V_1_3,
      {Capability::Shader, Capability::Int8, Capability::Int16,
       Capability::Int64, Capability::Float16, Capability::Float64,
       Capability::PhysicalStorageBufferAddresses,
       Capability::StorageBuffer8BitAccess,
       Capability::StorageBuffer16BitAccess,
       Capability::SignedZeroInfNanPreserve},
      {Extension::SPV_KHR_physical_storage_buffer,
       Extension::SPV_KHR_8bit_storage, Extension::SPV_KHR_16bit_storage,
       Extension::SPV_KHR_float_controls,
       Extension::SPV_KHR_storage_buffer_storage_class},
      context);
  return spirv::TargetEnvAttr::get(
      triple, spirv::getDefaultResourceLimits(context),
      spirv::ClientAPI::Vulkan, spirv::Vendor::Unknown,
      spirv::DeviceType::Unknown, spirv::TargetEnvAttr::kUnknownDeviceID);
}

/// A kernel reads what were its arguments.
static void readParameters(gpu::GPUFuncOp kernel) {
  auto b = ImplicitLocOpBuilder::atBlockBegin(kernel.getLoc(),
                                              &kernel.getBody().front());
  Value words = bitnet::KernelParametersOp::create(b, b.getI64Type());
  unsigned count = kernel.getFunctionType().getNumInputs();
  for (BlockArgument argument : kernel.getArguments().take_front(count)) {
    Value index = arith::ConstantIndexOp::create(b, argument.getArgNumber());
    Value word = bitnet::DeviceLoadOp::create(b, b.getI64Type(), words, index,
                                              IntegerAttr());
    argument.replaceAllUsesWith(bitnet::fromWord(b, word, argument.getType()));
  }
  kernel.getBody().front().eraseArguments(0, count);
  kernel.setFunctionType(b.getFunctionType({}, {}));
  kernel.removeArgAttrsAttr();
}

/// fma(a, b, c) in f64, of which Vulkan promises more than of its Fma: the
/// product is exact, the sum is rounded to odd (Boldo and Melquiond, 2008), so
/// that rounding it again to f32 is as if it had been the only time.
static Value expandFma(ImplicitLocOpBuilder &b, math::FmaOp fma) {
  Type f64 = b.getF64Type(), i64 = b.getI64Type();
  auto widen = [&](Value x) -> Value {
    return arith::ExtFOp::create(b, f64, x);
  };
  auto integer = [&](int64_t value) -> Value {
    return arith::ConstantOp::create(b, b.getI64IntegerAttr(value));
  };
  Value product =
      arith::MulFOp::create(b, widen(fma.getA()), widen(fma.getB()));
  Value c = widen(fma.getC());
  Value sum = arith::AddFOp::create(b, product, c);
  // What the sum lacks (Knuth's two-sum).
  Value part = arith::SubFOp::create(b, sum, product);
  Value rest = arith::SubFOp::create(b, sum, part);
  Value error =
      arith::AddFOp::create(b, arith::SubFOp::create(b, product, rest),
                            arith::SubFOp::create(b, c, part));
  Value zero = arith::ConstantOp::create(b, b.getF64FloatAttr(0));
  Value isInexact =
      arith::CmpFOp::create(b, arith::CmpFPredicate::ONE, error, zero);
  Value bits = arith::BitcastOp::create(b, i64, sum);
  Value isEven = arith::CmpIOp::create(
      b, arith::CmpIPredicate::eq, arith::AndIOp::create(b, bits, integer(1)),
      integer(0));
  Value errorBits = arith::BitcastOp::create(b, i64, error);
  Value isAway = arith::CmpIOp::create(
      b, arith::CmpIPredicate::sge, arith::XOrIOp::create(b, bits, errorBits),
      integer(0));
  Value step = arith::SelectOp::create(b, isAway, integer(1), integer(-1));
  Value odd = arith::AddIOp::create(b, bits, step);
  Value isMoved = arith::AndIOp::create(b, isInexact, isEven);
  Value rounded = arith::SelectOp::create(b, isMoved, odd, bits);
  return arith::TruncFOp::create(b, b.getF32Type(),
                                 arith::BitcastOp::create(b, f64, rounded));
}

namespace {

/// kernel_parameters -> two words of push constants
struct ReadPushConstants : OpConversionPattern<bitnet::KernelParametersOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(bitnet::KernelParametersOp op, OpAdaptor,
                  ConversionPatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    Type i32 = b.getI32Type(), i64 = b.getI64Type();
    auto half = [&](unsigned part) -> Value {
      Value word = spirv::getPushConstantValue(op, 2, part, i32, rewriter);
      return spirv::UConvertOp::create(b, i64, word);
    };
    Value low = half(0), high = half(1);
    Value bits = spirv::ConstantOp::create(b, i64, b.getI64IntegerAttr(32));
    high = spirv::ShiftLeftLogicalOp::create(b, i64, high, bits);
    rewriter.replaceOpWithNewOp<spirv::BitwiseOrOp>(op, i64, high, low);
    return success();
  }
};

/// The pointer to scalars from number `index` on.
struct Place {
  Value pointer;
  IntegerAttr alignment;

  Place(ImplicitLocOpBuilder &b, Value address, Value index, Type type) {
    Type scalar = getElementTypeOrSelf(type), i64 = b.getI64Type();
    int64_t bytes = scalar.getIntOrFloatBitWidth() / 8, count = 1;
    if (auto vector = dyn_cast<VectorType>(type))
      count = vector.getNumElements();
    alignment = b.getI32IntegerAttr(bytes * count);
    Value size = spirv::ConstantOp::create(b, i64, b.getI64IntegerAttr(bytes));
    Value distance = spirv::IMulOp::create(b, i64, index, size);
    Value at = spirv::IAddOp::create(b, i64, address, distance);
    auto pointerType = spirv::PointerType::get(
        type, spirv::StorageClass::PhysicalStorageBuffer);
    pointer = spirv::ConvertUToPtrOp::create(b, pointerType, at);
  }
};

struct LoadByAddress : OpConversionPattern<bitnet::DeviceLoadOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(bitnet::DeviceLoadOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    Type element = getTypeConverter()->convertType(op.getType());
    Place place(b, adaptor.getAddress(), adaptor.getIndex(), element);
    if (std::optional<uint64_t> bytes = op.getAlignment())
      place.alignment = b.getI32IntegerAttr(static_cast<int32_t>(*bytes));
    auto aligned = spirv::MemoryAccessAttr::get(b.getContext(),
                                                spirv::MemoryAccess::Aligned);
    rewriter.replaceOpWithNewOp<spirv::LoadOp>(op, place.pointer, aligned,
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
    auto aligned = spirv::MemoryAccessAttr::get(b.getContext(),
                                                spirv::MemoryAccess::Aligned);
    rewriter.replaceOpWithNewOp<spirv::StoreOp>(op, place.pointer, value,
                                                aligned, place.alignment);
    return success();
  }
};

/// dot4(w, x, s) -> s + sum_j w_j * x_j, by shifts and products
struct MultiplyBytes : OpConversionPattern<bitnet::Dot4Op> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(bitnet::Dot4Op op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    Type i32 = b.getI32Type();
    auto word = [&](int32_t value) -> Value {
      return spirv::ConstantOp::create(b, i32, b.getI32IntegerAttr(value));
    };
    Value sum = adaptor.getInit(), top = word(24);
    for (int32_t j = 0; j < 4; ++j) {
      Value left = word(24 - 8 * j);
      Value code =
          spirv::ShiftLeftLogicalOp::create(b, i32, adaptor.getCodes(), left);
      code = spirv::ShiftRightLogicalOp::create(b, i32, code, top);
      Value value =
          spirv::ShiftLeftLogicalOp::create(b, i32, adaptor.getValues(), left);
      value = spirv::ShiftRightArithmeticOp::create(b, i32, value, top);
      Value product = spirv::IMulOp::create(b, i32, code, value);
      sum = spirv::IAddOp::create(b, i32, sum, product);
    }
    rewriter.replaceOp(op, sum);
    return success();
  }
};

struct ConvertKernelsToSPIRV
    : bitnet::impl::ConvertKernelsToSPIRVBase<ConvertKernelsToSPIRV> {
  void runOnOperation() override {
    for (auto kernels :
         llvm::to_vector(getOperation().getOps<gpu::GPUModuleOp>()))
      // Not what has been converted for another device. The launches still
      // name the original.
      if (!kernels.getTargetsAttr() &&
          failed(convert(
              cast<gpu::GPUModuleOp>(OpBuilder(kernels).clone(*kernels)))))
        return signalPassFailure();
    getOperation().walk([](Operation *op) {
      if (isa<spirv::FAddOp, spirv::FSubOp, spirv::FMulOp>(op))
        op->setAttr("no_contraction", UnitAttr::get(op->getContext()));
    });
    for (auto module : getOperation().getOps<spirv::ModuleOp>())
      preserveZerosAndNaNs(module);
  }

private:
  /// Memory of a block as SPIR-V has it.
  static void shareMemory(gpu::GPUFuncOp kernel) {
    auto b = ImplicitLocOpBuilder::atBlockBegin(kernel.getLoc(),
                                                &kernel.getBody().front());
    auto space = spirv::StorageClassAttr::get(b.getContext(),
                                              spirv::StorageClass::Workgroup);
    auto shared = llvm::to_vector(kernel.getWorkgroupAttributions());
    for (BlockArgument buffer : shared) {
      auto type = cast<MemRefType>(buffer.getType());
      auto memory = MemRefType::get(type.getShape(), type.getElementType(),
                                    MemRefLayoutAttrInterface(), space);
      buffer.replaceAllUsesWith(memref::AllocOp::create(b, memory));
    }
    kernel->setAttr("workgroup_attributions", b.getI64IntegerAttr(0));
    for (BlockArgument buffer : llvm::reverse(shared))
      kernel.getBody().front().eraseArgument(buffer.getArgNumber());
  }

  /// Else -0 may become 0, and what NaN gives is not defined.
  static void preserveZerosAndNaNs(spirv::ModuleOp module) {
    auto b = OpBuilder::atBlockEnd(module.getBody());
    for (auto kernel : llvm::to_vector(module.getOps<spirv::FuncOp>()))
      if (kernel->hasAttr(spirv::getEntryPointABIAttrName()))
        spirv::ExecutionModeOp::create(
            b, kernel.getLoc(), kernel,
            spirv::ExecutionMode::SignedZeroInfNanPreserve,
            ArrayRef<int32_t>{32});
  }

  /// MLIR's conversion leaves the results of a loop undefined that has no
  /// iteration: then they are what they began as.
  static void keepInitsOfEmptyLoops(gpu::GPUFuncOp kernel) {
    kernel.walk([](scf::ForOp loop) {
      ImplicitLocOpBuilder b(loop.getLoc(), loop->getContext());
      b.setInsertionPointAfter(loop);
      Value runs =
          arith::CmpIOp::create(b, arith::CmpIPredicate::slt,
                                loop.getLowerBound(), loop.getUpperBound());
      for (auto [result, init] :
           llvm::zip_equal(loop.getResults(), loop.getInitArgs())) {
        auto kept = arith::SelectOp::create(b, runs, result, init);
        result.replaceAllUsesExcept(kept, kept);
      }
    });
  }

  static void expandFmas(gpu::GPUFuncOp kernel) {
    kernel.walk([](math::FmaOp fma) {
      if (!fma.getType().isF32())
        return;
      ImplicitLocOpBuilder b(fma.getLoc(), fma);
      fma.replaceAllUsesWith(expandFma(b, fma));
      fma.erase();
    });
  }

  LogicalResult convert(gpu::GPUModuleOp kernels) {
    spirv::TargetEnvAttr env = getTarget(&getContext());
    kernels->setAttr(spirv::getTargetEnvAttrName(), env);
    for (auto kernel : kernels.getOps<gpu::GPUFuncOp>()) {
      DenseI32ArrayAttr size = kernel.getKnownBlockSizeAttr();
      if (!size)
        return kernel.emitOpError("has no known block size");
      readParameters(kernel);
      shareMemory(kernel);
      expandFmas(kernel);
      keepInitsOfEmptyLoops(kernel);
      kernel->setAttr(
          spirv::getEntryPointABIAttrName(),
          spirv::getEntryPointABIAttr(&getContext(), size.asArrayRef()));
    }
    std::unique_ptr<ConversionTarget> target = SPIRVConversionTarget::get(env);
    SPIRVConversionOptions options;
    options.use64bitIndex = true;
    SPIRVTypeConverter types(env, options);
    populateMMAToSPIRVCoopMatrixTypeConversion(types);
    RewritePatternSet patterns(&getContext());
    ScfToSPIRVContext loops;
    populateGPUToSPIRVPatterns(types, patterns);
    populateSCFToSPIRVPatterns(types, loops, patterns);
    arith::populateArithToSPIRVPatterns(types, patterns);
    cf::populateControlFlowToSPIRVPatterns(types, patterns);
    populateFuncToSPIRVPatterns(types, patterns);
    populateMathToSPIRVPatterns(types, patterns);
    populateMemRefToSPIRVPatterns(types, patterns);
    populateVectorToSPIRVPatterns(types, patterns);
    ub::populateUBToSPIRVConversionPatterns(types, patterns);
    patterns
        .add<ReadPushConstants, LoadByAddress, StoreByAddress, MultiplyBytes>(
            types, &getContext());
    return applyFullConversion(kernels, *target, std::move(patterns));
  }
};

} // namespace

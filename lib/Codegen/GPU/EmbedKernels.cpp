// Kernels become data of the program, launches calls. See GPUPasses.td.
#include "bitnet/Codegen/Passes.h"
#include "bitnet/Target/DeviceSpec.h"
#include "bitnet/Target/EmitDeviceCode.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/StringMap.h"

#define DEBUG_TYPE "bitnet-embed-kernels"

namespace bitnet {
#define GEN_PASS_DEF_EMBEDKERNELS
#include "bitnet/Codegen/Passes.h.inc"
} // namespace bitnet

using namespace mlir;

namespace {

/// What the runtime knows of a kernel.
struct Kernel {
  int64_t number, threads, parameters;
};

/// Writes constants of the program.
class Tables {
public:
  explicit Tables(ModuleOp module)
      : b(module.getLoc(), module.getBodyRegion()) {
    pointer = LLVM::LLVMPointerType::get(b.getContext());
    b.setInsertionPointToStart(module.getBody());
  }

  /// Bytes that nobody else sees.
  LLVM::GlobalOp bytes(StringRef name, StringRef value) {
    auto type = LLVM::LLVMArrayType::get(b.getI8Type(), value.size());
    return LLVM::GlobalOp::create(b, type, /*isConstant=*/true,
                                  LLVM::Linkage::Internal, name,
                                  b.getStringAttr(value), /*alignment=*/8);
  }

  LLVM::GlobalOp text(StringRef name, StringRef value) {
    return bytes(name, (value + Twine('\0')).str());
  }

  /// Something of the runtime's.
  LLVM::GlobalOp external(StringRef name) {
    auto type = LLVM::LLVMArrayType::get(b.getI8Type(), 0);
    return LLVM::GlobalOp::create(b, type, /*isConstant=*/true,
                                  LLVM::Linkage::External, name, Attribute());
  }

  /// An array of structures; the last one is all zeros.
  LLVM::GlobalOp table(StringRef name, LLVM::Linkage linkage,
                       ArrayRef<Type> fields,
                       ArrayRef<SmallVector<Attribute>> rows) {
    auto row = LLVM::LLVMStructType::getLiteral(b.getContext(), fields);
    auto type = LLVM::LLVMArrayType::get(row, rows.size() + 1);
    auto global = LLVM::GlobalOp::create(b, type, /*isConstant=*/true, linkage,
                                         name, Attribute());
    OpBuilder::InsertionGuard guard(b);
    b.createBlock(&global.getInitializerRegion());
    Value all = LLVM::ZeroOp::create(b, type);
    for (auto [i, values] : llvm::enumerate(rows))
      for (auto [j, value] : llvm::enumerate(values))
        all = LLVM::InsertValueOp::create(
            b, all, field(fields[j], value),
            ArrayRef<int64_t>{int64_t(i), int64_t(j)});
    LLVM::ReturnOp::create(b, all);
    return global;
  }

  Type pointer;
  ImplicitLocOpBuilder b;

private:
  /// A number, the address of a constant, or zero.
  Value field(Type type, Attribute value) {
    if (!value)
      return LLVM::ZeroOp::create(b, type);
    if (auto symbol = dyn_cast<FlatSymbolRefAttr>(value))
      return LLVM::AddressOfOp::create(b, pointer, symbol);
    return LLVM::ConstantOp::create(b, type, cast<TypedAttr>(value));
  }
};

struct EmbedKernels : bitnet::impl::EmbedKernelsBase<EmbedKernels> {
  using EmbedKernelsBase::EmbedKernelsBase;

  void runOnOperation() override {
    collectKernels();
    SmallVector<Operation *> codes;
    for (Operation &op : getOperation().getOps())
      if (!bitnet::DeviceSpec::of(&op).kind.empty())
        codes.push_back(&op);
    if (codes.empty())
      return;
    if (failed(embed(codes)))
      return signalPassFailure();
    for (Operation *code : codes)
      code->erase();
    SmallVector<gpu::LaunchFuncOp> launches;
    getOperation().walk(
        [&](gpu::LaunchFuncOp launch) { launches.push_back(launch); });
    declareLaunch();
    for (gpu::LaunchFuncOp launch : launches)
      lower(launch);
    for (auto kernels :
         llvm::to_vector(getOperation().getOps<gpu::GPUModuleOp>()))
      kernels.erase();
    getOperation()->removeAttr(gpu::GPUDialect::getContainerModuleAttrName());
  }

private:
  void collectKernels() {
    kernels.clear();
    getOperation().walk([&](gpu::LaunchFuncOp launch) {
      IntegerAttr threads;
      matchPattern(launch.getBlockSizeX(), m_Constant(&threads));
      int64_t number = kernels.size();
      kernels.insert({launch.getKernelName(),
                      {number, threads ? threads.getInt() : 0,
                       launch.getNumKernelOperands()}});
    });
  }

  /// The symbol of a constant.
  static Attribute nameOf(LLVM::GlobalOp global) {
    return FlatSymbolRefAttr::get(global);
  }

  LLVM::GlobalOp embedNames(Tables &tables) {
    Type pointer = tables.pointer, i32 = tables.b.getI32Type();
    SmallVector<SmallVector<Attribute>> rows;
    for (auto &[name, kernel] : kernels)
      rows.push_back(
          {nameOf(tables.text(("bitnet_name_" + name.getValue()).str(),
                              name.getValue())),
           tables.b.getI32IntegerAttr(kernel.threads),
           tables.b.getI32IntegerAttr(kernel.parameters)});
    return tables.table("bitnet_kernels", LLVM::Linkage::Internal,
                        {pointer, i32, i32}, rows);
  }

  LogicalResult embed(ArrayRef<Operation *> codes) {
    Tables tables(getOperation());
    Type pointer = tables.pointer, i64 = tables.b.getI64Type();
    LLVM::GlobalOp names = embedNames(tables);
    SmallVector<SmallVector<Attribute>> rows;
    llvm::StringMap<LLVM::GlobalOp> drivers;
    for (Operation *code : codes) {
      FailureOr<std::string> bytes = bitnet::emitDeviceCode(code, format);
      if (failed(bytes))
        return failure();
      bitnet::DeviceSpec device = bitnet::DeviceSpec::of(code);
      std::string suffix =
          rows.empty() ? "" : "_" + std::to_string(rows.size());
      LLVM::GlobalOp &driver = drivers[device.kind];
      if (!driver)
        driver = tables.external("bitnet_" + device.kind + "_driver");
      rows.push_back(
          {nameOf(tables.text("bitnet_device_kind" + suffix, device.kind)),
           nameOf(tables.text("bitnet_device_chip" + suffix, device.chip)),
           nameOf(tables.bytes("bitnet_device_bytes" + suffix, *bytes)),
           tables.b.getI64IntegerAttr(bytes->size()), nameOf(names),
           nameOf(driver), Attribute()});
    }
    tables.table("bitnet_device_codes", LLVM::Linkage::External,
                 {pointer, pointer, pointer, i64, pointer, pointer, pointer},
                 rows);
    return success();
  }

  void declareLaunch() {
    auto b = ImplicitLocOpBuilder::atBlockBegin(getOperation().getLoc(),
                                                getOperation().getBody());
    Type i64 = b.getI64Type();
    auto type = LLVM::LLVMFunctionType::get(
        LLVM::LLVMVoidType::get(b.getContext()),
        {i64, i64, i64, i64, LLVM::LLVMPointerType::get(b.getContext())});
    launchFunction = LLVM::LLVMFuncOp::create(b, "bitnet_launch", type);
  }

  void lower(gpu::LaunchFuncOp launch) {
    ImplicitLocOpBuilder b(launch.getLoc(), launch);
    Type i64 = b.getI64Type(),
         pointer = LLVM::LLVMPointerType::get(b.getContext());
    Value words = allocate(launch);
    for (auto [i, value] : llvm::enumerate(launch.getKernelOperands())) {
      Value at = LLVM::GEPOp::create(b, pointer, i64, words,
                                     ArrayRef<LLVM::GEPArg>{int32_t(i)});
      LLVM::StoreOp::create(b, asWord(b, value), at);
    }
    const Kernel &kernel = kernels.find(launch.getKernelName())->second;
    SmallVector<Value> operands = {
        LLVM::ConstantOp::create(b, i64, kernel.number)};
    gpu::KernelDim3 grid = launch.getGridSizeOperandValues();
    for (Value size : {grid.x, grid.y, grid.z})
      operands.push_back(arith::IndexCastOp::create(b, i64, size));
    operands.push_back(words);
    LLVM::CallOp::create(b, launchFunction, operands);
    launch.erase();
  }

  /// Room for the kernel's arguments, at the head of the function.
  static Value allocate(gpu::LaunchFuncOp launch) {
    auto function = launch->getParentOfType<func::FuncOp>();
    auto b =
        ImplicitLocOpBuilder::atBlockBegin(launch.getLoc(), &function.front());
    Value count = LLVM::ConstantOp::create(
        b, b.getI64Type(), std::max<int64_t>(launch.getNumKernelOperands(), 1));
    return LLVM::AllocaOp::create(b, LLVM::LLVMPointerType::get(b.getContext()),
                                  b.getI64Type(), count);
  }

  static Value asWord(ImplicitLocOpBuilder &b, Value value) {
    Type type = value.getType(), i64 = b.getI64Type();
    if (type == i64)
      return value;
    if (type.isIndex())
      return arith::IndexCastOp::create(b, i64, value);
    auto bits = b.getIntegerType(type.getIntOrFloatBitWidth());
    if (bits != type)
      value = arith::BitcastOp::create(b, bits, value);
    return bits == i64 ? value : arith::ExtUIOp::create(b, i64, value);
  }

  llvm::MapVector<StringAttr, Kernel> kernels;
  LLVM::LLVMFuncOp launchFunction;
};

} // namespace

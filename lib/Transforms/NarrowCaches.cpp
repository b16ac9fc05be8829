// Caches are kept in 16 bits. See Passes.td.
#include "bitnet/Transforms/Passes.h"
#include "dialects/BitNet/BitNetDialect.h"
#include "dialects/BitNet/ModelAttrs.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace bitnet {
#define GEN_PASS_DEF_NARROWCACHES
#include "bitnet/Transforms/Passes.h.inc"
} // namespace bitnet

using namespace mlir;

#define DEBUG_TYPE "bitnet-narrow-caches"

/// The type of that name, null if caches cannot be kept in it.
static FloatType parseType(StringRef name, MLIRContext *context) {
  if (name == "f32")
    return Float32Type::get(context);
  if (name == "f16")
    return Float16Type::get(context);
  if (name == "bf16")
    return BFloat16Type::get(context);
  return nullptr;
}

/// True if nothing looks at the elements of the past but the append.
static bool isOnlyAppendedTo(BlockArgument past) {
  return llvm::all_of(past.getUses(), [](OpOperand &use) {
    return isa<tensor::DimOp>(use.getOwner()) ||
           (isa<bitnet::KvAppendOp>(use.getOwner()) &&
            use.getOperandNumber() == 0);
  });
}

/// True if keys or values are attended to and handed back, and nothing else.
static bool isOnlyAttendedTo(bitnet::KvAppendOp append) {
  return llvm::all_of(append->getUses(), [](OpOperand &use) {
    Operation *user = use.getOwner();
    if (auto attention = dyn_cast<bitnet::AttentionOp>(user))
      return attention.getKey() == use.get() ||
             attention.getValue() == use.get();
    return isa<func::ReturnOp, tensor::DimOp>(user);
  });
}

/// The appends to `past` if they are all that it is for, else nothing.
static SmallVector<bitnet::KvAppendOp> appendsTo(func::FuncOp function,
                                                 BlockArgument past) {
  SmallVector<bitnet::KvAppendOp> appends;
  auto type = dyn_cast<RankedTensorType>(past.getType());
  auto role = function.getArgAttrOfType<StringAttr>(past.getArgNumber(),
                                                    bitnet::kRoleAttr);
  if (!type || !type.getElementType().isF32() || !role || role != "past" ||
      !isOnlyAppendedTo(past))
    return appends;
  for (Operation *user : past.getUsers())
    if (auto append = dyn_cast<bitnet::KvAppendOp>(user))
      appends.push_back(append);
  if (!llvm::all_of(appends, isOnlyAttendedTo))
    appends.clear();
  return appends;
}

/// Each element of x as the nearest one of `type`, halves to even.
static Value roundElements(ImplicitLocOpBuilder &b, Value x, FloatType type) {
  auto rank = cast<RankedTensorType>(x.getType()).getRank();
  Value empty =
      tensor::EmptyOp::create(b, tensor::getMixedSizes(b, b.getLoc(), x), type);
  SmallVector<AffineMap> maps(2, b.getMultiDimIdentityMap(rank));
  SmallVector<utils::IteratorType> iterators(rank,
                                             utils::IteratorType::parallel);
  return linalg::GenericOp::create(
             b, empty.getType(), x, empty, maps, iterators,
             [&](OpBuilder &body, Location loc, ValueRange args) {
               Value y = arith::TruncFOp::create(body, loc, type, args[0]);
               linalg::YieldOp::create(body, loc, y);
             })
      .getResult(0);
}

/// Rounds what is appended, and so what is attended to.
static void narrow(bitnet::KvAppendOp append, FloatType type) {
  ImplicitLocOpBuilder b(append.getLoc(), append);
  append.getUpdateMutable().assign(roundElements(b, append.getUpdate(), type));
  append.getResult().setType(append.getType().clone(type));
}

namespace {

struct NarrowCaches : bitnet::impl::NarrowCachesBase<NarrowCaches> {
  using NarrowCachesBase::NarrowCachesBase;

  void runOnOperation() override {
    FloatType narrowType = parseType(type, &getContext());
    if (!narrowType) {
      getOperation().emitError()
          << "caches can be kept in f32, f16 or bf16, not in '" << type << "'";
      return signalPassFailure();
    }
    if (narrowType.isF32())
      return;
    auto function = getOperation().lookupSymbol<func::FuncOp>("main");
    unsigned count = 0;
    if (function && function.getBody().hasOneBlock())
      count = narrowCaches(function, narrowType);
    numNarrowed += count;
    if (count == 0) {
      getOperation().emitError()
          << "no cache can be kept in " << narrowType
          << ": no input is appended to, attended to and nothing else";
      signalPassFailure();
    }
  }

private:
  /// Returns how many.
  unsigned narrowCaches(func::FuncOp function, FloatType narrowType) {
    unsigned count = 0;
    for (BlockArgument past : function.getArguments()) {
      SmallVector<bitnet::KvAppendOp> appends = appendsTo(function, past);
      if (appends.empty())
        continue;
      ++count;
      past.setType(cast<RankedTensorType>(past.getType()).clone(narrowType));
      for (bitnet::KvAppendOp append : appends)
        narrow(append, narrowType);
    }
    auto results =
        function.getBody().front().getTerminator()->getOperandTypes();
    function.setType(FunctionType::get(&getContext(),
                                       function.getBody().getArgumentTypes(),
                                       llvm::to_vector(results)));
    return count;
  }
};

} // namespace

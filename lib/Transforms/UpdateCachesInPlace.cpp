// Caches become buffers that the caller owns and the model writes to. See
// Passes.td.
#include "bitnet/Transforms/Passes.h"
#include "dialects/BitNet/BitNetDialect.h"
#include "dialects/BitNet/ModelAttrs.h"

#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace bitnet {
#define GEN_PASS_DEF_UPDATECACHESINPLACE
#include "bitnet/Transforms/Passes.h.inc"
} // namespace bitnet

using namespace mlir;

#define DEBUG_TYPE "bitnet-update-caches-in-place"

static constexpr StringLiteral kDims = "onnx.dims";

/// The dimension of a cache that positions are appended along.
static constexpr int64_t kPositions = 2;

namespace {

/// A result that is an argument with positions appended to it.
struct Cache {
  BlockArgument past;
  bitnet::KvAppendOp append;
  unsigned result;
};

} // namespace

/// The name of dimension `dim` in a list of them, "" if it has none.
static StringRef getDimName(Attribute names, int64_t dim) {
  auto list = dyn_cast_if_present<ArrayAttr>(names);
  if (!list || dim >= static_cast<int64_t>(list.size()))
    return "";
  auto name = dyn_cast<StringAttr>(list[dim]);
  return name ? name.getValue() : "";
}

/// Nothing but the append may read the past: once it is a buffer with room
/// behind it, its contents and sizes mean something else.
static bool isOnlyAppendedTo(BlockArgument past) {
  return llvm::all_of(past.getUsers(), [&](Operation *user) {
    if (auto dim = dyn_cast<tensor::DimOp>(user))
      return dim.getConstantIndex().has_value();
    return isa<bitnet::KvAppendOp>(user) && user->getOperand(0) == past;
  });
}

/// True for a number, and for the name of a dimension of an argument.
static bool isKnownSize(func::FuncOp function, StringRef size) {
  uint64_t number;
  if (!size.getAsInteger(10, number))
    return true;
  for (BlockArgument argument : function.getArguments()) {
    auto type = dyn_cast<RankedTensorType>(argument.getType());
    Attribute names = function.getArgAttr(argument.getArgNumber(), kDims);
    for (int64_t i = 0; type && i < type.getRank(); ++i)
      if (getDimName(names, i) == size)
        return true;
  }
  return false;
}

/// True if `after` is `before + n` or `n + before` for a size n that a caller
/// knows, so that a caller knows it, too.
static bool isLonger(func::FuncOp function, StringRef before, StringRef after) {
  auto [left, right] = after.split('+');
  left = left.trim();
  right = right.trim();
  return !before.empty() && ((left == before && isKnownSize(function, right)) ||
                             (right == before && isKnownSize(function, left)));
}

/// The cache that result `index` is the next value of, if it can be updated in
/// place.
static std::optional<Cache> findCache(func::FuncOp function, unsigned index) {
  auto terminator =
      cast<func::ReturnOp>(function.getBody().front().getTerminator());
  auto append =
      terminator.getOperand(index).getDefiningOp<bitnet::KvAppendOp>();
  auto past =
      append ? dyn_cast<BlockArgument>(append.getPast()) : BlockArgument();
  // Of two results that are one buffer only one can be it.
  if (!past || llvm::count(terminator.getOperands(), append.getResult()) != 1 ||
      past.getOwner() != &function.getBody().front() ||
      !isOnlyAppendedTo(past) || !append.getPast().getType().isDynamicDim(2) ||
      llvm::count_if(past.getUsers(), llvm::IsaPred<bitnet::KvAppendOp>) != 1)
    return std::nullopt;
  Attribute before = function.getArgAttr(past.getArgNumber(), kDims);
  Attribute after = function.getResultAttr(index, kDims);
  if (function.getArgAttr(past.getArgNumber(), bitnet::kRoleAttr) !=
          StringAttr::get(function.getContext(), "past") ||
      !isLonger(function, getDimName(before, kPositions),
                getDimName(after, kPositions)))
    return std::nullopt;
  return Cache{past, append, index};
}

/// All caches whose length has the name of the first one's.
static SmallVector<Cache> findCaches(func::FuncOp function) {
  SmallVector<Cache> caches;
  StringRef length;
  for (unsigned i = 0; i < function.getNumResults(); ++i) {
    std::optional<Cache> cache = findCache(function, i);
    if (!cache)
      continue;
    StringRef name = getDimName(
        function.getArgAttr(cache->past.getArgNumber(), kDims), kPositions);
    if (caches.empty())
      length = name;
    if (name == length)
      caches.push_back(*cache);
  }
  return caches;
}

/// The length is an argument of its own now.
static void replaceLength(BlockArgument past, Value length) {
  for (Operation *user : llvm::make_early_inc_range(past.getUsers())) {
    auto dim = dyn_cast<tensor::DimOp>(user);
    if (!dim || dim.getConstantIndex() != kPositions)
      continue;
    dim.replaceAllUsesWith(length);
    dim.erase();
  }
}

/// Writes the update behind the first `length` positions of `buffer`, and gives
/// the append's users what is valid then.
static void appendInPlace(bitnet::KvAppendOp append, Value buffer,
                          Value length) {
  ImplicitLocOpBuilder b(append.getLoc(), append);
  Value update = append.getUpdate();
  // Early, so that what computes the update can write to the cache itself.
  b.setInsertionPointToStart(append->getBlock());
  Value cache = bufferization::ToTensorOp::create(
      b, memref::getTensorTypeFromMemRefType(buffer.getType()), buffer,
      /*restrict=*/true, /*writable=*/true);
  b.setInsertionPoint(append);
  SmallVector<OpFoldResult> sizes =
      tensor::getMixedSizes(b, b.getLoc(), update);
  Value added = getValueOrCreateConstantIndexOp(b, b.getLoc(), sizes[2]);
  Value total = arith::AddIOp::create(b, length, added);
  Value capacity = tensor::DimOp::create(b, cache, kPositions);
  cf::AssertOp::create(
      b, arith::CmpIOp::create(b, arith::CmpIPredicate::ule, total, capacity),
      "the cache is full");
  OpFoldResult zero = b.getIndexAttr(0), one = b.getIndexAttr(1);
  SmallVector<OpFoldResult> start(4, zero), step(4, one);
  start[kPositions] = length;
  Value filled =
      tensor::InsertSliceOp::create(b, update, cache, start, sizes, step);
  bufferization::MaterializeInDestinationOp::create(
      b, Type(), filled, buffer, /*restrict=*/true, /*writable=*/true);
  start[kPositions] = zero;
  sizes[kPositions] = total;
  Value valid = tensor::ExtractSliceOp::create(b, append.getType(), filled,
                                               start, sizes, step);
  append.replaceAllUsesWith(valid);
  append.erase();
}

/// What the signature has to say of a result that is no longer returned.
static DictionaryAttr describeResult(func::FuncOp function, unsigned index) {
  Builder b(function.getContext());
  NamedAttrList attrs(function.getResultAttrDict(index));
  attrs.erase(bitnet::kRoleAttr);
  attrs.set("output", b.getI64IntegerAttr(index));
  return attrs.getDictionary(b.getContext());
}

namespace {

struct UpdateCachesInPlace
    : bitnet::impl::UpdateCachesInPlaceBase<UpdateCachesInPlace> {
  void runOnOperation() override {
    auto function = getOperation().lookupSymbol<func::FuncOp>("main");
    if (!function || !function.getBody().hasOneBlock())
      return;
    SmallVector<Cache> caches = findCaches(function);
    if (caches.empty())
      return;
    numInPlace += caches.size();
    Builder b(&getContext());
    unsigned last = function.getNumArguments();
    if (failed(function.insertArgument(
            last, b.getIndexType(),
            b.getDictionaryAttr(
                b.getNamedAttr(bitnet::kRoleAttr, b.getStringAttr("length"))),
            function.getLoc())))
      return signalPassFailure();

    llvm::BitVector inPlace(function.getNumResults());
    for (Cache &cache : caches) {
      inPlace.set(cache.result);
      unsigned index = cache.past.getArgNumber();
      function.setArgAttr(index, bitnet::kRoleAttr, b.getStringAttr("cache"));
      function.setArgAttr(index, "bitnet.present",
                          describeResult(function, cache.result));
    }
    dropResults(function, inPlace);
    for (Cache &cache : caches) {
      replaceLength(cache.past, function.getArgument(last));
      giveBuffer(function, cache);
    }
  }

private:
  void dropResults(func::FuncOp function, const llvm::BitVector &results) {
    function.getBody().front().getTerminator()->eraseOperands(results);
    (void)function.eraseResults(results);
  }

  /// Makes the argument a memref, and what asked for its other sizes ask that.
  void giveBuffer(func::FuncOp function, Cache &cache) {
    auto type = cast<RankedTensorType>(cache.past.getType());
    unsigned index = cache.past.getArgNumber();
    for (Operation *user : llvm::make_early_inc_range(cache.past.getUsers())) {
      auto dim = dyn_cast<tensor::DimOp>(user);
      if (!dim)
        continue;
      OpBuilder b(dim);
      dim.replaceAllUsesWith(
          memref::DimOp::create(b, dim.getLoc(), cache.past, dim.getIndex())
              .getResult());
      dim.erase();
    }
    auto buffer = MemRefType::get(type.getShape(), type.getElementType());
    Value length = function.getArguments().back();
    // The append still wants a tensor, which appendInPlace() makes.
    cache.past.setType(buffer);
    appendInPlace(cache.append, cache.past, length);
    SmallVector<Type> arguments(function.getArgumentTypes());
    arguments[index] = buffer;
    function.setType(
        FunctionType::get(&getContext(), arguments, function.getResultTypes()));
  }
};

} // namespace

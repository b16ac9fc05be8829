// See ReshapeGroups.h.
#include "ReshapeGroups.h"

#include "SameSize.h"

using namespace mlir;
using namespace bitnet;

namespace {

/// A product of sizes: a number times dynamic sizes, each known by an id.
struct Product {
  int64_t number = 1;
  SmallVector<int64_t> ids;

  void multiply(const Product &other) {
    if (llvm::MulOverflow(number, other.number, number))
      number = 0;
    ids.append(other.ids);
    llvm::sort(ids);
  }
  bool operator==(const Product &other) const {
    return number == other.number && ids == other.ids;
  }
  /// True if some dynamic size of `other` is not in this product.
  bool lacks(const Product &other) const {
    return !llvm::includes(ids, other.ids);
  }
};

/// The sizes of one shape and how far they have been put into groups.
struct Side {
  SmallVector<Product> sizes;
  size_t next = 0;

  bool hasNext() const { return next < sizes.size(); }
  void take(Product &product, ReassociationIndices &group) {
    group.push_back(next);
    product.multiply(sizes[next++]);
  }
};

} // namespace

/// Makes one group that has the same product on both sides.
static bool takeGroup(Side &from, Side &to, ReshapeGroups &groups) {
  Product a, c;
  ReassociationIndices fromGroup, toGroup;
  from.take(a, fromGroup);
  to.take(c, toGroup);
  while (!(a == c)) {
    bool wantsTo = c.lacks(a), wantsFrom = a.lacks(c);
    if (!wantsTo && !wantsFrom) {
      wantsTo = c.number < a.number;
      wantsFrom = !wantsTo;
    }
    if (wantsTo && to.hasNext())
      to.take(c, toGroup);
    else if (wantsFrom && from.hasNext())
      from.take(a, fromGroup);
    else
      return false;
  }
  groups.from.push_back(fromGroup);
  groups.to.push_back(toGroup);
  return true;
}

/// The dimension of `from` that surely has the size of `to`'s, or -1.
static int64_t findSource(Value from, Value to, int64_t dim) {
  for (int64_t other = 0; other < typeOf(from).getRank(); ++other)
    if (typeOf(from).isDynamicDim(other) && typeOf(to).isDynamicDim(dim) &&
        isSameSize(from, other, to, dim))
      return other;
  return -1;
}

/// Ids are positions in `from`: of the first dimension of that size. A size
/// that is found nowhere has one of its own.
static Side makeSide(Value from, Value of) {
  Side side;
  RankedTensorType type = typeOf(of);
  for (int64_t dim = 0; dim < type.getRank(); ++dim) {
    Product size;
    if (type.isDynamicDim(dim)) {
      int64_t id = findSource(from, of, dim);
      size.ids.push_back(id >= 0 ? id : typeOf(from).getRank() + dim);
    } else {
      size.number = type.getDimSize(dim);
    }
    side.sizes.push_back(size);
  }
  return side;
}

/// Puts what is left into the last group, or into one of its own.
static void takeRest(Side &from, Side &to, ReshapeGroups &groups) {
  auto isOne = [](const Product &size) { return size == Product(); };
  auto isRestOne = [&](const Side &side) {
    return llvm::all_of(ArrayRef(side.sizes).drop_front(side.next), isOne);
  };
  if (!groups.from.empty() && (!from.hasNext() || !to.hasNext())) {
    groups.isProven = isRestOne(from) && isRestOne(to);
  } else {
    groups.isProven = false;
    groups.from.emplace_back();
    groups.to.emplace_back();
  }
  for (; from.hasNext(); ++from.next)
    groups.from.back().push_back(from.next);
  for (; to.hasNext(); ++to.next)
    groups.to.back().push_back(to.next);
}

ReshapeGroups::ReshapeGroups(Value fromTensor, Value toTensor) {
  for (int64_t dim = 0; dim < typeOf(toTensor).getRank(); ++dim)
    source.push_back(findSource(fromTensor, toTensor, dim));
  Side fromSide = makeSide(fromTensor, fromTensor);
  Side toSide = makeSide(fromTensor, toTensor);
  while (fromSide.hasNext() && toSide.hasNext()) {
    Side fromBefore = fromSide, toBefore = toSide;
    if (takeGroup(fromSide, toSide, *this))
      continue;
    fromSide = fromBefore;
    toSide = toBefore;
    break;
  }
  if (fromSide.hasNext() || toSide.hasNext())
    takeRest(fromSide, toSide, *this);
}

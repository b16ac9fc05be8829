// TopK: the positions of each row are merge-sorted, the first k of them taken.
//
// The sort is stable, so that of equal elements the one of the lower index
// comes first, and its n log n steps allow for whole matrices of weights.
#include "Elements.h"
#include "Patterns.h"
#include "dialects/ONNX/ONNXDialect.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace bitnet;
using arith::CmpIPredicate;
using B = ImplicitLocOpBuilder;

namespace {

/// A row of elements, and which of two comes first.
struct Row {
  bool descends;
  bool isUnsigned;
  Value x;
  Value row;
  Value size;

  Value at(B &b, Value index) const {
    return tensor::ExtractOp::create(b, x, ValueRange{row, index});
  }

  /// Whether element a must stand before c, which has a lower index.
  Value comesFirst(B &b, Value a, Value c) const {
    if (isa<FloatType>(a.getType()))
      return arith::CmpFOp::create(
          b, descends ? arith::CmpFPredicate::OGT : arith::CmpFPredicate::OLT,
          a, c);
    if (isUnsigned)
      return compare(b, descends ? CmpIPredicate::ugt : CmpIPredicate::ult, a,
                     c);
    return compare(b, descends ? CmpIPredicate::sgt : CmpIPredicate::slt, a, c);
  }
};

} // namespace

/// Merges the sorted halves of each block of 2 * width positions.
static Value mergeBlocks(B &b, const Row &row, Value order, Value width) {
  Value zero = indexOf(b, 0), one = indexOf(b, 1);
  Value last = arith::SubIOp::create(b, row.size, one);
  Value both = arith::AddIOp::create(b, width, width);
  Value merged = emptyTensor(b, sizesOf(b, order), b.getIndexType());
  auto step = [&](OpBuilder &nested, Location loc, Value i, ValueRange state) {
    B b(loc, nested);
    Value offset = arith::RemUIOp::create(b, i, both);
    Value start = arith::SubIOp::create(b, i, offset);
    auto limit = [&](Value distance) -> Value {
      return arith::MinUIOp::create(
          b, arith::AddIOp::create(b, start, distance), row.size);
    };
    Value middle = limit(width), end = limit(both);
    Value isStart = compare(b, CmpIPredicate::eq, offset, zero);
    Value left = select(b, isStart, start, state[0]);
    Value right = select(b, isStart, middle, state[1]);
    auto position = [&](Value at) -> Value {
      Value inside = arith::MinUIOp::create(b, at, last);
      return tensor::ExtractOp::create(b, order, inside);
    };
    Value leftPosition = position(left), rightPosition = position(right);
    Value first =
        row.comesFirst(b, row.at(b, rightPosition), row.at(b, leftPosition));
    Value noneRight = compare(b, CmpIPredicate::uge, right, end);
    Value noneLeft = compare(b, CmpIPredicate::uge, left, middle);
    Value isRight = select(
        b, noneLeft, arith::ConstantOp::create(b, b.getBoolAttr(true)),
        select(b, noneRight, arith::ConstantOp::create(b, b.getBoolAttr(false)),
               first));
    Value taken = select(b, isRight, rightPosition, leftPosition);
    auto next = [&](Value at, Value isTaken) -> Value {
      return arith::AddIOp::create(
          b, at, arith::IndexCastUIOp::create(b, b.getIndexType(), isTaken));
    };
    Value isLeft = arith::XOrIOp::create(
        b, isRight, arith::ConstantOp::create(b, b.getBoolAttr(true)));
    scf::YieldOp::create(
        b, ValueRange{next(left, isLeft), next(right, isRight),
                      tensor::InsertOp::create(b, taken, state[2], i)});
  };
  return scf::ForOp::create(b, zero, row.size, one,
                            ValueRange{zero, zero, merged}, step)
      .getResult(2);
}

/// How often 1 has to be doubled to reach `size`.
static Value countPasses(B &b, Value size) {
  Type i64 = b.getI64Type();
  Value below = arith::SubIOp::create(b, size, indexOf(b, 1));
  Value zeros = math::CountLeadingZerosOp::create(
      b, arith::IndexCastOp::create(b, i64, below));
  Value bits = arith::ConstantOp::create(b, b.getI64IntegerAttr(64));
  return toIndex(b, arith::SubIOp::create(b, bits, zeros));
}

/// The positions of a row in the order of its elements.
static Value sortPositions(B &b, const Row &row) {
  Value order = generate(
      b, {getAsOpFoldResult(row.size)}, b.getIndexType(), {},
      [](B &b, ValueRange) -> Value { return linalg::IndexOp::create(b, 0); });
  auto pass = [&](OpBuilder &nested, Location loc, Value, ValueRange state) {
    B b(loc, nested);
    Value merged = mergeBlocks(b, row, state[1], state[0]);
    // What goes round must stay in its buffer.
    merged = linalg::CopyOp::create(b, merged, state[1]).getResult(0);
    Value doubled = arith::AddIOp::create(b, state[0], state[0]);
    scf::YieldOp::create(b, ValueRange{doubled, merged});
  };
  Value one = indexOf(b, 1);
  return scf::ForOp::create(b, indexOf(b, 0), countPasses(b, row.size), one,
                            ValueRange{one, order}, pass)
      .getResult(1);
}

/// Elements and positions of the first `k` of each row of x.
static SmallVector<Value> takeFirst(B &b, onnx::TopKOp op, Value x,
                                    OpFoldResult k) {
  Sizes sizes = sizesOf(b, x);
  Value rows = indexOf(b, sizes[0]), size = indexOf(b, sizes[1]);
  sizes[1] = k;
  Type element = typeOf(x).getElementType(), i64 = b.getI64Type();
  SmallVector<Value> empty = {emptyTensor(b, sizes, element),
                              emptyTensor(b, sizes, i64)};
  auto sortRow = [&](OpBuilder &nested, Location loc, Value n,
                     ValueRange state) {
    B b(loc, nested);
    Row row{op.getLargest() != 0,
            typeOf(op.getX()).getElementType().isUnsignedInteger(), x, n, size};
    Value order = sortPositions(b, row);
    auto copy = [&](OpBuilder &nested, Location loc, Value i,
                    ValueRange state) {
      B b(loc, nested);
      Value position = tensor::ExtractOp::create(b, order, i);
      Value number = fromIndex(b, position, i64);
      SmallVector<Value> place = {n, i};
      scf::YieldOp::create(
          b, ValueRange{tensor::InsertOp::create(b, row.at(b, position),
                                                 state[0], place),
                        tensor::InsertOp::create(b, number, state[1], place)});
    };
    auto loop = scf::ForOp::create(b, indexOf(b, 0), indexOf(b, k),
                                   indexOf(b, 1), state, copy);
    scf::YieldOp::create(b, loop.getResults());
  };
  return scf::ForOp::create(b, indexOf(b, 0), rows, indexOf(b, 1), empty,
                            sortRow)
      .getResults();
}

namespace {

/// TopK(x) -> loops over rows, with the axis last
struct ConvertTopK : OpConversionPattern<onnx::TopKOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(onnx::TopKOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    B b(op.getLoc(), rewriter);
    Value x = adaptor.getX();
    int64_t rank = typeOf(x).getRank();
    int64_t axis = op.getAxis() < 0 ? op.getAxis() + rank : op.getAxis();
    Value k = toIndex(b, scalarOf(b, adaptor.getK()));
    Value size = indexOf(b, sizeOf(b, x, axis));
    check(b, compare(b, CmpIPredicate::ule, k, size),
          "there are fewer elements than are to be taken");

    SmallVector<int64_t> last = llvm::to_vector(llvm::seq<int64_t>(0, rank));
    std::swap(last[axis], last[rank - 1]);
    Value turned = transpose(b, x, last);
    Sizes sizes = sizesOf(b, turned);
    OpFoldResult count = getAsOpFoldResult(k);
    if (!op.getValues().getType().isDynamicDim(axis))
      count = b.getIndexAttr(op.getValues().getType().getDimSize(axis));
    sizes.back() = count;
    SmallVector<Value> results;
    for (Value rows : takeFirst(b, op, toRows(b, turned), count))
      results.push_back(transpose(b, fromRows(b, rows, sizes), last));
    rewriter.replaceOp(op, {castTo(b, results[0], convert(op.getValues())),
                            castTo(b, results[1], convert(op.getIndices()))});
    return success();
  }

private:
  Type convert(Value value) const {
    return getTypeConverter()->convertType(value.getType());
  }

  static Groups groupsOf(int64_t rank) {
    Groups groups(2);
    for (int64_t dim = 0; dim < rank; ++dim)
      groups[dim == rank - 1].push_back(dim);
    return groups;
  }

  static Value toRows(B &b, Value x) {
    int64_t rank = typeOf(x).getRank();
    return rank == 1 ? insertUnitDims(b, x, {0})
                     : collapse(b, x, groupsOf(rank));
  }

  static Value fromRows(B &b, Value rows, const Sizes &sizes) {
    return sizes.size() == 1 ? dropUnitDims(b, rows, {0})
                             : expand(b, rows, groupsOf(sizes.size()), sizes);
  }
};

} // namespace

void bitnet::populateTopKPatterns(const TypeConverter &converter,
                                  RewritePatternSet &patterns) {
  patterns.add<ConvertTopK>(converter, patterns.getContext());
}

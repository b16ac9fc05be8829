// bitnet.quantize as loops over rows. See Passes.td.
#include "Patterns.h"
#include "QuantizeRow.h"

#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace bitnet;
using namespace bitnet::rows;

//===----------------------------------------------------------------------===//
// Magnitude and scale
//===----------------------------------------------------------------------===//

static Value largestMagnitude(ImplicitLocOpBuilder &b, int64_t size,
                              BlockReader elements) {
  // A maximum has no order, so each phase has an accumulator of its own.
  SmallVector<Value> zeros(kPhases, splatOf(b, 0.0f));
  SmallVector<Value> largest = forEachBlock(
      b, size, zeros, [&](const LaneBlock &block, ValueRange carried) {
        SmallVector<Value> next(carried);
        Value magnitude = math::AbsFOp::create(b, elements(block));
        Value &lanes = next[block.phase];
        lanes = larger(b, padToLanes(b, magnitude, 0.0f), lanes);
        return next;
      });
  Value all = larger(b, larger(b, largest[0], largest[1]),
                     larger(b, largest[2], largest[3]));
  return largestLane(b, all);
}

static Value sumOfMagnitudes(ImplicitLocOpBuilder &b, int64_t size,
                             BlockReader elements) {
  return sumOfRow(b, size, [&](const LaneBlock &block) -> Value {
    return math::AbsFOp::create(b, elements(block));
  });
}

/// The smallest element of a row; a NaN is none.
static Value smallestElement(ImplicitLocOpBuilder &b, int64_t size,
                             BlockReader elements) {
  SmallVector<Value> smallest = forEachBlock(
      b, size, splatOf(b, INFINITY),
      [&](const LaneBlock &block, ValueRange carried) -> SmallVector<Value> {
        Value lanes = padToLanes(b, elements(block), INFINITY);
        return {smaller(b, lanes, carried[0])};
      });
  return combineLanes(b, smallest[0], [&](Value low, Value high) {
    return smaller(b, high, low);
  });
}

/// The largest magnitude of a row, or the sum of its magnitudes.
static Value reduceRow(ImplicitLocOpBuilder &b, Scheme scheme, int64_t size,
                       BlockReader elements) {
  return scheme == Scheme::Absmean ? sumOfMagnitudes(b, size, elements)
                                   : largestMagnitude(b, size, elements);
}

/// limit / max(magnitude, floor), by a reciprocal if the quantizer says so.
static Value scaleOf(ImplicitLocOpBuilder &b, QuantizerAttr quantizer,
                     Value magnitude) {
  Type type = quantizer.getArithmeticType();
  Value limit = f32Of(b, quantizer.getLimitAsFloat());
  Value divisor = larger(b, magnitude, f32Of(b, quantizer.getFloorAsFloat()));
  if (!quantizer.getReciprocal())
    return roundTo(b, type, arith::DivFOp::create(b, limit, divisor));
  Value reciprocal =
      roundTo(b, type, arith::DivFOp::create(b, f32Of(b, 1.0f), divisor));
  return roundTo(b, type, arith::MulFOp::create(b, reciprocal, limit));
}

/// The mean of so many magnitudes.
static Value meanOf(ImplicitLocOpBuilder &b, QuantizerAttr quantizer, Value sum,
                    Value count) {
  return roundTo(b, quantizer.getArithmeticType(),
                 arith::DivFOp::create(b, sum, count));
}

//===----------------------------------------------------------------------===//
// Codes
//===----------------------------------------------------------------------===//

/// Rounds half to even, as the sum of x and 1.5 * 2^23: its unit in the last
/// place is 1, and its low byte is the code. One addition on every target,
/// where roundeven and fptosi are two instructions or a library call.
static Value codesOf(ImplicitLocOpBuilder &b, QuantizerAttr quantizer,
                     Value scaled) {
  constexpr float kUnitUlp = 12582912.0f;
  static_assert((0x4B400000 & 0xff) == 0, "low byte of 1.5 * 2^23");
  int64_t width = cast<VectorType>(scaled.getType()).getDimSize(0);
  Value low = splatOf(b, quantizer.getLow(), width);
  Value high = splatOf(b, quantizer.getHigh(), width);
  // NaN becomes `low` here, so that no NaN is converted.
  Value clamped = smaller(b, larger(b, scaled, low), high);
  Value shifted =
      arith::AddFOp::create(b, clamped, splatOf(b, kUnitUlp, width));
  Value bits = arith::BitcastOp::create(
      b, VectorType::get(width, b.getI32Type()), shifted);
  return arith::TruncIOp::create(b, VectorType::get(width, b.getI8Type()),
                                 bits);
}

static Value writeCodes(ImplicitLocOpBuilder &b, QuantizerAttr quantizer,
                        QuantizedRow row, BlockReader elements) {
  int64_t size = cast<RankedTensorType>(row.codes.getType()).getDimSize(0);
  auto written = forEachBlock(
      b, size, row.codes,
      [&](const LaneBlock &block, ValueRange codes) -> SmallVector<Value> {
        Value scaled = roundTo(
            b, quantizer.getArithmeticType(),
            arith::MulFOp::create(b, elements(block),
                                  broadcast(b, row.scale, block.width)));
        return {writeVector(b, codesOf(b, quantizer, scaled), codes[0],
                            block.offset)};
      });
  return written[0];
}

/// Writes the codes of x - low.
static Value writeShiftedCodes(ImplicitLocOpBuilder &b, QuantizerAttr quantizer,
                               QuantizedRow row, Value low,
                               BlockReader elements) {
  return writeCodes(b, quantizer, row, [&](const LaneBlock &block) -> Value {
    return roundTo(b, quantizer.getArithmeticType(),
                   arith::SubFOp::create(b, elements(block),
                                         broadcast(b, low, block.width)));
  });
}

QuantizedRow bitnet::rows::quantizeRow(ImplicitLocOpBuilder &b,
                                       QuantizerAttr quantizer, Value codes,
                                       BlockReader elements) {
  int64_t size = cast<RankedTensorType>(codes.getType()).getDimSize(0);
  Scheme scheme = quantizer.getScheme();
  Value magnitude = reduceRow(b, scheme, size, elements);
  if (scheme == Scheme::Absmean)
    magnitude = meanOf(b, quantizer, magnitude, f32Of(b, size));
  Value scale = scaleOf(b, quantizer, magnitude);
  if (scheme == Scheme::Shifted) {
    Value low = smallestElement(b, size, elements);
    return {writeShiftedCodes(b, quantizer, {codes, scale}, low, elements),
            scale};
  }
  return {writeCodes(b, quantizer, {codes, scale}, elements), scale};
}

//===----------------------------------------------------------------------===//
// Loops over rows
//===----------------------------------------------------------------------===//

/// Row `row` of a matrix as a 1-D tensor; element `row` of a vector as a 0-D
/// one.
static ResultPart rowOf(Value row, ArrayRef<OpFoldResult> rest,
                        RankedTensorType type, OpBuilder &b) {
  ResultPart part{{row}, {b.getIndexAttr(1)}, type};
  part.offsets.append(rest.size(), b.getIndexAttr(0));
  part.sizes.append(rest.begin(), rest.end());
  return part;
}

SmallVector<Value>
bitnet::rows::quantizeRows(ImplicitLocOpBuilder &b,
                           ArrayRef<OpFoldResult> sizes,
                           function_ref<QuantizedRow(Value, Value)> body) {
  int64_t size = *getConstantIntValue(sizes[1]);
  Type f32 = b.getF32Type(), i8 = b.getI8Type();
  auto partsOf = [&](ValueRange row) -> SmallVector<ResultPart> {
    return {rowOf(row[0], sizes[1], RankedTensorType::get(size, i8), b),
            rowOf(row[0], {}, RankedTensorType::get({}, f32), b)};
  };
  ParallelLoop loop{{sizes[0]},
                    {emptyTensor(b, sizes, i8), emptyTensor(b, sizes[0], f32)},
                    partsOf};
  return forEachInParallel(
      b, loop, [&](ValueRange row, ValueRange parts) -> SmallVector<Value> {
        QuantizedRow quantized = body(row[0], parts[0]);
        Value scale = tensor::InsertOp::create(b, quantized.scale, parts[1],
                                               ValueRange{});
        return {quantized.codes, scale};
      });
}

/// One value of each row, computed in parallel.
static Value mapRows(ImplicitLocOpBuilder &b, Value input,
                     ArrayRef<OpFoldResult> sizes,
                     function_ref<Value(int64_t, BlockReader)> reduce) {
  int64_t size = *getConstantIntValue(sizes[1]);
  auto partsOf = [&](ValueRange row) -> SmallVector<ResultPart> {
    return {rowOf(row[0], {}, RankedTensorType::get({}, b.getF32Type()), b)};
  };
  ParallelLoop loop{
      {sizes[0]}, {emptyTensor(b, sizes[0], b.getF32Type())}, partsOf};
  auto reduced = forEachInParallel(
      b, loop, [&](ValueRange row, ValueRange parts) -> SmallVector<Value> {
        Value one = reduce(size, [&](const LaneBlock &block) {
          return widen(b, readBlock(b, input, row, block));
        });
        return {tensor::InsertOp::create(b, one, parts[0], ValueRange{})};
      });
  return reduced[0];
}

/// Combines the values of rows in ascending order.
static Value foldRows(ImplicitLocOpBuilder &b, Value values, Value rows,
                      float init,
                      function_ref<Value(Value one, Value sofar)> combine) {
  auto combined =
      forEachIndex(b, rows, 1, f32Of(b, init),
                   [&](Value row, ValueRange carried) -> SmallVector<Value> {
                     Value one = tensor::ExtractOp::create(b, values, row);
                     return {combine(one, carried[0])};
                   });
  return combined[0];
}

/// The smallest element of a whole tensor.
static Value smallestOfTensor(ImplicitLocOpBuilder &b, Value input,
                              ArrayRef<OpFoldResult> sizes) {
  Value values = mapRows(b, input, sizes, [&](int64_t size, BlockReader row) {
    return smallestElement(b, size, row);
  });
  Value rows = getValueOrCreateConstantIndexOp(b, b.getLoc(), sizes[0]);
  return foldRows(b, values, rows, INFINITY, [&](Value one, Value sofar) {
    return smaller(b, one, sofar);
  });
}

/// The magnitude of a whole tensor: rows are combined in ascending order.
static Value magnitudeOfTensor(ImplicitLocOpBuilder &b, QuantizerAttr quantizer,
                               Value input, ArrayRef<OpFoldResult> sizes) {
  Scheme scheme = quantizer.getScheme();
  Value rows = getValueOrCreateConstantIndexOp(b, b.getLoc(), sizes[0]);
  Value reduced = mapRows(b, input, sizes, [&](int64_t size, BlockReader row) {
    return reduceRow(b, scheme, size, row);
  });
  bool isMean = scheme == Scheme::Absmean;
  Value combined =
      foldRows(b, reduced, rows, 0.0f, [&](Value one, Value sofar) -> Value {
        return isMean ? arith::AddFOp::create(b, sofar, one).getResult()
                      : larger(b, one, sofar);
      });
  if (!isMean)
    return combined;
  Value columns = getValueOrCreateConstantIndexOp(b, b.getLoc(), sizes[1]);
  Value count = arith::IndexCastOp::create(
      b, b.getI64Type(), arith::MulIOp::create(b, rows, columns));
  return meanOf(b, quantizer, combined,
                arith::SIToFPOp::create(b, b.getF32Type(), count));
}

namespace {

/// quantize(x) -> for each row: magnitude, scale, codes
struct QuantizeEachRow : OpRewritePattern<QuantizeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(QuantizeOp op,
                                PatternRewriter &rewriter) const override {
    if (op.getInput().getType().isDynamicDim(1))
      return rewriter.notifyMatchFailure(op, "length of a row is unknown");
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    QuantizerAttr quantizer = op.getQuantizer();
    Value input = op.getInput();
    SmallVector<OpFoldResult> sizes =
        tensor::getMixedSizes(b, b.getLoc(), input);
    Value scale, low;
    if (quantizer.getGranularity() == Granularity::Tensor) {
      scale =
          scaleOf(b, quantizer, magnitudeOfTensor(b, quantizer, input, sizes));
      if (quantizer.getScheme() == Scheme::Shifted)
        low = smallestOfTensor(b, input, sizes);
    }
    auto results = quantizeRows(b, sizes, [&](Value row, Value codes) {
      auto elements = [&](const LaneBlock &block) {
        return widen(b, readBlock(b, input, row, block));
      };
      if (!scale)
        return quantizeRow(b, quantizer, codes, elements);
      QuantizedRow result{codes, scale};
      result.codes =
          low ? writeShiftedCodes(b, quantizer, result, low, elements)
              : writeCodes(b, quantizer, result, elements);
      return result;
    });
    replaceWithCasts(rewriter, op, results);
    return success();
  }
};

} // namespace

void bitnet::populateQuantizeToVector(RewritePatternSet &patterns) {
  patterns.add<QuantizeEachRow>(patterns.getContext());
}

// MatMul, Gemm, MatMulInteger.
#include "MatMul.h"

#include "Normalization.h"
#include "Patterns.h"
#include "SameSize.h"
#include "ScalarMath.h"
#include "dialects/ONNX/ONNXDialect.h"

using namespace mlir;
using namespace bitnet;

/// Sums are computed in f32 at least.
static Type getSumType(Type type) {
  return isa<FloatType>(type) ? getPreciseType(type) : type;
}

//===----------------------------------------------------------------------===//
// Contractions
//===----------------------------------------------------------------------===//

/// a [m, k] * c [k, n], or c [n, k] if `isTransposed`.
static Value multiply2D(ImplicitLocOpBuilder &b, Value a, Value c,
                        bool isTransposed) {
  Type type = getSumType(typeOf(a).getElementType());
  Value zero =
      filledTensor(b, {sizeOf(b, a, 0), sizeOf(b, c, isTransposed ? 0 : 1)},
                   b.getZeroAttr(type));
  SmallVector<Type> types = {zero.getType()};
  if (isTransposed)
    return linalg::MatmulTransposeBOp::create(b, b.getLoc(), types,
                                              ValueRange{a, c}, zero)
        ->getResult(0);
  return linalg::MatmulOp::create(b, types, ValueRange{a, c}, zero)
      .getResult(0);
}

/// {{0, .., rank - kept - 1}, .., {rank - 1}}: all but `kept` dimensions as
/// one.
static Groups groupLeading(int64_t rank, int64_t kept) {
  Groups groups(1);
  for (int64_t dim = 0; dim < rank; ++dim) {
    if (dim < rank - kept)
      groups[0].push_back(dim);
    else
      groups.push_back({dim});
  }
  return groups;
}

/// x [.., k] times a matrix: all rows of x at once.
static Value multiplyRows(ImplicitLocOpBuilder &b, Value x, Value matrix,
                          bool isTransposed) {
  int64_t rank = typeOf(x).getRank();
  Groups groups = groupLeading(rank, 1);
  Value rows = multiply2D(b, collapse(b, x, groups), matrix, isTransposed);
  Sizes sizes = sizesOf(b, x);
  sizes.back() = sizeOf(b, rows, 1);
  return expand(b, rows, groups, sizes);
}

/// Products of matrices of the same leading dimensions.
static Value multiplyBatches(ImplicitLocOpBuilder &b, Value left, Value right) {
  Sizes sizes = sizesOf(b, left);
  sizes.back() = sizeOf(b, right, typeOf(right).getRank() - 1);
  Groups groups = groupLeading(sizes.size(), 2);
  left = collapse(b, left, groups);
  right = collapse(b, right, groups);
  Type type = getSumType(typeOf(left).getElementType());
  Value zero = filledTensor(
      b, {sizeOf(b, left, 0), sizeOf(b, left, 1), sizeOf(b, right, 2)},
      b.getZeroAttr(type));
  Value product = linalg::BatchMatmulOp::create(b, zero.getType(),
                                                ValueRange{left, right}, zero)
                      .getResult(0);
  return expand(b, product, groups, sizes);
}

/// True if `x` has the leading dimensions of `other`, and as many.
static bool hasBatchOf(const Operand &x, const Operand &other) {
  int64_t rank = typeOf(x.value).getRank();
  if (rank != typeOf(other.value).getRank())
    return false;
  return llvm::all_of(llvm::seq<int64_t>(0, rank - 2), [&](int64_t dim) {
    return x.isSameDim(dim, other, dim);
  });
}

/// `x` with the leading dimensions that it and `other` are broadcast to.
static Value broadcastBatch(ImplicitLocOpBuilder &b, RankedTensorType type,
                            const Operand &x, const Operand &other) {
  SmallVector<int64_t> shape(type.getShape().drop_back(2));
  llvm::append_range(shape, typeOf(x.value).getShape().take_back(2));
  Sizes sizes = sizesOf(b, other.value);
  sizes.back() = sizes[sizes.size() - 2] = b.getIndexAttr(1);
  Value batch = emptyTensor(b, sizes, b.getI1Type());
  auto expanded =
      RankedTensorType::get(shape, typeOf(x.value).getElementType());
  return mapElements(
      b, expanded, {x, {other.original, batch, true}},
      [](ImplicitLocOpBuilder &, ValueRange x) { return x.front(); });
}

Value bitnet::multiplyMatrices(ImplicitLocOpBuilder &b, RankedTensorType type,
                               const Operand &left, const Operand &right) {
  Value product;
  if (typeOf(right.value).getRank() == 2)
    product = multiplyRows(b, left.value, right.value, /*isTransposed=*/false);
  else if (hasBatchOf(left, right))
    product = multiplyBatches(b, left.value, right.value);
  else
    product = multiplyBatches(b, broadcastBatch(b, type, left, right),
                              broadcastBatch(b, type, right, left));
  Type element = type.getElementType();
  if (isa<FloatType>(element))
    product = convertFloats(b, product, element);
  return castTo(b, product, type);
}

/// Contracted sizes that may differ are compared when the program runs.
static void checkContraction(ImplicitLocOpBuilder &b, const Operand &left,
                             const Operand &right) {
  int64_t last = typeOf(left.value).getRank() - 1;
  int64_t first = std::max<int64_t>(typeOf(right.value).getRank() - 2, 0);
  if (!isSameSize(left.original, last, right.original, first))
    checkSame(b, sizeOf(b, left.value, last), sizeOf(b, right.value, first),
              "cannot multiply: columns and rows differ");
}

//===----------------------------------------------------------------------===//
// Patterns
//===----------------------------------------------------------------------===//

/// The halves that `value` is widened from to f32, else `value`.
static Value skipWidening(Value value) {
  auto cast = value.getDefiningOp<onnx::CastOp>();
  if (!cast || !typeOf(value).getElementType().isF32())
    return value;
  Type from = typeOf(cast.getInput()).getElementType();
  return from.isF16() || from.isBF16() ? cast.getInput() : value;
}

/// W where `value` is Transpose(W) of weights, so that they need no copy; they
/// may be halves.
static Value getTransposedWeights(Value value) {
  auto transpose = value.getDefiningOp<onnx::TransposeOp>();
  if (!transpose || typeOf(value).getRank() != 2 ||
      (transpose.getPerm() && *transpose.getPerm() != ArrayRef<int64_t>{1, 0}))
    return {};
  Value weights = skipWidening(transpose.getData());
  if (!isa_and_present<onnx::ConstantOp, onnx::DequantizeLinearOp>(
          weights.getDefiningOp()))
    return {};
  return weights;
}

namespace {

struct ConvertMatMul : OpConversionPattern<onnx::MatMulOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(onnx::MatMulOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    auto type = getTypeConverter()->convertType<RankedTensorType>(op.getType());
    Operand left = {op.getA(), adaptor.getA()};
    Operand right = {op.getB(), adaptor.getB()};
    checkContraction(b, left, right);
    Value weights = getTransposedWeights(op.getB());
    weights = weights ? rewriter.getRemappedValue(weights) : Value();
    if (weights && typeOf(left.value).getRank() > 1) {
      Value product =
          multiplyRows(b, left.value, weights, /*isTransposed=*/true);
      if (isa<FloatType>(type.getElementType()))
        product = convertFloats(b, product, type.getElementType());
      rewriter.replaceOp(op, castTo(b, product, type));
      return success();
    }
    rewriter.replaceOp(op, multiplyAny(b, type, left, right));
    return success();
  }

private:
  /// A vector on the left is a row, one on the right a column.
  static Value multiplyAny(ImplicitLocOpBuilder &b, RankedTensorType type,
                           Operand left, Operand right) {
    bool isRow = typeOf(left.value).getRank() == 1;
    bool isColumn = typeOf(right.value).getRank() == 1;
    SmallVector<int64_t> shape(type.getShape()), added;
    if (isRow) {
      left.value = left.original = insertUnitDims(b, left.value, {0});
      shape.insert(shape.end() - (isColumn ? 0 : 1), 1);
      added.push_back(shape.size() - (isColumn ? 1 : 2));
    }
    if (isColumn) {
      right.value = right.original = insertUnitDims(b, right.value, {1});
      shape.push_back(1);
      added.push_back(shape.size() - 1);
    }
    Value product = multiplyMatrices(
        b, RankedTensorType::get(shape, type.getElementType()), left, right);
    return castTo(b, added.empty() ? product : dropUnitDims(b, product, added),
                  type);
  }
};

/// Gemm(a, b, c) -> alpha * matmul(a', b') + beta * c
struct ConvertGemm : OpConversionPattern<onnx::GemmOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(onnx::GemmOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    auto type = getTypeConverter()->convertType<RankedTensorType>(op.getType());
    if (!isa<FloatType>(type.getElementType()))
      return refuse(rewriter, op, "is of integers");
    Value a = adaptor.getA();
    bool transA = op.getTransA() != 0, transB = op.getTransB() != 0;
    if (!isSameSize(op.getA(), transA ? 0 : 1, op.getB(), transB ? 1 : 0))
      checkSame(b, sizeOf(b, a, transA ? 0 : 1),
                sizeOf(b, adaptor.getB(), transB ? 1 : 0),
                "cannot multiply: columns and rows differ");
    if (transA)
      a = transpose(b, a, {1, 0});
    Value product = multiply2D(b, a, adaptor.getB(), transB);
    rewriter.replaceOp(op, scaleAndAdd(b, op, adaptor.getC(), product));
    return success();
  }

private:
  static Value scaleAndAdd(ImplicitLocOpBuilder &b, onnx::GemmOp op, Value c,
                           Value product) {
    double alpha = op.getAlpha().convertToDouble();
    double beta = op.getBeta().convertToDouble();
    Type element = op.getType().getElementType();
    Type precise = typeOf(product).getElementType();
    auto times = [&](ImplicitLocOpBuilder &inner, double factor, Value x) {
      if (factor == 1)
        return x;
      return Value(
          arith::MulFOp::create(inner, x, numberOf(inner, precise, factor)));
    };
    SmallVector<Operand> operands = {{op.getY(), product}};
    if (c)
      operands.push_back({op.getC(), c});
    return mapElements(
        b, op.getType(), operands,
        [&](ImplicitLocOpBuilder &inner, ValueRange x) {
          Value y = times(inner, alpha, x[0]);
          if (c)
            y = arith::AddFOp::create(
                inner, y,
                times(inner, beta, convertFloat(inner, x[1], precise)));
          return convertFloat(inner, y, element);
        });
  }
};

/// MatMulInteger(a, b) -> matmul of i32
struct ConvertMatMulInteger : OpConversionPattern<onnx::MatMulIntegerOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(onnx::MatMulIntegerOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    int64_t rankOfA = op.getA().getType().getRank();
    if (rankOfA < 2 || op.getB().getType().getRank() < 2)
      return refuse(rewriter, op, "multiplies a vector");
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    Operand left = {op.getA(), adaptor.getA()};
    Operand right = {op.getB(), adaptor.getB()};
    checkContraction(b, left, right);
    Value zeroOfA = adaptor.getAZeroPoint();
    // One zero point per row stands in a column.
    if (zeroOfA && typeOf(zeroOfA).getRank() == 1 &&
        typeOf(zeroOfA).getDimSize(0) != 1)
      zeroOfA = insertUnitDims(b, zeroOfA, {1});
    left.value = subtractZero(b, left, zeroOfA);
    right.value = subtractZero(b, right, adaptor.getBZeroPoint());
    rewriter.replaceOp(op, multiplyMatrices(b, op.getType(), left, right));
    return success();
  }

private:
  /// x - zero, in i32.
  static Value subtractZero(ImplicitLocOpBuilder &b, const Operand &x,
                            Value zero) {
    Type from = typeOf(x.original).getElementType(), i32 = b.getI32Type();
    SmallVector<Operand> operands = {x};
    if (zero)
      operands.push_back({zero, zero});
    return mapElements(b, typeOf(x.value).clone(i32), operands,
                       [&](ImplicitLocOpBuilder &inner, ValueRange codes) {
                         Value y = convertElement(inner, codes[0], from, i32);
                         if (!zero)
                           return y;
                         return fold<arith::SubIOp>(
                             inner, y,
                             convertElement(inner, codes[1], from, i32));
                       });
  }
};

} // namespace

void bitnet::populateMatMulPatterns(const TypeConverter &converter,
                                    RewritePatternSet &patterns) {
  patterns.add<ConvertGemm, ConvertMatMul, ConvertMatMulInteger>(
      converter, patterns.getContext());
}

// Operators that make each element from the elements at its position.
#include "Patterns.h"
#include "ScalarMath.h"

using namespace mlir;
using namespace bitnet;

/// A small integer tensor, element by element, so that it folds to scalars.
static Value mapScalars(ImplicitLocOpBuilder &b, RankedTensorType type,
                        ValueRange values, Body body) {
  SmallVector<SmallVector<Value>> elements;
  for (Value value : values)
    elements.push_back(elementsOf(b, value));
  SmallVector<Value> results;
  for (int64_t index = 0; index < type.getNumElements(); ++index) {
    SmallVector<Value> x;
    for (ArrayRef<Value> operand : elements)
      x.push_back(operand[operand.size() == 1 ? 0 : index]);
    results.push_back(body(b, x));
  }
  return tensor::FromElementsOp::create(b, type, results);
}

static Value mapOp(ImplicitLocOpBuilder &b, RankedTensorType type,
                   ArrayRef<Operand> operands, Body body) {
  SmallVector<Value> values =
      llvm::map_to_vector(operands, [](const Operand &x) { return x.value; });
  bool isShape = isShapeLike(type) && llvm::all_of(values, [](Value value) {
                   return isShapeLike(value.getType());
                 });
  return isShape ? mapScalars(b, type, values, body)
                 : mapElements(b, type, operands, body);
}

namespace {

template <typename OpTy> struct MapElements : OpConversionPattern<OpTy> {
  using OpConversionPattern<OpTy>::OpConversionPattern;

  LogicalResult
  matchAndRewrite(OpTy op, typename OpTy::Adaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    auto type =
        this->getTypeConverter()->template convertType<RankedTensorType>(
            op->getResult(0).getType());
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    SmallVector<Operand> operands;
    for (auto [original, value] :
         llvm::zip_equal(op->getOperands(), adaptor.getOperands()))
      operands.push_back({original, value});
    // The second operand of CastLike is only a type.
    if (isa<onnx::CastLikeOp>(op))
      operands.pop_back();
    rewriter.replaceOp(op,
                       mapOp(b, type, operands,
                             [&](ImplicitLocOpBuilder &inner, ValueRange x) {
                               return emit(op, inner, x);
                             }));
    return success();
  }
};

} // namespace

void bitnet::populateElementwisePatterns(const TypeConverter &converter,
                                         RewritePatternSet &patterns) {
  using namespace onnx;
  patterns
      .add<MapElements<AbsOp>, MapElements<AddOp>, MapElements<AndOp>,
           MapElements<BitShiftOp>, MapElements<BitwiseAndOp>,
           MapElements<BitwiseNotOp>, MapElements<BitwiseOrOp>,
           MapElements<BitwiseXorOp>, MapElements<CastLikeOp>,
           MapElements<CastOp>, MapElements<CeilOp>, MapElements<ClipOp>,
           MapElements<CosOp>, MapElements<DivOp>, MapElements<EqualOp>,
           MapElements<ErfOp>, MapElements<ExpOp>, MapElements<FloorOp>,
           MapElements<GeluOp>, MapElements<GreaterOp>,
           MapElements<GreaterOrEqualOp>, MapElements<IsNaNOp>,
           MapElements<LessOp>, MapElements<LessOrEqualOp>, MapElements<LogOp>,
           MapElements<MaxOp>, MapElements<MinOp>, MapElements<ModOp>,
           MapElements<MulOp>, MapElements<NegOp>, MapElements<NotOp>,
           MapElements<OrOp>, MapElements<PowOp>, MapElements<ReciprocalOp>,
           MapElements<ReluOp>, MapElements<RoundOp>, MapElements<SigmoidOp>,
           MapElements<SignOp>, MapElements<SinOp>, MapElements<SoftplusOp>,
           MapElements<SqrtOp>, MapElements<SubOp>, MapElements<SwishOp>,
           MapElements<TanhOp>, MapElements<WhereOp>, MapElements<XorOp>>(
          converter, patterns.getContext());
}

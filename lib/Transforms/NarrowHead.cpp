// Rounds the weights of the layer that gives the logits. See Passes.td.
#include "HeadWeights.h"
#include "bitnet/Transforms/Passes.h"
#include "dialects/BitNet/BitNetDialect.h"
#include "dialects/BitNet/LayerAttrs.h"
#include "dialects/BitNet/ModelAttrs.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/StringSwitch.h"

namespace bitnet {
#define GEN_PASS_DEF_NARROWHEAD
#include "bitnet/Transforms/Passes.h.inc"
} // namespace bitnet

using namespace mlir;
using namespace bitnet;

#define DEBUG_TYPE "bitnet-narrow-head"

namespace {

/// y[m, n] = sum over k of x[m, k] * w[n, k], with constant weights.
struct Head {
  linalg::LinalgOp product;
  HeadMatrix weights;
};

} // namespace

//===----------------------------------------------------------------------===//
// Finding it
//===----------------------------------------------------------------------===//

/// What the function returns as logits.
static Value getLogits(func::FuncOp function) {
  Operation *end = function.getBody().front().getTerminator();
  for (auto [i, value] : llvm::enumerate(end->getOperands())) {
    auto role = function.getResultAttrOfType<StringAttr>(i, bitnet::kRoleAttr);
    if (role && role.getValue() == "logits")
      return value;
  }
  return nullptr;
}

/// True for an op that computes each element from one of its first operand and
/// from constants.
static bool isElementwise(Operation *op) {
  if (isa<tensor::CastOp, tensor::CollapseShapeOp, tensor::ExpandShapeOp>(op))
    return true;
  auto generic = dyn_cast<linalg::GenericOp>(op);
  return generic && generic.getNumParallelLoops() == generic.getNumLoops() &&
         generic.getNumDpsInputs() > 0 &&
         llvm::all_of(
             llvm::drop_begin(generic.getDpsInputs()),
             [](Value value) { return matchPattern(value, m_Constant()); });
}

/// One m, one n and one k, and no two of them the same.
static bool isMatrixProduct(linalg::LinalgOp op) {
  if (!op || !op.hasPureTensorSemantics() ||
      !linalg::isaContractionOpInterface(op))
    return false;
  auto dims = linalg::inferContractionDims(op);
  return succeeded(dims) && dims->batch.empty() && dims->m.size() == 1 &&
         dims->n.size() == 1 && dims->k.size() == 1;
}

static FailureOr<Head> findHead(func::FuncOp function) {
  Value value = getLogits(function);
  if (!value)
    return function.emitOpError("has no result that is logits, and so no head");
  Operation *op = value.getDefiningOp();
  while (op && isElementwise(op))
    op = op->getOperand(0).getDefiningOp();
  auto product = dyn_cast_or_null<linalg::LinalgOp>(op);
  ElementsAttr weights;
  if (!isMatrixProduct(product) ||
      !matchPattern(product.getDpsInputOperand(1)->get(), m_Constant(&weights)))
    return function.emitOpError(
        "has no head: its logits are no product with constant weights");
  auto dims = linalg::inferContractionDims(product);
  AffineExpr k = getAffineDimExpr(dims->k[0], product.getContext());
  AffineMap map = product.getIndexingMapsArray()[1];
  std::optional<HeadMatrix> matrix =
      readHead(weights, /*outputMajor=*/map.getResults().back() == k);
  auto x =
      cast<RankedTensorType>(product.getDpsInputOperand(0)->get().getType());
  if (!matrix || !x.getElementType().isF32())
    return product.emitOpError("cannot be narrowed: a product of f32 rows and "
                               "a matrix of floats is wanted, found ")
           << x.getElementType() << " and " << weights.getType();
  return Head{product, *matrix};
}

/// The root mean square of each input: one, times the gain of a norm.
static std::vector<float> getGains(Value x, int64_t inputs) {
  DenseFPElementsAttr gain;
  auto norm = x.getDefiningOp<RmsNormOp>();
  std::vector<float> gains(inputs, 1.0f);
  if (norm && matchPattern(norm.getGain(), m_Constant(&gain)))
    llvm::copy(gain.getValues<float>(), gains.begin());
  return gains;
}

//===----------------------------------------------------------------------===//
// Replacing it
//===----------------------------------------------------------------------===//

static Value constant(ImplicitLocOpBuilder &b, ElementsAttr value) {
  return arith::ConstantOp::create(b, cast<TypedAttr>(value));
}

/// The same product with weights [n, k] of another type.
static Value createFloats(ImplicitLocOpBuilder &b, linalg::LinalgOp product,
                          const RoundedHead &head) {
  AffineExpr m, n, k;
  bindDims(b.getContext(), m, n, k);
  auto mapOf = [&](AffineExpr row, AffineExpr column) {
    return AffineMap::get(3, 0, {row, column}, b.getContext());
  };
  SmallVector<AffineMap> maps = {mapOf(m, k), mapOf(n, k), mapOf(m, n)};
  Value x = product.getDpsInputOperand(0)->get();
  auto matmul = linalg::MatmulOp::create(
      b, b.getLoc(), product->getResultTypes(),
      ValueRange{x, constant(b, head.weights)}, product.getDpsInits());
  matmul.setIndexingMapsAttr(b.getAffineMapArrayAttr(maps));
  return matmul.getResult(0);
}

/// The sums of codes; what the product starts with is added to them.
static Value createIntegers(ImplicitLocOpBuilder &b, linalg::LinalgOp product,
                            const RoundedHead &head, int64_t bits) {
  Value init = product.getDpsInits()[0];
  auto type = cast<RankedTensorType>(product->getResult(0).getType());
  Value y = ScaledMatmulOp::create(
      b, type, product.getDpsInputOperand(0)->get(), constant(b, head.weights),
      constant(b, head.scales), bits);
  auto fill = init.getDefiningOp<linalg::FillOp>();
  if (fill && matchPattern(fill.getInputs()[0], m_AnyZeroFloat()))
    return y;
  return linalg::AddOp::create(b, b.getLoc(), TypeRange(type),
                               ValueRange{init, y}, ValueRange{init})
      .getResult(0);
}

static int64_t countBytes(ElementsAttr value) {
  auto resource = dyn_cast_or_null<DenseResourceElementsAttr>(value);
  return resource ? resource.getRawHandle().getBlob()->getData().size() : 0;
}

/// Writes into the function's list of float layers what became of the head.
static void describe(func::FuncOp function, Location loc, StringRef type,
                     const RoundedHead &head) {
  auto layers = function->getAttrOfType<ArrayAttr>(kFloatLayersAttr);
  if (!layers)
    return;
  Builder b(function.getContext());
  int64_t bytes = countBytes(head.weights) + countBytes(head.scales);
  auto number = [&](double value) { return b.getF64FloatAttr(value); };
  Attribute change = b.getDictionaryAttr(
      {b.getNamedAttr("largest", number(head.deviation.largest)),
       b.getNamedAttr("logit", number(head.deviation.logit)),
       b.getNamedAttr("mean", number(head.deviation.mean)),
       b.getNamedAttr("type", b.getStringAttr(type))});
  SmallVector<Attribute> entries;
  for (auto layer : layers.getAsRange<DictionaryAttr>()) {
    NamedAttrList entry(layer);
    if (layer.getAs<StringAttr>("name").getValue() == getNodePath(loc)) {
      int64_t weights = layer.getAs<IntegerAttr>("k").getInt() *
                        layer.getAs<IntegerAttr>("n").getInt();
      entry.set("bits", b.getI64IntegerAttr(bytes * 8 / weights));
      entry.set("bytes", b.getI64IntegerAttr(bytes));
      entry.set(kHeadAttr, change);
    }
    entries.push_back(entry.getDictionary(b.getContext()));
  }
  function->setAttr(kFloatLayersAttr, b.getArrayAttr(entries));
}

static std::optional<HeadType> parseType(StringRef name) {
  return llvm::StringSwitch<std::optional<HeadType>>(name)
      .Case("f32", HeadType::F32)
      .Case("f16", HeadType::F16)
      .Case("bf16", HeadType::BF16)
      .Case("int8", HeadType::Int8)
      .Case("int4", HeadType::Int4)
      .Default(std::nullopt);
}

/// Is the matrix already what it is to become?
static bool isOfType(const HeadMatrix &matrix, HeadType type) {
  Type element = matrix.element;
  return matrix.outputMajor && ((type == HeadType::F32 && element.isF32()) ||
                                (type == HeadType::F16 && element.isF16()) ||
                                (type == HeadType::BF16 && element.isBF16()));
}

namespace {

struct NarrowHead : bitnet::impl::NarrowHeadBase<NarrowHead> {
  using NarrowHeadBase::NarrowHeadBase;

  void runOnOperation() override {
    func::FuncOp function = getOperation();
    if (type == "exact" || function.isPrivate())
      return;
    std::optional<HeadType> wanted = parseType(type);
    if (!wanted) {
      function.emitOpError("cannot have a head of '")
          << type << "': exact, f32, f16, bf16, int8 or int4 is wanted";
      return signalPassFailure();
    }
    FailureOr<Head> head = findHead(function);
    if (failed(head) || failed(narrow(*head, *wanted)))
      signalPassFailure();
  }

private:
  LogicalResult narrow(Head &head, HeadType wanted) {
    linalg::LinalgOp product = head.product;
    if (isOfType(head.weights, wanted))
      return success();
    int64_t multiple = wanted == HeadType::Int4 ? 32 : 16;
    bool isInteger = wanted == HeadType::Int8 || wanted == HeadType::Int4;
    if (isInteger && head.weights.inputs % multiple != 0)
      return product.emitOpError("cannot be a head of ")
             << type << ": it has " << head.weights.inputs
             << " inputs, a multiple of " << multiple << " is wanted";
    Value x = product.getDpsInputOperand(0)->get();
    auto rounded =
        roundHead(head.weights, wanted, getGains(x, head.weights.inputs));
    if (auto *outlier = std::get_if<HeadOutlier>(&rounded))
      return product.emitOpError("cannot be a head of ")
             << type << ": weight [" << outlier->output << ", "
             << outlier->input << "] is " << outlier->value;
    const auto &result = std::get<RoundedHead>(rounded);
    describe(getOperation(), product.getLoc(), type, result);
    ImplicitLocOpBuilder b(product.getLoc(), product);
    Value y = isInteger ? createIntegers(b, product, result,
                                         wanted == HeadType::Int4 ? 4 : 8)
                        : createFloats(b, product, result);
    product->getResult(0).replaceAllUsesWith(y);
    product->erase();
    return success();
  }
};

} // namespace

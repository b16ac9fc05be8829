// Recognises the scores of attention. See AttentionScores.h.
#include "AttentionScores.h"

#include "Heads.h"
#include "MathMatchers.h"

using namespace mlir;
using namespace bitnet;

/// More masks than that are none.
static constexpr int kMaxMasks = 4;

/// Takes constant factors off a value: v where `value` is v * c or v / c.
static Value takeFactors(Value value, float &scale) {
  while (true) {
    if (std::optional<WithConstant> mul =
            matchWithConstant<onnx::MulOp>(value)) {
      scale *= mul->constant;
      value = mul->value;
      continue;
    }
    auto div = value.getDefiningOp<onnx::DivOp>();
    std::optional<float> divisor = div ? getScalar(div.getB()) : std::nullopt;
    if (!divisor)
      return value;
    scale /= *divisor;
    value = div.getA();
  }
}

/// scale * (query . key), with factors at the product or at its operands.
static Match<AttentionScores> matchProduct(Value value) {
  AttentionScores scores;
  auto matmul =
      takeFactors(value, scores.scale).getDefiningOp<onnx::MatMulOp>();
  if (!matmul)
    return miss("not a product of queries and keys");
  scores.query = takeFactors(matmul.getA(), scores.scale);
  Value columns = takeFactors(matmul.getB(), scores.scale);
  auto transpose = columns.getDefiningOp<onnx::TransposeOp>();
  if (!transpose || !transpose.getPerm() || getRank(columns) != 4)
    return miss("keys are not transposed");
  scores.keyOrder = llvm::to_vector(*transpose.getPerm());
  std::swap(scores.keyOrder[2], scores.keyOrder[3]);
  scores.key = takeFactors(transpose.getData(), scores.scale);
  return scores;
}

/// Where(condition, x, fill) and Where(condition, fill, x) for a fill that
/// hides: the scores and the mask.
static std::optional<std::pair<Value, MaskTerm>> matchFilled(Value value) {
  auto where = value.getDefiningOp<onnx::WhereOp>();
  if (!where)
    return std::nullopt;
  Value condition = where.getCondition();
  if (auto fill = getScalar(where.getY()); fill && *fill <= kHidingFill)
    return std::pair(where.getX(), MaskTerm{MaskTerm::Seen, condition, *fill});
  if (auto fill = getScalar(where.getX()); fill && *fill <= kHidingFill)
    return std::pair(where.getY(),
                     MaskTerm{MaskTerm::Hidden, condition, *fill});
  return std::nullopt;
}

static Match<AttentionScores> matchMasked(Value value, int masks) {
  Match<AttentionScores> scores = matchProduct(value);
  if (scores || masks == kMaxMasks)
    return scores;
  if (auto filled = matchFilled(value)) {
    scores = matchMasked(filled->first, masks + 1);
    if (scores)
      scores->masks.push_back(filled->second);
    return scores;
  }
  auto add = value.getDefiningOp<onnx::AddOp>();
  if (!add)
    return scores;
  for (auto [inner, mask] :
       {std::pair(add.getA(), add.getB()), std::pair(add.getB(), add.getA())}) {
    scores = matchMasked(inner, masks + 1);
    if (!scores)
      continue;
    scores->masks.push_back({MaskTerm::Added, mask});
    return scores;
  }
  return scores;
}

Match<AttentionScores> bitnet::matchAttentionScores(Value scores) {
  return matchMasked(scores, 0);
}

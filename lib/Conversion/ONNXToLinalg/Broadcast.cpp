// See Broadcast.h.
#include "Broadcast.h"

#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace bitnet;

static constexpr StringLiteral kMessage = "cannot broadcast operands";

Broadcast::Broadcast(ImplicitLocOpBuilder &b, RankedTensorType type,
                     ArrayRef<Operand> operands)
    : type(type), operands(operands) {
  for (const Operand &operand : operands)
    accesses.emplace_back(typeOf(operand.value).getRank(),
                          Access{Kind::Same, Value()});
  for (int64_t dim = 0; dim < type.getRank(); ++dim)
    planDim(b, dim);
}

bool Broadcast::isSame(Dim a, Dim c) const {
  return operands[a.operand].isSameDim(a.dim, operands[c.operand], c.dim);
}

OpFoldResult Broadcast::sizeOfDim(ImplicitLocOpBuilder &b, Dim dim) const {
  return sizeOf(b, operands[dim.operand].value, dim.dim);
}

/// The size that is not 1, if there is one.
OpFoldResult Broadcast::commonSize(ImplicitLocOpBuilder &b,
                                   ArrayRef<Dim> leaders) {
  Value one = indexOf(b, 1);
  Value common = one;
  for (Dim leader : leaders) {
    Value size = indexOf(b, sizeOfDim(b, leader));
    Value isOne = compare(b, arith::CmpIPredicate::eq, size, one);
    common = select(b, isOne, common, size);
  }
  return getAsOpFoldResult(common);
}

void Broadcast::readUnknown(ImplicitLocOpBuilder &b, ArrayRef<Dim> dims,
                            OpFoldResult size) {
  for (Dim dim : dims) {
    OpFoldResult own = sizeOfDim(b, dim);
    if (own == size)
      continue;
    Value isOne =
        compare(b, arith::CmpIPredicate::eq, indexOf(b, own), indexOf(b, 1));
    Value fits =
        compare(b, arith::CmpIPredicate::eq, indexOf(b, own), indexOf(b, size));
    check(b, fold<arith::OrIOp>(b, isOne, fits), kMessage);
    accessOf(dim) = {Kind::Unknown, isOne};
  }
}

void Broadcast::planDim(ImplicitLocOpBuilder &b, int64_t dim) {
  SmallVector<Dim> dims, leaders;
  for (auto [index, operand] : llvm::enumerate(operands)) {
    RankedTensorType operandType = typeOf(operand.value);
    Dim own = {static_cast<int64_t>(index),
               dim - (type.getRank() - operandType.getRank())};
    if (own.dim < 0)
      continue;
    if (operandType.getDimSize(own.dim) == 1) {
      accessOf(own) = {Kind::One, Value()};
      continue;
    }
    dims.push_back(own);
    if (llvm::none_of(leaders, [&](Dim other) { return isSame(own, other); }))
      leaders.push_back(own);
  }
  OpFoldResult declared =
      type.isDynamicDim(dim)
          ? OpFoldResult()
          : OpFoldResult(b.getIndexAttr(type.getDimSize(dim)));
  if (leaders.size() <= 1) {
    OpFoldResult size = leaders.empty() ? OpFoldResult(b.getIndexAttr(1))
                                        : sizeOfDim(b, leaders.front());
    if (declared && !leaders.empty())
      checkSame(b, size, declared, kMessage);
    sizes.push_back(declared ? declared : size);
    return;
  }
  OpFoldResult size = declared ? declared : commonSize(b, leaders);
  readUnknown(b, dims, size);
  sizes.push_back(size);
}

bool Broadcast::isMapped(int64_t index) const {
  return llvm::none_of(accesses[index], [](const Access &access) {
    return access.kind == Kind::Unknown;
  });
}

AffineMap Broadcast::getMap(int64_t index, int64_t numDims) const {
  MLIRContext *context = type.getContext();
  int64_t offset = type.getRank() - accesses[index].size();
  SmallVector<AffineExpr> results;
  for (auto [dim, access] : llvm::enumerate(accesses[index]))
    results.push_back(access.kind == Kind::One
                          ? getAffineConstantExpr(0, context)
                          : getAffineDimExpr(offset + dim, context));
  return AffineMap::get(numDims, 0, results, context);
}

Value Broadcast::read(ImplicitLocOpBuilder &b, int64_t index,
                      ValueRange position) const {
  int64_t offset = type.getRank() - accesses[index].size();
  Value zero = indexOf(b, 0);
  SmallVector<Value> indices;
  for (auto [dim, access] : llvm::enumerate(accesses[index])) {
    if (access.kind == Kind::One)
      indices.push_back(zero);
    else if (access.kind == Kind::Same)
      indices.push_back(position[offset + dim]);
    else
      indices.push_back(select(b, access.isOne, zero, position[offset + dim]));
  }
  return tensor::ExtractOp::create(b, operands[index].value, indices);
}

// See KernelParameters.h.
#include "KernelParameters.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

Value bitnet::fromWord(ImplicitLocOpBuilder &b, Value word, Type type) {
  if (type.isInteger(64))
    return word;
  if (type.isIndex())
    return arith::IndexCastOp::create(b, type, word);
  if (type.isInteger(1)) {
    Value zero = arith::ConstantOp::create(b, b.getI64IntegerAttr(0));
    return arith::CmpIOp::create(b, arith::CmpIPredicate::ne, word, zero);
  }
  auto bits = b.getIntegerType(type.getIntOrFloatBitWidth());
  if (bits != word.getType())
    word = arith::TruncIOp::create(b, bits, word);
  if (bits == type)
    return word;
  return arith::BitcastOp::create(b, type, word);
}

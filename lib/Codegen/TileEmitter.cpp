// What the emitters of all instruction sets share.
#include "bitnet/Codegen/TileEmitter.h"
#include "bitnet/Codegen/TileTable.h"
#include "dialects/BitNet/BitNetDialect.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace bitnet;

VectorType TileEmitter::accumulatorType(OpBuilder &b) const {
  return VectorType::get({tile.lanes}, b.getI32Type());
}

SmallVector<Value> TileEmitter::init(ImplicitLocOpBuilder &b) {
  Value zero = arith::ConstantOp::create(b, b.getZeroAttr(accumulatorType(b)));
  return SmallVector<Value>(tile.fields * tile.rows, zero);
}

SmallVector<Value> TileEmitter::loop(ImplicitLocOpBuilder &, TileDotOp,
                                     ValueRange) {
  return {};
}

Value TileEmitter::splat(ImplicitLocOpBuilder &b, Type vector, int64_t value) {
  auto type = cast<VectorType>(vector);
  Attribute element = b.getIntegerAttr(type.getElementType(), value);
  return arith::ConstantOp::create(b, DenseElementsAttr::get(type, element));
}

Value TileEmitter::callIntrinsic(ImplicitLocOpBuilder &b, StringRef name,
                                 Type result, ValueRange operands) {
  return LLVM::CallIntrinsicOp::create(b, result, b.getStringAttr(name),
                                       operands)
      .getResult(0);
}

Value TileEmitter::difference(ImplicitLocOpBuilder &b, Value high, Value low,
                              int64_t shift) const {
  Value scaled = arith::SubIOp::create(b, high, low);
  return arith::ShRSIOp::create(b, scaled, splat(b, scaled.getType(), shift));
}

Value TileEmitter::repeatInLanes(ImplicitLocOpBuilder &b, Value x) const {
  auto word = VectorType::get({1}, b.getI32Type());
  auto bytes = VectorType::get({4 * tile.lanes}, b.getI8Type());
  Value packed = vector::BitCastOp::create(b, word, x);
  Value scalar = vector::ExtractOp::create(b, packed, int64_t(0));
  Value all = vector::BroadcastOp::create(b, accumulatorType(b), scalar);
  return vector::BitCastOp::create(b, bytes, all);
}

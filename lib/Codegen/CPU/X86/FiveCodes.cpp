// Looks up five trits in a byte: vpermb takes one of 64 bytes.
//
// Four of the codes come from a table. The fifth stays where it is, in the
// upper two bits. Bytes from 192 on escape to tables of their own (see
// PackedLayout.h).
#include "FiveCodes.h"

#include "dialects/BitNet/PackedLayout.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

#include <array>

using namespace mlir;
using namespace bitnet;

/// The first byte that escapes.
static constexpr int64_t kEscape = 192;

/// What a byte's low six bits stand for.
using Table = std::array<int8_t, 64>;

/// Four codes of bytes from `first` on, as 2-bit fields.
static Table tableOfFour(int64_t first) {
  Table table = {};
  for (int64_t i = 0; i < 64; ++i)
    for (int64_t field = 0; field < 4; ++field)
      table[i] = static_cast<int8_t>(table[i] | fiveCodesAt(first + i, field)
                                                    << 2 * field);
  return table;
}

/// The fifth code of bytes that escape, in the upper two bits.
static Table tableOfFifth() {
  Table table = {};
  for (int64_t i = 0; i < 64; ++i)
    table[i] = static_cast<int8_t>(fiveCodesAt(kEscape + i, 4) << 6);
  return table;
}

/// table[byte % 64] in every byte.
static Value lookUp(ImplicitLocOpBuilder &b, const Table &table, Value bytes) {
  auto type = cast<VectorType>(bytes.getType());
  Value constant = arith::ConstantOp::create(
      b, DenseElementsAttr::get(type, ArrayRef<int8_t>(table)));
  return LLVM::CallIntrinsicOp::create(
             b, type, b.getStringAttr("llvm.x86.avx512.permvar.qi.512"),
             ValueRange{constant, bytes})
      .getResult(0);
}

FiveCodes bitnet::unpackFiveCodes(ImplicitLocOpBuilder &b, Value bytes) {
  auto type = cast<VectorType>(bytes.getType());
  Value upper = arith::ConstantOp::create(
      b, DenseElementsAttr::get(type, static_cast<int8_t>(kEscape)));
  Value escapes =
      arith::CmpIOp::create(b, arith::CmpIPredicate::uge, bytes, upper);
  Value four = arith::SelectOp::create(b, escapes,
                                       lookUp(b, tableOfFour(kEscape), bytes),
                                       lookUp(b, tableOfFour(0), bytes));
  Value fifth =
      arith::SelectOp::create(b, escapes, lookUp(b, tableOfFifth(), bytes),
                              arith::AndIOp::create(b, bytes, upper));
  return {four, fifth};
}

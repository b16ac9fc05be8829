// Five trits a byte as what other encodings are made of, by AVX512-VBMI.
#ifndef LIB_CODEGEN_CPU_X86_FIVECODES_H
#define LIB_CODEGEN_CPU_X86_FIVECODES_H

#include "mlir/IR/Builders.h"
#include "mlir/IR/Value.h"

namespace bitnet {

/// What 64 packed bytes hold.
struct FiveCodes {
  /// The first four codes as 2-bit fields.
  mlir::Value four;
  /// The fifth code in the upper two bits, with nothing below it.
  mlir::Value fifth;
};

/// Unpacks vector<64xi8>.
FiveCodes unpackFiveCodes(mlir::ImplicitLocOpBuilder &b, mlir::Value bytes);

} // namespace bitnet

#endif // LIB_CODEGEN_CPU_X86_FIVECODES_H

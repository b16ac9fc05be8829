// What tiles of vpdpbusd share: fields that are never shifted into place.
//
// The bytes v, v & 63, v & 15 and v & 3 (for two bits a field) feed an
// accumulator each; neighbours differ by one field's products, times 64, 16
// and 4, which `separate` takes out.
#ifndef LIB_CODEGEN_CPU_X86_VNNISTEPS_H
#define LIB_CODEGEN_CPU_X86_VNNISTEPS_H

#include "bitnet/Codegen/TileTable.h"

namespace bitnet {

class VnniSteps : public TileEmitter {
public:
  using TileEmitter::TileEmitter;

protected:
  /// What field i and all fields below it say, for each i.
  llvm::SmallVector<mlir::Value> mask(mlir::ImplicitLocOpBuilder &b,
                                      mlir::Value bytes, int64_t fields) const;

  /// sum + the products of four bytes in each lane.
  mlir::Value dot(mlir::ImplicitLocOpBuilder &b, mlir::Value sum,
                  mlir::Value codes, mlir::Value x) const;

  /// Sums over masked bytes -> sums over codes.
  void separate(mlir::ImplicitLocOpBuilder &b,
                llvm::MutableArrayRef<mlir::Value> sums) const;

  /// sum >> by, in each lane.
  mlir::Value shiftDown(mlir::ImplicitLocOpBuilder &b, mlir::Value sum,
                        int64_t by) const;
};

} // namespace bitnet

#endif // LIB_CODEGEN_CPU_X86_VNNISTEPS_H

// The energy that arithmetic takes, by the model of the BitNet paper
// (arXiv 2310.11453, section 3.1).
//
// It counts additions and multiplications and nothing else: no memory, no
// unpacking of weights.
#ifndef BITNET_REPORT_ENERGYMODEL_H
#define BITNET_REPORT_ENERGYMODEL_H

#include <cstdint>

namespace bitnet {

enum class Arithmetic { FP32, FP16, INT8 };

/// Of what size transistors are.
enum class Technology { Nm45, Nm7 };

/// Joules of additions and of multiplications.
struct Energy {
  double add = 0;
  double mul = 0;

  double total() const { return add + mul; }
  Energy &operator+=(const Energy &other) {
    add += other.add;
    mul += other.mul;
    return *this;
  }
};

/// A matrix m x n by a matrix n x p.
struct Product {
  int64_t m, n, p;
};

/// What one addition and one multiplication take (table 2).
Energy energyOfOne(Arithmetic arithmetic, Technology technology);

/// Of a product in floats:
/// add = m (n - 1) p e_add, mul = m n p e_mul.
Energy energyOfFloatProduct(const Product &product, Arithmetic arithmetic,
                            Technology technology);

/// Of a product with 1-bit weights, which only adds, and the scaling of its
/// inputs and outputs: add = m (n - 1) p e_add, mul = (m p + m n) e_mul, both
/// of int8.
Energy energyOfBitNetProduct(const Product &product, Technology technology);

} // namespace bitnet

#endif // BITNET_REPORT_ENERGYMODEL_H

// See EnergyModel.h.
#include "bitnet/Report/EnergyModel.h"

using namespace bitnet;

/// Table 2 of arXiv 2310.11453 has picojoules.
static constexpr double kPicojoule = 1e-12;

Energy bitnet::energyOfOne(Arithmetic arithmetic, Technology technology) {
  // ADD and MUL at 45 nm, ADD and MUL at 7 nm, for each arithmetic.
  static constexpr double kTable2[3][4] = {
      {0.9, 3.7, 0.38, 1.31},
      {0.4, 1.1, 0.16, 0.34},
      {0.03, 0.2, 0.007, 0.07},
  };
  const double *row = kTable2[static_cast<int>(arithmetic)];
  if (technology == Technology::Nm7)
    row += 2;
  return {row[0] * kPicojoule, row[1] * kPicojoule};
}

/// m (n - 1) p
static double additions(const Product &product) {
  return static_cast<double>(product.m) * static_cast<double>(product.n - 1) *
         static_cast<double>(product.p);
}

Energy bitnet::energyOfFloatProduct(const Product &product,
                                    Arithmetic arithmetic,
                                    Technology technology) {
  Energy one = energyOfOne(arithmetic, technology);
  double multiplications = static_cast<double>(product.m) *
                           static_cast<double>(product.n) *
                           static_cast<double>(product.p);
  return {additions(product) * one.add, multiplications * one.mul};
}

Energy bitnet::energyOfBitNetProduct(const Product &product,
                                     Technology technology) {
  Energy one = energyOfOne(Arithmetic::INT8, technology);
  double multiplications =
      static_cast<double>(product.m) *
      (static_cast<double>(product.p) + static_cast<double>(product.n));
  return {additions(product) * one.add, multiplications * one.mul};
}

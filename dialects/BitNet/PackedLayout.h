// The packing of 1-bit weights as a function: (row n, column k) -> (byte,
// field).
//
// The packer, the kernels, the reference and Python all follow this one
// statement, so it knows nothing of MLIR and everything in it is constexpr.
//
// A *panel* holds `lanes * fields` rows. It is a sequence of vectors, one for
// every `columns` consecutive k, and each vector is what one load reads:
//
//     byte (lane l, j) of vector v of panel p, field f, holds the code of
//     row    n = (p * fields + f) * lanes + l
//     column k = v * columns + j
//
// A kernel broadcasts `columns` activation bytes and multiplies them by every
// lane of the vector at once; masking alone (no shift) separates the fields,
// and k stays inside a lane, so that no horizontal sum is ever needed.
//
// How many codes a byte holds says how:
//
//     4  trits, two bits each; field f is bits 2f and 2f + 1
//     8  bits; field f is bit f
//     5  trits, as 243 of the 256 values of a byte, see packFiveCodes()
#ifndef BITNET_DIALECTS_BITNET_PACKEDLAYOUT_H
#define BITNET_DIALECTS_BITNET_PACKEDLAYOUT_H

#include <cstdint>

namespace bitnet {

/// The parameters of a panel packing. The default is what 512-bit vectors read;
/// 256-bit vectors read `lanes = 8`.
struct PanelLayout {
  /// 32-bit lanes of a vector.
  int64_t lanes = 16;
  /// Codes in a byte, each of another group of `lanes` rows.
  int64_t fields = 4;
  /// Consecutive k in a lane.
  int64_t columns = 4;

  /// Rows of a panel.
  constexpr int64_t rows() const { return lanes * fields; }
  /// Bytes of a vector.
  constexpr int64_t vectorBytes() const { return lanes * columns; }
  /// Whether weights are -1 and +1, not also 0.
  constexpr bool isBinary() const { return fields == 8; }
};

/// Where a code lies: which one of byte `byte` it is.
struct PackedPosition {
  int64_t byte;
  int64_t field;
};

/// The code of weight 0. Padding rows and columns hold it: a kernel computes
/// `sum(code * x) - sum(x)`, so that a padding column adds `1 * x - x = 0`
/// whatever x holds there, if both sums run over it, and `1 * 0` if x is padded
/// with zeros; and a padding row comes out as 0, not as `-sum(x)`.
///
/// There is no such code among bits: padding is 0, and x is padded with zeros.
inline constexpr int64_t kZeroCode = 1;

/// weight {-1, 0, +1} -> code {0, 1, 2}: unsigned, as the byte products of
/// vpdpbusd and vpmaddubsw want one side to be. Weight {-1, +1} -> code {0, 1}.
constexpr uint8_t codeOfWeight(int64_t weight, const PanelLayout &layout) {
  return static_cast<uint8_t>(layout.isBinary() ? (weight + 1) / 2
                                                : weight + kZeroCode);
}

/// code {0, 1, 2} -> weight {-1, 0, +1}, or code {0, 1} -> weight {-1, +1}.
constexpr int8_t weightOfCode(int64_t code, const PanelLayout &layout) {
  return static_cast<int8_t>(layout.isBinary() ? 2 * code - 1
                                               : code - kZeroCode);
}

/// The code that padding holds.
constexpr uint8_t paddingCode(const PanelLayout &layout) {
  return layout.isBinary() ? 0 : kZeroCode;
}

/// Panels that hold `N` rows.
constexpr int64_t panelCount(int64_t N, const PanelLayout &layout) {
  return (N + layout.rows() - 1) / layout.rows();
}

/// Vectors of a panel that hold `K` columns.
constexpr int64_t vectorCount(int64_t K, const PanelLayout &layout) {
  return (K + layout.columns - 1) / layout.columns;
}

/// Bytes of a packed N x K matrix, padding included.
constexpr int64_t packedSize(int64_t N, int64_t K, const PanelLayout &layout) {
  return panelCount(N, layout) * vectorCount(K, layout) * layout.vectorBytes();
}

/// THE packing: where the code of row `n`, column `k` lies in a matrix of `K`
/// columns.
constexpr PackedPosition packedPosition(int64_t n, int64_t k, int64_t K,
                                        const PanelLayout &layout) {
  int64_t panel = n / layout.rows();
  int64_t field = n % layout.rows() / layout.lanes;
  int64_t lane = n % layout.lanes;
  int64_t vector = panel * vectorCount(K, layout) + k / layout.columns;
  int64_t cell = vector * layout.lanes + lane;
  return {cell * layout.columns + k % layout.columns, field};
}

/// What a code adds to the number that a byte stands for: its field's digit in
/// base 2, 4 or 3.
constexpr int64_t placeValue(int64_t field, const PanelLayout &layout) {
  if (layout.fields != 5)
    return int64_t(1) << (field * (8 / layout.fields));
  int64_t power = 1;
  for (int64_t i = 0; i < field; ++i)
    power *= 3;
  return power;
}

/// Five trits as a byte: a number of 0..242 in base 3, of which the first four
/// digits are c = 0..80 and the fifth is t.
///
///     c < 64:   c in the low six bits, t in the upper two
///     c >= 64:  192 + 17 * t + c - 64
///
/// So a kernel finds four codes by looking up six bits in a table of 64 bytes,
/// and the fifth where field 3 is, except in bytes from 192 on, which have
/// tables of their own.
constexpr uint8_t packFiveCodes(int64_t number) {
  int64_t c = number % 81, t = number / 81;
  return static_cast<uint8_t>(c < 64 ? 64 * t + c : 192 + 17 * t + c - 64);
}

/// Code `field` of a byte that `packFiveCodes` made.
constexpr uint8_t fiveCodesAt(int64_t byte, int64_t field) {
  int64_t escaped = byte - 192;
  int64_t c = escaped < 0 ? byte % 64 : 64 + escaped % 17;
  int64_t fifth = escaped < 0 ? byte / 64 : escaped / 17;
  constexpr int64_t kPowers[] = {1, 3, 9, 27};
  return static_cast<uint8_t>(field == 4 ? fifth : c / kPowers[field] % 3);
}

/// The code of one field of a byte.
constexpr uint8_t codeAt(uint8_t byte, int64_t field,
                         const PanelLayout &layout) {
  if (layout.fields == 5)
    return fiveCodesAt(byte, field);
  int64_t bits = 8 / layout.fields;
  return static_cast<uint8_t>(byte >> (field * bits) & ((1 << bits) - 1));
}

/// The number of a byte of padding.
constexpr int64_t paddingNumber(const PanelLayout &layout) {
  int64_t number = 0;
  for (int64_t field = 0; field < layout.fields; ++field)
    number += paddingCode(layout) * placeValue(field, layout);
  return number;
}

/// Packs `weights`, N x K values of {-1, 0, +1} or {-1, +1} in row-major order,
/// into the `packedSize(N, K, layout)` bytes at `bytes`. (`layout` is a copy,
/// so that no byte written may be a part of it.)
constexpr void packPanel(const int8_t *weights, int64_t N, int64_t K,
                         PanelLayout layout, uint8_t *bytes) {
  int64_t size = packedSize(N, K, layout), padding = paddingNumber(layout);
  for (int64_t i = 0; i < size; ++i)
    bytes[i] = static_cast<uint8_t>(padding);
  // Numbers first, row by row: what a code differs by from the padding's is
  // its weight, or half of weight + 1 where there is no zero.
  int32_t halve = layout.isBinary() ? 1 : 0;
  for (int64_t n = 0; n < N; ++n) {
    auto place = static_cast<int32_t>(
        placeValue(packedPosition(n, 0, K, layout).field, layout));
    for (int64_t k = 0; k < K; k += layout.columns) {
      PackedPosition at = packedPosition(n, k, K, layout);
      int64_t columns = K - k < layout.columns ? K - k : layout.columns;
      for (int64_t j = 0; j < columns; ++j)
        bytes[at.byte + j] = static_cast<uint8_t>(
            bytes[at.byte + j] +
            ((weights[n * K + k + j] + halve) * place >> halve));
    }
  }
  if (layout.fields == 5)
    for (int64_t i = 0; i < size; ++i)
      bytes[i] = packFiveCodes(bytes[i]);
}

/// The inverse of `packPanel`; padding is not read.
constexpr void unpackPanel(const uint8_t *bytes, int64_t N, int64_t K,
                           const PanelLayout &layout, int8_t *weights) {
  for (int64_t n = 0; n < N; ++n)
    for (int64_t k = 0; k < K; ++k) {
      PackedPosition at = packedPosition(n, k, K, layout);
      uint8_t code = codeAt(bytes[at.byte], at.field, layout);
      weights[n * K + k] = weightOfCode(code, layout);
    }
}

} // namespace bitnet

#endif // BITNET_DIALECTS_BITNET_PACKEDLAYOUT_H

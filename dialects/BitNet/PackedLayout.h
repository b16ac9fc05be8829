// The packing of 1-bit weights as a function: (row n, column k) -> (byte, bit).
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
  /// Bits of a code.
  int64_t bits = 2;

  /// Rows of a panel.
  constexpr int64_t rows() const { return lanes * fields; }
  /// Bytes of a vector.
  constexpr int64_t vectorBytes() const { return lanes * columns; }
};

/// Where a code lies: its bits are `bit`, `bit + 1`, ... of byte `byte`.
struct PackedPosition {
  int64_t byte;
  int64_t bit;
};

/// The code of weight 0. Padding rows and columns hold it: a kernel computes
/// `sum(code * x) - sum(x)`, so that a padding column adds `1 * x - x = 0`
/// whatever x holds there, if both sums run over it, and `1 * 0` if x is padded
/// with zeros; and a padding row comes out as 0, not as `-sum(x)`.
inline constexpr int64_t kZeroCode = 1;

/// weight {-1, 0, +1} -> code {0, 1, 2}: unsigned, as the byte products of
/// vpdpbusd and vpmaddubsw want one side to be.
constexpr uint8_t codeOfTrit(int64_t trit) {
  return static_cast<uint8_t>(trit + kZeroCode);
}

/// code {0, 1, 2} -> weight {-1, 0, +1}.
constexpr int8_t tritOfCode(int64_t code) {
  return static_cast<int8_t>(code - kZeroCode);
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
  return {cell * layout.columns + k % layout.columns, field * layout.bits};
}

/// A byte of which every field holds weight 0.
constexpr uint8_t zeroByte(const PanelLayout &layout) {
  int64_t byte = 0;
  for (int64_t field = 0; field < layout.fields; ++field)
    byte |= kZeroCode << (field * layout.bits);
  return static_cast<uint8_t>(byte);
}

/// Packs `trits`, N x K values of {-1, 0, +1} in row-major order, into the
/// `packedSize(N, K, layout)` bytes at `bytes`.
constexpr void packPanel(const int8_t *trits, int64_t N, int64_t K,
                         const PanelLayout &layout, uint8_t *bytes) {
  for (int64_t i = 0, e = packedSize(N, K, layout); i < e; ++i)
    bytes[i] = zeroByte(layout);
  // Each code is `kZeroCode` so far, so that adding the trit gives its own.
  for (int64_t n = 0; n < N; ++n)
    for (int64_t k = 0; k < K; k += layout.columns) {
      PackedPosition at = packedPosition(n, k, K, layout);
      int64_t columns = K - k < layout.columns ? K - k : layout.columns;
      for (int64_t j = 0; j < columns; ++j)
        bytes[at.byte + j] = static_cast<uint8_t>(
            bytes[at.byte + j] + trits[n * K + k + j] * (1 << at.bit));
    }
}

/// The inverse of `packPanel`; padding is not read.
constexpr void unpackPanel(const uint8_t *bytes, int64_t N, int64_t K,
                           const PanelLayout &layout, int8_t *trits) {
  int64_t mask = (int64_t(1) << layout.bits) - 1;
  for (int64_t n = 0; n < N; ++n)
    for (int64_t k = 0; k < K; ++k) {
      PackedPosition at = packedPosition(n, k, K, layout);
      trits[n * K + k] = tritOfCode(bytes[at.byte] >> at.bit & mask);
    }
}

} // namespace bitnet

#endif // BITNET_DIALECTS_BITNET_PACKEDLAYOUT_H

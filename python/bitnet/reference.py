"""A second opinion on the numbers of the bitnet dialect, in NumPy.

Written from the papers and independently of lib/Reference, which tests compare
with it: an error has to be made twice to go unnoticed. Quantized results are
equal code for code; float results of rows agree to a few ulp, because NumPy adds
in its own order and these functions work in float64 where a paper has no order.

Papers: BitNet b1 (arXiv 2310.11453), BitNet b1.58 (2402.17764), RMSNorm
(1910.07467), layer normalization (1607.06450), RoPE (2104.09864), attention
(1706.03762), grouped queries (2305.13245).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import DTypeLike, NDArray

Floats = NDArray[np.floating]
F32 = NDArray[np.float32]
Codes = NDArray[np.int8]

SMALLEST = np.float32(1e-5)
"""The guard under every scale that is divided by."""


class Quantized(NamedTuple):
    """Integer codes and the f32 number that belongs to them."""

    codes: Codes
    scale: F32 | np.float32


def ternarize(weights: F32, *, exact_division: bool = False) -> Quantized:
    """2402.17764 eq. 1-3: RoundClip(W / (gamma + eps), -1, 1), gamma = mean |W|.

    Released code guards by max(gamma, 1e-5) and multiplies by the reciprocal;
    `exact_division` divides. `scale` is what a code stands for.
    """
    w = np.asarray(weights, np.float32)
    gamma = np.maximum(np.float32(np.abs(w).mean(dtype=np.float64)), SMALLEST)
    ratio = w / gamma if exact_division else w * (np.float32(1) / gamma)
    return Quantized(np.clip(np.rint(ratio), -1, 1).astype(np.int8), gamma)


def binarize(weights: F32) -> Quantized:
    """2310.11453 eq. 1-3: Sign(W - alpha) with Sign(0) = -1; eq. 12: beta = mean |W|."""
    w = np.asarray(weights, np.float32)
    alpha = np.float32(w.mean(dtype=np.float64))
    beta = np.float32(np.abs(w).mean(dtype=np.float64))
    return Quantized(np.where(w > alpha, 1, -1).astype(np.int8), beta)


def quantize(
    x: Floats, *, exact_division: bool = False, dtype: DTypeLike = np.float32
) -> Quantized:
    """2402.17764 section 2: each token (last axis) scaled to [-Qb, Qb], Qb = 127.

    `scale` is s = 127 / max|x|, the factor that was multiplied by, one per token;
    by default in the form of released code, `(1 / max|x|) * 127`. Computed in
    `dtype`, which may be one of ml_dtypes; the scale is f32 all the same.
    """
    x = np.asarray(x, dtype)
    gamma = np.maximum(np.abs(x).max(axis=-1), np.asarray(SMALLEST, dtype))
    qb, one = np.asarray([127, 1], dtype)
    s = qb / gamma if exact_division else (one / gamma) * qb
    codes = np.clip(np.rint(x * s[..., None]).astype(np.float32), -128, 127)
    return Quantized(codes.astype(np.int8), s.astype(np.float32))


def quantize_int4(x: F32, *, exact_division: bool = False) -> Quantized:
    """2411.04965: RoundClip(sqrt(7) X / beta, -8, 7), beta = mean|X| of a token."""
    x = np.asarray(x, np.float32)
    beta = np.abs(x).mean(axis=-1, dtype=np.float64).astype(np.float32)
    root = np.float32(np.sqrt(7))
    beta = np.maximum(beta, SMALLEST)
    s = root / beta if exact_division else np.reciprocal(beta) * root
    return Quantized(np.clip(np.rint(x * s[..., None]), -8, 7).astype(np.int8), s)


def quantize_above_minimum(
    x: F32, *, limit: float = 128, exact_division: bool = False
) -> Quantized:
    """2310.11453 eq. 6: (x - eta) * Qb / gamma in [0, Qb), eta = min x, gamma = max |x|.

    Before a non-linearity; per token. The largest code is the last that fits 8 bits.
    """
    x = np.asarray(x, np.float32)
    gamma = np.maximum(np.abs(x).max(axis=-1, initial=0.0), SMALLEST)
    qb = np.float32(limit)
    s = qb / gamma if exact_division else np.reciprocal(gamma) * qb
    shifted = x - x.min(axis=-1, keepdims=True)
    return Quantized(
        np.clip(np.rint(shifted * s[..., None]), 0, 127).astype(np.int8), s
    )


def matmul(x: Codes, w: Codes) -> NDArray[np.int32]:
    """y[m, n] = sum_k x[m, k] w[n, k], in integers."""
    return (x.astype(np.int64) @ w.astype(np.int64).T).astype(np.int32)


def dequantize(
    sums: NDArray[np.int32], s: F32 | np.float32, weight_scale: np.float32
) -> F32:
    """2310.11453 eq. 11: y = sums * beta gamma / Qb; the two scales first."""
    factor = np.float32(weight_scale) / np.asarray(s, np.float32)
    return sums.astype(np.float32) * factor[..., None]


def linear(
    x: Floats,
    codes: Codes,
    weight_scale: np.float32,
    bias: F32 | None = None,
    dtype: DTypeLike = np.float32,
) -> Floats:
    """A BitLinear of [tokens, K] with weight codes [N, K], in a model of `dtype`."""
    q = quantize(x, dtype=dtype)
    y = dequantize(matmul(q.codes, codes), q.scale, weight_scale)
    return (y if bias is None else y + bias).astype(dtype)


def rms_norm(x: F32, gain: F32, epsilon: float) -> F32:
    """1910.07467 eq. 4: x / RMS(x) * g, RMS(x) = sqrt(mean(x^2) + eps)."""
    wide = np.asarray(x, np.float64)
    rms = np.sqrt((wide**2).mean(axis=-1, keepdims=True) + epsilon)
    return (wide / rms * gain).astype(np.float32)


def layer_norm(x: F32, gain: F32, bias: F32 | None, epsilon: float) -> F32:
    """1607.06450 eq. 4: (x - mean) / sqrt(var + eps) * g + b."""
    wide = np.asarray(x, np.float64)
    centred = wide - wide.mean(axis=-1, keepdims=True)
    deviation = np.sqrt((centred**2).mean(axis=-1, keepdims=True) + epsilon)
    y = centred / deviation * gain
    return (y if bias is None else y + bias).astype(np.float32)


def rope(x: F32, angles: Floats, *, interleaved: bool = False) -> F32:
    """2104.09864 eq. 34: channel pairs as complex numbers, turned by exp(i angle).

    A pair is (i, i + d/2), as in released code, or (2i, 2i + 1), as in the paper.
    """
    wide = np.asarray(x, np.float64)
    half = wide.shape[-1] // 2
    first = np.s_[..., 0::2] if interleaved else np.s_[..., :half]
    second = np.s_[..., 1::2] if interleaved else np.s_[..., half:]
    turned = (wide[first] + 1j * wide[second]) * np.exp(1j * np.asarray(angles))
    y = np.empty_like(wide)
    y[first], y[second] = turned.real, turned.imag
    return y.astype(np.float32)


def softmax(x: Floats, include: NDArray[np.bool_] | None = None) -> Floats:
    """exp(x) / sum exp(x) over the last axis, of the included elements only."""
    wide = np.asarray(x, np.float64)
    if include is not None:
        wide = np.where(include, wide, -np.inf)
    largest = wide.max(axis=-1, keepdims=True)
    e = np.exp(wide - np.where(np.isfinite(largest), largest, 0))
    total = e.sum(axis=-1, keepdims=True)
    return np.divide(e, total, out=np.zeros_like(e), where=total > 0)


def attention(
    q: F32,
    k: F32,
    v: F32,
    scale: float,
    mask: NDArray[np.bool_] | None = None,
    bias: F32 | None = None,
) -> F32:
    """1706.03762 eq. 1: softmax(q k^T scale + bias) v, for [heads, tokens, channels].

    With fewer kv heads than heads (2305.13245), consecutive heads share one.
    """
    group = q.shape[0] // k.shape[0]
    wide_k = np.repeat(k.astype(np.float64), group, axis=0)
    wide_v = np.repeat(v.astype(np.float64), group, axis=0)
    scores = q.astype(np.float64) @ wide_k.transpose(0, 2, 1) * scale
    if bias is not None:
        scores = scores + bias
    return (softmax(scores, mask) @ wide_v).astype(np.float32)


def hadamard(x: F32, block: int) -> F32:
    """2504.18415: x H / sqrt(block), H by Sylvester's recursion, block by block."""
    matrix = np.ones((1, 1))
    while len(matrix) < block:
        matrix = np.block([[matrix, matrix], [matrix, -matrix]])
    blocks = np.asarray(x, np.float64).reshape(-1, block)
    return (blocks @ matrix / np.sqrt(block)).astype(np.float32).reshape(x.shape)


def pack_panel(weights: Codes, lanes: int = 16, fields: int = 4) -> NDArray[np.uint8]:
    """Weights [N, K] in the panel packing of dialects/BitNet/PackedLayout.h.

    Derived from its picture instead of its formula: rows are (panel, field, lane),
    columns are (vector, byte of a lane), and a field takes 8 / fields bits of a byte;
    five of them share one as a number.
    """
    rows, columns = weights.shape
    height = fields * lanes
    padded = np.full(
        (-(-rows // height) * height, -(-columns // 4) * 4),
        0 if fields < 8 else -1,
        np.int8,
    )
    padded[:rows, :columns] = weights
    codes = padded + 1 if fields < 8 else padded > 0
    grid = codes.astype(np.uint8).reshape(-1, fields, lanes, codes.shape[1] // 4, 4)
    panel, field, lane, vector, byte = range(5)
    digits = grid.transpose(panel, vector, lane, byte, field).astype(np.int64)
    if fields != 5:
        return (digits << np.arange(0, 8, 8 // fields)).sum(-1).astype(np.uint8).ravel()
    four, fifth = digits[..., :4] @ 3 ** np.arange(4), digits[..., 4]
    packed = np.where(four < 64, fifth << 6 | four, 192 + fifth * 17 + four - 64)
    return packed.astype(np.uint8).ravel()

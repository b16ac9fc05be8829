/* The C interface of a model that was compiled to a shared library.
 * Self-contained, so that it can be shipped beside the library. */

#ifndef BITNET_RUNTIME_LIBRARY_H
#define BITNET_RUNTIME_LIBRARY_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define BITNET_MAX_RANK 8
#define BITNET_API __attribute__((visibility("default")))

/** The type of one element. `bool` is one byte, 0 or 1. */
typedef enum bitnet_type {
  BITNET_F32,
  BITNET_F16,
  BITNET_BF16,
  BITNET_F64,
  BITNET_I8,
  BITNET_I16,
  BITNET_I32,
  BITNET_I64,
  BITNET_U8,
  BITNET_U16,
  BITNET_U32,
  BITNET_U64,
  BITNET_BOOL
} bitnet_type;

/** A dense tensor in row-major order. */
typedef struct bitnet_tensor {
  const char *name; /**< Of the input or output. NULL: take it by its place. */
  bitnet_type type;
  int32_t rank;
  int64_t shape[BITNET_MAX_RANK]; /**< The first `rank` entries count. */
  void *data;
  void *owner; /**< Of an output: what bitnet_release frees. */
} bitnet_tensor;

/** Runs the model once.
 *
 * `inputs` are matched by name, in any order; the data are only read. An
 * integer input may be given in a narrower integer type. Inputs that say where
 * a sequence stands (attention mask, positions, token types, caches) may be
 * left out: ones, 0..n-1, zeros, empty.
 *
 * `outputs` has room for exactly as many tensors as the model has outputs; they
 * are filled in the order of the signature and belong to the caller, who gives
 * them back with bitnet_release. Their names live as long as the library.
 *
 * Returns 0, or 1 after writing one line of text to `error` (at most
 * `error_size` bytes with the NUL; may be NULL with 0); then `outputs` holds
 * nothing to release. Several threads may call it at once. */
BITNET_API int bitnet_run(const bitnet_tensor *inputs, size_t input_count,
                          bitnet_tensor *outputs, size_t output_count,
                          char *error, size_t error_size);

/** The inputs and outputs of the model, one line each: `input` or `output`,
 * name, type, role and dimensions, separated by tabs. */
BITNET_API const char *bitnet_signature_text(void);

/** Frees the data of outputs of bitnet_run and clears the tensors. */
BITNET_API void bitnet_release(bitnet_tensor *outputs, size_t count);

#ifdef __cplusplus
}
#endif

#endif /* BITNET_RUNTIME_LIBRARY_H */

/* What a compiled model and the runtime ask of each other;
 * lib/Runtime/README.md describes the whole ABI. Valid C and C++. */

#ifndef BITNET_RUNTIME_RUNTIME_H
#define BITNET_RUNTIME_RUNTIME_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Hidden, so that two models in one process never call each other's. */
#define BITNET_INTERNAL __attribute__((visibility("hidden")))

typedef void (*bitnet_body)(void *context, int64_t begin, int64_t end);

/** Calls `body` on disjoint ranges that together are [0, count), one for each
 * thread at most, and returns when all are done. `work` is about what all of it
 * costs, in operations on registers: where that is little, there are fewer
 * ranges, or one. */
BITNET_INTERNAL void bitnet_parallel_for(bitnet_body body, void *context,
                                         int64_t count, int64_t work);

/** Ends the run of the model with an error. Any thread of the model may call
 * it; memory that the model had allocated is not given back. */
BITNET_INTERNAL __attribute__((noreturn)) void bitnet_fail(const char *message);

/** Work that a model does in parallel regions of this body. */
struct bitnet_region {
  bitnet_body body;
  const char *kind;   /**< "attention" */
  int64_t bytes;      /**< Of weights that the region reads. */
  int64_t operations; /**< Multiply-adds for each row. */
  int64_t of_last;    /**< 1: its rows are the last positions' alone. */
};

/** Defined by the model: what is known of its regions. The last entry has no
 * body. */
BITNET_INTERNAL extern const struct bitnet_region bitnet_regions[];

/** The model's code for one CPU. */
struct bitnet_variant {
  const char *name;  /**< "x86-64-v3" */
  const char *needs; /**< Features of the CPU, "avx2,fma"; the first: none. */
  void (*main)(void *results, void *const *arguments);
  const struct bitnet_region *regions; /**< May be null. */
};

/** Defined by a model that was compiled for several CPUs, from the least to the
 * best. The last entry has no name. */
BITNET_INTERNAL extern const struct bitnet_variant bitnet_variants[];

/** Defined by the model: its inputs and outputs as text. */
BITNET_INTERNAL extern const char bitnet_signature[];

/** Defined by a model that was compiled with a tokenizer: its table, see
 * TokenizerTable.h. */
BITNET_INTERNAL extern const char bitnet_tokenizer[];

/** Defined by the same: what is known of conversations, see ChatTable.h. */
BITNET_INTERNAL extern const char bitnet_chat[];

/** Defined by a model whose weights are in a file: size and hash of the block
 * of weights, 8 bytes each, and the name of the file. */
BITNET_INTERNAL extern const char bitnet_weights_file[];

/** Where that block is. Written before the model runs. */
BITNET_INTERNAL extern const char *bitnet_weights_base;

/** Defined by the model: one run. `arguments` points to one memref descriptor
 * per input; the descriptors of all outputs are written to `results`. */
BITNET_INTERNAL void bitnet_main(void *results, void *const *arguments);

#ifdef __cplusplus
}
#endif

#endif /* BITNET_RUNTIME_RUNTIME_H */

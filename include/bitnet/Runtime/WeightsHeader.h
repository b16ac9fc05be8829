/* The head of a file of weights: written by the compiler, checked by the
 * runtime. Numbers are little-endian. Valid C and C++. */

#ifndef BITNET_RUNTIME_WEIGHTSHEADER_H
#define BITNET_RUNTIME_WEIGHTSHEADER_H

#include <stdint.h>

#define BITNET_WEIGHTS_MAGIC "bitnetWT"
#define BITNET_WEIGHTS_VERSION 1

/** As long as the alignment of a constant. */
struct bitnet_weights_header {
  char magic[8];
  uint32_t version;
  uint32_t offset; /**< Of the block of weights, from the file's start. */
  uint64_t size;   /**< Of the block. */
  uint64_t hash;   /**< Of its content; the program has the same. */
  char zeros[32];
};

#endif /* BITNET_RUNTIME_WEIGHTSHEADER_H */

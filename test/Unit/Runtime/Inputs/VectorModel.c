/* A model that is no language model: y = 2 * x over [rows, 2], one output. */

#include "bitnet/Runtime/Runtime.h"

#include <stdlib.h>

const char bitnet_signature[] = "bitnet 1\n"
                                "model\tvector\n"
                                "input\tx=0\tf32\t-\trows\t2\n"
                                "output\ty\tf32\t-\trows\t2\n";

struct memref2 {
  float *allocated, *aligned;
  int64_t offset, sizes[2], strides[2];
};

void bitnet_main(void *results, void *const *arguments) {
  struct memref2 x = *(const struct memref2 *)arguments[0];
  float *y = malloc(x.sizes[0] * 2 * sizeof(float) + 1);
  for (int64_t i = 0; i < x.sizes[0] * 2; ++i)
    y[i] = 2 * x.aligned[i];
  x.allocated = x.aligned = y;
  *(struct memref2 *)results = x;
}

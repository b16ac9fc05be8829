/* LanguageModel.c on a device: its cache is there, and holds three times the
 * ids. A fat program, with code for all kinds of devices and for the CPU.
 *
 * Id 101 asks for more blocks than there may be, id 102 for more memory. */

#include "bitnet/Runtime/Device.h"

#include <stdlib.h>
#include <string.h>

enum { VOCABULARY = 128, APPEND = 0 };

const char bitnet_signature[] =
    "bitnet 1\n"
    "model\tdevice\n"
    "input\tids\ti64\tids\tbatch\tsequence\n"
    "input\tpast.0\tf32\tcache\tbatch\t1\tpast\t1\n"
    "output\tlogits\tf32\tlogits\tbatch\tsequence\t128\n"
    "output\tpresent.0\tf32\tpresent:1\tbatch\t1\tpast + sequence\t1\n";

static const _Alignas(8) unsigned char spirv[] = {
#include "kernels.inc"
};

static const struct bitnet_kernel kernels[] = {{"append", 1, 6}, {0}};
static const int64_t weights[] = {3};
const void *const bitnet_device_weights = weights;
const int64_t bitnet_device_weights_size = sizeof(weights);

static void cpu_main(void *results, void *const *arguments);

/* A driver loads the code that it can: of two chips the second one. */
const struct bitnet_device_code bitnet_device_codes[] = {
    {"cuda", "sm_90", "other", 5, kernels, &bitnet_cuda_driver, 0},
    {"cuda", "sm_80", "fake", 5, kernels, &bitnet_cuda_driver, 0},
    {"hip", "gfx942", "fake", 5, kernels, &bitnet_hip_driver, 0},
    {"vulkan", "", spirv, sizeof(spirv), kernels, &bitnet_vulkan_driver, 0},
    {"cpu", "", 0, 0, 0, 0, cpu_main},
    {0}};

struct memref2 {
  int64_t *allocated, *aligned;
  int64_t offset, sizes[2], strides[2];
};
struct memref3 {
  void *allocated, *aligned;
  int64_t offset, sizes[3], strides[3];
};
struct memref4 {
  float *allocated, *aligned;
  int64_t offset, sizes[4], strides[4];
};

/* The logits, given the cache on the host. */
static void finish(struct memref3 *logits, const struct memref2 *ids,
                   const float *cache, int64_t length, int64_t capacity) {
  int64_t batch = ids->sizes[0], sequence = ids->sizes[1];
  float *values = calloc(batch * sequence * VOCABULARY + 1, sizeof(float));
  for (int64_t row = 0; row < batch; ++row) {
    int64_t sum = 0;
    for (int64_t i = 0; i < length + sequence; ++i) {
      sum += (int64_t)cache[row * capacity + i];
      int64_t at = row * sequence + i - length;
      if (i >= length)
        values[at * VOCABULARY + (sum + i) % 100] = 1;
    }
  }
  *logits = (struct memref3){values,
                             values,
                             0,
                             {batch, sequence, VOCABULARY},
                             {sequence * VOCABULARY, VOCABULARY, 1}};
}

/* What the caller gets is on the device. */
static void moveToDevice(struct memref3 *logits) {
  int64_t bytes = logits->sizes[0] * logits->strides[0] * sizeof(float);
  void *there = bitnet_device_alloc(bytes);
  bitnet_upload(there, logits->aligned, bytes);
  free(logits->allocated);
  logits->allocated = logits->aligned = there;
}

void bitnet_main(void *results, void *const *arguments) {
  const struct memref2 *ids = arguments[0];
  const struct memref4 *cache = arguments[1];
  int64_t length = *(const int64_t *)arguments[2];
  int64_t batch = ids->sizes[0], sequence = ids->sizes[1];
  int64_t capacity = cache->sizes[2], id = 0;
  if (batch * sequence)
    bitnet_download(&id, ids->aligned, sizeof(id));
  int64_t parameters[] = {(int64_t)ids->aligned,
                          (int64_t)cache->aligned,
                          (int64_t)bitnet_device_weights_base,
                          length,
                          sequence,
                          capacity};
  bitnet_launch(APPEND, sequence, batch, id == 101 ? (int64_t)1 << 40 : 1,
                parameters);
  memset(parameters, 0xff, sizeof(parameters)); /* they have been copied */
  bitnet_launch(APPEND, 0, batch, 1, parameters);
  if (id == 102)
    bitnet_device_alloc((int64_t)1 << 50);
  /* By way of a copy, as if the model had more to do with it. */
  int64_t bytes = batch * capacity * sizeof(float);
  void *there = bitnet_device_alloc(bytes);
  bitnet_device_copy(there, cache->aligned, bytes);
  float host[bytes / sizeof(float) + 1]; /* which a failure does not leak */
  bitnet_download(host, there, bytes);
  bitnet_device_free(there);
  finish(results, ids, host, length, capacity);
  moveToDevice(results);
}

static void cpu_main(void *results, void *const *arguments) {
  const struct memref2 *ids = arguments[0];
  const struct memref4 *cache = arguments[1];
  int64_t length = *(const int64_t *)arguments[2];
  int64_t batch = ids->sizes[0], sequence = ids->sizes[1];
  int64_t capacity = cache->sizes[2];
  for (int64_t row = 0; row < batch; ++row)
    for (int64_t i = 0; i < sequence; ++i)
      cache->aligned[row * capacity + length + i] =
          (float)(ids->aligned[row * sequence + i] * weights[0]);
  finish(results, ids, cache->aligned, length, capacity);
}

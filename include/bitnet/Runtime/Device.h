/* What a model whose code runs on a device and the runtime ask of each other;
 * lib/Runtime/README.md describes it. Valid C and C++. */

#ifndef BITNET_RUNTIME_DEVICE_H
#define BITNET_RUNTIME_DEVICE_H

#include "bitnet/Runtime/Runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A kind of device: how to open it and make it work. */
struct bitnet_device_driver;

/* Nothing but a model's code refers to them, so that a program has only those
 * within that it can use. */
BITNET_INTERNAL extern const struct bitnet_device_driver bitnet_vulkan_driver;
BITNET_INTERNAL extern const struct bitnet_device_driver bitnet_cuda_driver;
BITNET_INTERNAL extern const struct bitnet_device_driver bitnet_hip_driver;

/** One kernel of a model. */
struct bitnet_kernel {
  const char *name;   /**< Of its entry point. */
  int32_t threads;    /**< Of one block (workgroup), along x. */
  int32_t parameters; /**< 64-bit words. */
};

/** A model's code for one kind of device. */
struct bitnet_device_code {
  const char *kind;  /**< "vulkan", "cuda", "hip"; "cpu" */
  const char *chip;  /**< "sm_80", "gfx942"; "" for Vulkan and the CPU. */
  const void *bytes; /**< SPIR-V; PTX, which ends with a 0, or a cubin; hsaco */
  int64_t size;
  const struct bitnet_kernel *kernels;       /**< The last entry has no name. */
  const struct bitnet_device_driver *driver; /**< Of the kind; null: the CPU. */
  void (*main)(void *results, void *const *arguments); /**< Null: bitnet_main */
};

/** Defined by a model that runs on devices, the code that is preferred first;
 * one of kind "cpu" says that it runs without one, too. The last entry has no
 * kind. */
BITNET_INTERNAL extern const struct bitnet_device_code bitnet_device_codes[];

/** Defined by the same: the block of weights that its kernels read. Null if
 * there is none, or if it is in a file: then it is at bitnet_weights_base. */
BITNET_INTERNAL extern const void *const bitnet_device_weights;
BITNET_INTERNAL extern const int64_t bitnet_device_weights_size;

/** Where the block is on the device, aligned to 256. Written before the model
 * runs; null on the CPU. */
BITNET_INTERNAL extern const char *bitnet_device_weights_base;

/* What the model may call while it runs on a device. Addresses of the device
 * are never dereferenced by the host. All calls act in their order: a launch
 * sees what was done before it, and memory that was freed may be handed out
 * again at once. Launches, uploads and copies may be carried out as late as at
 * the next download. A call that fails ends the run, see bitnet_fail. */

/** Runs x * y * z blocks of a kernel; none of them is no error. The parameters
 * are copied. */
BITNET_INTERNAL void bitnet_launch(int64_t kernel, int64_t x, int64_t y,
                                   int64_t z, const int64_t *parameters);

/** Memory of the device, aligned to 256. Its content is not defined. */
BITNET_INTERNAL void *bitnet_device_alloc(int64_t bytes);

/** Null is no error. */
BITNET_INTERNAL void bitnet_device_free(void *address);

/** Host memory to the device; it has been read when the call returns. */
BITNET_INTERNAL void bitnet_upload(void *device, const void *host,
                                   int64_t bytes);

/** Device memory to the host, after all that was asked for before. */
BITNET_INTERNAL void bitnet_download(void *host, const void *device,
                                     int64_t bytes);

/** On the device; the ranges don't overlap. */
BITNET_INTERNAL void bitnet_device_copy(void *to, const void *from,
                                        int64_t bytes);

#ifdef __cplusplus
}
#endif

#endif /* BITNET_RUNTIME_DEVICE_H */

/* libcuda.so.1 and libamdhip64.so for tests: a device of 1 MB in the memory of
 * the host, which knows the kernel of DeviceModel.c.
 *
 * FAKE_DRIVER_LOG names a file that calls are written to, FAKE_DRIVER_FAIL a
 * function that fails with error 2. With FAKE_DRIVER_SMALL there is no memory
 * left, with FAKE_DRIVER_CHIP no code is for the device. */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef FAKE_HIP
#define NAME(cuda, hip) hip
#define ERROR_NAME "hipErrorOutOfMemory"
#else
#define NAME(cuda, hip) cuda
#define ERROR_NAME "CUDA_ERROR_OUT_OF_MEMORY"
#endif
#define STRING_(text) #text
#define STRING(text) STRING_(text)

/* A function of the driver, which is logged with its format and may fail. */
#define FUNCTION(cuda, hip, parameters, ...)                                   \
  int NAME(cuda, hip) parameters {                                             \
    if (record(STRING(NAME(cuda, hip)), __VA_ARGS__))                          \
      return 2;
#define END                                                                    \
  return 0;                                                                    \
  }

static int record(const char *name, const char *format, int64_t first,
                  int64_t second) {
  const char *log = getenv("FAKE_DRIVER_LOG");
  const char *failing = getenv("FAKE_DRIVER_FAIL");
  if (log) {
    FILE *file = fopen(log, "a");
    fprintf(file, "%s", name);
    fprintf(file, format, (long long)first, (long long)second);
    fprintf(file, "\n");
    fclose(file);
  }
  return failing && !strcmp(failing, name);
}

static int fake; /* what all handles point to */
static int64_t used;

FUNCTION(cuInit, hipInit, (unsigned flags), " %lld", flags, 0)
END FUNCTION(cuDeviceGetCount, hipGetDeviceCount, (int *count), "", 0,
             0) *count = 2;
END FUNCTION(cuDeviceGet, hipDeviceGet, (int *device, int index), " %lld",
             index, 0) *device = index + 10;
END FUNCTION(cuDeviceGetName, hipDeviceGetName,
             (char *name, int size, int device), " %lld", device, 0)
    snprintf(name, size, "Fake %d", device);
END
#ifndef FAKE_HIP
FUNCTION(cuDevicePrimaryCtxRetain, , (void **context, int device), " %lld",
         device, 0)
*context = &fake;
END FUNCTION(cuDevicePrimaryCtxRelease_v2, , (int device), " %lld", device,
             0) END FUNCTION(cuCtxSetCurrent, , (void *context), " %lld",
                             context == &fake, 0) END
#else
    FUNCTION(, hipSetDevice, (int device), " %lld", device, 0) END
#endif
    FUNCTION(cuStreamCreate, hipStreamCreateWithFlags,
             (void **stream, unsigned flags), " %lld", flags,
             0) *stream = &fake;
END FUNCTION(cuStreamSynchronize, hipStreamSynchronize, (void *stream), " %lld",
             stream == &fake, 0) END
    FUNCTION(cuStreamDestroy_v2, hipStreamDestroy, (void *stream), " %lld",
             stream == &fake, 0) END
    FUNCTION(cuModuleLoadDataEx, hipModuleLoadDataEx,
             (void **module, const void *image, unsigned count, int *options,
              void **values),
             " %lld %lld", count,
             !options && !values) if (strcmp(image, "fake") ||
                                      getenv("FAKE_DRIVER_CHIP")) return 209;
*module = &fake;
END FUNCTION(cuModuleUnload, hipModuleUnload, (void *module), " %lld",
             module == &fake, 0) END
    FUNCTION(cuModuleGetFunction, hipModuleGetFunction,
             (void **function, void *module, const char *name), " %lld %lld",
             module == &fake, !strcmp(name, "append")) *function = &fake;
END FUNCTION(cuMemGetInfo_v2, hipMemGetInfo, (size_t *free, size_t *total), "",
             0, 0) *total = (size_t)1 << 20;
*free = getenv("FAKE_DRIVER_SMALL") ? 1 : *total - used;
END FUNCTION(cuMemAlloc_v2, hipMalloc, (void **address, size_t bytes), " %lld",
             bytes, 0) if (used + bytes > 1 << 20) return 2;
used += bytes;
*address = aligned_alloc(256, bytes);
END FUNCTION(cuMemFree_v2, hipFree, (void *address), "", 0, 0) free(address);
END FUNCTION(cuMemsetD8Async, hipMemsetD8Async,
             (void *address, unsigned char value, size_t count, void *stream),
             " %lld %lld", count, value) memset(address, value, count);
END FUNCTION(cuMemcpyHtoDAsync_v2, hipMemcpyHtoDAsync,
             (void *to, const void *from, size_t bytes, void *stream),
             " %lld %lld", bytes, stream == &fake) memcpy(to, from, bytes);
END FUNCTION(cuMemcpyDtoHAsync_v2, hipMemcpyDtoHAsync,
             (void *to, const void *from, size_t bytes, void *stream),
             " %lld %lld", bytes, stream == &fake) memcpy(to, from, bytes);
END FUNCTION(cuMemcpyDtoDAsync_v2, hipMemcpyDtoDAsync,
             (void *to, const void *from, size_t bytes, void *stream),
             " %lld %lld", bytes, stream == &fake) memcpy(to, from, bytes);
END

    /* The kernel `append`. */
    static void
    append(int64_t x, int64_t y, void **parameters) {
  int64_t *ids = *(int64_t **)parameters[0];
  float *cache = *(float **)parameters[1];
  int64_t *weights = *(int64_t **)parameters[2];
  int64_t length = *(int64_t *)parameters[3];
  int64_t sequence = *(int64_t *)parameters[4];
  int64_t capacity = *(int64_t *)parameters[5];
  cache[y * capacity + length + x] = (float)(ids[y * sequence + x] * *weights);
}

FUNCTION(cuLaunchKernel, hipModuleLaunchKernel,
         (void *function, unsigned x, unsigned y, unsigned z, unsigned blockX,
          unsigned blockY, unsigned blockZ, unsigned shared, void *stream,
          void **parameters, void **extra),
         " %lld %lld", (int64_t)x * y * z,
         function == &fake && blockX == 1 && blockY == 1 && blockZ == 1 &&
             !shared && stream == &fake && !extra)
for (unsigned i = 0; i < y; ++i)
  for (unsigned j = 0; j < x; ++j)
    append(j, i, parameters);
END

#ifdef FAKE_HIP
    int hipDrvGetErrorName(int code, const char **name) {
#else
    int cuGetErrorName(int code, const char **name) {
#endif
  *name = code == 2 ? ERROR_NAME : 0;
  return code != 2;
}

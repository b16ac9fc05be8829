/* libcuda.so.1 or libamdhip64.so for tests: a device in the memory of the host,
 * which runs a model's kernels on the CPU. They are linked with this file, as
 * LLVM IR for the device whose intrinsics are the functions below. The threads
 * of a block take turns: each runs to its next barrier. */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

#ifdef EMULATE_HIP
#define NAME(cuda, hip) hip
#else
#define NAME(cuda, hip) cuda
#endif

/* Defined by the test: the kernels, and how to call them. */
struct Kernel {
  const char *name;
  void (*call)(void **parameters);
};
extern const struct Kernel kKernels[];

enum { kMaxThreads = 1024, kStack = 1 << 16 };

static ucontext_t scheduler, threads[kMaxThreads];
static char stacks[kMaxThreads][kStack];
static int isDone[kMaxThreads];
static int32_t thread, block[3], grid[3];
static const struct Kernel *running;
static void **arguments;

/* What kernels call. */
int32_t device_thread_x(void) { return thread; }
int32_t device_block_x(void) { return block[0]; }
int32_t device_block_y(void) { return block[1]; }
int32_t device_block_z(void) { return block[2]; }
int32_t device_grid_x(void) { return grid[0]; }
int32_t device_grid_y(void) { return grid[1]; }
int32_t device_grid_z(void) { return grid[2]; }
const void *device_arguments(void) { return grid; }
void device_barrier(void) { swapcontext(&threads[thread], &scheduler); }

int32_t device_dot4(uint32_t codes, uint32_t values, int32_t sum) {
  for (int j = 0; j < 32; j += 8)
    sum += (int32_t)(uint8_t)(codes >> j) * (int8_t)(values >> j);
  return sum;
}

int32_t device_sdot4(uint32_t codes, uint32_t values, int32_t sum,
                     _Bool clamp) {
  for (int j = 0; j < 32; j += 8)
    sum += (int32_t)(int8_t)(codes >> j) * (int8_t)(values >> j);
  return clamp ? 0 : sum;
}

int32_t device_sudot4(_Bool isSigned, uint32_t codes, _Bool areSigned,
                      uint32_t values, int32_t sum, _Bool clamp) {
  return isSigned || !areSigned || clamp ? 0 : device_dot4(codes, values, sum);
}

static void runThread(void) {
  running->call(arguments);
  isDone[thread] = 1;
}

static void runBlock(int count) {
  for (thread = 0; thread < count; ++thread) {
    getcontext(&threads[thread]);
    threads[thread].uc_stack.ss_sp = stacks[thread];
    threads[thread].uc_stack.ss_size = kStack;
    threads[thread].uc_link = &scheduler;
    makecontext(&threads[thread], runThread, 0);
    isDone[thread] = 0;
  }
  for (int left = count; left;) {
    left = count;
    for (thread = 0; thread < count; ++thread) {
      if (!isDone[thread])
        swapcontext(&scheduler, &threads[thread]);
      left -= isDone[thread];
    }
  }
}

int NAME(cuInit, hipInit)(unsigned flags) { return flags; }
int NAME(cuDeviceGetCount, hipGetDeviceCount)(int *count) {
  *count = 1;
  return 0;
}
int NAME(cuDeviceGet, hipDeviceGet)(int *device, int index) {
  *device = index;
  return 0;
}
int NAME(cuDeviceGetName, hipDeviceGetName)(char *name, int size, int device) {
  snprintf(name, size, "Emulator %d", device);
  return 0;
}
#ifdef EMULATE_HIP
int hipSetDevice(int device) { return device; }
#else
int cuDevicePrimaryCtxRetain(void **context, int device) {
  *context = &scheduler;
  return device;
}
int cuDevicePrimaryCtxRelease_v2(int device) { return device; }
int cuCtxSetCurrent(void *context) { return context != &scheduler; }
#endif
int NAME(cuStreamCreate, hipStreamCreateWithFlags)(void **stream,
                                                   unsigned flags) {
  *stream = &scheduler;
  return flags != 1;
}
int NAME(cuStreamSynchronize, hipStreamSynchronize)(void *stream) {
  return stream != &scheduler;
}
int NAME(cuStreamDestroy_v2, hipStreamDestroy)(void *stream) {
  return stream != &scheduler;
}
int NAME(cuModuleLoadDataEx,
         hipModuleLoadDataEx)(void **module, const void *image, unsigned count,
                              int *options, void **values) {
  *module = &scheduler;
  return !image || count || options || values;
}
int NAME(cuModuleUnload, hipModuleUnload)(void *module) {
  return module != &scheduler;
}

int NAME(cuModuleGetFunction, hipModuleGetFunction)(void **function,
                                                    void *module,
                                                    const char *name) {
  for (const struct Kernel *kernel = kKernels; kernel->name; ++kernel)
    if (!strcmp(kernel->name, name)) {
      *function = (void *)kernel;
      return module != &scheduler;
    }
  return 500;
}

int NAME(cuMemGetInfo_v2, hipMemGetInfo)(size_t *free, size_t *total) {
  *free = *total = (size_t)1 << 34;
  return 0;
}

/* Memory is not zero at first. */
int NAME(cuMemAlloc_v2, hipMalloc)(void **address, size_t bytes) {
  *address = aligned_alloc(256, (bytes + 255) / 256 * 256);
  memset(*address, 0xa5, bytes);
  return 0;
}
int NAME(cuMemFree_v2, hipFree)(void *address) {
  free(address);
  return 0;
}

int NAME(cuMemsetD8Async, hipMemsetD8Async)(void *address, unsigned char value,
                                            size_t count, void *stream) {
  memset(address, value, count);
  return stream != &scheduler;
}

static int copy(void *to, const void *from, size_t bytes, void *stream) {
  memcpy(to, from, bytes);
  return stream != &scheduler;
}
int NAME(cuMemcpyHtoDAsync_v2, hipMemcpyHtoDAsync)(void *to, const void *from,
                                                   size_t bytes, void *stream) {
  return copy(to, from, bytes, stream);
}
int NAME(cuMemcpyDtoHAsync_v2, hipMemcpyDtoHAsync)(void *to, const void *from,
                                                   size_t bytes, void *stream) {
  return copy(to, from, bytes, stream);
}
int NAME(cuMemcpyDtoDAsync_v2, hipMemcpyDtoDAsync)(void *to, const void *from,
                                                   size_t bytes, void *stream) {
  return copy(to, from, bytes, stream);
}

int NAME(cuLaunchKernel,
         hipModuleLaunchKernel)(void *function, unsigned x, unsigned y,
                                unsigned z, unsigned threadsX,
                                unsigned threadsY, unsigned threadsZ,
                                unsigned shared, void *stream,
                                void **parameters, void **extra) {
  if (threadsX > kMaxThreads || threadsY != 1 || threadsZ != 1 || shared ||
      stream != &scheduler || extra)
    return 1;
  running = function;
  arguments = parameters;
  grid[0] = x, grid[1] = y, grid[2] = z;
  for (block[2] = 0; block[2] < grid[2]; ++block[2])
    for (block[1] = 0; block[1] < grid[1]; ++block[1])
      for (block[0] = 0; block[0] < grid[0]; ++block[0])
        runBlock(threadsX);
  return 0;
}

int NAME(cuGetErrorName, hipDrvGetErrorName)(int code, const char **name) {
  *name = 0;
  return code;
}

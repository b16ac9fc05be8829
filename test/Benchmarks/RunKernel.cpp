// Times layers that were compiled to a shared library:
//
//     run-kernel LIBRARY ROWS COLUMNS PANELSxVECTORSxBYTES STREAM LAYERS
//     SECONDS
//
// Their weights are an input, so that STREAM bytes of them can be gone through,
// a call's worth at a time; there is an output for each of LAYERS. Prints the
// best and the median of the samples, in nanoseconds a call.
#include "bitnet/Runtime/Library.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <time.h>
#include <vector>

static double now() {
  timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return double(time.tv_sec) + double(time.tv_nsec) * 1e-9;
}

namespace {

struct Kernel {
  decltype(&bitnet_run) run;
  decltype(&bitnet_release) release;
  std::vector<int8_t> activations;
  std::vector<float> scales;
  bitnet_tensor inputs[3];
  std::vector<bitnet_tensor> outputs;

  void call(char *weights) {
    inputs[1].data = weights;
    char error[256];
    if (run(inputs, 3, outputs.data(), outputs.size(), error, sizeof error)) {
      std::fprintf(stderr, "error: %s\n", error);
      std::exit(1);
    }
    release(outputs.data(), outputs.size());
  }
};

} // namespace

static void *symbol(void *library, const char *name) {
  if (void *found = library ? dlsym(library, name) : nullptr)
    return found;
  std::fprintf(stderr, "error: %s\n", dlerror());
  std::exit(1);
}

static Kernel makeKernel(char **arguments) {
  void *library = dlopen(arguments[1], RTLD_NOW);
  Kernel kernel;
  kernel.run =
      reinterpret_cast<decltype(&bitnet_run)>(symbol(library, "bitnet_run"));
  kernel.release = reinterpret_cast<decltype(&bitnet_release)>(
      symbol(library, "bitnet_release"));
  int64_t rows = std::atoll(arguments[2]), columns = std::atoll(arguments[3]);
  kernel.activations.resize(size_t(rows * columns));
  for (size_t i = 0; i < kernel.activations.size(); ++i)
    kernel.activations[i] = static_cast<int8_t>(i * 37 % 255 - 127);
  kernel.scales.assign(size_t(rows), 12.5f);
  kernel.inputs[0] = {
      "x", BITNET_I8, 2, {rows, columns}, kernel.activations.data(), nullptr};
  bitnet_tensor &weights = kernel.inputs[1];
  weights = {"w", BITNET_I8, 3, {}, nullptr, nullptr};
  if (std::sscanf(arguments[4], "%ldx%ldx%ld", &weights.shape[0],
                  &weights.shape[1], &weights.shape[2]) != 3)
    std::exit(2);
  kernel.outputs.resize(size_t(std::atoll(arguments[6])));
  kernel.inputs[2] = {"s",    BITNET_F32,           1,
                      {rows}, kernel.scales.data(), nullptr};
  return kernel;
}

int main(int count, char **arguments) {
  if (count != 8)
    return 2;
  Kernel kernel = makeKernel(arguments);
  const int64_t *shape = kernel.inputs[1].shape;
  int64_t bytes = shape[0] * shape[1] * shape[2];
  int64_t copies = std::max<int64_t>(1, std::atoll(arguments[5]) / bytes);
  void *memory = nullptr;
  if (posix_memalign(&memory, 4096, size_t(bytes * copies)))
    return 1;
  auto *weights = static_cast<char *>(memory);
  // Codes 0, 1 and 2, other ones in each place.
  for (int64_t i = 0; i < bytes * copies; ++i)
    weights[i] = "\x00\x15\x2a\x81\x58\x92\x24\x49"[(i * 2654435761u >> 7) % 8];

  int64_t calls = 0, samples = 0;
  std::vector<double> times;
  double end = now() + std::atof(arguments[7]);
  // A sample is one way through the stream, and 2 ms at least.
  int64_t each = copies;
  while (samples < 10 || now() < end) {
    double start = now();
    for (int64_t i = 0; i < each; ++i, ++calls)
      kernel.call(weights + calls % copies * bytes);
    double time = now() - start;
    if (time < 2e-3) {
      each *= 2;
      continue;
    }
    times.push_back(time / double(each));
    ++samples;
  }
  std::sort(times.begin(), times.end());
  std::printf("%.1f %.1f\n", times[0] * 1e9, times[times.size() / 2] * 1e9);
}

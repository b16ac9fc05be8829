// The drivers of NVIDIA and AMD, which differ in the names of their functions.
// Both carry things out late and in the order of a stream themselves.

#include "DevicePool.h"
#include "SharedObject.h"
#include "bitnet/Runtime/DeviceDriver.h"

#include <climits>

using namespace bitnet::runtime;

namespace {

struct Functions {
#define STREAM_FUNCTION(name, parameters, cuda, hip)                           \
  int(*name) parameters = nullptr;
#include "StreamFunctions.def"
};

enum FunctionIndex {
#define STREAM_FUNCTION(name, parameters, cuda, hip) index_##name,
#include "StreamFunctions.def"
  kFunctionCount
};

/// What differs.
struct Family {
  const char *kind, *library;
  const char *names[kFunctionCount];
};

/// What is open.
class Device {
public:
  explicit Device(const Family &family) : family(family) {}
  ~Device();
  Device(const Device &) = delete;
  Device &operator=(const Device &) = delete;

  Status open(const bitnet_device_code &code, int64_t index);

  /// Makes the device that of this thread.
  Status enter();

  /// Success, or "cuMemAlloc_v2 failed: CUDA_ERROR_OUT_OF_MEMORY".
  Status check(FunctionIndex function, int code) const;

  Result<void *> functionOf(int64_t kernel);
  Status launch(const Launch &launch);

  Functions functions;
  Text name;
  void *stream = nullptr;
  DevicePool pool{grow, release};

private:
  static Result<DeviceBlock> grow(int64_t bytes);
  static void release(DeviceBlock &block);

  Status openLibrary();
  Status choose(int64_t index);

  const Family &family;
  void *library = nullptr;
  int number = 0;
  void *context = nullptr, *module = nullptr;
  const bitnet_kernel *kernels = nullptr;
  Array<void *> loaded;     // by kernel
  Array<void *> parameters; // where those of one launch are
};

} // namespace

/// In memory from malloc, since a static one would have a destructor.
static Device *opened;

/// Calls a function of a device, and says what became of it.
#define STREAM_CALL(owner, name, ...)                                          \
  (owner).check(index_##name, (owner).functions.name(__VA_ARGS__))

Status Device::check(FunctionIndex function, int code) const {
  if (!code)
    return Status::success();
  const char *text = nullptr;
  if (functions.errorName && !functions.errorName(code, &text) && text)
    return Status::error("%s failed: %s", family.names[function], text);
  return Status::error("%s failed: error %d", family.names[function], code);
}

Status Device::openLibrary() {
  Result<void *> found = openSharedObject(family.kind, family.library);
  if (found.failed())
    return found.takeError();
  library = *found;
  // The name of an error is young, and we can do without.
  const char *missing = nullptr, *spare = family.names[index_errorName];
#define STREAM_FUNCTION(name, parameters, cuda, hip)                           \
  if (const char *symbol = family.names[index_##name]; *symbol) {              \
    functions.name =                                                           \
        reinterpret_cast<int(*) parameters>(findSymbol(library, symbol));      \
    if (!functions.name && !missing && symbol != spare)                        \
      missing = symbol;                                                        \
  }
#include "StreamFunctions.def"
  if (!missing)
    return Status::success();
  return Status::error("the driver for %s has no %s", family.kind, missing);
}

Status Device::choose(int64_t index) {
  int count = 0;
  Status status = STREAM_CALL(*this, init, 0);
  if (!status.failed())
    status = STREAM_CALL(*this, deviceCount, &count);
  if (status.failed())
    return status;
  if (index >= count)
    return Status::error("there is no device %lld of %s, of %d",
                         static_cast<long long>(index), family.kind, count);
  char text[256] = {};
  status = STREAM_CALL(*this, deviceGet, &number, static_cast<int>(index));
  if (!status.failed())
    status = STREAM_CALL(*this, deviceName, text, sizeof(text) - 1, number);
  name = Text(text);
  if (!status.failed() && functions.contextRetain)
    status = STREAM_CALL(*this, contextRetain, &context, number);
  return status;
}

Status Device::enter() {
  return functions.contextSet ? STREAM_CALL(*this, contextSet, context)
                              : STREAM_CALL(*this, deviceSet, number);
}

Status Device::open(const bitnet_device_code &code, int64_t index) {
  Status status = openLibrary();
  if (!status.failed())
    status = choose(index);
  if (!status.failed())
    status = enter();
  if (!status.failed()) // 1: it does not wait for other streams
    status = STREAM_CALL(*this, streamCreate, &stream, 1);
  if (!status.failed())
    status = STREAM_CALL(*this, moduleLoad, &module, code.bytes, 0, nullptr,
                         nullptr);
  kernels = code.kernels;
  size_t count = 0;
  while (kernels[count].name)
    ++count;
  loaded.resize(count);
  return status;
}

Device::~Device() {
  // What fails here fails for good.
  bool isEntered =
      (context || !functions.contextSet) && stream && !enter().failed();
  if (isEntered)
    functions.streamWait(stream);
  // The pool's blocks go before the context.
  pool.clear();
  if (isEntered && module)
    functions.moduleUnload(module);
  if (isEntered)
    functions.streamDestroy(stream);
  if (context)
    functions.contextRelease(number);
  if (library)
    closeSharedObject(library);
}

Result<void *> Device::functionOf(int64_t kernel) {
  void *&function = loaded[size_t(kernel)];
  if (!function)
    if (Status status = STREAM_CALL(*this, functionGet, &function, module,
                                    kernels[kernel].name);
        status.failed())
      return Status::error("kernel '%s': %s", kernels[kernel].name,
                           status.message());
  return function;
}

static const char *const kAxes[] = {"x", "y", "z"};

Status Device::launch(const Launch &launch) {
  Result<void *> function = functionOf(launch.kernel);
  if (function.failed())
    return function.takeError();
  const bitnet_kernel &kernel = kernels[launch.kernel];
  for (int i = 0; i < 3; ++i)
    if (launch.grid[i] < 0 || launch.grid[i] > INT_MAX)
      return Status::error("kernel '%s' on %lld blocks along %s, '%s' takes %d",
                           kernel.name, static_cast<long long>(launch.grid[i]),
                           kAxes[i], name.c_str(), INT_MAX);
  parameters.resize(size_t(kernel.parameters));
  for (size_t i = 0; i < parameters.size(); ++i)
    parameters[i] = const_cast<int64_t *>(launch.parameters + i);
  auto x = unsigned(launch.grid[0]), y = unsigned(launch.grid[1]),
       z = unsigned(launch.grid[2]);
  return STREAM_CALL(*this, launch, *function, x, y, z,
                     unsigned(kernel.threads), 1, 1, 0, stream,
                     parameters.data(), nullptr);
}

Result<DeviceBlock> Device::grow(int64_t bytes) {
  void *address = nullptr;
  Status status = STREAM_CALL(*opened, memoryAllocate, &address, size_t(bytes));
  if (status.failed())
    return Status::error("%s: %lld bytes of '%s'", status.message(),
                         static_cast<long long>(bytes), opened->name.c_str());
  DeviceBlock block;
  block.base = static_cast<char *>(address);
  block.size = bytes;
  return block;
}

void Device::release(DeviceBlock &block) {
  opened->functions.memoryFree(block.base);
}

static constexpr Family kCUDA = {"cuda",
                                 "libcuda.so.1",
                                 {
#define STREAM_FUNCTION(name, parameters, cuda, hip) cuda,
#include "StreamFunctions.def"
                                 }};
static constexpr Family kHIP = {"hip",
                                "libamdhip64.so",
                                {
#define STREAM_FUNCTION(name, parameters, cuda, hip) hip,
#include "StreamFunctions.def"
                                }};

static void closeDriver() {
  opened->~Device();
  std::free(opened);
  opened = nullptr;
}

static Status openDriver(const Family &family, const bitnet_device_code &code,
                         int64_t index) {
  void *memory = std::malloc(sizeof(Device));
  if (!memory)
    return Status::error("out of memory");
  opened = new (memory) Device(family);
  Status status = opened->open(code, index);
  if (status.failed())
    closeDriver();
  return status;
}

static Status openCUDA(const bitnet_device_code &code, int64_t index) {
  return openDriver(kCUDA, code, index);
}

static Status openHIP(const bitnet_device_code &code, int64_t index) {
  return openDriver(kHIP, code, index);
}

static Text name() { return Text(opened->name.c_str()); }

static Result<int64_t> freeBytes() {
  size_t free = 0, total = 0;
  Status status = opened->enter();
  if (!status.failed())
    status = STREAM_CALL(*opened, memoryInfo, &free, &total);
  if (status.failed())
    return status;
  return int64_t(free) + opened->pool.freeBytes();
}

static Result<void *> allocate(int64_t bytes) {
  Status status = opened->enter();
  if (status.failed())
    return status;
  return opened->pool.allocate(bytes);
}

static void freeMemory(void *address) { opened->pool.free(address); }

static Status clear(void *address, int64_t bytes) {
  Status status = opened->enter();
  if (!status.failed())
    status = STREAM_CALL(*opened, memorySet, address, 0, size_t(bytes),
                         opened->stream);
  return status;
}

static Status launch(const Launch &launch) {
  Status status = opened->enter();
  if (!status.failed())
    status = opened->launch(launch);
  return status;
}

/// Pageable memory has been read when this returns.
static Status uploadBytes(void *to, const void *from, int64_t bytes) {
  Status status = opened->enter();
  if (!status.failed())
    status =
        STREAM_CALL(*opened, upload, to, from, size_t(bytes), opened->stream);
  return status;
}

static Status downloadBytes(void *to, const void *from, int64_t bytes) {
  Status status = opened->enter();
  if (!status.failed())
    status =
        STREAM_CALL(*opened, download, to, from, size_t(bytes), opened->stream);
  if (!status.failed())
    status = STREAM_CALL(*opened, streamWait, opened->stream);
  return status;
}

static Status copyBytes(void *to, const void *from, int64_t bytes) {
  Status status = opened->enter();
  if (!status.failed())
    status =
        STREAM_CALL(*opened, copy, to, from, size_t(bytes), opened->stream);
  return status;
}

const bitnet_device_driver bitnet_cuda_driver = {
    openCUDA, closeDriver, name,        freeBytes,     allocate, freeMemory,
    clear,    launch,      uploadBytes, downloadBytes, copyBytes};
const bitnet_device_driver bitnet_hip_driver = {
    openHIP, closeDriver, name,        freeBytes,     allocate, freeMemory,
    clear,   launch,      uploadBytes, downloadBytes, copyBytes};

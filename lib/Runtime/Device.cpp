// Chooses and opens a device; what a model's host code calls.

#include "bitnet/Runtime/DeviceDriver.h"

#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <pthread.h>

using namespace bitnet::runtime;

// None, unless the model brings some. Weak: the compiler's own ones replace
// them.
__attribute__((weak)) extern const bitnet_device_code bitnet_device_codes[] = {
    {}};
__attribute__((weak)) extern const void *const bitnet_device_weights = nullptr;
__attribute__((weak)) extern const int64_t bitnet_device_weights_size = 0;

const char *bitnet_device_weights_base;

static const bitnet_device_code *running;

/// Of setDeviceIndex(); negative if nothing was said.
static int64_t wantedIndex = -1;

/// Several threads may run the model, but a device has one stream.
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

namespace {
class Lock {
public:
  Lock() { pthread_mutex_lock(&mutex); }
  ~Lock() { pthread_mutex_unlock(&mutex); }
  Lock(const Lock &) = delete;
  Lock &operator=(const Lock &) = delete;
};
} // namespace

static Text kinds(const bitnet_device_code *codes) {
  Text text;
  for (const bitnet_device_code *code = codes; code->kind; ++code) {
    // Codes of one kind for several chips are named once.
    if (code != codes && !std::strcmp(code[-1].kind, code->kind))
      continue;
    if (text.size())
      text.append(", ");
    text.append(code->kind);
  }
  return text;
}

static Status uploadWeights(const bitnet_device_code &code) {
  int64_t size = bitnet_device_weights_size;
  const void *host =
      bitnet_device_weights ? bitnet_device_weights : bitnet_weights_base;
  if (!size)
    return Status::success();
  Result<int64_t> free = code.driver->freeBytes();
  if (free.failed())
    return free.takeError();
  if (*free < size)
    return Status::error(
        "the weights need %lld bytes on the device, '%s' has %lld free",
        static_cast<long long>(size), code.driver->name().c_str(),
        static_cast<long long>(*free));
  Result<void *> memory = code.driver->allocate(size);
  if (memory.failed())
    return memory.takeError();
  if (Status status = code.driver->upload(*memory, host, size); status.failed())
    return status;
  bitnet_device_weights_base = static_cast<const char *>(*memory);
  return Status::success();
}

Result<const bitnet_device_code *>
bitnet::runtime::openDevice(const bitnet_device_code *codes,
                            const DeviceChoice &choice) {
  if (!codes->kind)
    return nullptr;
  bool isForced = choice.kind && *choice.kind, isKnown = false;
  Text reasons;
  for (const bitnet_device_code *code = codes; code->kind; ++code) {
    if (isForced && std::strcmp(choice.kind, code->kind))
      continue;
    isKnown = true;
    if (!code->driver)
      return code;
    Status status = code->driver->open(*code, choice.index);
    if (!status.failed()) {
      running = code;
      status = uploadWeights(*code);
      if (!status.failed())
        return code;
      closeDevice();
      return status;
    }
    reasons.append(reasons.size() ? "; " : "").append(status.message());
  }
  if (!isKnown)
    return Status::error("BITNET_DEVICE is '%s', but the program is for %s",
                         choice.kind, kinds(codes).c_str());
  return Status::error("%s", reasons.c_str());
}

void bitnet::runtime::closeDevice() {
  Lock lock;
  if (running)
    running->driver->close();
  running = nullptr;
  bitnet_device_weights_base = nullptr;
}

bool bitnet::runtime::hasDeviceCodes() { return bitnet_device_codes->kind; }

void bitnet::runtime::setDeviceIndex(int64_t index) { wantedIndex = index; }

Result<const bitnet_device_code *> bitnet::runtime::linkedDevice() {
  if (!hasDeviceCodes() || running)
    return running;
  DeviceChoice choice;
  choice.kind = std::getenv("BITNET_DEVICE");
  const char *index = std::getenv("BITNET_DEVICE_INDEX");
  if (wantedIndex >= 0) {
    choice.index = wantedIndex;
  } else if (index && *index) {
    char *end;
    errno = 0;
    choice.index = std::strtoll(index, &end, 10);
    if (*end || errno || choice.index < 0 || choice.index > INT_MAX)
      return Status::error("BITNET_DEVICE_INDEX is '%s', not a device's number",
                           index);
  }
  return openDevice(bitnet_device_codes, choice);
}

const bitnet_device_code *bitnet::runtime::runningDevice() { return running; }

Text bitnet::runtime::deviceName() {
  Text text;
  if (running)
    text.format("%s (%s)", running->driver->name().c_str(), running->kind);
  return text;
}

Result<void *> bitnet::runtime::allocateOnDevice(int64_t bytes) {
  Lock lock;
  return running->driver->allocate(bytes);
}

void bitnet::runtime::freeOnDevice(void *address) {
  Lock lock;
  if (running && address)
    running->driver->free(address);
}

Status bitnet::runtime::clearOnDevice(void *address, int64_t bytes) {
  Lock lock;
  return bytes ? running->driver->clear(address, bytes) : Status::success();
}

Status bitnet::runtime::launchOnDevice(const Launch &launch) {
  Lock lock;
  if (!launch.grid[0] || !launch.grid[1] || !launch.grid[2])
    return Status::success();
  return running->driver->launch(launch);
}

Status bitnet::runtime::upload(void *to, const void *from, int64_t bytes) {
  Lock lock;
  return bytes ? running->driver->upload(to, from, bytes) : Status::success();
}

Status bitnet::runtime::download(void *to, const void *from, int64_t bytes) {
  Lock lock;
  return bytes ? running->driver->download(to, from, bytes) : Status::success();
}

Status bitnet::runtime::copyOnDevice(void *to, const void *from,
                                     int64_t bytes) {
  Lock lock;
  return bytes ? running->driver->copy(to, from, bytes) : Status::success();
}

namespace {
/// What is left of a status when bitnet_fail skips destructors.
struct Message {
  bool isError;
  char text[512];
};
} // namespace

static void keep(const Status &status, Message &message) {
  message.isError = status.failed();
  if (status.failed())
    std::snprintf(message.text, sizeof(message.text), "%s", status.message());
}

static void failIf(const Message &message) {
  if (message.isError)
    bitnet_fail(message.text);
}

void bitnet_launch(int64_t kernel, int64_t x, int64_t y, int64_t z,
                   const int64_t *parameters) {
  Message message;
  keep(launchOnDevice({kernel, {x, y, z}, parameters}), message);
  failIf(message);
}

static void *allocate(int64_t bytes, Message &message) {
  Result<void *> memory = allocateOnDevice(bytes);
  message.isError = memory.failed();
  if (!memory.failed())
    return *memory;
  keep(memory.takeError(), message);
  return nullptr;
}

void *bitnet_device_alloc(int64_t bytes) {
  Message message;
  void *memory = allocate(bytes, message);
  failIf(message);
  return memory;
}

void bitnet_device_free(void *address) { freeOnDevice(address); }

void bitnet_upload(void *device, const void *host, int64_t bytes) {
  Message message;
  keep(upload(device, host, bytes), message);
  failIf(message);
}

void bitnet_download(void *host, const void *device, int64_t bytes) {
  Message message;
  keep(download(host, device, bytes), message);
  failIf(message);
}

void bitnet_device_copy(void *to, const void *from, int64_t bytes) {
  Message message;
  keep(copyOnDevice(to, from, bytes), message);
  failIf(message);
}

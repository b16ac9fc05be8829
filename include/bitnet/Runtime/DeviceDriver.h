// Devices as the runtime sees them: what a driver does, and which one is open.

#ifndef BITNET_RUNTIME_DEVICEDRIVER_H
#define BITNET_RUNTIME_DEVICEDRIVER_H

#include "bitnet/Runtime/Device.h"
#include "bitnet/Runtime/Status.h"

namespace bitnet::runtime {

/// One launch of a kernel.
struct Launch {
  int64_t kernel;
  int64_t grid[3];
  const int64_t *parameters;
};

} // namespace bitnet::runtime

/// A table of functions, not a class: a pure virtual one would need libstdc++.
/// A driver has at most one device open.
struct bitnet_device_driver {
  /// Opens the device of that number and loads the code.
  bitnet::runtime::Status (*open)(const bitnet_device_code &code,
                                  int64_t index);
  void (*close)();

  /// The name of the device.
  bitnet::runtime::Text (*name)();

  /// Memory of the device that nobody uses, as far as the driver knows.
  bitnet::runtime::Result<int64_t> (*freeBytes)();

  bitnet::runtime::Result<void *> (*allocate)(int64_t bytes);
  void (*free)(void *address);

  /// Zeros, for as many bytes as were allocated.
  bitnet::runtime::Status (*clear)(void *address, int64_t bytes);
  bitnet::runtime::Status (*launch)(const bitnet::runtime::Launch &launch);
  bitnet::runtime::Status (*upload)(void *to, const void *from, int64_t bytes);
  bitnet::runtime::Status (*download)(void *to, const void *from,
                                      int64_t bytes);
  bitnet::runtime::Status (*copy)(void *to, const void *from, int64_t bytes);
};

namespace bitnet::runtime {

/// What the user says about devices.
struct DeviceChoice {
  const char *kind = nullptr; ///< Null or "": the first that can be opened.
  int64_t index = 0;          ///< Of the devices of that kind.
};

/// Opens a device for one of the codes, a list that ends with one without a
/// kind, and uploads the weights. An empty list means that the model knows
/// nothing of devices, and null is returned.
Result<const bitnet_device_code *> openDevice(const bitnet_device_code *codes,
                                              const DeviceChoice &choice);

/// Gives the device back. What was allocated on it is gone.
void closeDevice();

/// The choice among `bitnet_device_codes`: BITNET_DEVICE names a kind, and
/// setDeviceIndex() or BITNET_DEVICE_INDEX a number.
Result<const bitnet_device_code *> linkedDevice();

/// True if the model may run on a device.
bool hasDeviceCodes();
void setDeviceIndex(int64_t index);

/// The code that a device is open for; null on the CPU.
const bitnet_device_code *runningDevice();

/// "NAME (vulkan)"; empty on the CPU.
Text deviceName();

/// One call of the open device's driver, while no other thread makes one.
Result<void *> allocateOnDevice(int64_t bytes);
void freeOnDevice(void *address);
Status clearOnDevice(void *address, int64_t bytes);
Status launchOnDevice(const Launch &launch);
Status upload(void *to, const void *from, int64_t bytes);
Status download(void *to, const void *from, int64_t bytes);
Status copyOnDevice(void *to, const void *from, int64_t bytes);

} // namespace bitnet::runtime

#endif // BITNET_RUNTIME_DEVICEDRIVER_H

// The parts of the driver of Vulkan, whose library is opened when a program
// starts: nothing is linked.

#ifndef BITNET_LIB_RUNTIME_VULKAN_H
#define BITNET_LIB_RUNTIME_VULKAN_H

#define VK_NO_PROTOTYPES
#include "DevicePool.h"
#include "bitnet/Runtime/DeviceDriver.h"

#include <vulkan/vulkan_core.h>

namespace bitnet::runtime {

struct VulkanFunctions {
#define INSTANCE_FUNCTION(name) PFN_##name name = nullptr;
#define DEVICE_FUNCTION(name) PFN_##name name = nullptr;
#include "VulkanFunctions.def"
};

/// Success, or "vkCreateDevice failed: VK_ERROR_DEVICE_LOST".
Status vulkanStatus(const char *function, VkResult result);

/// Calls a function of an object that has some, and says what became of it.
#define VULKAN_CALL(owner, name, ...)                                          \
  ::bitnet::runtime::vulkanStatus(#name, (owner).name(__VA_ARGS__))

/// A buffer with memory of its own.
struct VulkanBuffer {
  VkBuffer buffer = VK_NULL_HANDLE;
  VkDeviceMemory memory = VK_NULL_HANDLE;
  VkDeviceAddress address = 0;
  int64_t size = 0;
  char *host = nullptr; ///< Where it is mapped; null if it is not.
};

/// An open device.
struct VulkanDevice : VulkanFunctions {
  void *library = nullptr;
  VkInstance instance = VK_NULL_HANDLE;
  VkPhysicalDevice physical = VK_NULL_HANDLE;
  VkPhysicalDeviceProperties properties = {};
  VkPhysicalDeviceMemoryProperties memories = {};
  VkDeviceSize mostBytes = 0; // at once
  uint32_t family = 0;        // of the queue
  bool hasBudget = false;
  VkDevice device = VK_NULL_HANDLE;
  VkQueue queue = VK_NULL_HANDLE;

  VulkanDevice() = default;
  ~VulkanDevice();
  VulkanDevice(const VulkanDevice &) = delete;
  VulkanDevice &operator=(const VulkanDevice &) = delete;

  Status open(const bitnet_device_code &code, int64_t index);

  Result<int64_t> freeBytes() const;

  /// In the device's own memory, or where the host sees it.
  Result<VulkanBuffer> makeBuffer(int64_t bytes, bool isForHost);
  void destroy(VulkanBuffer &buffer);

private:
  Status openLibrary();
  Status createInstance();
  Status choosePhysical(int64_t index);
  Status createDevice(const bitnet_device_code &code);
  Result<uint32_t> memoryType(uint32_t allowed, bool isForHost) const;
  Status fill(VulkanBuffer &buffer, bool isForHost);
};

/// What is recorded at once, and what it reads from the host.
struct VulkanBatch {
  VkCommandBuffer commands = VK_NULL_HANDLE;
  VkFence fence = VK_NULL_HANDLE;
  VulkanBuffer parameters, uploads;
  int64_t parameterBytes = 0, uploadBytes = 0; // that are taken
  int64_t count = 0;                           // of commands
  bool isRunning = false;
};

/// A kernel as Vulkan knows it.
struct VulkanKernel {
  VkPipeline pipeline;
  VkPipelineLayout layout;
};

/// Work in the order in which it is asked for. One batch is recorded while the
/// other runs.
class VulkanStream {
public:
  explicit VulkanStream(VulkanDevice &vulkan) : vulkan(vulkan) {}

  /// Nothing may be running any more.
  ~VulkanStream();
  VulkanStream(const VulkanStream &) = delete;
  VulkanStream &operator=(const VulkanStream &) = delete;

  Status open();

  /// Runs a kernel, whose parameters are `count` words.
  Status dispatch(const VulkanKernel &kernel, const Launch &launch,
                  int64_t count);
  Status copy(VkBuffer to, VkBuffer from, const VkBufferCopy &range);
  Status fill(VkBuffer buffer, int64_t offset, int64_t bytes);
  Status upload(VkBuffer to, int64_t offset, const char *from, int64_t bytes);
  Status download(char *to, VkBuffer from, int64_t offset, int64_t bytes);

private:
  VulkanBatch &batch() { return batches[current]; }
  Status open(VulkanBatch &batch);
  Status wait(VulkanBatch &batch);
  Status begin(int64_t parameterBytes, int64_t uploadBytes);
  Status submit();

  VulkanDevice &vulkan;
  VkCommandPool pool = VK_NULL_HANDLE;
  VulkanBatch batches[2];
  VulkanBuffer downloads;
  int current = 0;
};

/// What a device can do, as far as kernels may need it. The structures are
/// chained, so that it stays where it is.
struct VulkanFeatures {
  VulkanFeatures() = default;
  VulkanFeatures(const VulkanFeatures &) = delete;
  VulkanFeatures &operator=(const VulkanFeatures &) = delete;

  /// Asks the device.
  void query(const VulkanDevice &vulkan, bool knowsDotProducts);

  /// Leaves on what kernels may need, for vkCreateDevice.
  void keepUseful();

  VkPhysicalDeviceFeatures2 base = {};
  VkPhysicalDeviceVulkan11Features v11 = {};
  VkPhysicalDeviceVulkan12Features v12 = {};
  VkPhysicalDeviceShaderIntegerDotProductFeatures dot = {};
  VkPhysicalDeviceSubgroupProperties subgroups = {};
  VkPhysicalDeviceFloatControlsProperties floats = {};
  uint32_t version = 0; // of Vulkan
};

/// An error if the device lacks what the SPIR-V needs.
Status checkCode(const bitnet_device_code &code, const char *device,
                 const VulkanFeatures &features);

} // namespace bitnet::runtime

#endif // BITNET_LIB_RUNTIME_VULKAN_H

// From the library to a device with one queue.

#include "Vulkan.h"

#include "SharedObject.h"

using namespace bitnet::runtime;

static const char *nameOf(VkResult result) {
  switch (result) {
#define RESULT(name)                                                           \
  case name:                                                                   \
    return #name;
    RESULT(VK_NOT_READY)
    RESULT(VK_TIMEOUT)
    RESULT(VK_INCOMPLETE)
    RESULT(VK_ERROR_OUT_OF_HOST_MEMORY)
    RESULT(VK_ERROR_OUT_OF_DEVICE_MEMORY)
    RESULT(VK_ERROR_INITIALIZATION_FAILED)
    RESULT(VK_ERROR_DEVICE_LOST)
    RESULT(VK_ERROR_MEMORY_MAP_FAILED)
    RESULT(VK_ERROR_LAYER_NOT_PRESENT)
    RESULT(VK_ERROR_EXTENSION_NOT_PRESENT)
    RESULT(VK_ERROR_FEATURE_NOT_PRESENT)
    RESULT(VK_ERROR_INCOMPATIBLE_DRIVER)
    RESULT(VK_ERROR_TOO_MANY_OBJECTS)
    RESULT(VK_ERROR_FRAGMENTED_POOL)
    RESULT(VK_ERROR_OUT_OF_POOL_MEMORY)
    RESULT(VK_ERROR_INVALID_OPAQUE_CAPTURE_ADDRESS)
    RESULT(VK_ERROR_INVALID_SHADER_NV)
#undef RESULT
  default:
    return nullptr;
  }
}

Status bitnet::runtime::vulkanStatus(const char *function, VkResult result) {
  if (result == VK_SUCCESS)
    return Status::success();
  const char *name = nameOf(result);
  return name ? Status::error("%s failed: %s", function, name)
              : Status::error("%s failed: error %d", function, result);
}

Status VulkanDevice::openLibrary() {
  Result<void *> opened = openSharedObject("vulkan", "libvulkan.so.1");
  if (opened.failed())
    return opened.takeError();
  library = *opened;
  return Status::success();
}

Status VulkanDevice::createInstance() {
  auto find = reinterpret_cast<PFN_vkGetInstanceProcAddr>(
      findSymbol(library, "vkGetInstanceProcAddr"));
  auto create = find ? reinterpret_cast<PFN_vkCreateInstance>(
                           find(nullptr, "vkCreateInstance"))
                     : nullptr;
  if (!create)
    return Status::error("the driver for vulkan has no vkCreateInstance");
  VkApplicationInfo application = {};
  application.sType = VK_STRUCTURE_TYPE_APPLICATION_INFO;
  application.pEngineName = "bitnet";
  application.apiVersion = VK_API_VERSION_1_3; // devices may have less
  VkInstanceCreateInfo info = {};
  info.sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO;
  info.pApplicationInfo = &application;
  if (Status status =
          vulkanStatus("vkCreateInstance", create(&info, nullptr, &instance));
      status.failed())
    return status;
#define INSTANCE_FUNCTION(name)                                                \
  name = reinterpret_cast<PFN_##name>(find(instance, #name));
#include "VulkanFunctions.def"
  return Status::success();
}

/// Devices of their own first, what a CPU plays last.
static int preference(VkPhysicalDeviceType type) {
  switch (type) {
  case VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU:
    return 0;
  case VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU:
    return 1;
  case VK_PHYSICAL_DEVICE_TYPE_VIRTUAL_GPU:
    return 2;
  default:
    return 3;
  }
}

Status VulkanDevice::choosePhysical(int64_t index) {
  uint32_t count = 0;
  Status status =
      VULKAN_CALL(*this, vkEnumeratePhysicalDevices, instance, &count, nullptr);
  if (status.failed())
    return status;
  Array<VkPhysicalDevice> devices;
  devices.resize(count);
  status = VULKAN_CALL(*this, vkEnumeratePhysicalDevices, instance, &count,
                       devices.data());
  if (status.failed())
    return status;
  if (index >= count)
    return Status::error("there is no device %lld of vulkan, of %u",
                         static_cast<long long>(index), count);
  VkPhysicalDeviceProperties2 found = {};
  found.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2;
  for (int wanted = 0; !physical; ++wanted)
    for (VkPhysicalDevice candidate : devices) {
      vkGetPhysicalDeviceProperties2(candidate, &found);
      if (preference(found.properties.deviceType) != wanted || index--)
        continue;
      physical = candidate;
      properties = found.properties;
      break;
    }
  if (properties.apiVersion < VK_API_VERSION_1_2)
    return Status::error("'%s' knows Vulkan 1.%u, 1.2 is wanted",
                         properties.deviceName,
                         VK_API_VERSION_MINOR(properties.apiVersion));
  return Status::success();
}

/// True if the device has an extension.
static bool hasExtension(const Array<VkExtensionProperties> &extensions,
                         const char *name) {
  for (const VkExtensionProperties &extension : extensions)
    if (!std::strcmp(extension.extensionName, name))
      return true;
  return false;
}

/// The number of the first family of queues that compute.
static Result<uint32_t> findFamily(const VulkanDevice &vulkan) {
  uint32_t count = 0;
  vulkan.vkGetPhysicalDeviceQueueFamilyProperties(vulkan.physical, &count,
                                                  nullptr);
  Array<VkQueueFamilyProperties> families;
  families.resize(count);
  vulkan.vkGetPhysicalDeviceQueueFamilyProperties(vulkan.physical, &count,
                                                  families.data());
  for (uint32_t i = 0; i < count; ++i)
    if (families[i].queueFlags & VK_QUEUE_COMPUTE_BIT)
      return i;
  return Status::error("'%s' does not compute", vulkan.properties.deviceName);
}

Status VulkanDevice::createDevice(const bitnet_device_code &code) {
  uint32_t count = 0;
  Array<VkExtensionProperties> extensions;
  for (int pass = 0; pass < 2; ++pass) { // how many, then which
    Status status =
        VULKAN_CALL(*this, vkEnumerateDeviceExtensionProperties, physical,
                    nullptr, &count, pass ? extensions.data() : nullptr);
    if (status.failed())
      return status;
    extensions.resize(count);
  }
  const char *names[2];
  VkDeviceCreateInfo info = {};
  bool hasDots = hasExtension(extensions,
                              VK_KHR_SHADER_INTEGER_DOT_PRODUCT_EXTENSION_NAME);
  hasBudget = hasExtension(extensions, VK_EXT_MEMORY_BUDGET_EXTENSION_NAME);
  if (hasDots)
    names[info.enabledExtensionCount++] =
        VK_KHR_SHADER_INTEGER_DOT_PRODUCT_EXTENSION_NAME;
  if (hasBudget)
    names[info.enabledExtensionCount++] = VK_EXT_MEMORY_BUDGET_EXTENSION_NAME;
  VulkanFeatures features;
  features.query(*this, hasDots || properties.apiVersion >= VK_API_VERSION_1_3);
  if (Status status = checkCode(code, properties.deviceName, features);
      status.failed())
    return status;
  features.keepUseful();
  Result<uint32_t> found = findFamily(*this);
  if (found.failed())
    return found.takeError();
  family = *found;
  float priority = 1;
  VkDeviceQueueCreateInfo queueInfo = {};
  queueInfo.sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO;
  queueInfo.queueFamilyIndex = family;
  queueInfo.queueCount = 1;
  queueInfo.pQueuePriorities = &priority;
  info.sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO;
  info.pNext = &features.base;
  info.queueCreateInfoCount = 1;
  info.pQueueCreateInfos = &queueInfo;
  info.ppEnabledExtensionNames = names;
  return VULKAN_CALL(*this, vkCreateDevice, physical, &info, nullptr, &device);
}

Status VulkanDevice::open(const bitnet_device_code &code, int64_t index) {
  Status status = openLibrary();
  if (!status.failed())
    status = createInstance();
  if (!status.failed())
    status = choosePhysical(index);
  if (!status.failed())
    status = createDevice(code);
  if (status.failed())
    return status;
#define DEVICE_FUNCTION(name)                                                  \
  name = reinterpret_cast<PFN_##name>(vkGetDeviceProcAddr(device, #name));
#include "VulkanFunctions.def"
  vkGetDeviceQueue(device, family, 0, &queue);
  VkPhysicalDeviceMemoryProperties2 found = {};
  found.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MEMORY_PROPERTIES_2;
  vkGetPhysicalDeviceMemoryProperties2(physical, &found);
  memories = found.memoryProperties;
  VkPhysicalDeviceMaintenance3Properties limits = {};
  limits.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MAINTENANCE_3_PROPERTIES;
  VkPhysicalDeviceProperties2 more = {};
  more.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2;
  more.pNext = &limits;
  vkGetPhysicalDeviceProperties2(physical, &more);
  mostBytes = limits.maxMemoryAllocationSize;
  return Status::success();
}

VulkanDevice::~VulkanDevice() {
  if (device)
    vkDestroyDevice(device, nullptr);
  if (instance)
    vkDestroyInstance(instance, nullptr);
  if (library)
    closeSharedObject(library);
}

/* libvulkan.so.1 for tests: the real one, but for what the environment says.
 *
 * FAKE_VULKAN_FAIL names a function that fails with FAKE_VULKAN_CODE;
 * FAKE_VULKAN is "empty" (it cannot do anything), "old" (devices know Vulkan
 * 1.1), "idle" (their queues don't compute) or "forgetful" (their memory has
 * none of the properties that one may want). */

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <vulkan/vulkan_core.h>

static PFN_vkGetInstanceProcAddr real;
static PFN_vkGetDeviceProcAddr real_device;
static PFN_vkGetPhysicalDeviceProperties2 properties;
static PFN_vkGetPhysicalDeviceQueueFamilyProperties families;
static PFN_vkGetPhysicalDeviceMemoryProperties2 memories;

static int is(const char *variable, const char *text) {
  const char *value = getenv(variable);
  return value && !strcmp(value, text);
}

static int fail(void) { return atoi(getenv("FAKE_VULKAN_CODE")); }

static void fake_properties(VkPhysicalDevice device,
                            VkPhysicalDeviceProperties2 *found) {
  properties(device, found);
  if (is("FAKE_VULKAN", "old"))
    found->properties.apiVersion = VK_API_VERSION_1_1;
}

static void fake_families(VkPhysicalDevice device, uint32_t *count,
                          VkQueueFamilyProperties *found) {
  families(device, count, found);
  for (uint32_t i = 0; found && i < *count; ++i)
    if (is("FAKE_VULKAN", "idle"))
      found[i].queueFlags = 0;
}

static void fake_memories(VkPhysicalDevice device,
                          VkPhysicalDeviceMemoryProperties2 *found) {
  memories(device, found);
  if (is("FAKE_VULKAN", "forgetful"))
    for (uint32_t i = 0; i < found->memoryProperties.memoryTypeCount; ++i)
      found->memoryProperties.memoryTypes[i].propertyFlags = 0;
}

static PFN_vkVoidFunction fake_device(VkDevice device, const char *name) {
  return is("FAKE_VULKAN_FAIL", name) ? (PFN_vkVoidFunction)fail
                                      : real_device(device, name);
}

#define REPLACE(function, pointer, fake)                                       \
  if (!strcmp(name, #function)) {                                              \
    pointer = (PFN_##function)real(instance, name);                            \
    return (PFN_vkVoidFunction)fake;                                           \
  }

PFN_vkVoidFunction vkGetInstanceProcAddr(VkInstance instance,
                                         const char *name) {
  if (!real)
    real = (PFN_vkGetInstanceProcAddr)dlsym(dlopen(REAL, RTLD_NOW),
                                            "vkGetInstanceProcAddr");
  if (is("FAKE_VULKAN", "empty"))
    return 0;
  if (is("FAKE_VULKAN_FAIL", name))
    return (PFN_vkVoidFunction)fail;
  REPLACE(vkGetDeviceProcAddr, real_device, fake_device)
  REPLACE(vkGetPhysicalDeviceProperties2, properties, fake_properties)
  REPLACE(vkGetPhysicalDeviceQueueFamilyProperties, families, fake_families)
  REPLACE(vkGetPhysicalDeviceMemoryProperties2, memories, fake_memories)
  return real(instance, name);
}

// Buffers, and how much memory there is.

#include "Vulkan.h"

using namespace bitnet::runtime;

Result<int64_t> VulkanDevice::freeBytes() const {
  VkPhysicalDeviceMemoryBudgetPropertiesEXT budget = {};
  budget.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MEMORY_BUDGET_PROPERTIES_EXT;
  VkPhysicalDeviceMemoryProperties2 found = {};
  found.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MEMORY_PROPERTIES_2;
  found.pNext = hasBudget ? &budget : nullptr;
  vkGetPhysicalDeviceMemoryProperties2(physical, &found);
  Result<uint32_t> type = memoryType(~uint32_t(0), /*isForHost=*/false);
  if (type.failed())
    return type.takeError();
  uint32_t heap = memories.memoryTypes[*type].heapIndex;
  if (!hasBudget)
    return int64_t(memories.memoryHeaps[heap].size);
  VkDeviceSize most = budget.heapBudget[heap], used = budget.heapUsage[heap];
  return most > used ? int64_t(most - used) : 0;
}

/// The first type that is best: of the device, or cached and coherent for the
/// host.
Result<uint32_t> VulkanDevice::memoryType(uint32_t allowed,
                                          bool isForHost) const {
  VkMemoryPropertyFlags needed = isForHost
                                     ? VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT |
                                           VK_MEMORY_PROPERTY_HOST_COHERENT_BIT
                                     : VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT;
  VkMemoryPropertyFlags liked =
      needed | (isForHost ? VK_MEMORY_PROPERTY_HOST_CACHED_BIT : 0);
  for (VkMemoryPropertyFlags flags : {liked, needed})
    for (uint32_t i = 0; i < memories.memoryTypeCount; ++i)
      if ((allowed >> i & 1) &&
          (memories.memoryTypes[i].propertyFlags & flags) == flags)
        return i;
  return Status::error("'%s' has no memory of the kind that is wanted",
                       properties.deviceName);
}

Status VulkanDevice::fill(VulkanBuffer &buffer, bool isForHost) {
  VkMemoryRequirements needs;
  vkGetBufferMemoryRequirements(device, buffer.buffer, &needs);
  Result<uint32_t> type = memoryType(needs.memoryTypeBits, isForHost);
  if (type.failed())
    return type.takeError();
  VkMemoryAllocateFlagsInfo flags = {};
  flags.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_FLAGS_INFO;
  flags.flags = VK_MEMORY_ALLOCATE_DEVICE_ADDRESS_BIT;
  VkMemoryAllocateInfo info = {};
  info.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO;
  info.pNext = &flags;
  info.allocationSize = needs.size;
  info.memoryTypeIndex = *type;
  Status status = VULKAN_CALL(*this, vkAllocateMemory, device, &info, nullptr,
                              &buffer.memory);
  if (status.failed())
    return Status::error("%s: %llu bytes of '%s'", status.message(),
                         static_cast<unsigned long long>(needs.size),
                         properties.deviceName);
  status = VULKAN_CALL(*this, vkBindBufferMemory, device, buffer.buffer,
                       buffer.memory, 0);
  if (status.failed())
    return status;
  VkBufferDeviceAddressInfo wanted = {};
  wanted.sType = VK_STRUCTURE_TYPE_BUFFER_DEVICE_ADDRESS_INFO;
  wanted.buffer = buffer.buffer;
  buffer.address = vkGetBufferDeviceAddress(device, &wanted);
  if (!isForHost)
    return Status::success();
  void *host;
  status = VULKAN_CALL(*this, vkMapMemory, device, buffer.memory, 0,
                       VK_WHOLE_SIZE, 0, &host);
  buffer.host = status.failed() ? nullptr : static_cast<char *>(host);
  return status;
}

Result<VulkanBuffer> VulkanDevice::makeBuffer(int64_t bytes, bool isForHost) {
  if (VkDeviceSize(bytes) > mostBytes)
    return Status::error("'%s' gives %llu bytes at once, %lld are wanted",
                         properties.deviceName,
                         static_cast<unsigned long long>(mostBytes),
                         static_cast<long long>(bytes));
  VulkanBuffer buffer;
  buffer.size = bytes;
  VkBufferCreateInfo info = {};
  info.sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO;
  info.size = VkDeviceSize(bytes);
  info.usage = VK_BUFFER_USAGE_STORAGE_BUFFER_BIT |
               VK_BUFFER_USAGE_SHADER_DEVICE_ADDRESS_BIT |
               VK_BUFFER_USAGE_TRANSFER_SRC_BIT |
               VK_BUFFER_USAGE_TRANSFER_DST_BIT;
  Status status = VULKAN_CALL(*this, vkCreateBuffer, device, &info, nullptr,
                              &buffer.buffer);
  if (!status.failed())
    status = fill(buffer, isForHost);
  if (!status.failed())
    return buffer;
  destroy(buffer);
  return status;
}

void VulkanDevice::destroy(VulkanBuffer &buffer) {
  if (buffer.buffer)
    vkDestroyBuffer(device, buffer.buffer, nullptr);
  if (buffer.memory)
    vkFreeMemory(device, buffer.memory, nullptr);
  buffer = {};
}

// Records work and submits it late, so that a step of a model is one
// submission.

#include "Vulkan.h"

using namespace bitnet::runtime;

// Of one batch. What exceeds them is submitted before the next download.
static constexpr int64_t kMaxCommands = 2048;
static constexpr int64_t kParameterBytes = int64_t(1) << 20;
static constexpr int64_t kUploadBytes = int64_t(4) << 20;
static constexpr int64_t kUploadPart = kUploadBytes / 4;

/// A larger download comes in parts.
static constexpr int64_t kDownloadBytes = int64_t(4) << 20;

Status VulkanStream::open(VulkanBatch &batch) {
  VkCommandBufferAllocateInfo info = {};
  info.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO;
  info.commandPool = pool;
  info.level = VK_COMMAND_BUFFER_LEVEL_PRIMARY;
  info.commandBufferCount = 1;
  Status status = VULKAN_CALL(vulkan, vkAllocateCommandBuffers, vulkan.device,
                              &info, &batch.commands);
  if (status.failed())
    return status;
  VkFenceCreateInfo fence = {};
  fence.sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO;
  status = VULKAN_CALL(vulkan, vkCreateFence, vulkan.device, &fence, nullptr,
                       &batch.fence);
  if (status.failed())
    return status;
  Result<VulkanBuffer> buffer = vulkan.makeBuffer(kParameterBytes, true);
  if (buffer.failed())
    return buffer.takeError();
  batch.parameters = *buffer;
  buffer = vulkan.makeBuffer(kUploadBytes, true);
  if (buffer.failed())
    return buffer.takeError();
  batch.uploads = *buffer;
  return Status::success();
}

Status VulkanStream::open() {
  VkCommandPoolCreateInfo info = {};
  info.sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO;
  info.flags = VK_COMMAND_POOL_CREATE_RESET_COMMAND_BUFFER_BIT;
  info.queueFamilyIndex = vulkan.family;
  Status status = VULKAN_CALL(vulkan, vkCreateCommandPool, vulkan.device, &info,
                              nullptr, &pool);
  for (VulkanBatch &batch : batches)
    if (!status.failed())
      status = open(batch);
  if (status.failed())
    return status;
  Result<VulkanBuffer> buffer = vulkan.makeBuffer(kDownloadBytes, true);
  if (buffer.failed())
    return buffer.takeError();
  downloads = *buffer;
  return Status::success();
}

VulkanStream::~VulkanStream() {
  for (VulkanBatch &batch : batches) {
    vulkan.destroy(batch.parameters);
    vulkan.destroy(batch.uploads);
    if (batch.fence)
      vulkan.vkDestroyFence(vulkan.device, batch.fence, nullptr);
  }
  vulkan.destroy(downloads);
  if (pool)
    vulkan.vkDestroyCommandPool(vulkan.device, pool, nullptr);
}

/// Until the batch has run and may be recorded anew.
Status VulkanStream::wait(VulkanBatch &batch) {
  if (!batch.isRunning)
    return Status::success();
  Status status = VULKAN_CALL(vulkan, vkWaitForFences, vulkan.device, 1,
                              &batch.fence, VK_TRUE, UINT64_MAX);
  if (status.failed())
    return status;
  batch.isRunning = false;
  batch.count = batch.parameterBytes = batch.uploadBytes = 0;
  return VULKAN_CALL(vulkan, vkResetFences, vulkan.device, 1, &batch.fence);
}

/// True if one more command and what it reads don't fit.
static bool isFull(const VulkanBatch &batch, int64_t parameterBytes,
                   int64_t uploadBytes) {
  return batch.count >= kMaxCommands ||
         batch.parameterBytes + parameterBytes > kParameterBytes ||
         batch.uploadBytes + uploadBytes > kUploadBytes;
}

/// Makes what was done before visible to one more command, for which there is
/// as much room in the current batch.
Status VulkanStream::begin(int64_t parameterBytes, int64_t uploadBytes) {
  if (!batch().isRunning && isFull(batch(), parameterBytes, uploadBytes))
    if (Status status = submit(); status.failed())
      return status;
  if (Status status = wait(batch()); status.failed())
    return status;
  if (!batch().count) {
    VkCommandBufferBeginInfo info = {};
    info.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO;
    info.flags = VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT;
    Status status =
        VULKAN_CALL(vulkan, vkBeginCommandBuffer, batch().commands, &info);
    if (status.failed())
      return status;
  }
  ++batch().count;
  VkPipelineStageFlags stages =
      VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT | VK_PIPELINE_STAGE_TRANSFER_BIT;
  VkMemoryBarrier barrier = {};
  barrier.sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER;
  barrier.srcAccessMask =
      VK_ACCESS_SHADER_WRITE_BIT | VK_ACCESS_TRANSFER_WRITE_BIT;
  barrier.dstAccessMask = barrier.srcAccessMask | VK_ACCESS_SHADER_READ_BIT |
                          VK_ACCESS_TRANSFER_READ_BIT;
  vulkan.vkCmdPipelineBarrier(batch().commands, stages, stages, 0, 1, &barrier,
                              0, nullptr, 0, nullptr);
  return Status::success();
}

Status VulkanStream::submit() {
  VulkanBatch &done = batch();
  current = !current;
  VkMemoryBarrier barrier = {};
  barrier.sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER;
  barrier.srcAccessMask = VK_ACCESS_TRANSFER_WRITE_BIT;
  barrier.dstAccessMask = VK_ACCESS_HOST_READ_BIT;
  vulkan.vkCmdPipelineBarrier(done.commands, VK_PIPELINE_STAGE_TRANSFER_BIT,
                              VK_PIPELINE_STAGE_HOST_BIT, 0, 1, &barrier, 0,
                              nullptr, 0, nullptr);
  Status status = VULKAN_CALL(vulkan, vkEndCommandBuffer, done.commands);
  if (status.failed())
    return status;
  VkSubmitInfo info = {};
  info.sType = VK_STRUCTURE_TYPE_SUBMIT_INFO;
  info.commandBufferCount = 1;
  info.pCommandBuffers = &done.commands;
  status =
      VULKAN_CALL(vulkan, vkQueueSubmit, vulkan.queue, 1, &info, done.fence);
  done.isRunning = !status.failed();
  return status;
}

Status VulkanStream::dispatch(const VulkanKernel &kernel, const Launch &launch,
                              int64_t count) {
  int64_t bytes = count * int64_t(sizeof(int64_t));
  if (Status status = begin(bytes, 0); status.failed())
    return status;
  VulkanBatch &to = batch();
  std::memcpy(to.parameters.host + to.parameterBytes, launch.parameters,
              size_t(bytes));
  VkDeviceAddress address =
      to.parameters.address + VkDeviceAddress(to.parameterBytes);
  to.parameterBytes += (bytes + 15) / 16 * 16;
  vulkan.vkCmdBindPipeline(to.commands, VK_PIPELINE_BIND_POINT_COMPUTE,
                           kernel.pipeline);
  vulkan.vkCmdPushConstants(to.commands, kernel.layout,
                            VK_SHADER_STAGE_COMPUTE_BIT, 0, sizeof(address),
                            &address);
  const int64_t *grid = launch.grid;
  vulkan.vkCmdDispatch(to.commands, uint32_t(grid[0]), uint32_t(grid[1]),
                       uint32_t(grid[2]));
  return Status::success();
}

Status VulkanStream::copy(VkBuffer to, VkBuffer from,
                          const VkBufferCopy &range) {
  if (Status status = begin(0, 0); status.failed())
    return status;
  vulkan.vkCmdCopyBuffer(batch().commands, from, to, 1, &range);
  return Status::success();
}

Status VulkanStream::fill(VkBuffer buffer, int64_t offset, int64_t bytes) {
  if (Status status = begin(0, 0); status.failed())
    return status;
  vulkan.vkCmdFillBuffer(batch().commands, buffer, VkDeviceSize(offset),
                         VkDeviceSize(bytes), 0);
  return Status::success();
}

Status VulkanStream::upload(VkBuffer to, int64_t offset, const char *from,
                            int64_t bytes) {
  while (bytes) {
    int64_t part = bytes < kUploadPart ? bytes : kUploadPart;
    if (Status status = begin(0, part); status.failed())
      return status;
    VulkanBatch &through = batch();
    std::memcpy(through.uploads.host + through.uploadBytes, from, size_t(part));
    VkBufferCopy range = {VkDeviceSize(through.uploadBytes),
                          VkDeviceSize(offset), VkDeviceSize(part)};
    vulkan.vkCmdCopyBuffer(through.commands, through.uploads.buffer, to, 1,
                           &range);
    through.uploadBytes += (part + 15) / 16 * 16;
    from += part;
    offset += part;
    bytes -= part;
  }
  return Status::success();
}

Status VulkanStream::download(char *to, VkBuffer from, int64_t offset,
                              int64_t bytes) {
  while (bytes) {
    int64_t part = bytes < kDownloadBytes ? bytes : kDownloadBytes;
    VkBufferCopy range = {VkDeviceSize(offset), 0, VkDeviceSize(part)};
    Status status = copy(downloads.buffer, from, range);
    VulkanBatch &last = batch();
    if (!status.failed())
      status = submit();
    if (!status.failed())
      status = wait(last);
    if (status.failed())
      return status;
    std::memcpy(to, downloads.host, size_t(part));
    to += part;
    offset += part;
    bytes -= part;
  }
  return Status::success();
}

// The driver of Vulkan 1.2: kernels have no descriptors, they find everything
// by addresses.

#include "Vulkan.h"

using namespace bitnet::runtime;

namespace {

/// The kernels of a program, made as they are first launched.
class Kernels {
public:
  explicit Kernels(VulkanDevice &vulkan) : vulkan(vulkan) {}
  ~Kernels();
  Kernels(const Kernels &) = delete;
  Kernels &operator=(const Kernels &) = delete;

  Status open(const bitnet_device_code &code);
  Result<VulkanKernel> get(int64_t index);

  const bitnet_kernel &described(int64_t index) const {
    return described_[index];
  }

private:
  VulkanDevice &vulkan;
  const bitnet_kernel *described_ = nullptr;
  VkShaderModule module = VK_NULL_HANDLE;
  VkPipelineLayout layout = VK_NULL_HANDLE;
  Array<VkPipeline> pipelines;
};

/// What is open. The members go in the reverse of this order.
struct Vulkan {
  VulkanDevice device;
  VulkanStream stream{device};
  Kernels kernels{device};
  DevicePool pool;

  Vulkan();
};

} // namespace

static Vulkan *vulkan;

Status Kernels::open(const bitnet_device_code &code) {
  described_ = code.kernels;
  size_t count = 0;
  while (described_[count].name)
    ++count;
  pipelines.resize(count);
  VkShaderModuleCreateInfo moduleInfo = {};
  moduleInfo.sType = VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO;
  moduleInfo.codeSize = size_t(code.size);
  moduleInfo.pCode = static_cast<const uint32_t *>(code.bytes);
  Status status = VULKAN_CALL(vulkan, vkCreateShaderModule, vulkan.device,
                              &moduleInfo, nullptr, &module);
  if (status.failed())
    return status;
  // The address of the parameters.
  VkPushConstantRange range = {VK_SHADER_STAGE_COMPUTE_BIT, 0,
                               sizeof(VkDeviceAddress)};
  VkPipelineLayoutCreateInfo info = {};
  info.sType = VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO;
  info.pushConstantRangeCount = 1;
  info.pPushConstantRanges = &range;
  return VULKAN_CALL(vulkan, vkCreatePipelineLayout, vulkan.device, &info,
                     nullptr, &layout);
}

Kernels::~Kernels() {
  for (VkPipeline pipeline : pipelines)
    if (pipeline)
      vulkan.vkDestroyPipeline(vulkan.device, pipeline, nullptr);
  if (layout)
    vulkan.vkDestroyPipelineLayout(vulkan.device, layout, nullptr);
  if (module)
    vulkan.vkDestroyShaderModule(vulkan.device, module, nullptr);
}

Result<VulkanKernel> Kernels::get(int64_t index) {
  VkPipeline &pipeline = pipelines[size_t(index)];
  if (pipeline)
    return VulkanKernel{pipeline, layout};
  const bitnet_kernel &kernel = described_[index];
  uint32_t most = vulkan.properties.limits.maxComputeWorkGroupInvocations;
  if (kernel.threads > int64_t(most))
    return Status::error("kernel '%s' has blocks of %d threads, '%s' takes %u",
                         kernel.name, kernel.threads,
                         vulkan.properties.deviceName, most);
  VkComputePipelineCreateInfo info = {};
  info.sType = VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO;
  info.stage.sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO;
  info.stage.stage = VK_SHADER_STAGE_COMPUTE_BIT;
  info.stage.module = module;
  info.stage.pName = kernel.name;
  info.layout = layout;
  Status status = VULKAN_CALL(vulkan, vkCreateComputePipelines, vulkan.device,
                              VK_NULL_HANDLE, 1, &info, nullptr, &pipeline);
  if (status.failed())
    return Status::error("kernel '%s': %s", kernel.name, status.message());
  return VulkanKernel{pipeline, layout};
}

static Result<DeviceBlock> grow(int64_t bytes) {
  // An address may be less aligned than ours have to be.
  Result<VulkanBuffer> made =
      vulkan->device.makeBuffer(bytes + kDeviceAlignment, /*isForHost=*/false);
  if (made.failed())
    return made.takeError();
  DeviceBlock block;
  VkDeviceAddress aligned = (made->address + kDeviceAlignment - 1) &
                            -VkDeviceAddress(kDeviceAlignment);
  block.base = reinterpret_cast<char *>(aligned);
  block.size = bytes;
  block.offset = int64_t(aligned - made->address);
  block.handles[0] = reinterpret_cast<void *>(made->buffer);
  block.handles[1] = reinterpret_cast<void *>(made->memory);
  return block;
}

static VkBuffer bufferOf(const DeviceBlock &block) {
  return reinterpret_cast<VkBuffer>(block.handles[0]);
}

static void release(DeviceBlock &block) {
  VulkanBuffer buffer;
  buffer.buffer = bufferOf(block);
  buffer.memory = reinterpret_cast<VkDeviceMemory>(block.handles[1]);
  vulkan->device.destroy(buffer);
}

Vulkan::Vulkan() : pool(grow, release) {}

static void closeVulkan() {
  if (vulkan->device.device)
    vulkan->device.vkDeviceWaitIdle(vulkan->device.device);
  vulkan->~Vulkan();
  std::free(vulkan);
  vulkan = nullptr;
}

static Status openVulkan(const bitnet_device_code &code, int64_t index) {
  void *memory = std::malloc(sizeof(Vulkan));
  if (!memory)
    return Status::error("out of memory");
  vulkan = new (memory) Vulkan;
  Status status = vulkan->device.open(code, index);
  if (!status.failed())
    status = vulkan->kernels.open(code);
  if (!status.failed())
    status = vulkan->stream.open();
  if (status.failed())
    closeVulkan();
  return status;
}

static Text name() { return Text(vulkan->device.properties.deviceName); }

static Result<int64_t> freeBytes() {
  Result<int64_t> bytes = vulkan->device.freeBytes();
  if (!bytes.failed())
    *bytes += vulkan->pool.freeBytes();
  return bytes;
}

static Result<void *> allocate(int64_t bytes) {
  return vulkan->pool.allocate(bytes);
}

static void freeMemory(void *address) { vulkan->pool.free(address); }

namespace {
/// An address as Vulkan's commands want it.
struct Place {
  VkBuffer buffer = VK_NULL_HANDLE;
  int64_t offset = 0;
};
} // namespace

static Result<Place> placeOf(const void *address) {
  const DeviceBlock *block = vulkan->pool.blockOf(address);
  if (!block)
    return Status::error(
        "%llx is no address of the device",
        static_cast<unsigned long long>(reinterpret_cast<uintptr_t>(address)));
  Place place;
  place.buffer = bufferOf(*block);
  place.offset =
      static_cast<const char *>(address) - block->base + block->offset;
  return place;
}

static Status clear(void *address, int64_t bytes) {
  Result<Place> place = placeOf(address);
  if (place.failed())
    return place.takeError();
  // Words are cleared, and what was allocated is a multiple of them.
  return vulkan->stream.fill(place->buffer, place->offset, (bytes + 3) / 4 * 4);
}

static const char *const kAxes[] = {"x", "y", "z"};

static Status launch(const Launch &launch) {
  Result<VulkanKernel> kernel = vulkan->kernels.get(launch.kernel);
  if (kernel.failed())
    return kernel.takeError();
  const bitnet_kernel &described = vulkan->kernels.described(launch.kernel);
  const VkPhysicalDeviceProperties &properties = vulkan->device.properties;
  for (int i = 0; i < 3; ++i)
    if (uint32_t most = properties.limits.maxComputeWorkGroupCount[i];
        launch.grid[i] < 0 || launch.grid[i] > int64_t(most))
      return Status::error("kernel '%s' on %lld blocks along %s, '%s' takes %u",
                           described.name,
                           static_cast<long long>(launch.grid[i]), kAxes[i],
                           properties.deviceName, most);
  return vulkan->stream.dispatch(*kernel, launch, described.parameters);
}

static Status uploadBytes(void *to, const void *from, int64_t bytes) {
  Result<Place> place = placeOf(to);
  if (place.failed())
    return place.takeError();
  return vulkan->stream.upload(place->buffer, place->offset,
                               static_cast<const char *>(from), bytes);
}

static Status downloadBytes(void *to, const void *from, int64_t bytes) {
  Result<Place> place = placeOf(from);
  if (place.failed())
    return place.takeError();
  return vulkan->stream.download(static_cast<char *>(to), place->buffer,
                                 place->offset, bytes);
}

static Status copyBytes(void *to, const void *from, int64_t bytes) {
  Result<Place> source = placeOf(from), target = placeOf(to);
  if (source.failed())
    return source.takeError();
  if (target.failed())
    return target.takeError();
  VkBufferCopy range = {VkDeviceSize(source->offset),
                        VkDeviceSize(target->offset), VkDeviceSize(bytes)};
  return vulkan->stream.copy(target->buffer, source->buffer, range);
}

const bitnet_device_driver bitnet_vulkan_driver = {
    openVulkan, closeVulkan, name,        freeBytes,     allocate, freeMemory,
    clear,      launch,      uploadBytes, downloadBytes, copyBytes};

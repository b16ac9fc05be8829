// What SPIR-V asks for, and what a device has of it. Vulkan itself does not
// compare them: a kernel that needs too much is undefined behaviour.

#include "Vulkan.h"

using namespace bitnet::runtime;

namespace {
/// A capability of SPIR-V, by its number.
struct Capability {
  uint32_t number;
  const char *name;
  bool (*isThere)(const VulkanFeatures &features);
};
} // namespace

#define CAPABILITY(number, name, condition)                                    \
  {number, #name,                                                              \
   [](const VulkanFeatures &has) -> bool { return (void)has, condition; }}
#define SUBGROUPS(operations)                                                  \
  (has.subgroups.supportedOperations & VK_SUBGROUP_FEATURE_##operations##_BIT)

static constexpr Capability kCapabilities[] = {
    CAPABILITY(0, Matrix, true),
    CAPABILITY(1, Shader, true),
    CAPABILITY(9, Float16, has.v12.shaderFloat16),
    CAPABILITY(10, Float64, has.base.features.shaderFloat64),
    CAPABILITY(11, Int64, has.base.features.shaderInt64),
    CAPABILITY(22, Int16, has.base.features.shaderInt16),
    CAPABILITY(39, Int8, has.v12.shaderInt8),
    CAPABILITY(61, GroupNonUniform, SUBGROUPS(BASIC)),
    CAPABILITY(62, GroupNonUniformVote, SUBGROUPS(VOTE)),
    CAPABILITY(63, GroupNonUniformArithmetic, SUBGROUPS(ARITHMETIC)),
    CAPABILITY(64, GroupNonUniformBallot, SUBGROUPS(BALLOT)),
    CAPABILITY(65, GroupNonUniformShuffle, SUBGROUPS(SHUFFLE)),
    CAPABILITY(66, GroupNonUniformShuffleRelative, SUBGROUPS(SHUFFLE_RELATIVE)),
    CAPABILITY(67, GroupNonUniformClustered, SUBGROUPS(CLUSTERED)),
    CAPABILITY(68, GroupNonUniformQuad, SUBGROUPS(QUAD)),
    CAPABILITY(4433, StorageBuffer16BitAccess,
               has.v11.storageBuffer16BitAccess),
    CAPABILITY(4448, StorageBuffer8BitAccess, has.v12.storageBuffer8BitAccess),
    CAPABILITY(4464, DenormPreserve, has.floats.shaderDenormPreserveFloat32),
    CAPABILITY(4465, DenormFlushToZero,
               has.floats.shaderDenormFlushToZeroFloat32),
    CAPABILITY(4466, SignedZeroInfNanPreserve,
               has.floats.shaderSignedZeroInfNanPreserveFloat32),
    CAPABILITY(4467, RoundingModeRTE, has.floats.shaderRoundingModeRTEFloat32),
    CAPABILITY(4468, RoundingModeRTZ, has.floats.shaderRoundingModeRTZFloat32),
    CAPABILITY(5345, VulkanMemoryModel, has.v12.vulkanMemoryModel),
    CAPABILITY(5347, PhysicalStorageBufferAddresses,
               has.v12.bufferDeviceAddress),
    CAPABILITY(6016, DotProductInputAll, has.dot.shaderIntegerDotProduct),
    CAPABILITY(6017, DotProductInput4x8Bit, has.dot.shaderIntegerDotProduct),
    CAPABILITY(6018, DotProductInput4x8BitPacked,
               has.dot.shaderIntegerDotProduct),
    CAPABILITY(6019, DotProduct, has.dot.shaderIntegerDotProduct),
};

#undef CAPABILITY
#undef SUBGROUPS

static const Capability *findCapability(uint32_t number) {
  for (const Capability &capability : kCapabilities)
    if (capability.number == number)
      return &capability;
  return nullptr;
}

// The first word, how many words come before the instructions, and the number
// of the instruction OpCapability.
static constexpr uint32_t kMagic = 0x07230203, kHeaderWords = 5,
                          kCapabilityOp = 17;

Status bitnet::runtime::checkCode(const bitnet_device_code &code,
                                  const char *device,
                                  const VulkanFeatures &features) {
  auto *words = static_cast<const uint32_t *>(code.bytes);
  size_t count = size_t(code.size) / sizeof(uint32_t);
  if (count < kHeaderWords || words[0] != kMagic)
    return Status::error("the program's code for Vulkan is no SPIR-V");
  // 0x00010600 is version 1.6, which came with Vulkan 1.3.
  uint32_t allowed = features.version >= VK_API_VERSION_1_3 ? 6 : 5;
  uint32_t minor = words[1] >> 8 & 0xff;
  if (minor > allowed)
    return Status::error("the program's SPIR-V, 1.%u, is newer than what '%s' "
                         "knows",
                         minor, device);
  Text missing;
  for (const uint32_t *word = words + kHeaderWords;
       word + 1 < words + count && *word == (2u << 16 | kCapabilityOp);
       word += 2) {
    const Capability *capability = findCapability(word[1]);
    if (capability && capability->isThere(features))
      continue;
    missing.append(missing.size() ? ", " : "");
    if (capability)
      missing.append(capability->name);
    else
      missing.format("capability %u", word[1]);
  }
  if (missing.size())
    return Status::error("'%s' lacks what the program needs: %s", device,
                         missing.c_str());
  return Status::success();
}

void VulkanFeatures::query(const VulkanDevice &vulkan, bool knowsDotProducts) {
  base.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2;
  base.pNext = &v11;
  v11.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_1_FEATURES;
  v11.pNext = &v12;
  v12.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_FEATURES;
  v12.pNext = knowsDotProducts ? &dot : nullptr;
  dot.sType =
      VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_INTEGER_DOT_PRODUCT_FEATURES;
  vulkan.vkGetPhysicalDeviceFeatures2(vulkan.physical, &base);
  subgroups.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_PROPERTIES;
  subgroups.pNext = &floats;
  floats.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FLOAT_CONTROLS_PROPERTIES;
  VkPhysicalDeviceProperties2 properties = {};
  properties.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2;
  properties.pNext = &subgroups;
  vulkan.vkGetPhysicalDeviceProperties2(vulkan.physical, &properties);
  version = properties.properties.apiVersion;
}

void VulkanFeatures::keepUseful() {
  // All that there is would cost: checks of bounds, above all.
  VkPhysicalDeviceFeatures all = base.features;
  base.features = {};
  base.features.shaderFloat64 = all.shaderFloat64;
  base.features.shaderInt64 = all.shaderInt64;
  base.features.shaderInt16 = all.shaderInt16;
  VkPhysicalDeviceVulkan11Features all11 = v11;
  v11 = {};
  v11.sType = all11.sType;
  v11.pNext = all11.pNext;
  v11.storageBuffer16BitAccess = all11.storageBuffer16BitAccess;
  VkPhysicalDeviceVulkan12Features all12 = v12;
  v12 = {};
  v12.sType = all12.sType;
  v12.pNext = all12.pNext;
  v12.storageBuffer8BitAccess = all12.storageBuffer8BitAccess;
  v12.shaderFloat16 = all12.shaderFloat16;
  v12.shaderInt8 = all12.shaderInt8;
  v12.shaderSubgroupExtendedTypes = all12.shaderSubgroupExtendedTypes;
  v12.vulkanMemoryModel = all12.vulkanMemoryModel;
  v12.bufferDeviceAddress = all12.bufferDeviceAddress;
}

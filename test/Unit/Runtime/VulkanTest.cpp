// The driver of Vulkan, with the kernels in Inputs/ on Mesa's lavapipe.

#include "DeviceProgram.h"
#include "bitnet/Runtime/DeviceDriver.h"

#include <cstring>
#include <map>
#include <random>
#include <vector>

using namespace bitnet::runtime;

alignas(8) static const unsigned char kSPIRV[] = {
#include "kernels.inc"
};

enum Kernel { Reduce, Append, Increment, Wide };
static const bitnet_kernel kKernels[] = {{"reduce", 64, 3},
                                         {"append", 1, 6},
                                         {"increment", 1, 1},
                                         {"wide", 1 << 20, 0},
                                         {}};

static bitnet_device_code codeOf(const void *bytes, size_t size) {
  return {"vulkan", "", bytes, int64_t(size), kKernels, &bitnet_vulkan_driver,
          nullptr};
}

/// Asked by the leak checker.
extern "C" int __lsan_is_turned_off();
extern "C" int __lsan_is_turned_off() { return hasUsedMesa; }

/// The message with which a device can't be opened.
static std::string refusalOf(const bitnet_device_code &code,
                             int64_t index = 0) {
  bitnet_device_code codes[] = {code, {}};
  DeviceChoice choice;
  choice.index = index;
  Result<const bitnet_device_code *> opened = openDevice(codes, choice);
  EXPECT_TRUE(opened.failed());
  closeDevice();
  return opened.message();
}

namespace {

class Vulkan : public testing::Test {
protected:
  void SetUp() override {
    glob_t files;
    bool isThere =
        !glob("/usr/share/vulkan/icd.d/lvp_icd.*.json", 0, nullptr, &files);
    if (isThere)
      setenv("VK_ICD_FILENAMES", files.gl_pathv[0], 1);
    hasUsedMesa |= isThere;
    globfree(&files);
    if (!isThere)
      GTEST_SKIP() << "Mesa's lavapipe is not installed";
    codes[0] = codeOf(kSPIRV, sizeof(kSPIRV));
    Result<const bitnet_device_code *> opened = openDevice(codes, {});
    ASSERT_FALSE(opened.failed()) << opened.message();
  }
  void TearDown() override {
    closeDevice();
    unsetenv("VK_ICD_FILENAMES");
  }

  template <typename T> static T *allocate(size_t count) {
    return static_cast<T *>(bitnet_device_alloc(int64_t(count * sizeof(T))));
  }

  template <typename T> static T *upload(const std::vector<T> &values) {
    T *there = allocate<T>(values.size());
    bitnet_upload(there, values.data(), int64_t(values.size() * sizeof(T)));
    return there;
  }

  template <typename T>
  static std::vector<T> download(const T *there, size_t count) {
    std::vector<T> values(count);
    bitnet_download(values.data(), there, int64_t(count * sizeof(T)));
    return values;
  }

  static int64_t word(const void *address) {
    return reinterpret_cast<int64_t>(address);
  }

  bitnet_device_code codes[2] = {};
};

} // namespace

TEST_F(Vulkan, RunsAKernel) {
  constexpr size_t blocks = 1000;
  std::mt19937 random(1);
  std::vector<int8_t> x(blocks * 64);
  for (int8_t &value : x)
    value = int8_t(random());
  float scale = 0.37f;
  uint32_t bits;
  std::memcpy(&bits, &scale, sizeof(bits));
  float *y = allocate<float>(blocks);
  int64_t parameters[] = {word(upload(x)), word(y), bits};
  bitnet_launch(Reduce, blocks, 1, 1, parameters);
  std::vector<float> found = download(y, blocks);
  for (size_t block = 0; block < blocks; ++block) {
    float sums[64];
    for (size_t i = 0; i < 64; ++i)
      sums[i] = float(x[block * 64 + i]) * scale;
    for (size_t half = 32; half; half /= 2)
      for (size_t i = 0; i < half; ++i)
        sums[i] += sums[i + half];
    ASSERT_EQ(found[block], sums[0]) << block;
  }
}

// More launches than are recorded at once, each of which sees the one before.
TEST_F(Vulkan, KeepsTheOrder) {
  int32_t *counter = upload(std::vector<int32_t>{7});
  int64_t parameters[] = {word(counter)};
  for (int i = 0; i < 5000; ++i)
    bitnet_launch(Increment, 1, 1, 1, parameters);
  EXPECT_EQ(download(counter, 1)[0], 5007);
  // Memory that is freed is handed out at once.
  for (int32_t i = 0; i < 3000; ++i) {
    int32_t *next = allocate<int32_t>(1);
    bitnet_device_copy(next, counter, sizeof(int32_t));
    bitnet_device_free(counter);
    counter = next;
    parameters[0] = word(counter);
    bitnet_launch(Increment, 1, 1, 1, parameters);
    bitnet_launch(Increment, 0, 1, 1, parameters);
  }
  EXPECT_EQ(download(counter, 1)[0], 8007);
}

TEST_F(Vulkan, CopiesAnyNumberOfBytes) {
  std::mt19937 random(2);
  for (size_t size : {size_t(0), size_t(1), size_t(3), size_t(4097),
                      size_t(1) << 20, (size_t(9) << 20) + 13}) {
    std::vector<uint8_t> bytes(size + 7);
    for (uint8_t &byte : bytes)
      byte = uint8_t(random());
    uint8_t *there = upload(bytes), *other = allocate<uint8_t>(size + 7);
    EXPECT_EQ(word(other) % 256, 0);
    bitnet_device_copy(other, there + 7, int64_t(size));
    std::vector<uint8_t> wanted(bytes.begin() + 7, bytes.end());
    EXPECT_EQ(download(other, size), wanted) << size;
    ASSERT_FALSE(clearOnDevice(other, int64_t(size)).failed());
    EXPECT_EQ(download(other, size), std::vector<uint8_t>(size));
    EXPECT_EQ(download(there + 7, size), wanted);
    bitnet_device_free(there);
    bitnet_device_free(other);
  }
  bitnet_device_free(nullptr);
}

// Small uploads are staged one behind the other, until there is no more room.
TEST_F(Vulkan, KeepsWhatWasUploaded) {
  std::vector<int64_t> numbers(1000);
  std::vector<int64_t *> places;
  for (int64_t i = 0; i < 20000; ++i) {
    numbers[0] = i;
    if (i < 100)
      places.push_back(allocate<int64_t>(numbers.size()));
    bitnet_upload(places[size_t(i % 100)], numbers.data(),
                  int64_t(numbers.size() * sizeof(int64_t)));
  }
  for (int64_t i = 0; i < 100; ++i)
    EXPECT_EQ(download(places[size_t(i)], 1)[0], 19900 + i);
}

TEST_F(Vulkan, MemoryIsNeverHandedOutTwice) {
  std::mt19937 random(3);
  std::map<char *, int64_t> used;
  for (int i = 0; i < 20000; ++i) {
    if (used.size() > 200 || (random() % 2 && !used.empty())) {
      auto any = used.begin();
      std::advance(any, random() % used.size());
      bitnet_device_free(any->first);
      used.erase(any);
      continue;
    }
    int64_t size = int64_t(random() % (1u << random() % 23));
    auto *begin = static_cast<char *>(bitnet_device_alloc(size));
    ASSERT_EQ(word(begin) % 256, 0);
    auto next = used.lower_bound(begin);
    ASSERT_TRUE(next == used.end() || next->first >= begin + size);
    ASSERT_TRUE(next == used.begin() ||
                std::prev(next)->first + std::prev(next)->second <= begin);
    used[begin] = size ? size : 1;
  }
}

TEST_F(Vulkan, RefusesWhatItCannotDo) {
  std::string text = launchOnDevice({Reduce, {70000, 1, 1}, nullptr}).message();
  EXPECT_EQ(text.find("kernel 'reduce' on 70000 blocks along x, 'llvmpipe"),
            0u);
  text = launchOnDevice({Reduce, {1, 1, -1}, nullptr}).message();
  EXPECT_EQ(text.find("kernel 'reduce' on -1 blocks along z, 'llvmpipe"), 0u);
  text = launchOnDevice({Wide, {1, 1, 1}, nullptr}).message();
  EXPECT_EQ(text.find("kernel 'wide' has blocks of 1048576 threads, '"), 0u);
  text = allocateOnDevice(-1).message();
  EXPECT_EQ(text, "no device has -1 bytes");
  text = allocateOnDevice(int64_t(1) << 50).message();
  EXPECT_NE(text.find(" bytes at once, 1125899906842880 are wanted"),
            std::string::npos)
      << text;
  int here = 0;
  text = bitnet::runtime::upload(&here, &here, sizeof(here)).message();
  EXPECT_NE(text.find(" is no address of the device"), std::string::npos);
  EXPECT_TRUE(bitnet::runtime::download(&here, &here, 4).failed());
  EXPECT_TRUE(copyOnDevice(&here, allocate<int>(1), 4).failed());
  EXPECT_TRUE(copyOnDevice(allocate<int>(1), &here, 4).failed());
  EXPECT_TRUE(clearOnDevice(&here, 4).failed());
}

TEST_F(Vulkan, RefusesCodeThatItCannotRun) {
  closeDevice();
  std::vector<uint32_t> words(sizeof(kSPIRV) / sizeof(uint32_t));
  std::memcpy(words.data(), kSPIRV, sizeof(kSPIRV));
  auto refusal = [&] {
    return refusalOf(codeOf(words.data(), words.size() * sizeof(uint32_t)));
  };
  words[6] = 5297; // the number of the first capability
  EXPECT_NE(refusal().find("' lacks what the program needs: capability 5297"),
            std::string::npos);
  words[6] = 4465;
  EXPECT_NE(refusal().find("' lacks what the program needs: DenormFlushToZero"),
            std::string::npos);
  words[1] = 0x00010700;
  EXPECT_EQ(
      refusal().find("the program's SPIR-V, 1.7, is newer than what 'llvmpipe"),
      0u);
  words[0] = 1;
  EXPECT_EQ(refusal(), "the program's code for Vulkan is no SPIR-V");
}

TEST_F(Vulkan, RefusesANumberThatIsTooLarge) {
  closeDevice();
  EXPECT_EQ(refusalOf(codes[0], 7), "there is no device 7 of vulkan, of 1");
}

TEST_F(Vulkan, IsNamed) {
  EXPECT_NE(std::string(deviceName().c_str()).find(" (vulkan)"),
            std::string::npos);
  closeDevice();
  EXPECT_STREQ(deviceName().c_str(), "");
}

// Again, as what checks each call sees them.
TEST_F(DeviceProgram, VulkanIsUsedAsItsSpecificationSays) {
  if (lavapipe.empty() || validation().empty())
    GTEST_SKIP() << "Mesa's lavapipe or the validation layers are missing";
  // Not that part of the tests, nor that report, which lit wants from us.
  Outcome outcome = execute(
      "env -u GTEST_TOTAL_SHARDS -u GTEST_SHARD_INDEX -u GTEST_OUTPUT " +
      mesa() + " " + validation() +
      " VK_LAYER_ENABLES="
      "VK_VALIDATION_FEATURE_ENABLE_SYNCHRONIZATION_VALIDATION_EXT /proc/" +
      std::to_string(getpid()) + "/exe --gtest_filter='Vulkan.*'");
  EXPECT_EQ(outcome.code, 0) << outcome.out;
  EXPECT_NE(outcome.out.find("[       OK ] Vulkan.KeepsTheOrder"),
            std::string::npos)
      << outcome.out;
  EXPECT_EQ(outcome.out.find("Validation"), std::string::npos) << outcome.out;
}

TEST(NoDevice, AModelMayKnowNothingOfThem) {
  static const bitnet_device_code none[] = {{}};
  DeviceChoice choice;
  choice.kind = "vulkan";
  Result<const bitnet_device_code *> opened = openDevice(none, choice);
  ASSERT_FALSE(opened.failed());
  EXPECT_EQ(*opened, nullptr);
  EXPECT_FALSE(hasDeviceCodes());
}

namespace {

/// The program on a library that is Vulkan but for what we change.
class FakeVulkan : public DeviceProgram {
protected:
  void SetUp() override {
    if (lavapipe.empty())
      GTEST_SKIP() << "Mesa's lavapipe is not installed";
  }

  Outcome changed(const std::string &change) const {
    return run("LD_LIBRARY_PATH=" BITNET_FAKES
               "Drivers/vulkan BITNET_DEVICE=vulkan " +
                   mesa() + " " + change,
               kCommand);
  }
};

} // namespace

TEST_F(FakeVulkan, RefusesDevicesThatWillNotDo) {
  expectError(changed("FAKE_VULKAN=empty"),
              "the driver for vulkan has no vkCreateInstance");
  expectErrorWith(changed("FAKE_VULKAN=old"),
                  "' knows Vulkan 1.1, 1.2 is wanted");
  expectErrorWith(changed("FAKE_VULKAN=idle"), "' does not compute");
  expectErrorWith(changed("FAKE_VULKAN=forgetful"),
                  "' has no memory of the kind that is wanted");
}

TEST_F(FakeVulkan, NamesTheCallThatFailed) {
  for (const char *call :
       {"vkCreateInstance", "vkEnumeratePhysicalDevices",
        "vkEnumerateDeviceExtensionProperties", "vkCreateDevice",
        "vkCreateShaderModule", "vkCreatePipelineLayout", "vkCreateCommandPool",
        "vkAllocateCommandBuffers", "vkCreateFence", "vkCreateBuffer",
        "vkAllocateMemory", "vkBindBufferMemory", "vkMapMemory",
        "vkCreateComputePipelines", "vkBeginCommandBuffer",
        "vkEndCommandBuffer", "vkQueueSubmit", "vkWaitForFences",
        "vkResetFences"}) {
    std::string name = call;
    expectErrorWith(changed("FAKE_VULKAN_CODE=-4 FAKE_VULKAN_FAIL=" + name),
                    name + " failed: VK_ERROR_DEVICE_LOST");
  }
  expectErrorWith(
      changed("FAKE_VULKAN_CODE=-77 FAKE_VULKAN_FAIL=vkCreateFence"),
      "vkCreateFence failed: error -77");
}

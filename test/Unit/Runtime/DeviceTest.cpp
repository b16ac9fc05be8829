// A program and a library with code for all kinds of devices: which one they
// take, and that it makes no difference.

#include "DeviceProgram.h"
#include "bitnet/Runtime/Library.h"
#include "bitnet/Runtime/NumPy.h"

#include <dlfcn.h>
#include <thread>
#include <vector>

using namespace bitnet::runtime;

TEST_F(DeviceProgram, SaysTheSameOnEachDevice) {
  Outcome cpu = run("BITNET_DEVICE=cpu", kCommand);
  EXPECT_EQ(cpu.code, 0);
  EXPECT_EQ(cpu.out.find("20,81,25,1,5,"), 0u);
  EXPECT_EQ(pretended("cuda", kCommand).out, cpu.out);
  EXPECT_EQ(pretended("hip", kCommand).out, cpu.out);
  if (lavapipe.empty())
    GTEST_SKIP() << "Mesa's lavapipe is not installed";
  EXPECT_EQ(vulkan(kCommand).out, cpu.out);
}

TEST_F(DeviceProgram, TakesTheFirstDeviceThereIs) {
  Outcome bench = run("LD_LIBRARY_PATH=" BITNET_FAKES "Drivers/streams",
                      "bench --repeat 1 --json");
  EXPECT_NE(bench.out.find("\"device\": \"Fake 10 (cuda)\", \"threads\": "),
            std::string::npos)
      << bench.out;
  bench = run("VK_ICD_FILENAMES=/dev/null", "bench --repeat 1");
  EXPECT_EQ(bench.code, 0);
  EXPECT_EQ(bench.out.find(", device "), std::string::npos) << bench.out;
  if (lavapipe.empty())
    GTEST_SKIP() << "Mesa's lavapipe is not installed";
  bench = run(mesa(), "bench --repeat 1");
  EXPECT_NE(bench.out.find(" threads, device llvmpipe"), std::string::npos)
      << bench.out;
}

TEST_F(DeviceProgram, GivesCachesOut) {
  if (lavapipe.empty())
    GTEST_SKIP() << "Mesa's lavapipe is not installed";
  Shape shape, pastShape;
  shape.push(2), shape.push(1);
  pastShape.push(2), pastShape.push(1), pastShape.push(3), pastShape.push(1);
  Result<Tensor> ids = Tensor::zeros(BITNET_I64, shape);
  ids->fill(5);
  Result<Tensor> past = Tensor::zeros(BITNET_F32, pastShape);
  for (int i = 0; i < 6; ++i)
    static_cast<float *>(past->data())[i] = float(i);
  EXPECT_FALSE(writeNpy((folder + "ids.npy").c_str(), *ids).failed());
  EXPECT_FALSE(writeNpy((folder + "past.npy").c_str(), *past).failed());
  Outcome outcome = vulkan("run ids=" + folder + "ids.npy past.0=" + folder +
                           "past.npy -o " + folder + "out.npz");
  EXPECT_EQ(outcome.out, "");
  Result<Array<NamedTensor>> outputs = readNpz((folder + "out.npz").c_str());
  ASSERT_FALSE(outputs.failed()) << outputs.message();
  const auto *present = static_cast<const float *>((*outputs)[1].tensor.data());
  EXPECT_EQ(std::vector<float>(present, present + 8),
            (std::vector<float>{0, 1, 2, 15, 3, 4, 5, 15}));
}

TEST_F(DeviceProgram, RefusesWhatIsNotThere) {
  expectError(run("BITNET_DEVICE=abacus", kCommand),
              "BITNET_DEVICE is 'abacus', but the program is for cuda, hip, "
              "vulkan, cpu");
  expectError(run("BITNET_DEVICE=cuda", kCommand),
              "no driver for cuda: libcuda.so.1: cannot open shared object "
              "file: No such file or directory; "
              "no driver for cuda: libcuda.so.1: cannot open shared object "
              "file: No such file or directory");
  expectErrorWith(run("BITNET_DEVICE=hip", kCommand),
                  "no driver for hip: libamdhip64.so: cannot open");
  expectError(pretended("cuda", kCommand, "BITNET_DEVICE_INDEX=one"),
              "BITNET_DEVICE_INDEX is 'one', not a device's number");
  expectErrorWith(pretended("hip", kCommand, "BITNET_DEVICE_INDEX=2"),
                  "there is no device 2 of hip, of 2");
  expectErrorWith(pretended("hip", "generate --device=3 --ids 1"),
                  "there is no device 3 of hip, of 2");
  expectError(pretended("hip", "generate --device=first --ids 1"),
              "--device wants a number from 0 to 2147483647, not 'first'");
  EXPECT_NE(
      pretended("hip", "bench --device=1 --repeat 1", "BITNET_DEVICE_INDEX=0")
          .out.find("device Fake 11 (hip)"),
      std::string::npos);
}

TEST_F(DeviceProgram, RefusesWithoutADriverOfVulkan) {
  for (const char *files : {"", "/dev/null", "/nonexistent.json"}) {
    std::string name = files;
    expectErrorWith(run("BITNET_DEVICE=vulkan VK_LOADER_DEBUG=none "
                        "VK_DRIVER_FILES=/nonexistent.json VK_ICD_FILENAMES=" +
                            name,
                        kCommand),
                    "vkCreateInstance failed: VK_ERROR_INCOMPATIBLE_DRIVER");
  }
}

TEST_F(DeviceProgram, OpensNothingIfStatic) {
  expectError(execute("BITNET_DEVICE=vulkan " BITNET_FAKES
                      "FakeStaticModel generate --ids 1"),
              "a static program opens no driver for vulkan");
  Outcome outcome =
      execute(BITNET_FAKES "FakeStaticModel generate --ids 1,2,3 -n 3");
  EXPECT_EQ(outcome.out, "20,81,25\n");
}

// What knows the model without running it needs no device.
TEST_F(DeviceProgram, PrintsItsSignatureAnywhere) {
  Outcome outcome = run("BITNET_DEVICE=cuda", "");
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(outcome.out.find("device\n\ninputs\n"), 0u);
}

TEST_F(DeviceProgram, ChecksMemoryFirst) {
  expectError(pretended("hip", kCommand, "FAKE_DRIVER_SMALL=1"),
              "the weights need 8 bytes on the device, 'Fake 10' has 1 free");
}

TEST_F(DeviceProgram, FailsAsTheModelDoes) {
  expectErrorWith(pretended("hip", "generate --ids 101"),
                  "kernel 'append' on 1099511627776 blocks along z, 'Fake 10' "
                  "takes 2147483647");
  expectErrorWith(pretended("cuda", "generate --ids 102"),
                  "cuMemAlloc_v2 failed: CUDA_ERROR_OUT_OF_MEMORY: ");
  if (lavapipe.empty())
    GTEST_SKIP() << "Mesa's lavapipe is not installed";
  expectErrorWith(vulkan("generate --ids 101"),
                  "kernel 'append' on 1099511627776 blocks along z, 'llvmpipe");
  expectErrorWith(vulkan("generate --ids 102"), " bytes at once, ");
}

namespace {

/// The C interface of a library, as a program finds it.
struct LoadedLibrary {
  LoadedLibrary()
      : handle(dlopen(BITNET_FAKES "FakeDeviceLibrary.so", RTLD_NOW)) {
#define FIND(name) name = reinterpret_cast<decltype(name)>(dlsym(handle, #name))
    FIND(bitnet_session_create);
    FIND(bitnet_session_feed);
    FIND(bitnet_session_fork);
    FIND(bitnet_session_sample);
    FIND(bitnet_session_destroy);
    FIND(bitnet_session_error);
#undef FIND
  }

  /// Appends ids of its own choice.
  std::vector<int64_t> speak(bitnet_session *session, int count) const {
    std::vector<int64_t> ids(static_cast<size_t>(count), -1);
    for (int64_t &id : ids)
      if (bitnet_session_sample(session, &id) ||
          bitnet_session_feed(session, &id, 1))
        break;
    return ids;
  }

  void *handle;
  decltype(&::bitnet_session_create) bitnet_session_create;
  decltype(&::bitnet_session_feed) bitnet_session_feed;
  decltype(&::bitnet_session_fork) bitnet_session_fork;
  decltype(&::bitnet_session_sample) bitnet_session_sample;
  decltype(&::bitnet_session_destroy) bitnet_session_destroy;
  decltype(&::bitnet_session_error) bitnet_session_error;
};

} // namespace

/// What the model says to these ids.
static std::vector<int64_t> wanted(std::vector<int64_t> ids, int count) {
  size_t given = ids.size();
  int64_t sum = 0;
  for (int64_t id : ids)
    sum += 3 * id;
  for (int i = 0; i < count; ++i) {
    ids.push_back((sum + int64_t(ids.size()) - 1) % 100);
    sum += 3 * ids.back();
  }
  return std::vector<int64_t>(ids.begin() + int64_t(given), ids.end());
}

static void useLibrary(const LoadedLibrary &library) {
  char error[512] = "";
  std::vector<std::thread> threads;
  for (int64_t first = 1; first <= 3; ++first)
    threads.emplace_back([&, first] {
      bitnet_session *session = library.bitnet_session_create(1, 0, error, 512);
      ASSERT_NE(session, nullptr) << error;
      ASSERT_EQ(library.bitnet_session_feed(session, &first, 1), 0)
          << library.bitnet_session_error(session);
      EXPECT_EQ(library.speak(session, 150), wanted({first}, 150));
      bitnet_session *fork = library.bitnet_session_fork(session, error, 512);
      ASSERT_NE(fork, nullptr) << error;
      std::vector<int64_t> more = library.speak(session, 20);
      EXPECT_EQ(library.speak(fork, 20), more);
      // A run that fails leaves the session as it was.
      int64_t unlucky = 101;
      EXPECT_EQ(library.bitnet_session_feed(fork, &unlucky, 1), 1);
      EXPECT_EQ(library.speak(fork, 20), library.speak(session, 20));
      library.bitnet_session_destroy(session);
      library.bitnet_session_destroy(fork);
    });
  for (std::thread &thread : threads)
    thread.join();
}

/// Loads the library once or twice; leaves it to the end of the process.
static void endWithLibrary() {
  hasUsedMesa = true;
  LoadedLibrary first;
  useLibrary(first);
  dlclose(first.handle);
  bool isGone =
      !dlopen(BITNET_FAKES "FakeDeviceLibrary.so", RTLD_NOW | RTLD_NOLOAD);
  LoadedLibrary second;
  useLibrary(second);
  std::exit(isGone && !testing::Test::HasFailure() ? 0 : 1);
}

using DeviceProgramDeathTest = DeviceProgram;

TEST_F(DeviceProgramDeathTest, ALibraryIsUnloadedAndEndsWithTheProcess) {
  if (lavapipe.empty())
    GTEST_SKIP() << "Mesa's lavapipe is not installed";
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  setenv("VK_ICD_FILENAMES", lavapipe.c_str(), 1);
  setenv("BITNET_DEVICE", "vulkan", 1);
  EXPECT_EXIT(endWithLibrary(), testing::ExitedWithCode(0), "");
  setenv("LD_LIBRARY_PATH", BITNET_FAKES "Drivers/streams", 1);
  setenv("BITNET_DEVICE", "cuda", 1);
  EXPECT_EXIT(endWithLibrary(), testing::ExitedWithCode(0), "");
  for (const char *name :
       {"VK_ICD_FILENAMES", "BITNET_DEVICE", "LD_LIBRARY_PATH"})
    unsetenv(name);
}

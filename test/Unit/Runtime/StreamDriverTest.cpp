// The drivers of CUDA and HIP, as libraries that pretend to be them see them.

#include "DeviceProgram.h"

#include <fstream>

using StreamDriver = DeviceProgram;

// The calls of one step, in their order and with their arguments.
TEST_F(StreamDriver, CallsTheDriver) {
  std::string log = folder + "log";
  Outcome outcome = pretended("cuda", "generate --ids 1 -n 1 --device=1",
                              "FAKE_DRIVER_LOG=" + log);
  EXPECT_EQ(outcome.out, "3\n");
  std::ifstream file(log);
  std::string line, calls;
  while (std::getline(file, line))
    if (line != "cuCtxSetCurrent 1") // before each of the others
      calls += line + "\n";
  std::string open = "cuInit 0\n"
                     "cuDeviceGetCount\n"
                     "cuDeviceGet 1\n"
                     "cuDeviceGetName 11\n"
                     "cuDevicePrimaryCtxRetain 11\n"
                     "cuStreamCreate 1\n"
                     "cuModuleLoadDataEx 0 1\n";
  // The first code is for another chip. No block of 64 MB fits, so there is a
  // small one for each thing.
  EXPECT_EQ(calls, open +
                       "cuStreamSynchronize 1\n"
                       "cuStreamDestroy_v2 1\n"
                       "cuDevicePrimaryCtxRelease_v2 11\n" +
                       open +
                       "cuMemGetInfo_v2\n"
                       "cuMemAlloc_v2 67108864\n"
                       "cuMemAlloc_v2 256\n"
                       "cuMemcpyHtoDAsync_v2 8 1\n"
                       "cuMemAlloc_v2 67108864\n"
                       "cuMemAlloc_v2 512\n"
                       "cuMemsetD8Async 512 0\n"
                       "cuMemAlloc_v2 67108864\n"
                       "cuMemAlloc_v2 256\n"
                       "cuMemsetD8Async 8 0\n"
                       "cuMemcpyHtoDAsync_v2 8 1\n"
                       "cuMemcpyDtoHAsync_v2 8 1\n"
                       "cuStreamSynchronize 1\n"
                       "cuModuleGetFunction 1 1\n"
                       "cuLaunchKernel 1 1\n"
                       "cuMemAlloc_v2 67108864\n"
                       "cuMemAlloc_v2 512\n"
                       "cuMemcpyDtoDAsync_v2 512 1\n"
                       "cuMemcpyDtoHAsync_v2 512 1\n"
                       "cuStreamSynchronize 1\n"
                       "cuMemcpyHtoDAsync_v2 512 1\n"
                       "cuMemcpyDtoHAsync_v2 512 1\n"
                       "cuStreamSynchronize 1\n"
                       "cuStreamSynchronize 1\n"
                       "cuMemFree_v2\n"
                       "cuMemFree_v2\n"
                       "cuMemFree_v2\n"
                       "cuMemFree_v2\n"
                       "cuModuleUnload 1\n"
                       "cuStreamDestroy_v2 1\n"
                       "cuDevicePrimaryCtxRelease_v2 11\n");
}

TEST_F(StreamDriver, NamesTheCallThatFailed) {
  for (const char *call :
       {"hipInit", "hipGetDeviceCount", "hipDeviceGet", "hipDeviceGetName",
        "hipSetDevice", "hipStreamCreateWithFlags", "hipModuleLoadDataEx",
        "hipMemGetInfo", "hipMalloc", "hipMemcpyHtoDAsync", "hipMemsetD8Async",
        "hipModuleGetFunction", "hipModuleLaunchKernel", "hipMemcpyDtoDAsync",
        "hipMemcpyDtoHAsync", "hipStreamSynchronize"})
    expectErrorWith(
        pretended("hip", kCommand, "FAKE_DRIVER_FAIL=" + std::string(call)),
        std::string(call) + " failed: hipErrorOutOfMemory");
}

TEST_F(StreamDriver, GivesTheNumberOfAnErrorWithoutAName) {
  expectError(pretended("hip", kCommand, "FAKE_DRIVER_CHIP=other"),
              "hipModuleLoadDataEx failed: error 209");
}

TEST_F(StreamDriver, RefusesADriverThatLacksAFunction) {
  expectError(run("BITNET_DEVICE=hip LD_LIBRARY_PATH=" BITNET_FAKES
                  "Drivers/old",
                  kCommand),
              "the driver for hip has no hipInit");
}

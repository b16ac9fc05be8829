// A program with code for all kinds of devices, Inputs/DeviceModel.c: on
// lavapipe, on drivers that pretend, and on the CPU.

#ifndef TEST_UNIT_RUNTIME_DEVICEPROGRAM_H
#define TEST_UNIT_RUNTIME_DEVICEPROGRAM_H

#include <cstdio>
#include <glob.h>
#include <gtest/gtest.h>
#include <string>
#include <sys/wait.h>
#include <unistd.h>

/// What became of a command.
struct Outcome {
  int code;
  std::string out; // standard output and error
};

/// Gives each test a folder of its own.
class DeviceProgram : public testing::Test {
protected:
  DeviceProgram() {
    std::string pattern = testing::TempDir() + "device-XXXXXX";
    folder = std::string(mkdtemp(pattern.data())) + "/";
    glob_t files;
    if (!glob("/usr/share/vulkan/icd.d/lvp_icd.*.json", 0, nullptr, &files))
      lavapipe = files.gl_pathv[0];
    globfree(&files);
  }
  ~DeviceProgram() override { execute("rm -r " + folder); }

  static Outcome execute(const std::string &command) {
    Outcome outcome = {0, ""};
    std::FILE *pipe = popen(("{ " + command + "; } 2>&1").c_str(), "r");
    char buffer[4096];
    while (size_t size = std::fread(buffer, 1, sizeof(buffer), pipe))
      outcome.out.append(buffer, size);
    outcome.code = WEXITSTATUS(pclose(pipe));
    return outcome;
  }

  /// The program, with variables of the environment in front.
  static Outcome run(const std::string &variables,
                     const std::string &arguments) {
    return execute(variables + " " BITNET_FAKES "FakeDeviceModel " + arguments);
  }

  /// What makes lavapipe the only device of Vulkan. It leaks a little.
  std::string mesa() const {
    return "ASAN_OPTIONS=allow_user_poisoning=0:detect_leaks=0 "
           "VK_ICD_FILENAMES=" +
           lavapipe;
  }

  /// What turns on the layers that look at each call of Vulkan; they print what
  /// is wrong. Empty if they are not installed.
  static std::string validation() {
    bool isThere = !access("/usr/share/vulkan/explicit_layer.d/"
                           "VkLayer_khronos_validation.json",
                           F_OK);
    return isThere ? "VK_INSTANCE_LAYERS=VK_LAYER_KHRONOS_validation" : "";
  }

  Outcome vulkan(const std::string &arguments) const {
    return run("BITNET_DEVICE=vulkan " + mesa() + " " + validation(),
               arguments);
  }

  static Outcome pretended(const char *kind, const std::string &arguments,
                           const std::string &variables = "") {
    return run("LD_LIBRARY_PATH=" BITNET_FAKES
               "Drivers/streams BITNET_DEVICE=" +
                   std::string(kind) + " " + variables,
               arguments);
  }

  static void expectError(const Outcome &outcome, const std::string &message) {
    EXPECT_EQ(outcome.code, 1);
    EXPECT_EQ(outcome.out, "error: " + message + "\n");
  }

  static void expectErrorWith(const Outcome &outcome,
                              const std::string &message) {
    EXPECT_EQ(outcome.code, 1);
    EXPECT_EQ(outcome.out.find("error: "), 0u) << outcome.out;
    EXPECT_NE(outcome.out.find(message), std::string::npos) << outcome.out;
    EXPECT_EQ(outcome.out.find('\n'), outcome.out.size() - 1) << outcome.out;
  }

  std::string folder, lavapipe;
};

/// Whether this process has used lavapipe: then its leaks are not ours.
inline bool hasUsedMesa = false;

/// More than 128 positions, so that the cache grows.
inline constexpr char kCommand[] = "generate --ids 1,2,3 -n 200";

#endif // TEST_UNIT_RUNTIME_DEVICEPROGRAM_H

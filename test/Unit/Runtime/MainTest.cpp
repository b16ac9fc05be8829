// Compiled programs as users run them: the models in Inputs/ with the runtime.

#include "bitnet/Runtime/NumPy.h"

#include <cstdio>
#include <gtest/gtest.h>
#include <string>
#include <sys/stat.h>
#include <unistd.h>

using namespace bitnet::runtime;

namespace {

struct Outcome {
  int code;
  std::string out; // standard output and error
};

/// Gives each test a folder of its own.
class Program : public testing::Test {
protected:
  Program() {
    std::string pattern = testing::TempDir() + "program-XXXXXX";
    folder = std::string(mkdtemp(pattern.data())) + "/";
  }
  ~Program() override { run("rm -r " + folder); }

  static Outcome run(const std::string &command) {
    Outcome outcome = {0, ""};
    std::FILE *pipe = popen((command + " 2>&1").c_str(), "r");
    char buffer[4096];
    while (size_t size = std::fread(buffer, 1, sizeof(buffer), pipe))
      outcome.out.append(buffer, size);
    outcome.code = WEXITSTATUS(pclose(pipe));
    return outcome;
  }

  static Outcome speak(const std::string &arguments) {
    return run(BITNET_FAKES "FakeLanguageModel " + arguments);
  }

  static Outcome vector(const std::string &arguments) {
    return run(BITNET_FAKES "FakeVectorModel " + arguments);
  }

  /// Checks that a command ends with this line and exit code 1.
  static void expectError(const Outcome &outcome, const std::string &message) {
    EXPECT_EQ(outcome.code, 1);
    EXPECT_EQ(outcome.out, "error: " + message + "\n");
  }

  std::string write(const char *name, bitnet_type type,
                    std::initializer_list<int64_t> sizes, int value) {
    Shape shape;
    for (int64_t size : sizes)
      shape.push(size);
    Result<Tensor> tensor = Tensor::zeros(type, shape);
    tensor->fill(value);
    std::string path = folder + name;
    EXPECT_FALSE(writeNpy(path.c_str(), *tensor).failed());
    return path;
  }

  /// Arguments for the inputs of the language model besides ids: no cache, and
  /// positions that count up.
  std::string rest(int64_t batch, int64_t sequence) {
    Shape shape;
    shape.push(batch);
    shape.push(sequence);
    Result<Tensor> positions = Tensor::zeros(BITNET_I64, shape);
    auto *position = static_cast<int64_t *>(positions->data());
    for (int64_t i = 0; i < batch * sequence; ++i)
      position[i] = i % sequence;
    std::string path = folder + "positions.npy";
    EXPECT_FALSE(writeNpy(path.c_str(), *positions).failed());
    return " positions=" + path +
           " mask=" + write("mask.npy", BITNET_I64, {batch, sequence}, 1) +
           " past.0=" + write("past.npy", BITNET_F32, {batch, 1, 0, 1}, 0);
  }

  bool exists(const char *name) {
    return !access((folder + name).c_str(), F_OK);
  }

  std::string folder;
};

} // namespace

TEST_F(Program, PrintsItsSignature) {
  Outcome outcome = speak("");
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(outcome.out, "fake\n"
                         "\n"
                         "inputs\n"
                         "  ids        i64   [batch, sequence]\n"
                         "  mask       i64   [batch, s53]\n"
                         "  positions  i64   [batch, sequence]\n"
                         "  past.0     f32   [batch, 1, past, 1]\n"
                         "outputs\n"
                         "  logits     f32   [batch, sequence, 128]\n"
                         "  present.0  f32   [batch, 1, past + sequence, 1]\n");
}

TEST_F(Program, ExplainsItself) {
  EXPECT_EQ(speak("--help").code, 0);
  EXPECT_EQ(speak("run --help").out.find("usage: FakeLanguageModel"), 0u);
  Outcome unknown = speak("walk");
  EXPECT_EQ(unknown.code, 1);
  EXPECT_EQ(unknown.out.find("error: unknown command 'walk'\nusage: "), 0u);
}

TEST_F(Program, Generates) {
  Outcome outcome = speak("generate --ids 1,2,3 -n 5");
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(outcome.out, "20,81,25,1,5\n");
  EXPECT_EQ(speak("generate --ids 1,2,3 -n 5 --stop 25").out, "20,81,25\n");
  EXPECT_EQ(speak("generate --ids 1,2,3 -n 0").out, "\n");
  EXPECT_EQ(speak("generate --ids 1,2,3 -n 2 --json")
                .out.find("{\"ids\": [20, 81], "),
            0u);
}

TEST_F(Program, GeneratesTheSameWithAnyNumberOfThreads) {
  for (const char *threads : {"1", "2", "5"})
    EXPECT_EQ(run("BITNET_THREADS=" + std::string(threads) +
                  " " BITNET_FAKES
                  "FakeLanguageModel generate --ids 1,2,3 -n 5")
                  .out,
              "20,81,25,1,5\n");
}

TEST_F(Program, SaysWhyItDoesNotGenerate) {
  expectError(speak("generate"), "generate wants either --prompt, a text, or "
                                 "--ids, the ids to continue");
  expectError(speak("generate --prompt x"),
              "the model was compiled without a tokenizer; compile it with "
              "--tokenizer tokenizer.json");
  expectError(speak("generate --ids"), "--ids wants a value");
  expectError(speak("generate --ids 1,x"),
              "--ids wants numbers separated by commas, not 'x'");
  expectError(speak("generate --ids ''"),
              "--ids wants numbers separated by commas, not ''");
  expectError(speak("generate --ids 1 -n many"),
              "-n wants a number from 0 to 16777216, not 'many'");
  expectError(speak("generate --ids 1 --top-q 3"),
              "generate has no option '--top-q'; see --help");
  expectError(speak("generate --ids 1 --top-p 1.5"),
              "--top-p wants a number from 0 to 1, not '1.5'");
  expectError(speak("generate --ids 1 --temperature nan"),
              "--temperature wants a number from 0 to 1000, not 'nan'");
  expectError(speak("generate --ids 1,2,3 --max-context 2"),
              "the context is full: 0 ids and 3 more exceed its 2 positions");
  expectError(speak("generate --ids 1,128"),
              "id 128 is not in the vocabulary of 128");
  expectError(speak("generate --ids 1,102"),
              "the logits are not numbers (NaN)");
  expectError(speak("generate --ids 1,101"), "id 101 is unlucky");
  expectError(vector("generate --ids 1"),
              "'vector' is no language model: it has no input for ids");
  Outcome outcome = speak("generate --ids 1,2,3 -n 40");
  EXPECT_EQ(outcome.code, 1);
  EXPECT_NE(outcome.out.find("\nerror: after 30 new ids: Gather: index 32 is "
                             "out of range [0, 32)\n"),
            std::string::npos);
}

TEST_F(Program, RunsOnFiles) {
  std::string ids = write("ids.npy", BITNET_I32, {2, 3}, 1);
  std::string all = "run ids=" + ids + rest(2, 3);
  Outcome outcome = speak(all);
  EXPECT_EQ(outcome.code, 0) << outcome.out;
  EXPECT_EQ(outcome.out, "logits f32 2x3x128\npresent.0 f32 2x1x3x1\n");
  EXPECT_EQ(speak(all + " -o " + folder + "out.npz").out, "");
  Result<Array<NamedTensor>> outputs = readNpz((folder + "out.npz").c_str());
  ASSERT_FALSE(outputs.failed()) << outputs.message();
  EXPECT_STREQ((*outputs)[1].name.c_str(), "present.0");
  EXPECT_EQ((*outputs)[0].tensor.floatAt(2 * 128 + 11), 1);
}

TEST_F(Program, RunsOnArchives) {
  Shape shape;
  shape.push(1);
  shape.push(2);
  Result<Tensor> x = Tensor::zeros(BITNET_F32, shape);
  x->fill(3);
  Array<NamedView> views;
  views.push({"x=0", &*x});
  std::string path = folder + "in.npz";
  ASSERT_FALSE(writeNpz(path.c_str(), views).failed());
  EXPECT_EQ(vector("run " + path + " -o " + folder + "y.npy").out, "");
  Result<Tensor> y = readNpy((folder + "y.npy").c_str());
  ASSERT_FALSE(y.failed()) << y.message();
  EXPECT_EQ(y->floatAt(1), 6);
}

TEST_F(Program, TakesANameWithAnEqualsSign) {
  std::string x = write("x.npy", BITNET_F32, {1, 2}, 3);
  EXPECT_EQ(vector("run x=0=" + x).out, "y f32 1x2\n");
}

TEST_F(Program, SaysWhyItDoesNotRun) {
  std::string ids = write("ids.npy", BITNET_I64, {1, 3}, 1);
  std::string x = write("x.npy", BITNET_F64, {1, 2}, 1);
  expectError(speak("run"), "input 'ids' is missing: i64 [batch, sequence]");
  expectError(speak("run tokens=" + ids),
              "the model has no input 'tokens'; its inputs are 'ids', 'mask', "
              "'positions', 'past.0'");
  expectError(speak("run ids=" + ids + " ids=" + ids),
              "input 'ids' is given twice");
  expectError(speak("run ids=" + ids),
              "input 'mask' is missing: i64 [batch, s53]");
  expectError(speak("run ids=" + ids + rest(1, 3) + " mask=" + x),
              "input 'mask' is given twice");
  rest(1, 3);
  expectError(speak("run ids=" + ids + " positions=" + folder +
                    "positions.npy past.0=" + folder + "past.npy mask=" + x),
              "input 'mask' has type f64, the model wants i64");
  expectError(vector("run x=0=" + x),
              "input 'x=0' has type f64, the model wants f32");
  expectError(vector("run x=0=" + write("y.npy", BITNET_F32, {4}, 1)),
              "input 'x=0' has shape 4, the model wants [rows, 2]");
  expectError(speak("run " + ids), "'" + ids +
                                       "' is neither NAME=FILE.npy nor "
                                       "FILE.npz");
  expectError(speak("run ids=/nowhere.npy"),
              "cannot open '/nowhere.npy': No such file or directory");
  expectError(speak("run ids=" + folder),
              "cannot read '" + folder + "': Is a directory");
  expectError(speak("run ids=" + ids + " -o out.txt"),
              "-o wants a file that ends in .npz or .npy, not 'out.txt'");
  expectError(speak("run ids=" + ids + " -o out.npy"),
              "a .npy file holds one array, the model has 2 outputs: write a "
              ".npz file");
}

TEST_F(Program, WritesNothingWhenItFails) {
  std::string ids = write("ids.npy", BITNET_I64, {1, 33}, 1);
  expectError(
      speak("run ids=" + ids + rest(1, 33) + " -o " + folder + "out.npz"),
      "Gather: index 32 is out of range [0, 32)");
  EXPECT_FALSE(exists("out.npz"));
}

TEST_F(Program, Benches) {
  Outcome outcome = speak("bench --prefill 8 --decode 4 --repeat 2 --json");
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(outcome.out.find("{\"model\": \"fake\", \"prefill_tokens\": 8, "
                             "\"prefill_ms\": {\"best\": "),
            0u);
  EXPECT_NE(outcome.out.find("\"decode_ms\": "), std::string::npos);
  EXPECT_EQ(vector("bench --dim rows=100 --repeat 2").code, 0);
  EXPECT_EQ(vector("bench --json")
                .out.find("{\"model\": \"vector\", \"run_ms\": {\"best\": "),
            0u);
  expectError(vector("bench --dim columns=2"),
              "the model has no dimension 'columns'; it has 'rows'");
  expectError(vector("bench --dim rows"), "--dim wants NAME=SIZE, not 'rows'");
  expectError(speak("bench --prefill 0"),
              "--prefill wants a number from 1 to 16777216, not '0'");
}

TEST_F(Program, SaysThatItCannotWrite) {
  expectError(run("(" BITNET_FAKES "FakeVectorModel > /dev/full)"),
              "cannot write to the standard output");
}

TEST_F(Program, NeedsNoEnvironment) {
  EXPECT_EQ(run("env -i " BITNET_FAKES "FakeLanguageModel generate --ids 1,2,3 "
                "-n 2")
                .out,
            "20,81\n");
}

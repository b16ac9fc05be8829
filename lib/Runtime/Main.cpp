// The program that a compiled model is. Not part of the library flavour.

#include "bitnet/Runtime/Commands.h"
#include "bitnet/Runtime/DeviceDriver.h"

#include <cstdio>

using namespace bitnet::runtime;

static const char kUsage[] =
    "usage: %s                 print the inputs and outputs\n"
    "       %s run NAME=FILE.npy ... [FILE.npz ...] [-o OUT.npz|OUT.npy]\n"
    "       %s generate --prompt TEXT|--ids ID,ID,... [-n COUNT]\n"
    "             [--stop ID|TEXT] [--temperature T] [--top-k K] [--top-p P]\n"
    "             [--min-p P] [--repeat-penalty R] [--seed N]\n"
    "             [--max-context N] [--sliding [--keep N]] [--logprobs] "
    "[--json]\n"
    "       %s chat [--system TEXT] [-n COUNT] [--stop ID|TEXT] "
    "[--max-context N]\n"
    "             [--json] and what generate knows of sampling\n"
    "       %s bench [--prefill N] [--decode N] [--dim NAME=SIZE ...]\n"
    "             [--repeat N] [--breakdown] [--json]\n"
    "       %s verify FILE.npz [--rtol R] [--atol A]\n"
    "       %s perplexity FILE [--window N] [--json]\n"
    "       %s encode TEXT|- [--no-special] [--null]\n"
    "       %s decode ID,ID,...|- [--special] [--null]\n"
    "\n"
    "run       feeds arrays by name and writes or lists the outputs; caches,\n"
    "          mask and positions of a language model may be left out\n"
    "generate  continues a text, or ids (-n: 32): by the most likely ones, "
    "or with\n"
    "          --temperature by ids drawn by their probability; --sliding "
    "forgets\n"
    "          half of a full context, but for its first ids (--keep: 4)\n"
    "chat      answers line by line (-n: at most 512 tokens each) as the "
    "model's own\n"
    "          chat template wants it; ctrl-C ends an answer\n"
    "bench     times a language model (--prefill: 128, --decode: 32), or one\n"
    "          run on ones with the dimensions given (else 1); --breakdown "
    "says\n"
    "          what a language model's time goes to\n"
    "verify    runs on arrays in.NAME and compares with arrays out.NAME\n"
    "perplexity  says how well the model predicts a text, or ids in .npy "
    "(--window: 256)\n"
    "encode    prints the ids of a text (-: the standard input; --null: texts\n"
    "          that end with a NUL, one line each)\n"
    "decode    prints the text of ids, one line of them each (--null: NULs "
    "end\n"
    "          the texts)\n"
    "\n"
    "BITNET_THREADS sets the number of threads; results don't depend on it.\n"
    "BITNET_CPU names the code to run, if the program has it for several "
    "CPUs.\n"
    "BITNET_DEVICE (cpu, vulkan, cuda, hip) and --device=N or "
    "BITNET_DEVICE_INDEX say\n"
    "where, if it has code for devices.\n";

namespace {
struct Command {
  const char *name;
  Status (*function)(const Model &model, Arguments arguments);
  bool runs; // the model
};
} // namespace

static constexpr Command kCommands[] = {
    {"run", runCommand, true},        {"generate", generateCommand, true},
    {"chat", chatCommand, true},      {"bench", benchCommand, true},
    {"verify", verifyCommand, true},  {"perplexity", perplexityCommand, true},
    {"encode", encodeCommand, false}, {"decode", decodeCommand, false}};

static void printUsage(std::FILE *stream, const char *program) {
  const char *slash = std::strrchr(program, '/');
  const char *name = slash ? slash + 1 : program;
  std::fprintf(stream, kUsage, name, name, name, name, name, name, name, name,
               name);
}

/// Null if there is none of that name.
static const Command *findCommand(const char *name) {
  for (const Command &command : kCommands)
    if (!std::strcmp(name, command.name))
      return &command;
  return nullptr;
}

static bool asksForHelp(int count, char **items) {
  for (int i = 1; i < count; ++i)
    if (!std::strcmp(items[i], "--help") || !std::strcmp(items[i], "-h"))
      return true;
  return false;
}

/// Takes --device=N out of the arguments of a model that runs on devices.
static Status takeDevice(Arguments &arguments) {
  static const char option[] = "--device=";
  constexpr size_t size = sizeof(option) - 1;
  int kept = 0;
  for (int i = 0; i < arguments.count; ++i) {
    char *item = arguments.items[i];
    if (!hasDeviceCodes() || std::strncmp(item, option, size)) {
      arguments.items[kept++] = item;
      continue;
    }
    Result<int64_t> index = parseNumber("--device", item + size, 0, INT32_MAX);
    if (index.failed())
      return index.takeError();
    setDeviceIndex(*index);
  }
  arguments.count = kept;
  return Status::success();
}

static Status execute(const Command *command, Arguments arguments) {
  if (Status status = takeDevice(arguments); status.failed())
    return status;
  Result<Model> model = linkedModel(command && command->runs);
  if (model.failed())
    return model.takeError();
  Status status =
      command ? command->function(*model, arguments) : printSignature(*model);
  if (std::fflush(stdout) && !status.failed())
    return Status::error("cannot write to the standard output");
  return status;
}

__attribute__((visibility("default"))) int main(int count, char **items) {
  const char *program = count ? items[0] : "model";
  if (asksForHelp(count, items)) {
    printUsage(stdout, program);
    return 0;
  }
  const Command *command = count > 1 ? findCommand(items[1]) : nullptr;
  if (count > 1 && !command) {
    std::fprintf(stderr, "error: unknown command '%s'\n", items[1]);
    printUsage(stderr, program);
    return 1;
  }
  Arguments arguments = {items + 2, count > 2 ? count - 2 : 0};
  Status status = execute(command, arguments);
  closeDevice();
  if (status.failed())
    std::fprintf(stderr, "error: %s\n", status.message());
  return status.failed();
}

// Links with lld, against the target's libc and our runtime.
#include "bitnet/Target/Link.h"
#include "bitnet/Target/LibraryHeader.h"
#include "bitnet/Target/OutputFile.h"

#include "lld/Common/Driver.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/TargetParser/Triple.h"

#include <dlfcn.h>

LLD_HAS_DRIVER(elf)

using namespace llvm;

namespace {

/// Where Linux distributions keep the C library of an architecture.
struct Platform {
  Triple::ArchType arch;
  StringRef multiarch; ///< Debian's name of the architecture
  StringRef loader;
  StringRef emulation;
  StringRef package; ///< Debian's libc for programs of another machine
};

} // namespace

static constexpr Platform kPlatforms[] = {
    {Triple::x86_64, "x86_64-linux-gnu", "/lib64/ld-linux-x86-64.so.2",
     "elf_x86_64", "libc6-dev-amd64-cross"},
    {Triple::aarch64, "aarch64-linux-gnu", "/lib/ld-linux-aarch64.so.1",
     "aarch64linux", "libc6-dev-arm64-cross"},
    {Triple::riscv64, "riscv64-linux-gnu", "/lib/ld-linux-riscv64-lp64d.so.1",
     "elf64lriscv", "libc6-dev-riscv64-cross"},
};

static Expected<const Platform *>
findPlatform(const bitnet::TargetSpec &target) {
  Triple triple(target.triple);
  for (const Platform &platform : kPlatforms)
    if (triple.isOSLinux() && platform.arch == triple.getArch())
      return &platform;
  return createStringError("cannot link for target '" + target.triple +
                           "': only Linux on x86-64, aarch64 and riscv64");
}

/// The folders that may hold the C library, best first.
static SmallVector<std::string> libraryFolders(const Platform &platform) {
  SmallVector<std::string> folders;
  std::string name = platform.multiarch.str();
  for (const std::string &folder :
       {"/usr/lib/" + name, "/lib/" + name, "/usr/" + name + "/lib"})
    if (sys::fs::is_directory(folder))
      folders.push_back(folder);
  if (Triple(LLVM_HOST_TRIPLE).getArch() == platform.arch)
    for (const char *folder : {"/usr/lib64", "/lib64", "/usr/lib", "/lib"})
      folders.push_back(folder);
  return folders;
}

/// The path of a file that the C library's package installs.
static Expected<std::string> findStartFile(const Platform &platform,
                                           StringRef name) {
  for (const std::string &folder : libraryFolders(platform)) {
    SmallString<128> path(folder);
    sys::path::append(path, name);
    if (sys::fs::exists(path))
      return path.str().str();
  }
  bool here = Triple(LLVM_HOST_TRIPLE).getArch() == platform.arch;
  return createStringError(
      "no " + name + " for " + platform.multiarch + " (Debian package " +
      (here ? StringRef("libc6-dev") : platform.package) + ")");
}

/// The folder of libBitNet.so, in a build or an installation.
static StringRef ownFolder() {
  static const std::string folder = [] {
    Dl_info info;
    if (!dladdr(reinterpret_cast<void *>(&ownFolder), &info))
      return std::string(".");
    SmallString<128> path;
    sys::fs::real_path(info.dli_fname, path);
    return sys::path::parent_path(path).str();
  }();
  return folder;
}

/// The runtime, which a build leaves beside libBitNet.so as one object.
static Expected<std::string> findRuntime(const Platform &platform,
                                         StringRef name) {
  SmallString<128> path(ownFolder());
  sys::path::append(path, "bitnet");
  if (Triple(LLVM_HOST_TRIPLE).getArch() != platform.arch)
    sys::path::append(path, platform.multiarch);
  sys::path::append(path, name);
  if (!sys::fs::exists(path))
    return createStringError("no runtime for " + platform.multiarch + ": " +
                             path + " is missing");
  return path.str().str();
}

/// Runs lld and gives its first complaint as an error.
static Error runLinker(const std::vector<std::string> &arguments) {
  std::vector<const char *> argv = {"ld.lld"};
  for (const std::string &argument : arguments)
    argv.push_back(argument.c_str());
  std::string output, errors;
  raw_string_ostream out(output), err(errors);
  lld::Result result =
      lld::lldMain(argv, out, err, {{lld::Gnu, &lld::elf::link}});
  if (result.retCode == 0)
    return Error::success();
  StringRef first = StringRef(errors).ltrim().split('\n').first;
  first.consume_front("ld.lld: ");
  first.consume_front("error: ");
  return createStringError("cannot link: " + first);
}

/// What both kinds of output share.
static std::vector<std::string> commonArguments(const Platform &platform,
                                                StringRef output) {
  std::vector<std::string> arguments = {"-m",
                                        platform.emulation.str(),
                                        "-o",
                                        output.str(),
                                        "--gc-sections",
                                        "--as-needed",
                                        "--build-id=none",
                                        "--hash-style=gnu",
                                        "--eh-frame-hdr",
                                        "-z",
                                        "relro",
                                        "-z",
                                        "noexecstack",
                                        "--strip-all"};
  for (const std::string &folder : libraryFolders(platform))
    arguments.push_back("-L" + folder);
  return arguments;
}

Error bitnet::linkExecutable(StringRef object, StringRef output,
                             const TargetSpec &target) {
  Expected<const Platform *> platform = findPlatform(target);
  if (!platform)
    return platform.takeError();
  Expected<std::string> runtime =
      findRuntime(**platform, "bitnet-runtime-exe.o");
  if (!runtime)
    return runtime.takeError();

  std::vector<std::string> arguments = commonArguments(**platform, output);
  arguments.insert(arguments.end(),
                   {"-pie", "--dynamic-linker", (*platform)->loader.str()});
  for (StringRef name : {"Scrt1.o", "crti.o", "", "crtn.o"}) {
    if (name.empty()) {
      arguments.insert(arguments.end(), {object.str(), *runtime, "-lc", "-lm"});
      continue;
    }
    Expected<std::string> path = findStartFile(**platform, name);
    if (!path)
      return path.takeError();
    arguments.push_back(*path);
  }
  return runLinker(arguments);
}

/// The names that a shared library shows, as a linker script.
static std::string exports(StringRef name) {
  std::string script = "{ global:";
  for (StringRef function : bitnet::libraryFunctions())
    script +=
        (" bitnet_" + function + "; " + name + "_" + function + ";").str();
  return script + " local: *; };\n";
}

Error bitnet::linkSharedLibrary(StringRef object, StringRef output,
                                StringRef name, const TargetSpec &target) {
  Expected<const Platform *> platform = findPlatform(target);
  if (!platform)
    return platform.takeError();
  Expected<std::string> runtime =
      findRuntime(**platform, "bitnet-runtime-lib.o");
  if (!runtime)
    return runtime.takeError();

  SmallString<128> script;
  if (std::error_code code =
          sys::fs::createTemporaryFile("bitnet", "map", script))
    return createStringError("cannot write a temporary file: " +
                             code.message());
  FileRemover remover(script);
  std::string prefix = identifierOf(name);
  Expected<bool> written = writeFile(script, [&](raw_ostream &os) {
    os << exports(prefix);
    return true;
  });
  if (!written)
    return written.takeError();

  std::vector<std::string> arguments = commonArguments(**platform, output);
  arguments.insert(arguments.end(),
                   {"-shared", "-Bsymbolic", "-soname",
                    sys::path::filename(output).str(), "--version-script",
                    script.str().str(), object.str(), *runtime, "-lc", "-lm"});
  for (StringRef function : bitnet::libraryFunctions())
    arguments.push_back(
        ("--defsym=" + prefix + "_" + function + "=bitnet_" + function).str());
  return runLinker(arguments);
}

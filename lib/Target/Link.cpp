// Links with lld, against the target's libc and our runtime.
#include "bitnet/Target/Link.h"
#include "bitnet/Target/LibraryHeader.h"
#include "bitnet/Target/OutputFile.h"
#include "bitnet/Target/WriteWeights.h"

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
  StringRef multiarch; ///< Debian's name of the architecture's folders
  StringRef debian;    ///< and that in names of packages
  StringRef loader;
  StringRef emulation;
};

} // namespace

static constexpr Platform kPlatforms[] = {
    {Triple::x86_64, "x86_64-linux-gnu", "amd64", "/lib64/ld-linux-x86-64.so.2",
     "elf_x86_64"},
    {Triple::aarch64, "aarch64-linux-gnu", "arm64",
     "/lib/ld-linux-aarch64.so.1", "aarch64linux"},
    {Triple::riscv64, "riscv64-linux-gnu", "riscv64",
     "/lib/ld-linux-riscv64-lp64d.so.1", "elf64lriscv"},
};

namespace {

/// A platform, and where its libraries are on this machine.
class Libraries {
public:
  static Expected<Libraries> find(const bitnet::TargetSpec &target);

  /// Whether programs of the platform run here without an emulator.
  bool here() const {
    return Triple(LLVM_HOST_TRIPLE).getArch() == platform.arch;
  }

  /// The folders that may hold the C library, best first.
  SmallVector<std::string> folders() const;

  /// The path of a file that the C library's package installs.
  Expected<std::string> findStartFile(StringRef name) const;

  /// The newest folder of the compiler's library, which a static libc needs.
  Expected<std::string> findCompilerFolder() const;

  const Platform &platform;
  std::string sysroot;

private:
  Libraries(const Platform &platform, StringRef sysroot)
      : platform(platform), sysroot(sysroot) {}

  Error missing(StringRef file, StringRef package) const {
    std::string cross = here() ? "" : ("-" + platform.debian + "-cross").str();
    return createStringError("no " + file + " for " + platform.multiarch +
                             " (Debian package " + package + cross + ")");
  }
};

} // namespace

Expected<Libraries> Libraries::find(const bitnet::TargetSpec &target) {
  Triple triple(target.triple);
  for (const Platform &platform : kPlatforms)
    if (triple.isOSLinux() && platform.arch == triple.getArch())
      return Libraries(platform, target.sysroot);
  return createStringError("cannot link for target '" + target.triple +
                           "': only Linux on x86-64, aarch64 and riscv64");
}

SmallVector<std::string> Libraries::folders() const {
  SmallVector<std::string> folders;
  std::string name = platform.multiarch.str();
  for (const std::string &folder :
       {"/usr/lib/" + name, "/lib/" + name, "/usr/" + name + "/lib"})
    if (sys::fs::is_directory(sysroot + folder))
      folders.push_back(sysroot + folder);
  if (here() || !sysroot.empty())
    for (const char *folder : {"/usr/lib64", "/lib64", "/usr/lib", "/lib"})
      folders.push_back(sysroot + folder);
  return folders;
}

Expected<std::string> Libraries::findStartFile(StringRef name) const {
  for (const std::string &folder : folders()) {
    SmallString<128> path(folder);
    sys::path::append(path, name);
    if (sys::fs::exists(path))
      return path.str().str();
  }
  return missing(name, "libc6-dev");
}

Expected<std::string> Libraries::findCompilerFolder() const {
  std::string best;
  int newest = -1;
  for (const char *parent : {"/usr/lib/gcc-cross/", "/usr/lib/gcc/"}) {
    std::error_code code;
    for (sys::fs::directory_iterator
             it(sysroot + parent + platform.multiarch.str(), code),
         end;
         !code && it != end; it.increment(code)) {
      int version;
      if (!sys::path::filename(it->path()).getAsInteger(10, version) &&
          version > newest && sys::fs::exists(it->path() + "/libgcc.a"))
        newest = version, best = it->path();
    }
  }
  if (newest < 0)
    return missing("libgcc.a", "libgcc-12-dev");
  return best;
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
static Expected<std::string> findRuntime(const Libraries &libraries,
                                         StringRef name) {
  const Platform &platform = libraries.platform;
  SmallString<128> path(ownFolder());
  sys::path::append(path, "bitnet");
  if (!libraries.here())
    sys::path::append(path, platform.multiarch);
  sys::path::append(path, name);
  if (sys::fs::exists(path))
    return path.str().str();
  std::string reason = libraries.here()
                           ? ""
                           : ("; it is built where libstdc++-12-dev-" +
                              platform.debian + "-cross is, after tools/setup")
                                 .str();
  return createStringError("no runtime for " + platform.multiarch + ": " +
                           path + " is missing" + reason);
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
static std::vector<std::string> commonArguments(const Libraries &libraries,
                                                StringRef output) {
  std::vector<std::string> arguments = {"-m",
                                        libraries.platform.emulation.str(),
                                        "-o",
                                        output.str(),
                                        "--gc-sections",
                                        "--as-needed",
                                        "--build-id=fast",
                                        "--hash-style=gnu",
                                        "--eh-frame-hdr",
                                        "-z",
                                        "relro",
                                        "-z",
                                        "noexecstack",
                                        "--strip-all"};
  // The weights come later, in the place of the note that has the build id.
  arguments.push_back("--defsym=bitnet_weights=__ehdr_start+" +
                      std::to_string(bitnet::kWeightsAddress));
  if (!libraries.sysroot.empty())
    arguments.push_back("--sysroot=" + libraries.sysroot);
  for (const std::string &folder : libraries.folders())
    arguments.push_back("-L" + folder);
  return arguments;
}

/// How the program finds its C library: by the loader here; on another machine,
/// whose libc may be older or none, it has its own.
static Expected<std::vector<std::string>>
libcArguments(const Libraries &libraries) {
  if (libraries.here())
    return std::vector<std::string>{"-lc", "-lm"};
  Expected<std::string> folder = libraries.findCompilerFolder();
  if (!folder)
    return folder.takeError();
  return std::vector<std::string>{"-L" + *folder, "--start-group", "-lc",
                                  "-lm",          "-lgcc",         "-lgcc_eh",
                                  "--end-group"};
}

Error bitnet::linkDeviceObject(StringRef object, StringRef output) {
  return runLinker({"-m", "elf64_amdgpu", "-shared", "--build-id=none", "-o",
                    output.str(), object.str()});
}

Error bitnet::linkExecutable(ArrayRef<std::string> objects, StringRef output,
                             const TargetSpec &target) {
  Expected<Libraries> libraries = Libraries::find(target);
  if (!libraries)
    return libraries.takeError();
  Expected<std::string> runtime =
      findRuntime(*libraries, "bitnet-runtime-exe.o");
  if (!runtime)
    return runtime.takeError();

  std::vector<std::string> arguments = commonArguments(*libraries, output);
  if (libraries->here())
    arguments.insert(arguments.end(), {"-pie", "--dynamic-linker",
                                       libraries->platform.loader.str()});
  else
    arguments.push_back("-static");
  for (StringRef name :
       {libraries->here() ? "Scrt1.o" : "crt1.o", "crti.o", "", "crtn.o"}) {
    if (name.empty()) {
      llvm::append_range(arguments, objects);
      arguments.push_back(*runtime);
      Expected<std::vector<std::string>> libc = libcArguments(*libraries);
      if (!libc)
        return libc.takeError();
      llvm::append_range(arguments, *libc);
      continue;
    }
    Expected<std::string> path = libraries->findStartFile(name);
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

Error bitnet::linkSharedLibrary(ArrayRef<std::string> objects, StringRef output,
                                StringRef name, const TargetSpec &target) {
  Expected<Libraries> libraries = Libraries::find(target);
  if (!libraries)
    return libraries.takeError();
  Expected<std::string> runtime =
      findRuntime(*libraries, "bitnet-runtime-lib.o");
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

  std::vector<std::string> arguments = commonArguments(*libraries, output);
  arguments.insert(arguments.end(),
                   {"-shared", "-Bsymbolic", "-z", "defs", "-soname",
                    sys::path::filename(output).str(), "--version-script",
                    script.str().str()});
  llvm::append_range(arguments, objects);
  arguments.insert(arguments.end(), {*runtime, "-lc", "-lm"});
  for (StringRef function : bitnet::libraryFunctions())
    arguments.push_back(
        ("--defsym=" + prefix + "_" + function + "=bitnet_" + function).str());
  return runLinker(arguments);
}

// Finds the CPU to compile for, with all its features spelled out.
#include "bitnet/Target/TargetSpec.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/SubtargetFeature.h"
#include "llvm/TargetParser/Triple.h"

#if defined(__x86_64__) && defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

using namespace llvm;

static void initializeTargets() {
  static const bool once = [] {
    InitializeAllTargetInfos();
    InitializeAllTargets();
    InitializeAllTargetMCs();
    InitializeAllAsmPrinters();
    InitializeAllAsmParsers();
    return true;
  }();
  (void)once;
}

/// What an architecture runs at least, where LLVM's own idea is less.
static StringRef baseline(const Triple &triple) {
  if (triple.isRISCV64())
    return "+m,+a,+f,+d,+c";
  return "";
}

/// Whether the system lets programs use the matrix unit that the CPU may have.
static bool allowsAmx() {
#if defined(__x86_64__) && defined(__linux__)
  constexpr long kRequestPermission = 0x1023, kTileData = 18;
  return syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
#else
  return false;
#endif
}

/// What this machine has and has not.
static std::string hostFeatures() {
  SubtargetFeatures features;
  for (const auto &feature : sys::getHostCPUFeatures()) {
    bool isUsable = !feature.first().starts_with("amx-") || allowsAmx();
    features.AddFeature(feature.first(), feature.second && isUsable);
  }
  return features.getString();
}

/// Everything that a CPU has, with what it implies. (SubtargetFeatures would
/// write the names in lower case, and LLVM not know some of them again.)
static std::string allFeatures(const MCSubtargetInfo &info) {
  SmallVector<std::string> features;
  for (const SubtargetFeatureKV &feature : info.getAllProcessorFeatures())
    if (info.getFeatureBits().test(feature.Value))
      features.push_back("+" + std::string(feature.Key));
  return join(features, ",");
}

/// Adds the features of `names`, `+sve+i8mm`, to a list of LLVM's.
static Error addFeatures(const MCSubtargetInfo &info, StringRef names,
                         std::string &features) {
  SmallVector<StringRef> added;
  names.split(added, '+', /*MaxSplit=*/-1, /*KeepEmpty=*/false);
  for (StringRef name : added) {
    if (none_of(info.getAllProcessorFeatures(),
                [&](const SubtargetFeatureKV &f) { return name == f.Key; }))
      return createStringError("unknown feature '" + name + "' in --cpu");
    features += (features.empty() ? "+" : ",+") + name.str();
  }
  return Error::success();
}

static Error unknown(StringRef what, StringRef name) {
  return createStringError("unknown " + what + " '" + name + "'");
}

Expected<bitnet::TargetSpec> bitnet::TargetSpec::find(StringRef tripleName,
                                                      StringRef cpu) {
  initializeTargets();
  Triple host(sys::getDefaultTargetTriple());
  Triple triple = host;
  if (!tripleName.empty())
    triple = Triple(Triple::normalize(tripleName));
  std::string ignored;
  const Target *target = TargetRegistry::lookupTarget(triple, ignored);
  if (!target)
    return unknown("target", tripleName);

  StringRef added = cpu.drop_until([](char c) { return c == '+'; });
  cpu = cpu.drop_back(added.size());
  bool native = cpu.empty() || cpu == "native";
  bool here = triple.getArch() == host.getArch();
  if (cpu == "native" && !here)
    return createStringError("cpu 'native' is not one of target '" +
                             tripleName + "'");
  std::string features = baseline(triple).str();
  if (native && here)
    features = hostFeatures();
  if (native)
    cpu = here ? sys::getHostCPUName() : StringRef("generic");
  if (cpu == "generic" && triple.isRISCV64())
    cpu = "generic-rv64";

  std::unique_ptr<MCSubtargetInfo> info(
      target->createMCSubtargetInfo(triple, "", ""));
  if (!info || !info->isCPUStringValid(cpu))
    return unknown("cpu", cpu);
  if (Error error = addFeatures(*info, added, features))
    return error;
  info.reset(target->createMCSubtargetInfo(triple, cpu, features));
  return TargetSpec{triple.str(), cpu.str(), allFeatures(*info)};
}

bitnet::TargetSpec bitnet::TargetSpec::with(StringRef cpu,
                                            StringRef features) const {
  std::string error;
  const Target *target = TargetRegistry::lookupTarget(Triple(triple), error);
  assert(target && "a target that was found");
  std::unique_ptr<MCSubtargetInfo> info(
      target->createMCSubtargetInfo(Triple(triple), cpu, features));
  TargetSpec spec = *this;
  spec.cpu = cpu.str();
  spec.features = allFeatures(*info);
  return spec;
}

bool bitnet::TargetSpec::has(StringRef feature) const {
  return is_contained(split(features, ','), ("+" + feature).str());
}

std::unique_ptr<TargetMachine> bitnet::TargetSpec::createTargetMachine() const {
  initializeTargets();
  std::string error;
  Triple parsed(triple);
  const Target *target = TargetRegistry::lookupTarget(parsed, error);
  if (!target)
    return nullptr;
  return std::unique_ptr<TargetMachine>(target->createTargetMachine(
      parsed, cpu, features, TargetOptions(), Reloc::PIC_, std::nullopt,
      CodeGenOptLevel::Aggressive));
}

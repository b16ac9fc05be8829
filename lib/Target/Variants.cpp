// Finds the CPUs that a program with several variants is for.
#include "bitnet/Target/Variants.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/Triple.h"

using namespace llvm;

namespace {

/// What `all` means, and what every CPU of the architecture is.
struct Family {
  Triple::ArchType arch;
  StringRef least;
  StringRef all;
};

} // namespace

static constexpr Family kFamilies[] = {
    {Triple::x86_64, "x86-64",
     "x86-64,x86-64-v2,x86-64-v3,x86-64-v3+avxvnni,x86-64-v4,"
     "x86-64-v4+avx512vnni,x86-64-v4+avx512vnni+amx-int8"},
    {Triple::aarch64, "generic",
     "generic,generic+sve,generic+dotprod,generic+dotprod+i8mm"},
    {Triple::riscv64, "generic-rv64", "generic-rv64,generic-rv64+v"},
};

static constexpr StringRef kX86[] = {
#define X86_FEATURE(name, leaf, subleaf, register, bit, state) name,
#include "bitnet/Runtime/CPUFeatures.def"
};
static constexpr StringRef kAArch64[] = {
#define AARCH64_FEATURE(name, vector, bit) name,
#include "bitnet/Runtime/CPUFeatures.def"
};
static constexpr StringRef kRISCV[] = {
#define RISCV_FEATURE(name, source, bit) name,
#include "bitnet/Runtime/CPUFeatures.def"
};

/// What a program can look for at its start.
static ArrayRef<StringRef> checkableFeatures(Triple::ArchType arch) {
  if (arch == Triple::x86_64)
    return kX86;
  if (arch == Triple::aarch64)
    return kAArch64;
  return kRISCV;
}

/// The variant of a CPU. Features that nobody can look for are left out; so the
/// code never has an instruction that its CPU has not.
static bitnet::Variant restrict(StringRef name,
                                const bitnet::TargetSpec &target,
                                const bitnet::TargetSpec &least) {
  SmallVector<StringRef> needs;
  std::string features = least.features;
  for (StringRef feature : checkableFeatures(Triple(target.triple).getArch()))
    if (target.has(feature) && !least.has(feature)) {
      needs.push_back(feature);
      features += (",+" + feature).str();
    }
  bitnet::Variant variant = {name.str(), least.with(least.cpu, features),
                             join(needs, ",")};
  if (target.cpu != least.cpu)
    variant.target.tune = target.cpu;
  return variant;
}

bool bitnet::isListOfCPUs(StringRef cpus) {
  return cpus == "all" || cpus.contains(',');
}

Expected<std::vector<bitnet::Variant>> bitnet::findVariants(StringRef triple,
                                                            StringRef cpus) {
  Triple::ArchType arch =
      Triple(triple.empty() ? sys::getDefaultTargetTriple() : triple.str())
          .getArch();
  const Family *family =
      find_if(kFamilies, [&](const Family &f) { return f.arch == arch; });
  if (family == std::end(kFamilies))
    return createStringError("target '" + triple +
                             "' has no way to choose between CPUs");
  Expected<TargetSpec> least = TargetSpec::find(triple, family->least);
  if (!least)
    return least.takeError();

  SmallVector<StringRef> names = {family->least};
  (cpus == "all" ? family->all : cpus).split(names, ',');
  std::vector<Variant> variants;
  for (StringRef name : names) {
    if (any_of(variants, [&](const Variant &v) { return v.name == name; }))
      continue;
    Expected<TargetSpec> target = TargetSpec::find(triple, name);
    if (!target)
      return target.takeError();
    variants.push_back(restrict(name, *target, *least));
  }
  return variants;
}

// Chooses the code that fits this CPU.

#include "bitnet/Runtime/Variants.h"

#include <cstdlib>
#include <cstring>

using namespace bitnet::runtime;

/// None, unless the model brings some. Weak: the compiler's own one replaces
/// it.
__attribute__((weak)) extern const bitnet_variant bitnet_variants[] = {{}};

/// The first of the features, separated by commas, that is not there.
static Text missingFeature(const char *needs, FeatureTest has) {
  while (*needs) {
    Text name(needs, std::strcspn(needs, ","));
    if (!has(name.c_str()))
      return name;
    needs += name.size();
    needs += *needs == ',';
  }
  return Text();
}

static Text names(const bitnet_variant *variants) {
  Text text;
  for (; variants->name; ++variants) {
    if (text.size())
      text.append(", ");
    text.append(variants->name);
  }
  return text;
}

static Result<const bitnet_variant *> force(const bitnet_variant *variants,
                                            const char *name, FeatureTest has) {
  const bitnet_variant *variant = variants;
  while (variant->name && std::strcmp(variant->name, name))
    ++variant;
  if (!variant->name)
    return Status::error("BITNET_CPU is '%s', but the program is for %s", name,
                         names(variants).c_str());
  Text missing = missingFeature(variant->needs, has);
  if (missing.size())
    return Status::error("BITNET_CPU is '%s', but this CPU has no %s", name,
                         missing.c_str());
  return variant;
}

Result<const bitnet_variant *>
bitnet::runtime::chooseVariant(const bitnet_variant *variants,
                               const char *forced, FeatureTest has) {
  if (!variants->name)
    return nullptr;
  if (forced && *forced)
    return force(variants, forced, has);
  const bitnet_variant *best = variants; // needs nothing
  for (; variants->name; ++variants)
    if (!missingFeature(variants->needs, has).size())
      best = variants;
  return best;
}

static const bitnet_variant *running;

const bitnet_variant *bitnet::runtime::runningVariant() { return running; }

Result<const bitnet_variant *> bitnet::runtime::linkedVariant() {
  Result<const bitnet_variant *> variant =
      chooseVariant(bitnet_variants, std::getenv("BITNET_CPU"));
  if (!variant.failed())
    running = *variant;
  return variant;
}

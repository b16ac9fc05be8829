// A program may hold its model's code several times, each time for another CPU.
// One is chosen when the program starts.

#ifndef BITNET_RUNTIME_VARIANTS_H
#define BITNET_RUNTIME_VARIANTS_H

#include "bitnet/Runtime/CPUFeatures.h"
#include "bitnet/Runtime/Runtime.h"
#include "bitnet/Runtime/Status.h"

namespace bitnet::runtime {

/// Whether there is a feature, by its name.
using FeatureTest = bool (*)(const char *name);

/// The code to run: the last variant of `variants` (an array that ends with one
/// without a name) that this CPU can run, or the one with the name `forced`. An
/// empty array means that there is but one code, and null is returned.
Result<const bitnet_variant *> chooseVariant(const bitnet_variant *variants,
                                             const char *forced,
                                             FeatureTest has = hasFeature);

/// The choice among `bitnet_variants`, where BITNET_CPU is the name of one.
Result<const bitnet_variant *> linkedVariant();

/// What linkedVariant() chose at last; null if there are no variants.
const bitnet_variant *runningVariant();

} // namespace bitnet::runtime

#endif // BITNET_RUNTIME_VARIANTS_H

// Options of the commands that generate.

#ifndef BITNET_LIB_RUNTIME_GENERATIONOPTIONS_H
#define BITNET_LIB_RUNTIME_GENERATIONOPTIONS_H

#include "bitnet/Runtime/Commands.h"
#include "bitnet/Runtime/Sampler.h"

namespace bitnet::runtime {

struct GenerationOptions {
  int64_t count = 32;
  int64_t stopId = -1;
  const char *stopText = nullptr;
  int64_t maxContext = 0;
  bool isJSON = false;
  SamplingOptions sampling;
};

/// Reads the option at `index`, and its value, if it is one of these. False if
/// it isn't.
Result<bool> parseGenerationOption(Arguments arguments, int &index,
                                   GenerationOptions &options);

} // namespace bitnet::runtime

#endif // BITNET_LIB_RUNTIME_GENERATIONOPTIONS_H

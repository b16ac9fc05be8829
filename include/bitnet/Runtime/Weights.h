// The file of weights of a model that was compiled with --weights=file.
#ifndef BITNET_RUNTIME_WEIGHTS_H
#define BITNET_RUNTIME_WEIGHTS_H

#include "bitnet/Runtime/Status.h"

namespace bitnet::runtime {

/// Maps the file, unless that is done or the program has its weights in it.
/// Not for several threads at once.
Status mapWeights();

/// Gives the memory back, before a library is unloaded.
void unmapWeights();

/// The path of the file that this code was loaded from; empty if unknown.
Text pathOfThisFile();

} // namespace bitnet::runtime

#endif // BITNET_RUNTIME_WEIGHTS_H

// The passes of lib/Transforms, see Passes.td.
#ifndef BITNET_TRANSFORMS_PASSES_H
#define BITNET_TRANSFORMS_PASSES_H

#include "mlir/Pass/Pass.h"

namespace bitnet {

#define GEN_PASS_DECL
#include "bitnet/Transforms/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "bitnet/Transforms/Passes.h.inc"

} // namespace bitnet

#endif // BITNET_TRANSFORMS_PASSES_H

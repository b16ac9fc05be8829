// The passes of lib/Conversion, see Passes.td.
#ifndef BITNET_CONVERSION_PASSES_H
#define BITNET_CONVERSION_PASSES_H

#include "mlir/Pass/Pass.h"

namespace bitnet {

#define GEN_PASS_DECL
#include "bitnet/Conversion/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "bitnet/Conversion/Passes.h.inc"

} // namespace bitnet

#endif // BITNET_CONVERSION_PASSES_H

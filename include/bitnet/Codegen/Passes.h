// The passes of lib/Codegen, see Passes.td.
#ifndef BITNET_CODEGEN_PASSES_H
#define BITNET_CODEGEN_PASSES_H

#include "mlir/Pass/Pass.h"

namespace bitnet {

#define GEN_PASS_DECL
#include "bitnet/Codegen/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "bitnet/Codegen/Passes.h.inc"

} // namespace bitnet

#endif // BITNET_CODEGEN_PASSES_H

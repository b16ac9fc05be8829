// What passes write down about a model, for other passes and the entry point.
#ifndef DIALECTS_BITNET_MODELATTRS_H
#define DIALECTS_BITNET_MODELATTRS_H

#include "llvm/ADT/StringRef.h"

namespace bitnet {

/// On an argument or a result of `@main`: what a language model uses it for, as
/// lib/Runtime/README.md lists it; on the arguments behind the inputs,
/// "logit-count" and "length".
inline constexpr llvm::StringLiteral kRoleAttr = "bitnet.role";

/// On a module: the most positions that the language model can read.
inline constexpr llvm::StringLiteral kContextAttr = "bitnet.model.context";

} // namespace bitnet

#endif // DIALECTS_BITNET_MODELATTRS_H

// The C header that is written beside a shared library.
#ifndef BITNET_TARGET_LIBRARYHEADER_H
#define BITNET_TARGET_LIBRARYHEADER_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

#include <string>

namespace bitnet {

/// A C identifier made of a model's name.
std::string identifierOf(llvm::StringRef name);

/// The functions of bitnet/Runtime/Library.h, without `bitnet_` in front.
llvm::ArrayRef<llvm::StringRef> libraryFunctions();

/// A self-contained header that declares `name`_run and its companions, with
/// the model's signature as its comment.
std::string libraryHeader(llvm::StringRef name, llvm::StringRef signature);

} // namespace bitnet

#endif // BITNET_TARGET_LIBRARYHEADER_H

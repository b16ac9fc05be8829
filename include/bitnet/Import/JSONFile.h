// Reads files that others wrote as JSON.
#ifndef BITNET_IMPORT_JSONFILE_H
#define BITNET_IMPORT_JSONFILE_H

#include "llvm/Support/JSON.h"

namespace bitnet {

/// What a file says, or why that cannot be told. Any bytes may be in it.
llvm::Expected<llvm::json::Value> readJSON(llvm::StringRef path);

} // namespace bitnet

#endif // BITNET_IMPORT_JSONFILE_H

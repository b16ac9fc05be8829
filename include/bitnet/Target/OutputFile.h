// Files that appear whole or not at all.
#ifndef BITNET_TARGET_OUTPUTFILE_H
#define BITNET_TARGET_OUTPUTFILE_H

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/FileSystem.h"

namespace llvm {
class raw_pwrite_stream;
} // namespace llvm

namespace bitnet {

/// Lets `write` fill a temporary file beside `path`, and gives it that name if
/// `write` returns true. False is an error that `write` has reported. `-` is
/// the standard output. `permissions` are those of a new file, less the umask.
llvm::Expected<bool> writeFile(
    llvm::StringRef path,
    llvm::function_ref<bool(llvm::raw_pwrite_stream &)> write,
    unsigned permissions = llvm::sys::fs::all_read | llvm::sys::fs::all_write);

} // namespace bitnet

#endif // BITNET_TARGET_OUTPUTFILE_H

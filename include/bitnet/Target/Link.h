// Executables and shared libraries from an object file, by lld in this process.
#ifndef BITNET_TARGET_LINK_H
#define BITNET_TARGET_LINK_H

#include "bitnet/Target/TargetSpec.h"

#include "llvm/ADT/ArrayRef.h"

namespace bitnet {

/// Links a model's objects with the runtime to a program. It needs the target's
/// libc and nothing else; one for another architecture than ours has it within,
/// and runs on any Linux there. Nothing is written if it fails.
llvm::Error linkExecutable(llvm::ArrayRef<std::string> objects,
                           llvm::StringRef output, const TargetSpec &target);

/// The same as a shared library. It exports the functions of
/// `bitnet/Runtime/Library.h`, with `bitnet` and with `name` in front.
llvm::Error linkSharedLibrary(llvm::ArrayRef<std::string> objects,
                              llvm::StringRef output, llvm::StringRef name,
                              const TargetSpec &target);

/// Makes what AMD's drivers load of an object for a GPU of theirs.
llvm::Error linkDeviceObject(llvm::StringRef object, llvm::StringRef output);

} // namespace bitnet

#endif // BITNET_TARGET_LINK_H

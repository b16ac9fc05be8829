// Libraries of drivers, which may be missing.

#ifndef BITNET_LIB_RUNTIME_SHAREDOBJECT_H
#define BITNET_LIB_RUNTIME_SHAREDOBJECT_H

#include "bitnet/Runtime/Status.h"

namespace bitnet::runtime {

/// Opens the library of a kind of device.
Result<void *> openSharedObject(const char *kind, const char *name);

/// Null if it has no such symbol.
void *findSymbol(void *library, const char *name);

void closeSharedObject(void *library);

} // namespace bitnet::runtime

#endif // BITNET_LIB_RUNTIME_SHAREDOBJECT_H

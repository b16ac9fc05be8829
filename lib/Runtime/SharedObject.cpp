// Not from a program that has its libc within: a library would bring another.

#include "SharedObject.h"

#include <dlfcn.h>
#include <sys/auxv.h>

using namespace bitnet::runtime;

Result<void *> bitnet::runtime::openSharedObject(const char *kind,
                                                 const char *name) {
  if (!getauxval(AT_BASE)) // where the dynamic linker is
    return Status::error("a static program opens no driver for %s", kind);
  if (void *library = dlopen(name, RTLD_NOW | RTLD_LOCAL))
    return library;
  return Status::error("no driver for %s: %s", kind, dlerror());
}

void *bitnet::runtime::findSymbol(void *library, const char *name) {
  return dlsym(library, name);
}

void bitnet::runtime::closeSharedObject(void *library) { dlclose(library); }

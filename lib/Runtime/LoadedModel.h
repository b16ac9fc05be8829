// The model of a shared library, for the functions of its interface.
#ifndef BITNET_LIB_RUNTIME_LOADEDMODEL_H
#define BITNET_LIB_RUNTIME_LOADEDMODEL_H

#include "bitnet/Runtime/Model.h"

namespace bitnet::runtime {

/// Keeps the model from being unloaded while someone uses it.
class ModelUser {
public:
  ModelUser();
  ~ModelUser();
  ModelUser(const ModelUser &) = delete;
  ModelUser &operator=(const ModelUser &) = delete;

  /// Parsed at the first call. It lives as long as any user does.
  Result<const Model *> model() const;
};

} // namespace bitnet::runtime

#endif // BITNET_LIB_RUNTIME_LOADEDMODEL_H

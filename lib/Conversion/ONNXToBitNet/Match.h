// What a matcher found, or the first thing that was different.
//
// A refusal is data: it becomes the reason of notifyMatchFailure, and the
// remark that tells a user why a layer stays a float layer.
#ifndef BITNET_LIB_CONVERSION_ONNXTOBITNET_MATCH_H
#define BITNET_LIB_CONVERSION_ONNXTOBITNET_MATCH_H

#include "llvm/ADT/Twine.h"

#include <optional>
#include <string>

namespace bitnet {

/// The first thing that was different.
struct Miss {
  std::string reason;
};

inline Miss miss(const llvm::Twine &reason) { return {reason.str()}; }

template <typename T> class Match {
public:
  Match(T found) : found(std::move(found)) {}
  Match(Miss miss) : missed(std::move(miss)) {}

  explicit operator bool() const { return found.has_value(); }
  T &operator*() { return *found; }
  T *operator->() { return &*found; }

  /// Why there is nothing: to be handed on by the matcher that asked.
  const Miss &miss() const { return missed; }

private:
  std::optional<T> found;
  Miss missed;
};

} // namespace bitnet

#endif // BITNET_LIB_CONVERSION_ONNXTOBITNET_MATCH_H

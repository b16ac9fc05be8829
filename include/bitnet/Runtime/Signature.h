// The signature of a compiled model: names, types, roles and dimensions.

#ifndef BITNET_RUNTIME_SIGNATURE_H
#define BITNET_RUNTIME_SIGNATURE_H

#include "bitnet/Runtime/Tensor.h"

namespace bitnet::runtime {

/// What an input or output is for, as far as the compiler knows.
enum class Role {
  None,
  Ids,
  Mask,
  Positions,
  Types,
  Past,  // keys or values of the past, copied to their next value
  Cache, // the same, [batch, heads, positions, channels], appended to in place
  Logits,
  Present
};

/// True for what a decoder carries from step to step.
inline bool isPast(Role role) {
  return role == Role::Past || role == Role::Cache;
}

struct Dimension {
  /// An expression is arithmetic on symbols that inputs have as dimensions.
  enum Kind { Fixed, Symbol, Expression, Unnamed };

  Kind kind = Unnamed;
  int64_t size = 0; // of a fixed one
  Text text;
};

/// An input or an output.
struct Port {
  Text name;
  bitnet_type type = BITNET_F32;
  Role role = Role::None;
  size_t pastInput = 0; // of role Present: the input whose next value this is
  Array<Dimension> dims;

  /// "[batch, 2, past + sequence, 64]"
  Text shapeText() const;
};

struct Signature {
  Text model;
  int64_t context = 0; ///< the most positions of a language model; 0: unknown
  bool countsLogits = false; ///< the model is told how many are wanted
  Array<Port> inputs;
  Array<Port> outputs;

  /// Null if there is none.
  const Port *findInput(const char *name) const;
  const Port *findInput(Role role) const;
  const Port *findOutput(Role role) const;

  /// "'input_ids', 'attention_mask'"
  Text inputNames() const;
};

/// Reads the text of `bitnet_signature`. Strict: what the runtime doesn't know
/// it refuses, since the rest would then be guesswork.
Result<Signature> parseSignature(const char *text);

} // namespace bitnet::runtime

#endif // BITNET_RUNTIME_SIGNATURE_H

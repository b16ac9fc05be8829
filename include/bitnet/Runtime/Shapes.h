// Sizes of symbolic dimensions, and checking tensors against them.

#ifndef BITNET_RUNTIME_SHAPES_H
#define BITNET_RUNTIME_SHAPES_H

#include "bitnet/Runtime/Signature.h"

#include <optional>

namespace bitnet::runtime {

/// The sizes of symbols, and which input gave each.
class Symbols {
public:
  std::optional<int64_t> find(const char *name) const;

  /// Binds `name` or checks that it has this size already.
  Status bind(const char *name, int64_t size, const char *input);

  /// The size of a dimension, if its symbols are known.
  std::optional<int64_t> sizeOf(const Dimension &dim) const;

private:
  struct Binding {
    const char *name; // of a signature, which outlives this
    int64_t size;
    const char *input;
  };
  Array<Binding> bindings;
};

using SymbolLookup = std::optional<int64_t> (*)(const void *context,
                                                const char *name);

/// The value of `text`: sums, differences, products and floor divisions of
/// numbers and symbols. Nothing if it is no such expression, a symbol is not
/// known, or the value overflows.
std::optional<int64_t> evaluate(const char *text, SymbolLookup lookup,
                                const void *context);

/// Checks rank and fixed dimensions of an input and binds its symbols.
Status bindShape(const Port &input, const Shape &shape, Symbols &symbols);

/// Checks those dimensions of an input that are expressions, once all symbols
/// are bound.
Status checkExpressions(const Port &input, const Shape &shape,
                        const Symbols &symbols);

} // namespace bitnet::runtime

#endif // BITNET_RUNTIME_SHAPES_H

// The part of Python's literals that headers of NumPy files are written in.

#ifndef BITNET_RUNTIME_PYTHONLITERAL_H
#define BITNET_RUNTIME_PYTHONLITERAL_H

#include "bitnet/Runtime/Status.h"

#include <cstdint>

namespace bitnet::runtime {

/// A string, an integer, True or False, None, a tuple or list, or a dictionary
/// (`items` holds keys and values in turn).
struct PythonLiteral {
  enum Kind { String, Integer, Bool, None, Tuple, List, Dict };

  Kind kind = None;
  Text string;
  int64_t integer = 0; // also of a bool
  Array<PythonLiteral> items;

  /// The value of a key of a dictionary; null if there is none.
  const PythonLiteral *find(const char *key) const;
};

/// Reads one literal with nothing but white space around it.
Result<PythonLiteral> parsePythonLiteral(const char *text, size_t size);

} // namespace bitnet::runtime

#endif // BITNET_RUNTIME_PYTHONLITERAL_H

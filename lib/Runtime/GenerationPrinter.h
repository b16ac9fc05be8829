// Shows ids as they are drawn.

#ifndef BITNET_LIB_RUNTIME_GENERATIONPRINTER_H
#define BITNET_LIB_RUNTIME_GENERATIONPRINTER_H

#include "bitnet/Runtime/Tokenizer.h"

#include <optional>

namespace bitnet::runtime {

/// Prints ids, or their text in whole characters, until a stop text comes. What
/// may be the beginning of the stop text is held back.
class GenerationPrinter {
public:
  /// Without a tokenizer ids are shown. `stop` may be null.
  GenerationPrinter(const Tokenizer *tokenizer, const char *stop,
                    bool isSilent);

  /// False if the stop text is complete now.
  bool push(int64_t id);

  /// Shows what is left, and ends the line.
  void finish();

  /// All text up to the stop text.
  const Text &text() const { return shown; }

private:
  bool append(const Text &part);
  void print(const char *text, size_t size);

  std::optional<TextStream> stream;
  const char *stop;
  bool isSilent;
  size_t count = 0;
  Text held, shown;
};

} // namespace bitnet::runtime

#endif // BITNET_LIB_RUNTIME_GENERATIONPRINTER_H

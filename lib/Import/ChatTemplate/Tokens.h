// The words of a Jinja template.
#ifndef BITNET_IMPORT_CHATTEMPLATE_TOKENS_H
#define BITNET_IMPORT_CHATTEMPLATE_TOKENS_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <string>
#include <vector>

namespace bitnet::chat {

struct Token {
  enum Kind {
    Data,       ///< text that is printed as it is
    BlockBegin, ///< {%
    BlockEnd,
    PrintBegin, ///< {{
    PrintEnd,
    Name,
    String, ///< `text` is without quotes and escapes
    Integer,
    Operator,
    End
  };

  Kind kind;
  std::string text;
  size_t line;

  bool is(Kind kind, llvm::StringRef text) const {
    return this->kind == kind && this->text == text;
  }
};

/// Cuts a template into its words, of which the last one is End. White space
/// around blocks goes as with Jinja's `trim_blocks` and `lstrip_blocks`, which
/// transformers sets.
llvm::Expected<std::vector<Token>> tokenize(llvm::StringRef source);

/// The value of a string literal, given without its quotes.
llvm::Expected<std::string> unescape(llvm::StringRef literal, size_t line);

/// An error at a line.
llvm::Error failAt(size_t line, const llvm::Twine &message);

/// Without the space that Python's str.rstrip removes.
llvm::StringRef stripRight(llvm::StringRef text);

} // namespace bitnet::chat

#endif // BITNET_IMPORT_CHATTEMPLATE_TOKENS_H

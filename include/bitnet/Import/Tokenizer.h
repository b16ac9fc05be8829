// Reads a tokenizer.json, as Hugging Face's tokenizers write it.
#ifndef BITNET_IMPORT_TOKENIZER_H
#define BITNET_IMPORT_TOKENIZER_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <string>

namespace bitnet {

/// A tokenizer as the runtime reads it; see lib/Runtime/README.md.
struct TokenizerTable {
  std::string bytes;
  int64_t size = 0; ///< one more than the largest id
};

/// Checks the file and compiles it. What the runtime could not do exactly as
/// Hugging Face's tokenizers do it is an error that names it.
llvm::Expected<TokenizerTable> readTokenizer(llvm::StringRef path);

} // namespace bitnet

#endif // BITNET_IMPORT_TOKENIZER_H

// A tokenizer.json that was read, before it is written as a table.
#ifndef BITNET_IMPORT_TOKENIZER_DESCRIPTION_H
#define BITNET_IMPORT_TOKENIZER_DESCRIPTION_H

#include "Fields.h"
#include "bitnet/Runtime/TokenizerTable.h"

#include "llvm/ADT/StringMap.h"

#include <vector>

namespace bitnet::tokenizer {

namespace table = bitnet::runtime;

struct Token {
  uint32_t flags = 0; ///< of a TableToken
  std::string text;
  std::string shown; ///< what decoders are given, then what they make of it
};

struct AddedToken {
  uint32_t id = 0;
  uint32_t flags = 0; ///< of a TableAddedToken
  bool isSpecial = false;
  std::string content;
  std::string pattern; ///< the content, normalized if it is to be

  bool operator==(const AddedToken &other) const {
    return flags == other.flags && isSpecial == other.isSpecial &&
           content == other.content;
  }
};

struct Step {
  table::StepKind kind;
  std::string first = {}, second = {};
  uint32_t flags = 0;
  table::SplitBehavior behavior = table::SplitBehavior::Removed;
};

struct Description {
  uint32_t flags = 0; ///< of the header
  uint32_t unknown = table::kNone;
  uint32_t begin = table::kNone, end = table::kNone;
  table::DecoderKind decoder = table::DecoderKind::Joined;
  uint32_t character = 0, count = 0;
  std::vector<Token> tokens;     ///< by id
  llvm::StringMap<uint32_t> ids; ///< of the model; not of added tokens
  std::vector<table::TableMerge> merges;
  std::vector<AddedToken> added;
  std::vector<Step> normalizer, preTokenizer;
  std::vector<uint32_t> before, after;

  /// Makes room for an id; an error if it is too large to be meant.
  llvm::Error reserve(uint32_t id, llvm::StringRef text);
};

// What reads which part of the file. Each needs what stands above it.
llvm::Error readNormalizer(const Fields &file, Description &description);
llvm::Error readModel(const Fields &file, Description &description);
llvm::Error readAddedTokens(const Fields &file, Description &description);
llvm::Error readPreTokenizer(const Fields &file, Description &description);
llvm::Error readPostProcessor(const Fields &file, Description &description);
llvm::Error readDecoder(const Fields &file, Description &description);

/// What the normalizer makes of a text.
std::string normalize(llvm::StringRef text, const std::vector<Step> &steps);

/// `from` replaced by `to`, everywhere.
std::string replaceAll(llvm::StringRef text, llvm::StringRef from,
                       llvm::StringRef to);

/// A regular expression of Oniguruma's syntax in that of PCRE2.
llvm::Expected<std::string> translatePattern(llvm::StringRef pattern);

/// The bytes of the table.
std::string writeTable(const Description &description);

} // namespace bitnet::tokenizer

#endif // BITNET_IMPORT_TOKENIZER_DESCRIPTION_H

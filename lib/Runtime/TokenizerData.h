// What a tokenizer is inside.

#ifndef BITNET_RUNTIME_TOKENIZERDATA_H
#define BITNET_RUNTIME_TOKENIZERDATA_H

#include "AddedTokens.h"

namespace bitnet::runtime {

struct TokenizerData {
  TokenTable table;
  AddedTokens plain, normalized; ///< looked for before and after normalization
  Array<Pattern> patterns;       ///< by pre-tokenizer; of Split only
  Pattern word;                  ///< a character of words
};

} // namespace bitnet::runtime

#endif // BITNET_RUNTIME_TOKENIZERDATA_H

// What a tokenizer.json is compiled to. The compiler writes it, the runtime
// reads it; README.md in lib/Runtime describes it. All numbers are
// little-endian.

#ifndef BITNET_RUNTIME_TOKENIZERTABLE_H
#define BITNET_RUNTIME_TOKENIZERTABLE_H

#include <cstddef>
#include <cstdint>

namespace bitnet::runtime {

constexpr char kTokenizerMagic[8] = {'b', 'i', 't', 'n', 'e', 't', 'T', 'K'};
constexpr uint32_t kTokenizerVersion = 1;

/// Where an id or a pattern should be and is none.
constexpr uint32_t kNone = UINT32_MAX;

/// A part of the table: `count` elements from byte `offset`.
struct TableSection {
  uint32_t offset = 0, count = 0;
};

/// A part of the strings' section.
struct TableString {
  uint32_t offset = 0, size = 0;
};

/// How tokens become text again.
enum class DecoderKind : uint32_t {
  Joined,    ///< with a space between each two
  Bytes,     ///< one after the other; what is no UTF-8 becomes U+FFFD
  Pieces,    ///< the same; runs of byte tokens are UTF-8 as a whole, or none
  Metaspace, ///< `character` is a space, and nothing in the first token
};

struct TokenizerHeader {
  enum Flags : uint32_t {
    IgnoreMerges = 1, ///< a piece that is a token needs no merging
    ByteFallback = 2, ///< unknown characters become the tokens <0x00> to <0xFF>
    FuseUnknown = 4,  ///< a run of unknown characters is one
  };

  char magic[8];
  uint32_t version;
  uint32_t size; ///< of the whole table, in bytes
  uint32_t flags;
  uint32_t unknown; ///< the token for characters that are none; or kNone
  uint32_t begin;   ///< the token that begins a text; or kNone
  uint32_t end;     ///< the token that ends a text; or kNone
  DecoderKind decoder;
  uint32_t character;   ///< Pieces: what is stripped at the start of a text;
                        ///< Metaspace: what stands for a space
  uint32_t count;       ///< Pieces: how many are stripped; Metaspace: 1 if the
                        ///< first token loses its spaces
  TableSection strings; ///< bytes
  TableSection tokens;  ///< TableToken, by id
  TableSection tokenSlots;               ///< a hash table: token + 1, or 0
  TableSection merges;                   ///< TableMerge, by rank
  TableSection mergeSlots;               ///< a hash table: rank + 1, or 0
  TableSection added;                    ///< TableAddedToken
  TableSection normalizer, preTokenizer; ///< TableStep
  TableSection before, after;            ///< ids to put around a text
};

struct TableToken {
  enum Flags : uint32_t {
    Exists = 1, ///< else nothing has this id
    Hidden = 2, ///< special: not shown when decoding
    IsByte = 4, ///< `shown` is a byte of a character
  };

  uint32_t flags = 0;
  TableString text;
  TableString shown; ///< what the decoder makes of it
};

struct TableMerge {
  uint32_t left, right, result;
};

struct TableAddedToken {
  enum Flags : uint32_t {
    StripsLeft = 1,
    StripsRight = 2,
    SingleWord = 4,
    Normalized = 8, ///< is looked for in normalized text
  };

  uint32_t id;
  uint32_t flags;
  TableString pattern;
};

enum class StepKind : uint32_t {
  Prepend,  ///< `first`, to what is not empty
  Replace,  ///< `first` by `second`
  Lead,     ///< make it start with `first`
  Split,    ///< at `first`
  MapBytes, ///< each byte becomes a visible character, as in GPT-2
};

/// What happens to the matches of a Split.
enum class SplitBehavior : uint32_t {
  Removed,
  Isolated,
  MergedWithPrevious,
  MergedWithNext,
  Contiguous,
};

struct TableStep {
  enum Flags : uint32_t {
    OnlyAtStart = 1, ///< Lead: only what begins the text
    IsRegex = 2,     ///< Split: `first` is a regular expression of PCRE2
    IsInverted = 4,  ///< Split: what does not match is a match
  };

  StepKind kind;
  uint32_t flags = 0;
  SplitBehavior behavior = SplitBehavior::Removed;
  TableString first, second;
};

/// Where to look for a token first in its hash table, whose size is a power of
/// two; the next ones are behind it.
inline uint32_t hashToken(const char *text, size_t size) {
  uint32_t hash = 2166136261u;
  for (size_t i = 0; i < size; ++i)
    hash = (hash ^ static_cast<unsigned char>(text[i])) * 16777619u;
  return hash ^ hash >> 15;
}

/// The same for a pair of ids that a merge joins.
inline uint32_t hashMerge(uint32_t left, uint32_t right) {
  uint32_t hash = (left * 0x9e3779b1u ^ right) * 0x85ebca6bu;
  return hash ^ hash >> 15;
}

/// The visible character of a byte, below U+0200: itself if it is one.
inline uint32_t visibleByte(uint32_t byte) {
  if (byte <= 0x20)
    return 0x100 + byte;
  if (byte >= 0x7f && byte <= 0xa0)
    return 0x100 + 33 + (byte - 0x7f);
  return byte == 0xad ? 0x143 : byte;
}

} // namespace bitnet::runtime

#endif // BITNET_RUNTIME_TOKENIZERTABLE_H

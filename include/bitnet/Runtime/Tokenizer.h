// From text to ids and back, as Hugging Face's tokenizers do it.

#ifndef BITNET_RUNTIME_TOKENIZER_H
#define BITNET_RUNTIME_TOKENIZER_H

#include "bitnet/Runtime/ChatText.h"
#include "bitnet/Runtime/Status.h"

#include <cstdint>
#include <optional>

namespace bitnet::runtime {

/// A tokenizer's table that was checked, and what encoding with it needs.
struct TokenizerData;
class Draft;

/// May be used by several threads at once.
class Tokenizer {
public:
  Tokenizer() = default;
  Tokenizer(Tokenizer &&other) noexcept { std::swap(data, other.data); }
  Tokenizer &operator=(Tokenizer &&other) noexcept {
    std::swap(data, other.data);
    return *this;
  }
  ~Tokenizer();

  /// Checks the table, which must outlive the tokenizer.
  static Result<Tokenizer> create(const void *table, size_t size);

  /// The ids of a text; what is no UTF-8 in it counts as U+FFFD. With
  /// `addSpecial`, also those that begin and end a text.
  Result<Array<int64_t>> encode(const char *text, size_t size,
                                bool addSpecial) const;

  /// The ids of what a chat template made. Quoted text gives no special tokens,
  /// as with `split_special_tokens` of transformers.
  Result<Array<int64_t>> encode(const ChatText &text, bool addSpecial) const;

  /// One more than the largest id.
  int64_t size() const;

  /// True for the ids that are tokens: there may be gaps.
  bool has(int64_t id) const;

  /// The id of a token, such as "<|eot_id|>".
  std::optional<int64_t> find(const char *text) const;

  /// The token that begins a text, and the one that ends it.
  std::optional<int64_t> bos() const;
  std::optional<int64_t> eos() const;

private:
  friend class TextStream;
  Result<Array<int64_t>> encode(Draft &draft, bool addSpecial) const;

  TokenizerData *data = nullptr;
};

/// Ids that become text one after the other. What comes out is always whole
/// characters, and all together what Hugging Face's tokenizers make of all ids.
class TextStream {
public:
  /// `tokenizer` must outlive the stream. Special tokens are shown on request.
  explicit TextStream(const Tokenizer &tokenizer, bool showSpecial = false);

  /// What can be shown after this id; an id that is no token adds nothing.
  Text push(int64_t id);

  /// The rest; begins anew.
  Text finish();

private:
  void showRun(Array<char> &text);
  Text strip(const Array<char> &text);

  const TokenizerData *data;
  bool showSpecial;
  bool isFirst = true;
  size_t toStrip;
  Array<char> pending; ///< the start of a character, or a run of byte tokens
};

/// The one this program or library was linked with.
Result<const Tokenizer *> linkedTokenizer();

} // namespace bitnet::runtime

#endif // BITNET_RUNTIME_TOKENIZER_H

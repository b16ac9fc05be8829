// A text on its way to tokens: cut into pieces and rewritten.

#ifndef BITNET_RUNTIME_DRAFT_H
#define BITNET_RUNTIME_DRAFT_H

#include "AddedTokens.h"
#include "bitnet/Runtime/ChatText.h"

namespace bitnet::runtime {

class Draft {
public:
  /// A part of the text; one with an id is done.
  struct Piece {
    size_t begin, end;
    uint32_t id = kNone;
    bool isFirst = false; ///< begins where the text began
  };

  /// A part that does or doesn't match the pattern of a Split.
  struct Range {
    size_t begin, end;
    bool isMatch;
  };

  /// Takes any bytes.
  Draft(const TokenTable &table, const char *text, size_t size);

  /// Says which bytes are quoted: there are no special tokens in them. `text`
  /// is that of the draft, in clean UTF-8.
  void quote(const ChatText &text);

  /// Cuts added tokens out. `word` matches a character of words.
  Status cutAdded(const AddedTokens &tokens, const Pattern &word);

  /// Does what a step of the table says; `pattern` is that of a Split.
  Status apply(const TableStep &step, const Pattern &pattern);

  const Array<Piece> &pieces() const { return parts; }
  const char *text() const { return bytes.data(); }

private:
  void rewrite(const TableStep &step);
  void rewritePiece(const TableStep &step, const Piece &piece,
                    Array<char> &result, Array<bool> &newQuotes) const;
  void mark(const Array<char> &text, Array<bool> &marks, bool isQuoted) const;
  size_t openSize(size_t begin, size_t end) const;
  bool isQuoted(size_t place) const { return !quotes.empty() && quotes[place]; }
  bool startsWith(const Piece &piece, TableString text) const;
  Status split(const TableStep &step, const Pattern &pattern);
  void findPlain(TableString text, const Piece &piece, Array<Range> &ranges);
  Status findMatches(Matcher &matcher, const char *subject, const Piece &piece,
                     Array<Range> &ranges);
  void addPieces(const Piece &whole, Array<Range> &ranges,
                 SplitBehavior behavior, Array<Piece> &pieces);
  Status cutPiece(const AddedTokens &tokens, Matcher &word, const Piece &piece,
                  Array<Piece> &pieces);
  Result<bool> isSingleWord(Matcher &word, const Piece &piece, size_t begin,
                            size_t end);

  const TokenTable &table;
  Array<char> bytes;  ///< clean UTF-8
  Array<bool> quotes; ///< of each byte; empty: none is quoted
  Array<Piece> parts;
};

} // namespace bitnet::runtime

#endif // BITNET_RUNTIME_DRAFT_H

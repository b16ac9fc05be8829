// Cuts added tokens out of the pieces of a draft.

#include "Draft.h"

#include "NewerCharacters.h"
#include "UTF8.h"

using namespace bitnet::runtime;

/// True unless a character of words is beside.
Result<bool> Draft::isSingleWord(Matcher &word, const Piece &piece,
                                 size_t begin, size_t end) {
  size_t before = begin;
  while (before > piece.begin && (bytes[--before] & 0xc0) == 0x80)
    continue;
  size_t sizes[] = {begin - before,
                    end < piece.end ? characterSize(bytes[end]) : 0};
  size_t places[] = {before, end};
  for (int side = 0; side < 2; ++side) {
    if (!sizes[side])
      continue;
    Array<char> character, copy;
    appendBytes(character, bytes.data() + places[side], sizes[side]);
    word.start(withOlderCharacters(character, copy), sizes[side]);
    Result<bool> isWord = word.next();
    if (isWord.failed() || *isWord)
      return isWord.failed() ? std::move(isWord) : false;
  }
  return true;
}

Status Draft::cutPiece(const AddedTokens &tokens, Matcher &word,
                       const Piece &piece, Array<Piece> &pieces) {
  size_t last = piece.begin; // what is before it is in pieces
  size_t open = piece.begin; // what is from here to there is not quoted
  for (size_t i = piece.begin; i < piece.end;) {
    if (open <= i)
      open = i + openSize(i, piece.end);
    uint32_t token =
        tokens.longestAt(bytes.data() + i, piece.end - i, open - i);
    if (token == kNone) {
      ++i;
      continue;
    }
    const TableAddedToken &added = table.added[token];
    size_t begin = i, end = i + added.pattern.size;
    i = end;
    if (added.flags & TableAddedToken::SingleWord) {
      Result<bool> isSingle = isSingleWord(word, piece, begin, end);
      if (isSingle.failed())
        return isSingle.takeError();
      if (!*isSingle)
        continue;
    }
    while (added.flags & TableAddedToken::StripsLeft && begin > last) {
      size_t before = begin;
      while (before > last && (bytes[--before] & 0xc0) == 0x80)
        continue;
      if (!isSpace(characterAt(bytes.data() + before)))
        break;
      begin = before;
    }
    while (added.flags & TableAddedToken::StripsRight && end < piece.end &&
           isSpace(characterAt(bytes.data() + end)))
      end += characterSize(bytes[end]);
    if (last < begin)
      pieces.push({last, begin, kNone, piece.isFirst && last == piece.begin});
    pieces.push({begin, end, added.id, false});
    last = end;
  }
  if (last != piece.end)
    pieces.push({last, piece.end, kNone, piece.isFirst && last == piece.begin});
  return Status::success();
}

Status Draft::cutAdded(const AddedTokens &tokens, const Pattern &word) {
  if (tokens.empty())
    return Status::success();
  Matcher matcher(word);
  Array<Piece> pieces;
  for (const Piece &piece : parts) {
    if (piece.id != kNone) {
      pieces.push(piece);
      continue;
    }
    if (Status status = cutPiece(tokens, matcher, piece, pieces);
        status.failed())
      return status;
  }
  parts = std::move(pieces);
  return Status::success();
}

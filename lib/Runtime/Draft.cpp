// A draft is a text and its pieces; here they are rewritten.

#include "Draft.h"

#include "UTF8.h"

#include <cstring>

using namespace bitnet::runtime;

Draft::Draft(const TokenTable &table, const char *text, size_t size)
    : table(table) {
  appendClean(bytes, text, size);
  if (!bytes.empty())
    parts.push({0, bytes.size(), kNone, true});
}

void Draft::quote(const ChatText &text) {
  for (size_t i = 0; i < text.size(); ++i)
    quotes.push(text.isQuoted(i));
}

/// How many bytes from here on are not quoted.
size_t Draft::openSize(size_t begin, size_t end) const {
  size_t at = begin;
  while (at < end && !isQuoted(at))
    ++at;
  return at - begin;
}

Status Draft::apply(const TableStep &step, const Pattern &pattern) {
  if (step.kind == StepKind::Split)
    return split(step, pattern);
  rewrite(step);
  return Status::success();
}

bool Draft::startsWith(const Piece &piece, TableString text) const {
  return piece.end - piece.begin >= text.size &&
         !std::memcmp(bytes.data() + piece.begin, table.text(text), text.size);
}

/// Says of the bytes that are new in `text` whether they are quoted.
void Draft::mark(const Array<char> &text, Array<bool> &marks,
                 bool isQuoted) const {
  while (!quotes.empty() && marks.size() < text.size())
    marks.push(isQuoted);
}

void Draft::rewritePiece(const TableStep &step, const Piece &piece,
                         Array<char> &result, Array<bool> &newQuotes) const {
  const char *first = table.text(step.first);
  bool isLead = step.kind == StepKind::Lead && !startsWith(piece, step.first) &&
                (piece.isFirst || !(step.flags & TableStep::OnlyAtStart));
  if (isLead || step.kind == StepKind::Prepend)
    appendBytes(result, first, step.first.size);
  mark(result, newQuotes, false);
  for (size_t i = piece.begin; i < piece.end;) {
    if (step.kind == StepKind::MapBytes) {
      appendCharacter(result,
                      visibleByte(static_cast<unsigned char>(bytes[i])));
      mark(result, newQuotes, isQuoted(i++));
    } else if (step.kind == StepKind::Replace &&
               startsWith({i, piece.end}, step.first)) {
      bool isOpen = openSize(i, i + step.first.size) == step.first.size;
      appendBytes(result, table.text(step.second), step.second.size);
      mark(result, newQuotes, !isOpen);
      i += step.first.size;
    } else {
      result.push(bytes[i]);
      mark(result, newQuotes, isQuoted(i++));
    }
  }
}

void Draft::rewrite(const TableStep &step) {
  Array<char> result;
  Array<bool> newQuotes;
  size_t kept = 0;
  for (Piece piece : parts) {
    size_t begin = result.size();
    if (piece.id == kNone)
      rewritePiece(step, piece, result, newQuotes);
    piece.begin = begin;
    piece.end = result.size();
    if (piece.id != kNone || piece.begin != piece.end)
      parts[kept++] = piece;
  }
  parts.resize(kept);
  bytes = std::move(result);
  quotes = std::move(newQuotes);
}

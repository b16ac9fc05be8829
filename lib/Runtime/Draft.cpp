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

void Draft::rewritePiece(const TableStep &step, const Piece &piece,
                         Array<char> &result) const {
  const char *first = table.text(step.first);
  bool isLead = step.kind == StepKind::Lead && !startsWith(piece, step.first) &&
                (piece.isFirst || !(step.flags & TableStep::OnlyAtStart));
  if (isLead || step.kind == StepKind::Prepend)
    appendBytes(result, first, step.first.size);
  for (size_t i = piece.begin; i < piece.end;) {
    if (step.kind == StepKind::MapBytes) {
      appendCharacter(result,
                      visibleByte(static_cast<unsigned char>(bytes[i++])));
    } else if (step.kind == StepKind::Replace &&
               startsWith({i, piece.end}, step.first)) {
      appendBytes(result, table.text(step.second), step.second.size);
      i += step.first.size;
    } else {
      result.push(bytes[i++]);
    }
  }
}

void Draft::rewrite(const TableStep &step) {
  Array<char> result;
  size_t kept = 0;
  for (Piece piece : parts) {
    size_t begin = result.size();
    if (piece.id == kNone)
      rewritePiece(step, piece, result);
    piece.begin = begin;
    piece.end = result.size();
    if (piece.id != kNone || piece.begin != piece.end)
      parts[kept++] = piece;
  }
  parts.resize(kept);
  bytes = std::move(result);
}

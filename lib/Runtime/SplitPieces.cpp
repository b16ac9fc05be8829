// Cuts the pieces of a draft at a pattern.

#include "Draft.h"

#include "NewerCharacters.h"

using namespace bitnet::runtime;

void Draft::findPlain(TableString text, const Piece &piece,
                      Array<Range> &ranges) {
  size_t last = piece.begin;
  for (size_t i = piece.begin; i < piece.end;) {
    if (!startsWith({i, piece.end}, text)) {
      ++i;
      continue;
    }
    if (last != i)
      ranges.push({last, i, false});
    ranges.push({i, i + text.size, true});
    last = i += text.size;
  }
  if (last != piece.end)
    ranges.push({last, piece.end, false});
}

Status Draft::findMatches(Matcher &matcher, const char *subject,
                          const Piece &piece, Array<Range> &ranges) {
  matcher.start(subject + piece.begin, piece.end - piece.begin);
  size_t last = piece.begin;
  for (;;) {
    Result<bool> found = matcher.next();
    if (found.failed())
      return found.takeError();
    if (!*found)
      break;
    size_t begin = piece.begin + matcher.begin;
    if (last != begin)
      ranges.push({last, begin, false});
    last = piece.begin + matcher.end;
    ranges.push({begin, last, true});
  }
  if (last != piece.end)
    ranges.push({last, piece.end, false});
  return Status::success();
}

static void reverse(Array<Draft::Range> &ranges) {
  for (size_t i = 0; i < ranges.size() / 2; ++i)
    std::swap(ranges[i], ranges[ranges.size() - 1 - i]);
}

/// Makes one of those that belong together. Joining with the next range is
/// joining with the previous one from the other end.
static void join(Array<Draft::Range> &ranges, SplitBehavior behavior) {
  if (behavior == SplitBehavior::MergedWithNext)
    reverse(ranges);
  bool isContiguous = behavior == SplitBehavior::Contiguous;
  bool wasMatch = false;
  size_t kept = 0;
  for (const Draft::Range &range : ranges) {
    bool isJoined =
        isContiguous ? range.isMatch == wasMatch : range.isMatch && !wasMatch;
    wasMatch = range.isMatch;
    if (!isJoined || !kept) {
      ranges[kept++] = range;
      continue;
    }
    Draft::Range &last = ranges[kept - 1];
    last.begin = range.begin < last.begin ? range.begin : last.begin;
    last.end = range.end > last.end ? range.end : last.end;
  }
  ranges.resize(kept);
  if (behavior == SplitBehavior::MergedWithNext)
    reverse(ranges);
}

void Draft::addPieces(const Piece &whole, Array<Range> &ranges,
                      SplitBehavior behavior, Array<Piece> &pieces) {
  bool isRemoved = behavior == SplitBehavior::Removed;
  if (!isRemoved && behavior != SplitBehavior::Isolated)
    join(ranges, behavior);
  for (const Range &range : ranges)
    if (range.begin != range.end && !(isRemoved && range.isMatch))
      pieces.push({range.begin, range.end, kNone,
                   whole.isFirst && range.begin == whole.begin});
}

Status Draft::split(const TableStep &step, const Pattern &pattern) {
  Array<char> copy;
  bool isRegex = step.flags & TableStep::IsRegex;
  const char *subject =
      isRegex ? withOlderCharacters(bytes, copy) : bytes.data();
  Matcher matcher(pattern);
  Array<Piece> pieces;
  Array<Range> ranges;
  for (const Piece &piece : parts) {
    if (piece.id != kNone) {
      pieces.push(piece);
      continue;
    }
    ranges.resize(0);
    if (!isRegex)
      findPlain(step.first, piece, ranges);
    else if (Status status = findMatches(matcher, subject, piece, ranges);
             status.failed())
      return status;
    if (step.flags & TableStep::IsInverted)
      for (Range &range : ranges)
        range.isMatch = !range.isMatch;
    addPieces(piece, ranges, step.behavior, pieces);
  }
  parts = std::move(pieces);
  return Status::success();
}

// See Tuning.h.
#include "bitnet/Codegen/Tuning.h"

#include "mlir/IR/Diagnostics.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using bitnet::MatmulShape;
using bitnet::TileChoice;
using bitnet::Tuning;

static constexpr StringLiteral kHead = "bitnet-tuning 1";

TileChoice Tuning::find(MatmulShape shape, const TileQuery &query,
                        function_ref<bool(const Tile &tile)> isWanted) const {
  if (!query.forced.empty())
    return {};
  for (const auto &[known, choice] : choices)
    if (known == shape && isWanted(*choice.tile) &&
        !selectTiles({query.features, choice.tile->name, query.columns},
                     *choice.tile)
             .empty())
      return choice;
  return {};
}

//===----------------------------------------------------------------------===//
// Reading
//===----------------------------------------------------------------------===//

/// 704x256
static Error parse(StringRef text, MatmulShape &shape) {
  auto [outputs, inputs] = text.split('x');
  if (outputs.getAsInteger(10, shape.outputs) ||
      inputs.getAsInteger(10, shape.inputs) || shape.outputs < 1 ||
      shape.inputs < 1)
    return createStringError("'" + text + "' is no shape, as 704x256 is");
  return Error::success();
}

static Error parse(StringRef text, const bitnet::Tile *&tile) {
  tile = bitnet::findTile(text);
  return tile ? Error::success()
              : createStringError("there is no tile '" + text + "'");
}

static Error parse(StringRef text, int64_t &number) {
  // A line of a cache, and a page or so of lines: more is no distance.
  if (text.getAsInteger(10, number) || number < 0 || number > 1 << 24)
    return createStringError("'" + text + "' is no number from 0");
  return Error::success();
}

static Error parse(StringRef text, double &number) {
  if (text.getAsDouble(number) || !(number >= 0))
    return createStringError("'" + text + "' is no time");
  return Error::success();
}

/// Reads the word behind a key.
template <typename T>
static Error parseField(ArrayRef<StringRef> words, size_t key, T &value) {
  return parse(words[key + 1], value);
}

/// The words of a line, one of which is the name of each value behind it.
static bool isOfForm(ArrayRef<StringRef> words, ArrayRef<StringRef> keys) {
  if (words.size() != 2 * keys.size())
    return false;
  for (size_t i = 0; i < keys.size(); ++i)
    if (words[2 * i] != keys[i])
      return false;
  return true;
}

static Error readChoice(ArrayRef<StringRef> words, MatmulShape &shape,
                        TileChoice &choice) {
  if (Error error = parseField(words, 0, shape))
    return error;
  if (Error error = parseField(words, 2, choice.tile))
    return error;
  return parseField(words, 4, choice.prefetch);
}

static Error readLine(StringRef line, Tuning &tuning) {
  SmallVector<StringRef> words;
  line.split(words, ' ', /*MaxSplit=*/-1, /*KeepEmpty=*/false);
  if (words.empty() || words[0].starts_with("#"))
    return Error::success();
  if (isOfForm(words, {"cpu"})) {
    tuning.cpu = words[1].str();
    return Error::success();
  }
  if (isOfForm(words, {"matmul", "tile", "prefetch"})) {
    auto &[shape, choice] = tuning.choices.emplace_back();
    return readChoice(words, shape, choice);
  }
  if (!isOfForm(words, {"measured", "tile", "prefetch", "rows", "ns"}))
    return createStringError("'" + line.take_front(40) +
                             "' is neither cpu, matmul nor measured");
  bitnet::TileTime &time = tuning.times.emplace_back();
  if (Error error = readChoice(words, time.shape, time.choice))
    return error;
  if (Error error = parseField(words, 6, time.rows))
    return error;
  return parseField(words, 8, time.nanoseconds);
}

Expected<Tuning> bitnet::readTuning(StringRef path) {
  auto file = MemoryBuffer::getFile(path);
  if (std::error_code code = file.getError())
    return createStringError("cannot read the file: " + code.message());
  auto [line, rest] = (*file)->getBuffer().split('\n');
  if (line.trim() != kHead)
    return createStringError("no tuning file: it begins with '" + kHead + "'");
  Tuning tuning;
  for (int64_t number = 2; !rest.empty(); ++number) {
    std::tie(line, rest) = rest.split('\n');
    if (Error error = readLine(line.trim(), tuning))
      return createStringError("line " + Twine(number) + ": " +
                               toString(std::move(error)));
  }
  if (tuning.cpu.empty())
    return createStringError("the line of the cpu is missing");
  return tuning;
}

mlir::LogicalResult bitnet::loadTuning(mlir::MLIRContext *context,
                                       StringRef path, StringRef cpu,
                                       Tuning &tuning) {
  tuning = Tuning();
  if (path.empty())
    return mlir::success();
  Expected<Tuning> read = readTuning(path);
  if (!read)
    return mlir::emitError(mlir::UnknownLoc::get(context))
           << path << ": " << toString(read.takeError());
  if (read->cpu == cpu)
    tuning = std::move(*read);
  return mlir::success();
}

//===----------------------------------------------------------------------===//
// Writing
//===----------------------------------------------------------------------===//

static void write(raw_ostream &os, StringRef what, const MatmulShape &shape,
                  const TileChoice &choice) {
  os << what << ' ' << shape.outputs << 'x' << shape.inputs << " tile "
     << choice.tile->name << " prefetch " << choice.prefetch;
}

void bitnet::writeTuning(const Tuning &tuning, raw_ostream &os) {
  os << kHead << "\ncpu " << tuning.cpu << '\n';
  for (const auto &[shape, choice] : tuning.choices) {
    write(os, "matmul", shape, choice);
    os << '\n';
  }
  for (const TileTime &time : tuning.times) {
    write(os, "measured", time.shape, time.choice);
    os << " rows " << time.rows << " ns " << format("%.1f", time.nanoseconds)
       << '\n';
  }
}

// `model encode` and `model decode`: from text to ids and back.

#include "bitnet/Runtime/Commands.h"
#include "bitnet/Runtime/Files.h"
#include "bitnet/Runtime/Tokenizer.h"

#include <cstdio>

using namespace bitnet::runtime;

namespace {

struct TokenizeOptions {
  const char *subject = nullptr;
  bool isMany = false;  // --null
  bool special = false; // --no-special or --special
};

} // namespace

static Status parseOptions(const char *command, const char *flag,
                           Arguments arguments, TokenizeOptions &options) {
  for (int i = 0; i < arguments.count; ++i) {
    const char *argument = arguments.items[i];
    if (!std::strcmp(argument, "--null"))
      options.isMany = true;
    else if (!std::strcmp(argument, flag))
      options.special = true;
    else if (!std::strncmp(argument, "--", 2) && argument[2])
      return Status::error("%s has no option '%s'; see --help", command,
                           argument);
    else if (options.subject)
      return Status::error("%s wants one argument, not also '%s'", command,
                           argument);
    else
      options.subject = argument;
  }
  if (!options.subject)
    return Status::error("%s wants %s, or - for the standard input", command,
                         *command == 'e' ? "a text" : "ids");
  return Status::success();
}

/// The argument itself, or what comes in on the standard input.
static Result<Array<uint8_t>> readSubject(const TokenizeOptions &options) {
  if (!std::strcmp(options.subject, "-"))
    return readFile("/dev/stdin");
  Array<uint8_t> bytes;
  for (const char *c = options.subject; *c; ++c)
    bytes.push(static_cast<uint8_t>(*c));
  return bytes;
}

static Status printIds(const Tokenizer &tokenizer, const char *text,
                       size_t size, bool addSpecial) {
  Result<Array<int64_t>> ids = tokenizer.encode(text, size, addSpecial);
  if (ids.failed())
    return ids.takeError();
  for (size_t i = 0; i < ids->size(); ++i)
    std::printf(i ? ",%lld" : "%lld", static_cast<long long>((*ids)[i]));
  std::printf("\n");
  return Status::success();
}

Status bitnet::runtime::encodeCommand(const Model &, Arguments arguments) {
  TokenizeOptions options;
  if (Status status =
          parseOptions("encode", "--no-special", arguments, options);
      status.failed())
    return status;
  Result<const Tokenizer *> tokenizer = linkedTokenizer();
  if (tokenizer.failed())
    return tokenizer.takeError();
  Result<Array<uint8_t>> bytes = readSubject(options);
  if (bytes.failed())
    return bytes.takeError();
  auto *text = reinterpret_cast<const char *>(bytes->data());
  for (size_t begin = 0, end; begin <= bytes->size(); begin = end + 1) {
    end = begin;
    while (end < bytes->size() && (text[end] || !options.isMany))
      ++end;
    // Each text ends with a NUL; the end of the file is no further text.
    if (options.isMany && begin == bytes->size())
      break;
    if (Status status =
            printIds(**tokenizer, text + begin, end - begin, !options.special);
        status.failed())
      return status;
  }
  return Status::success();
}

static Status printText(TextStream &stream, const Tokenizer &tokenizer,
                        const char *text) {
  Array<int64_t> ids;
  if (*text) {
    Result<Array<int64_t>> numbers = parseNumbers("decode", text);
    if (numbers.failed())
      return numbers.takeError();
    ids = std::move(*numbers);
  }
  for (int64_t id : ids) {
    if (!tokenizer.has(id))
      return Status::error("id %lld is not in the vocabulary of %lld",
                           static_cast<long long>(id),
                           static_cast<long long>(tokenizer.size()));
    Text part = stream.push(id);
    std::fwrite(part.c_str(), 1, part.size(), stdout);
  }
  Text rest = stream.finish();
  std::fwrite(rest.c_str(), 1, rest.size(), stdout);
  return Status::success();
}

Status bitnet::runtime::decodeCommand(const Model &, Arguments arguments) {
  TokenizeOptions options;
  if (Status status = parseOptions("decode", "--special", arguments, options);
      status.failed())
    return status;
  Result<const Tokenizer *> tokenizer = linkedTokenizer();
  if (tokenizer.failed())
    return tokenizer.takeError();
  Result<Array<uint8_t>> bytes = readSubject(options);
  if (bytes.failed())
    return bytes.takeError();
  TextStream stream(**tokenizer, options.special);
  auto *text = reinterpret_cast<const char *>(bytes->data());
  for (size_t begin = 0, end; begin < bytes->size(); begin = end + 1) {
    end = begin;
    while (end < bytes->size() && text[end] != '\n')
      ++end;
    Text line(text + begin, end - begin);
    if (Status status = printText(stream, **tokenizer, line.c_str());
        status.failed())
      return status;
    std::putchar(options.isMany ? 0 : '\n');
  }
  return Status::success();
}

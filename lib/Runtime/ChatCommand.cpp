// `model chat`: a conversation in turns.

#include "Console.h"
#include "GenerationOptions.h"
#include "GenerationPrinter.h"
#include "bitnet/Runtime/Conversation.h"

#include <cstdio>

using namespace bitnet::runtime;

namespace {

struct ChatOptions : GenerationOptions {
  ChatOptions() { count = 512; }

  const char *system = nullptr;
};

/// What came of one turn.
struct Reply {
  Array<int64_t> ids;
  const char *ending = "length";
  size_t read = 0; ///< ids of the prompt that were not read before
  double readTime = 0;
  double decodeTime = 0;
};

class Chat {
public:
  Chat(Session &session, const Tokenizer &tokenizer, const ChatTemplate &format,
       const ChatOptions &options)
      : session(session), tokenizer(tokenizer), options(options),
        conversation(session, tokenizer, format), sampler(options.sampling) {}

  /// Turns until the input ends.
  Status run();

private:
  Status takeTurn(const char *text);
  Status readPrompt(Reply &reply);
  Status speak(Reply &reply, GenerationPrinter &printer);
  Result<bool> speakOnce(Reply &reply, GenerationPrinter &printer);
  Status makeRoom(const Reply &reply);
  void tellDropped();
  void printJSON(const Reply &reply, const Text &text) const;

  Session &session;
  const Tokenizer &tokenizer;
  const ChatOptions &options;
  Conversation conversation;
  Sampler sampler;
  Console console;
  bool toldDropped = false;
};

} // namespace

/// Once is enough.
void Chat::tellDropped() {
  if (conversation.dropped() && !toldDropped)
    std::fprintf(stderr,
                 "note: the conversation exceeds the context of %lld "
                 "positions; its oldest turns are forgotten\n",
                 static_cast<long long>(session.capacity()));
  toldDropped |= conversation.dropped() > 0;
}

Status Chat::readPrompt(Reply &reply) {
  double start = milliseconds();
  Result<size_t> read = conversation.read();
  if (read.failed())
    return read.takeError();
  reply.read = *read;
  reply.readTime = milliseconds() - start;
  tellDropped();
  return Status::success();
}

/// Feeds the newest id; drops old turns first if there is no room for it.
Status Chat::makeRoom(const Reply &reply) {
  if (!conversation.isFull())
    return session.feed(&reply.ids[reply.ids.size() - 1], 1);
  Result<size_t> read = conversation.read(reply.ids);
  tellDropped();
  return read.failed() ? read.takeError() : Status::success();
}

/// Draws an id and shows it. False if the reply ends.
Result<bool> Chat::speakOnce(Reply &reply, GenerationPrinter &printer) {
  Result<const float *> logits = session.logits();
  if (logits.failed())
    return logits.takeError();
  Result<int64_t> id =
      sampler.draw(*logits, session.logitCount(), session.context());
  if (id.failed())
    return id.takeError();
  if (conversation.isEnd(*id) || *id == options.stopId) {
    reply.ending = "end";
    return false;
  }
  reply.ids.push(*id);
  if (!printer.push(*id)) {
    reply.ending = "stop";
    return false;
  }
  if (reply.ids.size() == size_t(options.count))
    return false;
  if (console.isStopped()) {
    reply.ending = "interrupt";
    return false;
  }
  if (conversation.isFull() && !conversation.canForget()) {
    reply.ending = "context";
    return false;
  }
  Status status = makeRoom(reply);
  return status.failed() ? Result<bool>(std::move(status)) : true;
}

Status Chat::speak(Reply &reply, GenerationPrinter &printer) {
  double start = milliseconds();
  bool goesOn = options.count > 0;
  while (goesOn) {
    Result<bool> spoken = speakOnce(reply, printer);
    if (spoken.failed())
      return spoken.takeError();
    goesOn = *spoken;
  }
  reply.decodeTime = milliseconds() - start;
  return Status::success();
}

void Chat::printJSON(const Reply &reply, const Text &text) const {
  std::printf("{\"text\": %s, \"ids\": [", jsonString(text.c_str()).c_str());
  for (size_t i = 0; i < reply.ids.size(); ++i)
    std::printf(i ? ", %lld" : "%lld", static_cast<long long>(reply.ids[i]));
  double count = reply.ids.empty() ? 1 : double(reply.ids.size());
  std::printf("], \"ending\": \"%s\", \"read\": %zu, \"context\": %lld, "
              "\"prefill_ms\": %.4f, \"decode_ms_per_token\": %.4f}\n",
              reply.ending, reply.read,
              static_cast<long long>(session.length()), reply.readTime,
              reply.decodeTime / count);
  std::fflush(stdout);
}

Status Chat::takeTurn(const char *text) {
  conversation.say("user", text);
  Reply reply;
  if (Status status = readPrompt(reply); status.failed()) {
    conversation.takeBack();
    return status;
  }
  GenerationPrinter printer(&tokenizer, options.stopText, options.isJSON);
  Status status = speak(reply, printer);
  if (!reply.ids.empty() || !status.failed())
    printer.finish();
  conversation.say("assistant", printer.text().c_str());
  if (!status.failed() && options.isJSON)
    printJSON(reply, printer.text());
  return status;
}

Status Chat::run() {
  if (options.system)
    conversation.say("system", options.system);
  while (std::optional<Text> line = console.readLine()) {
    if (line->empty())
      continue;
    Status status = takeTurn(line->c_str());
    // Who sits at a terminal can say it in fewer words.
    if (status.failed() && !console.isTerminal())
      return status;
    if (status.failed())
      std::fprintf(stderr, "error: %s\n", status.message());
  }
  if (console.isTerminal())
    std::printf("\n");
  return Status::success();
}

static Status parseOption(Arguments arguments, int &index,
                          ChatOptions &options) {
  const char *option = arguments.items[index];
  if (std::strcmp(option, "--system")) {
    Result<bool> found = parseGenerationOption(arguments, index, options);
    if (found.failed())
      return found.takeError();
    return *found
               ? Status::success()
               : Status::error("chat has no option '%s'; see --help", option);
  }
  Result<const char *> text = optionValue(arguments, index);
  if (text.failed())
    return text.takeError();
  options.system = *text;
  return Status::success();
}

Status bitnet::runtime::chatCommand(const Model &model, Arguments arguments) {
  ChatOptions options;
  for (int i = 0; i < arguments.count; ++i)
    if (Status status = parseOption(arguments, i, options); status.failed())
      return status;
  Result<const Tokenizer *> tokenizer = linkedTokenizer();
  if (tokenizer.failed())
    return tokenizer.takeError();
  Result<const ChatTemplate *> format = linkedChatTemplate();
  if (format.failed())
    return format.takeError();
  SessionOptions wanted;
  wanted.capacity = options.maxContext;
  Result<Session> session = Session::create(model, wanted);
  if (session.failed())
    return session.takeError();
  if ((*format)->isPlain())
    std::fprintf(stderr, "note: the model has no chat template: it continues "
                         "your text, and each message begins a new line\n");
  if (!session->hasCaches())
    std::fprintf(stderr, "warning: the model has no caches: every id is "
                         "computed from all before it, which is slow\n");
  return Chat(*session, **tokenizer, **format, options).run();
}

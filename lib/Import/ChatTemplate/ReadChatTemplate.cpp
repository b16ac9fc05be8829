// A folder's chat template and configuration -> table.
#include "bitnet/Import/ChatTemplate.h"

#include "Parser.h"
#include "bitnet/Import/JSONFile.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

using namespace llvm;
using namespace bitnet::chat;

namespace {

/// Where to read what.
class Folder {
public:
  explicit Folder(StringRef tokenizer)
      : path(sys::path::parent_path(tokenizer)) {}

  /// The path of a file beside the tokenizer; empty if it isn't there.
  std::string find(StringRef name) const;

  /// The object in a file beside the tokenizer; empty if there is no such file.
  Expected<json::Object> read(StringRef name) const;

private:
  std::string path;
};

/// A template's text, and the file it stands in.
struct Source {
  std::string path;
  std::optional<std::string> text;
};

} // namespace

static Error failAtFile(StringRef path, Error error) {
  return createStringError(path + ": " + toString(std::move(error)));
}

std::string Folder::find(StringRef name) const {
  SmallString<128> file(path);
  sys::path::append(file, name);
  return sys::fs::exists(file) ? file.str().str() : std::string();
}

static Expected<json::Object> readObject(StringRef path) {
  Expected<json::Value> value = bitnet::readJSON(path);
  if (!value)
    return failAtFile(path, value.takeError());
  if (json::Object *object = value->getAsObject())
    return std::move(*object);
  return createStringError(path + ": the file is no object");
}

Expected<json::Object> Folder::read(StringRef name) const {
  std::string file = find(name);
  if (file.empty())
    return json::Object();
  return readObject(file);
}

//===----------------------------------------------------------------------===//
// The template
//===----------------------------------------------------------------------===//

static Expected<Source> readText(StringRef path) {
  auto buffer = MemoryBuffer::getFile(path);
  if (std::error_code code = buffer.getError())
    return createStringError(path +
                             ": cannot read the file: " + code.message());
  StringRef text = (*buffer)->getBuffer();
  if (!json::isUTF8(text) || text.contains('\0'))
    return createStringError(path + ": the chat template is no text in UTF-8");
  return Source{path.str(), text.str()};
}

/// The field of a tokenizer_config.json: a template, or a list of them by name.
static Expected<Source> findText(StringRef path, const json::Object &object) {
  const json::Value *value = object.get("chat_template");
  if (!value || value->kind() == json::Value::Null)
    return Source{path.str(), std::nullopt};
  if (std::optional<StringRef> text = value->getAsString())
    return Source{path.str(), text->str()};
  if (const json::Array *list = value->getAsArray())
    for (const json::Value &entry : *list) {
      const json::Object *named = entry.getAsObject();
      std::optional<StringRef> text =
          named && named->getString("name") == "default"
              ? named->getString("template")
              : std::nullopt;
      if (text)
        return Source{path.str(), text->str()};
    }
  return createStringError(path + ": 'chat_template' has no default template");
}

static Expected<Source> findTemplate(const Folder &folder, StringRef file) {
  if (file == "none")
    return Source();
  std::string path =
      file.empty() ? folder.find("chat_template.jinja") : file.str();
  if (!path.empty() && !StringRef(path).ends_with(".json"))
    return readText(path);
  bool isWanted = !path.empty();
  if (path.empty())
    path = folder.find("tokenizer_config.json");
  if (path.empty())
    return Source();
  Expected<json::Object> object = readObject(path);
  if (!object)
    return object.takeError();
  Expected<Source> source = findText(path, *object);
  if (source && isWanted && !source->text)
    return createStringError(path + ": the file has no 'chat_template'");
  return source;
}

//===----------------------------------------------------------------------===//
// What stands beside it
//===----------------------------------------------------------------------===//

/// Makes variables of `bos_token` and its like, as transformers does.
static void addSpecialTokens(const json::Object &config, Tree &tree) {
  for (const auto &[key, value] : config) {
    StringRef name = key;
    std::optional<StringRef> text = value.getAsString();
    if (const json::Object *token = value.getAsObject())
      text = token->getString("content");
    if (name.ends_with("_token") && text)
      tree.addVariable(name, *text);
  }
}

static bool addEnds(const json::Object &config, Tree &tree) {
  const json::Value *value = config.get("eos_token_id");
  if (!value)
    return false;
  json::Array one;
  const json::Array *ids = value->getAsArray();
  if (!ids) {
    one.push_back(*value);
    ids = &one;
  }
  for (const json::Value &id : *ids)
    if (auto number = id.getAsInteger(); number && isUInt<31>(*number))
      tree.addEnd(uint32_t(*number));
  return true;
}

static Error addConfiguration(const Folder &folder, Tree &tree) {
  Expected<json::Object> tokens = folder.read("tokenizer_config.json");
  if (!tokens)
    return tokens.takeError();
  addSpecialTokens(*tokens, tree);
  for (StringRef name : {"generation_config.json", "config.json"}) {
    Expected<json::Object> config = folder.read(name);
    if (!config)
      return config.takeError();
    if (addEnds(*config, tree))
      break;
  }
  return Error::success();
}

static NodeResult compile(StringRef source, Tree &tree) {
  Expected<std::vector<Token>> tokens = tokenize(source);
  if (!tokens)
    return tokens.takeError();
  return Parser(std::move(*tokens), tree).parse();
}

Expected<std::string> bitnet::compileChatTemplate(StringRef source) {
  Tree tree;
  NodeResult root = compile(source, tree);
  if (!root)
    return root.takeError();
  return tree.write(*root);
}

Expected<std::string> bitnet::readChatTemplate(StringRef tokenizer,
                                               StringRef file) {
  Tree tree;
  Folder folder(tokenizer);
  Expected<Source> source = findTemplate(folder, file);
  if (!source)
    return source.takeError();
  NodeId root = runtime::kNone;
  if (source->text) {
    NodeResult compiled = compile(*source->text, tree);
    if (!compiled)
      return createStringError("the chat template of " + source->path + ", " +
                               toString(compiled.takeError()) +
                               "; --chat-template=none compiles without it");
    root = *compiled;
  }
  if (Error error = addConfiguration(folder, tree))
    return std::move(error);
  return tree.write(root);
}

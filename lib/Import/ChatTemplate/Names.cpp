// See Names.h.
#include "Names.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSwitch.h"

using namespace llvm;
using namespace bitnet::chat;
using bitnet::runtime::ChatFunction;

static const Callee kCallees[] = {
#define CHAT_NAME(kind, name, id, least, most)                                 \
  {CalleeKind::kind, name, ChatFunction::id, least, most},
#include "bitnet/Runtime/ChatFunctions.def"
};

StringRef bitnet::chat::nameOf(CalleeKind kind) {
  switch (kind) {
  case CalleeKind::Function:
    return "function";
  case CalleeKind::Filter:
    return "filter";
  case CalleeKind::Method:
    return "method";
  case CalleeKind::Test:
    return "test";
  }
  llvm_unreachable("unknown kind");
}

std::optional<Callee> bitnet::chat::findCallee(CalleeKind kind,
                                               StringRef name) {
  for (const Callee &callee : kCallees)
    if (callee.kind == kind && callee.name == name)
      return callee;
  return std::nullopt;
}

std::optional<size_t> bitnet::chat::keywordPlace(ChatFunction function,
                                                 StringRef name) {
  using Place = std::optional<size_t>;
  switch (function) {
  case ChatFunction::Default:
    return StringSwitch<Place>(name)
        .Case("default_value", 1)
        .Case("boolean", 2)
        .Default(std::nullopt);
  case ChatFunction::JoinList:
    return name == "d" ? Place(1) : std::nullopt;
  case ChatFunction::ToJSON:
    return name == "indent" ? Place(1) : std::nullopt;
  default:
    return std::nullopt;
  }
}

bool bitnet::chat::isMethodOfPython(StringRef name) {
  static const StringRef kMethods[] = {"append",       "as_integer_ratio",
                                       "bit_count",    "bit_length",
                                       "capitalize",   "casefold",
                                       "center",       "clear",
                                       "conjugate",    "copy",
                                       "count",        "denominator",
                                       "encode",       "endswith",
                                       "expandtabs",   "extend",
                                       "find",         "format",
                                       "format_map",   "from_bytes",
                                       "fromkeys",     "get",
                                       "imag",         "index",
                                       "insert",       "isalnum",
                                       "isalpha",      "isascii",
                                       "isdecimal",    "isdigit",
                                       "isidentifier", "is_integer",
                                       "islower",      "isnumeric",
                                       "isprintable",  "isspace",
                                       "istitle",      "isupper",
                                       "items",        "join",
                                       "keys",         "ljust",
                                       "lower",        "lstrip",
                                       "maketrans",    "numerator",
                                       "partition",    "pop",
                                       "popitem",      "real",
                                       "remove",       "removeprefix",
                                       "removesuffix", "replace",
                                       "reverse",      "rfind",
                                       "rindex",       "rjust",
                                       "rpartition",   "rsplit",
                                       "rstrip",       "setdefault",
                                       "sort",         "split",
                                       "splitlines",   "startswith",
                                       "strip",        "swapcase",
                                       "title",        "to_bytes",
                                       "translate",    "update",
                                       "upper",        "values",
                                       "zfill"};
  return name.starts_with("_") || is_contained(kMethods, name);
}

bool bitnet::chat::isReserved(StringRef name) {
  static const StringRef kNames[] = {"caller", "cycler", "dict",  "joiner",
                                     "kwargs", "lipsum", "range", "self",
                                     "super",  "varargs"};
  return is_contained(kNames, name);
}

bool bitnet::chat::isLoopField(StringRef name) {
  static const StringRef kFields[] = {"first",    "index",    "index0",
                                      "last",     "length",   "nextitem",
                                      "previtem", "revindex", "revindex0"};
  return is_contained(kFields, name);
}

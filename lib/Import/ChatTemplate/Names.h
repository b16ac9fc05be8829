// Names that mean something to a template.
#ifndef BITNET_IMPORT_CHATTEMPLATE_NAMES_H
#define BITNET_IMPORT_CHATTEMPLATE_NAMES_H

#include "bitnet/Runtime/ChatTable.h"

#include "llvm/ADT/StringRef.h"

#include <optional>

namespace bitnet::chat {

enum class CalleeKind { Function, Filter, Method, Test };

/// What a name of ChatFunctions.def stands for.
struct Callee {
  CalleeKind kind;
  llvm::StringRef name;
  runtime::ChatFunction function;
  uint32_t least, most;
};

/// "filter"
llvm::StringRef nameOf(CalleeKind kind);

std::optional<Callee> findCallee(CalleeKind kind, llvm::StringRef name);

/// The place of an argument that is given by name; for none of that name, none.
std::optional<size_t> keywordPlace(runtime::ChatFunction function,
                                   llvm::StringRef name);

/// True if Jinja finds a method of Python's under this name, or something else
/// that is no item.
bool isMethodOfPython(llvm::StringRef name);

/// True for a name that Jinja itself gives a meaning.
bool isReserved(llvm::StringRef name);

/// True for a field of `loop`.
bool isLoopField(llvm::StringRef name);

} // namespace bitnet::chat

#endif // BITNET_IMPORT_CHATTEMPLATE_NAMES_H

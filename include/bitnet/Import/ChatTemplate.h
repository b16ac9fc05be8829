// Reads what a Hugging Face folder says of conversations.
#ifndef BITNET_IMPORT_CHATTEMPLATE_H
#define BITNET_IMPORT_CHATTEMPLATE_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <string>

namespace bitnet {

/// The table of a model's conversations; lib/Runtime/README.md describes it.
///
/// `file` is a Jinja template, or a JSON file with a field `chat_template`, or
/// "none". Empty, it is what stands beside `tokenizer`: `chat_template.jinja`,
/// else the field of `tokenizer_config.json`; there may be neither. Special
/// tokens and the ids that end a turn are those of `tokenizer_config.json`,
/// `generation_config.json` and `config.json` beside it.
///
/// What the runtime could not do exactly as Jinja does it is an error that
/// names it.
llvm::Expected<std::string> readChatTemplate(llvm::StringRef tokenizer,
                                             llvm::StringRef file);

/// The same for the text of a template and nothing beside it.
llvm::Expected<std::string> compileChatTemplate(llvm::StringRef source);

} // namespace bitnet

#endif // BITNET_IMPORT_CHATTEMPLATE_H

// Writes the C header of a shared library.
#include "bitnet/Target/LibraryHeader.h"

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;

/// The text of bitnet/Runtime/Library.h.
static constexpr char kInterface[] = {
#include "LibraryInterface.inc"
    0};

ArrayRef<StringRef> bitnet::libraryFunctions() {
  static const StringRef functions[] = {"run",
                                        "version",
                                        "signature_text",
                                        "release",
                                        "session_create",
                                        "session_fork",
                                        "session_reset",
                                        "session_destroy",
                                        "session_feed",
                                        "session_length",
                                        "session_logits",
                                        "session_set_sampling",
                                        "session_sample",
                                        "session_error",
                                        "chat_text",
                                        "session_read_chat",
                                        "ends_turn"};
  return functions;
}

std::string bitnet::identifierOf(StringRef name) {
  std::string identifier;
  for (char c : name)
    identifier += isAlnum(c) ? c : '_';
  if (identifier.empty() || isDigit(identifier.front()))
    identifier.insert(0, "model_");
  return identifier;
}

/// `input  ids : i64[batch, sequence]`, of one line of the signature.
static void describe(raw_ostream &os, StringRef line) {
  SmallVector<StringRef> fields;
  line.split(fields, '\t');
  if (fields.size() < 4)
    return;
  os << " *   " << formatv("{0,-7}", fields[0]) << fields[1] << " : "
     << fields[2] << '[' << join(fields.begin() + 4, fields.end(), ", ")
     << "]\n";
}

std::string bitnet::libraryHeader(StringRef name, StringRef signature) {
  std::string prefix = identifierOf(name);
  std::string text;
  raw_string_ostream os(text);
  SmallVector<StringRef> lines;
  signature.split(lines, '\n');

  os << "/* The model '" << name << "', compiled by bitnet-compile.\n *\n";
  for (StringRef line : lines)
    if (line.starts_with("input") || line.starts_with("output"))
      describe(os, line);
  os << " */\n\n"
     << kInterface << "\n#ifndef " << StringRef(prefix).upper()
     << "_MODEL_H\n#define " << StringRef(prefix).upper() << "_MODEL_H\n\n"
     << "#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n"
     << "/** The functions above of this model, for programs that link "
        "several. */\n";
  for (StringRef function : libraryFunctions())
    os << "BITNET_API __typeof__(bitnet_" << function << ") " << prefix << '_'
       << function << ";\n";
  os << "\n#ifdef __cplusplus\n}\n#endif\n\n#endif\n";
  return text;
}

// An object of a JSON file, whose fields are read with errors that name it.
#ifndef BITNET_IMPORT_TOKENIZER_FIELDS_H
#define BITNET_IMPORT_TOKENIZER_FIELDS_H

#include "llvm/Support/Error.h"
#include "llvm/Support/JSON.h"

#include <string>

namespace bitnet::tokenizer {

class Fields {
public:
  /// `place` says where in the file the object is.
  Fields(const llvm::json::Object &object, const llvm::Twine &place)
      : object(&object), place(place.str()) {}

  /// The same for a value that should be an object.
  static llvm::Expected<Fields> of(const llvm::json::Value &value,
                                   const llvm::Twine &place);

  /// Null if the field is missing or null.
  const llvm::json::Value *find(llvm::StringRef key) const;

  llvm::Expected<bool> boolean(llvm::StringRef key, bool otherwise) const;
  llvm::Expected<llvm::StringRef> string(llvm::StringRef key) const;
  llvm::Expected<const llvm::json::Array *> list(llvm::StringRef key) const;
  llvm::Expected<Fields> fields(llvm::StringRef key) const;

  /// An id, or another number that is not negative.
  llvm::Expected<uint32_t> number(llvm::StringRef key) const;

  /// What kind of thing this is: its field "type".
  llvm::Expected<llvm::StringRef> type() const { return string("type"); }

  const llvm::json::Object &json() const { return *object; }

private:
  llvm::Error wants(llvm::StringRef key, llvm::StringRef what) const;

  const llvm::json::Object *object;
  std::string place;
};

/// The steps of a thing that may be a "Sequence" of things in its list `key`,
/// in their order; of nothing, none.
llvm::Expected<std::vector<Fields>> sequence(const llvm::json::Value *value,
                                             llvm::StringRef key,
                                             const llvm::Twine &place);

} // namespace bitnet::tokenizer

#endif // BITNET_IMPORT_TOKENIZER_FIELDS_H

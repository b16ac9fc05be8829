// Reads tables that the compiler wrote, and trusts nothing in them.

#ifndef BITNET_RUNTIME_TABLEREADER_H
#define BITNET_RUNTIME_TABLEREADER_H

#include "TokenTable.h"

namespace bitnet::runtime {

/// The bytes of a table, of which sections are cut.
class TableReader {
public:
  TableReader(const void *table, size_t size)
      : bytes(static_cast<const char *>(table)), size(size) {}

protected:
  /// False if the section is not within the table.
  template <typename T> bool section(TableSection section, View<T> &view) {
    if (section.offset % alignof(T) || section.offset > size ||
        section.count > (size - section.offset) / sizeof(T))
      return false;
    view.items = reinterpret_cast<const T *>(bytes + section.offset);
    view.count = section.count;
    return true;
  }

  static bool isWithin(TableString string, const View<char> &strings) {
    return string.offset <= strings.count &&
           string.size <= strings.count - string.offset;
  }

  const char *bytes;
  size_t size;
};

} // namespace bitnet::runtime

#endif // BITNET_RUNTIME_TABLEREADER_H

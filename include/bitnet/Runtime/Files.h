// Reading a file at once, and writing one so that it is never half there.

#ifndef BITNET_RUNTIME_FILES_H
#define BITNET_RUNTIME_FILES_H

#include "bitnet/Runtime/Status.h"

#include <cstdint>
#include <cstdio>

namespace bitnet::runtime {

/// All bytes of a file or pipe.
Result<Array<uint8_t>> readFile(const char *path);

/// A file that is being written beside its final place, to which `commit` moves
/// it. Without a commit nothing remains.
class OutputFile {
public:
  OutputFile() = default;
  OutputFile(const OutputFile &) = delete;
  ~OutputFile();

  Status open(const char *path);
  /// Errors show up in `commit`.
  void write(const void *data, size_t size);
  uint64_t written() const { return offset; }
  Status commit();

private:
  Text path;
  Text temporary; // empty when writing to a device or pipe
  std::FILE *stream = nullptr;
  uint64_t offset = 0;
};

} // namespace bitnet::runtime

#endif // BITNET_RUNTIME_FILES_H

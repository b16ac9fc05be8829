// Maps a file of weights beside the program or the library. See Weights.h.

#include "bitnet/Runtime/Weights.h"

#include "bitnet/Runtime/Runtime.h"
#include "bitnet/Runtime/WeightsHeader.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace bitnet::runtime;

/// None, unless the model wants one. Weak: the compiler's own one replaces it.
alignas(8) __attribute__((weak)) const
    char bitnet_weights_file[2 * sizeof(uint64_t) + 1] = {};

const char *bitnet_weights_base;

/// What is mapped; null as long as nothing is.
static void *mapped;
static size_t mappedSize;

namespace {
/// What bitnet_weights_file says.
struct WantedFile {
  uint64_t size, hash;
  const char *name;
};
} // namespace

static WantedFile wantedFile() {
  WantedFile wanted;
  std::memcpy(&wanted.size, bitnet_weights_file, sizeof(uint64_t));
  std::memcpy(&wanted.hash, bitnet_weights_file + sizeof(uint64_t),
              sizeof(uint64_t));
  wanted.name = bitnet_weights_file + 2 * sizeof(uint64_t);
  return wanted;
}

Text bitnet::runtime::pathOfThisFile() {
  Text path;
  std::FILE *maps = std::fopen("/proc/self/maps", "re");
  if (!maps)
    return path;
  char *line = nullptr;
  size_t room = 0;
  auto here = reinterpret_cast<uintptr_t>(&pathOfThisFile);
  ssize_t length;
  while ((length = getline(&line, &room, maps)) > 0) {
    unsigned long begin, end;
    const char *slash = std::strchr(line, '/');
    if (std::sscanf(line, "%lx-%lx", &begin, &end) != 2 || here < begin ||
        here >= end || !slash)
      continue;
    line[length - 1] = 0; // the end of the line
    path = Text(slash);
    break;
  }
  std::free(line);
  std::fclose(maps);
  return path;
}

/// BITNET_WEIGHTS, or the file of that name in our own folder.
static Text findFile() {
  if (const char *given = std::getenv("BITNET_WEIGHTS"))
    return Text(given);
  Text own = pathOfThisFile(), path;
  const char *slash = std::strrchr(own.c_str(), '/');
  int folder = slash ? static_cast<int>(slash - own.c_str()) + 1 : 0;
  path.format("%.*s%s", folder, own.c_str(), wantedFile().name);
  return path;
}

/// What is wrong with a file, if anything.
static Status check(const char *path, const bitnet_weights_header &header,
                    uint64_t size) {
  if (std::memcmp(header.magic, BITNET_WEIGHTS_MAGIC, sizeof(header.magic)) ||
      header.version != BITNET_WEIGHTS_VERSION ||
      header.offset != sizeof(header))
    return Status::error("'%s' is no file of weights of this version", path);
  WantedFile wanted = wantedFile();
  if (header.hash != wanted.hash || header.size != wanted.size)
    return Status::error("'%s' has the weights of another model: hash %016llx, "
                         "wanted %016llx",
                         path, static_cast<unsigned long long>(header.hash),
                         static_cast<unsigned long long>(wanted.hash));
  if (size != header.offset + header.size)
    return Status::error(
        "'%s' has %llu bytes, wanted %llu", path,
        static_cast<unsigned long long>(size),
        static_cast<unsigned long long>(header.offset + header.size));
  return Status::success();
}

/// Maps an open file.
static Status mapFile(int file, const char *path) {
  bitnet_weights_header header = {};
  struct stat info;
  if (fstat(file, &info) || pread(file, &header, sizeof(header), 0) < 0)
    return Status::error("cannot read '%s': %s", path, std::strerror(errno));
  Status status = check(path, header, static_cast<uint64_t>(info.st_size));
  if (status.failed())
    return status;
  mappedSize = static_cast<size_t>(info.st_size);
  void *address = mmap(nullptr, mappedSize, PROT_READ, MAP_SHARED, file, 0);
  if (address == MAP_FAILED)
    return Status::error("cannot read '%s': %s", path, std::strerror(errno));
  madvise(address, mappedSize, MADV_WILLNEED);
  mapped = address;
  bitnet_weights_base = static_cast<const char *>(address) + header.offset;
  return Status::success();
}

Status bitnet::runtime::mapWeights() {
  if (!wantedFile().size || mapped)
    return Status::success();
  Text path = findFile();
  int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0)
    return Status::error("cannot open the weights '%s': %s; BITNET_WEIGHTS "
                         "may name another place",
                         path.c_str(), std::strerror(errno));
  Status status = mapFile(file, path.c_str());
  close(file);
  return status;
}

void bitnet::runtime::unmapWeights() {
  if (mapped)
    munmap(mapped, mappedSize);
  mapped = nullptr;
}

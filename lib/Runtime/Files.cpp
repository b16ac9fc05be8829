// Files in and out.

#include "bitnet/Runtime/Files.h"

#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace bitnet::runtime;

/// Reads until the end; a pipe has no size to ask for.
static bool readAll(int file, Array<uint8_t> &bytes) {
  size_t used = 0;
  for (;;) {
    if (used == bytes.size())
      bytes.resize(used < 65536 ? 65536 : used * 2);
    ssize_t count = read(file, bytes.data() + used, bytes.size() - used);
    if (count < 0 && errno == EINTR)
      continue;
    if (count < 0)
      return false;
    used += static_cast<size_t>(count);
    if (count == 0)
      break;
  }
  bytes.resize(used);
  return true;
}

Result<Array<uint8_t>> bitnet::runtime::readFile(const char *path) {
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0)
    return Status::error("cannot open '%s': %s", path, std::strerror(errno));
  Array<uint8_t> bytes;
  struct stat info;
  // One byte more, so that the end is seen without growing.
  if (!fstat(file, &info) && S_ISREG(info.st_mode))
    bytes.resize(static_cast<size_t>(info.st_size) + 1);
  bool isRead = readAll(file, bytes);
  int code = errno;
  close(file);
  if (!isRead)
    return Status::error("cannot read '%s': %s", path, std::strerror(code));
  return bytes;
}

/// The path behind symbolic links: renaming onto a link would replace it.
static Text resolve(const char *path) {
  char *real = realpath(path, nullptr);
  Text resolved(real ? real : path);
  std::free(real);
  return resolved;
}

static bool isDevice(const char *path) {
  struct stat info;
  return !stat(path, &info) && !S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode);
}

Status OutputFile::open(const char *target) {
  path = Text(target);
  int file;
  if (isDevice(target)) {
    file = ::open(target, O_WRONLY | O_CLOEXEC);
  } else {
    path = resolve(target);
    Text pattern;
    pattern.format("%s.XXXXXX", path.c_str());
    temporary = std::move(pattern);
    file = mkstemp(const_cast<char *>(temporary.c_str()));
    mode_t mask = umask(0);
    umask(mask);
    if (file >= 0)
      fchmod(file, 0666 & ~mask);
  }
  stream = file < 0 ? nullptr : fdopen(file, "wb");
  if (stream)
    return Status::success();
  int code = errno;
  temporary = Text();
  return Status::error("cannot write '%s': %s", target, std::strerror(code));
}

void OutputFile::write(const void *data, size_t size) {
  if (size)
    std::fwrite(data, 1, size, stream);
  offset += size;
}

Status OutputFile::commit() {
  errno = 0;
  bool isWritten = !std::ferror(stream) && !std::fflush(stream);
  int code = errno;
  isWritten &= !std::fclose(std::exchange(stream, nullptr));
  if (isWritten && !temporary.empty() &&
      std::rename(temporary.c_str(), path.c_str())) {
    isWritten = false;
    code = errno;
  }
  if (!isWritten)
    return Status::error("cannot write '%s': %s", path.c_str(),
                         std::strerror(code ? code : EIO));
  temporary = Text();
  return Status::success();
}

OutputFile::~OutputFile() {
  if (stream)
    std::fclose(stream);
  if (!temporary.empty())
    unlink(temporary.c_str());
}

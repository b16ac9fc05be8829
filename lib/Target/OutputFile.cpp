// Files that appear whole or not at all.
#include "bitnet/Target/OutputFile.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;

static Error cannotWrite(StringRef path, const Twine &reason) {
  return createStringError("cannot write '" + path + "': " + reason);
}

static Expected<bool>
writeStandardOutput(function_ref<bool(raw_pwrite_stream &)> write) {
  SmallVector<char, 0> text;
  raw_svector_ostream os(text);
  if (!write(os))
    return false;
  outs().write(text.data(), text.size());
  return true;
}

Expected<bool> bitnet::writeFile(StringRef path,
                                 function_ref<bool(raw_pwrite_stream &)> write,
                                 unsigned permissions) {
  if (path == "-")
    return writeStandardOutput(write);
  // Devices and pipes have no whole to wait for.
  sys::fs::file_status status;
  bool special = !sys::fs::status(path, status) &&
                 status.type() != sys::fs::file_type::regular_file;
  if (special) {
    std::error_code code;
    raw_fd_ostream os(path, code);
    if (code)
      return cannotWrite(path, code.message());
    return write(os);
  }
  Expected<sys::fs::TempFile> file =
      sys::fs::TempFile::create(path + ".%%%%%%", permissions);
  if (!file)
    return cannotWrite(path, toString(file.takeError()));
  raw_fd_ostream os(file->FD, /*shouldClose=*/false);
  bool written = write(os);
  os.flush();
  std::error_code code = os.error();
  os.clear_error();
  if (!written || code) {
    consumeError(file->discard());
    if (code)
      return cannotWrite(path, code.message());
    return false;
  }
  if (Error error = file->keep(path))
    return cannotWrite(path, toString(std::move(error)));
  return true;
}

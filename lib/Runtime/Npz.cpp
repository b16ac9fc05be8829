// .npz: a ZIP archive whose entries are .npy files.
//
// The central directory at the end says what there is; the local headers are
// only checked against it. Every offset and size is held against the file
// before it is used, and no entry may claim more than deflate can pack.

#include "bitnet/Runtime/Files.h"
#include "bitnet/Runtime/NumPy.h"

#include <zlib.h>

using namespace bitnet::runtime;

static constexpr uint32_t kLocalMagic = 0x04034b50;
static constexpr uint32_t kCentralMagic = 0x02014b50;
static constexpr uint32_t kEndMagic = 0x06054b50;
static constexpr uint32_t kEnd64Magic = 0x06064b50;
static constexpr uint32_t kLocator64Magic = 0x07064b50;
static constexpr size_t kLocalSize = 30;
static constexpr size_t kCentralSize = 46;
static constexpr size_t kEndSize = 22;
static constexpr size_t kEnd64Size = 56;
static constexpr size_t kLocator64Size = 20;
static constexpr uint64_t kMaxDeflateRatio = 1032;

template <typename T> static T load(const uint8_t *bytes) {
  T value;
  std::memcpy(&value, bytes, sizeof(value));
  return value;
}

static bool hasMagic(Bytes bytes, uint64_t offset, size_t size,
                     uint32_t magic) {
  return offset <= bytes.size && bytes.size - offset >= size &&
         load<uint32_t>(bytes.data + offset) == magic;
}

namespace {

struct Directory {
  uint64_t entries;
  uint64_t size;
  uint64_t offset;
};

struct Entry {
  Text name;
  uint16_t flags;
  uint16_t method;
  uint32_t crc;
  uint64_t packed;
  uint64_t size;
  uint64_t offset; // of the local header
};

} // namespace

static Result<Directory> findDirectory(Bytes bytes) {
  if (bytes.size < kEndSize)
    return Status::error("not a .npz file");
  // A comment of at most 65,535 bytes may follow the record.
  uint64_t end = bytes.size - kEndSize;
  uint64_t first = end > 65535 ? end - 65535 : 0;
  while (!hasMagic(bytes, end, kEndSize, kEndMagic))
    if (end-- == first)
      return Status::error("not a .npz file");
  const uint8_t *record = bytes.data + end;
  Directory directory = {load<uint16_t>(record + 10),
                         load<uint32_t>(record + 12),
                         load<uint32_t>(record + 16)};
  if (directory.entries == 0xffff || directory.size == 0xffffffff ||
      directory.offset == 0xffffffff) {
    if (end < kLocator64Size ||
        !hasMagic(bytes, end - kLocator64Size, kLocator64Size, kLocator64Magic))
      return Status::error("malformed archive: no ZIP64 locator");
    end = load<uint64_t>(record - kLocator64Size + 8);
    if (!hasMagic(bytes, end, kEnd64Size, kEnd64Magic))
      return Status::error("malformed archive: no ZIP64 record");
    record = bytes.data + end;
    directory = {load<uint64_t>(record + 32), load<uint64_t>(record + 40),
                 load<uint64_t>(record + 48)};
  }
  if (directory.offset > bytes.size ||
      directory.size > bytes.size - directory.offset ||
      directory.entries > directory.size / kCentralSize)
    return Status::error("malformed archive: its directory is not in the file");
  return directory;
}

/// Takes those of size, packed size and offset that don't fit 32 bits from the
/// ZIP64 field, where they follow each other.
static bool readZip64(Bytes extra, Entry &entry) {
  uint64_t *values[] = {&entry.size, &entry.packed, &entry.offset};
  while (extra.size >= 4) {
    size_t size = load<uint16_t>(extra.data + 2);
    if (size > extra.size - 4)
      return false;
    const uint8_t *field = extra.data + 4, *end = field + size;
    for (uint64_t *value : values) {
      if (load<uint16_t>(extra.data) != 1 || *value != 0xffffffff)
        continue;
      if (end - field < 8)
        return false;
      *value = load<uint64_t>(field);
      field += 8;
    }
    extra = {end, extra.size - 4 - size};
  }
  return true;
}

/// Reads the record at `bytes`, which ends with the directory, and moves on.
static Result<Entry> readEntry(Bytes &bytes) {
  Status malformed = Status::error("malformed archive: bad directory");
  if (!hasMagic(bytes, 0, kCentralSize, kCentralMagic))
    return malformed;
  const uint8_t *record = bytes.data;
  size_t name = load<uint16_t>(record + 28);
  size_t extra = load<uint16_t>(record + 30);
  size_t total = kCentralSize + name + extra + load<uint16_t>(record + 32);
  if (total > bytes.size)
    return malformed;
  Entry entry;
  entry.name =
      Text(reinterpret_cast<const char *>(record + kCentralSize), name);
  entry.flags = load<uint16_t>(record + 8);
  entry.method = load<uint16_t>(record + 10);
  entry.crc = load<uint32_t>(record + 16);
  entry.packed = load<uint32_t>(record + 20);
  entry.size = load<uint32_t>(record + 24);
  entry.offset = load<uint32_t>(record + 42);
  if (!readZip64({record + kCentralSize + name, extra}, entry))
    return malformed;
  bytes = {record + total, bytes.size - total};
  return entry;
}

/// The bytes of an entry as they lie in the file.
static Result<Bytes> packedBytes(Bytes bytes, const Entry &entry) {
  if (!hasMagic(bytes, entry.offset, kLocalSize, kLocalMagic))
    return Status::error("malformed archive: no local header");
  const uint8_t *local = bytes.data + entry.offset;
  uint64_t start = entry.offset + kLocalSize + load<uint16_t>(local + 26) +
                   load<uint16_t>(local + 28);
  if (start > bytes.size || entry.packed > bytes.size - start)
    return Status::error("malformed archive: truncated entry");
  return Bytes{bytes.data + start, static_cast<size_t>(entry.packed)};
}

// zlib counts in 32 bits, so that more is handed over piece by piece.
static uInt piece(size_t size) {
  return static_cast<uInt>(size < (1u << 30) ? size : 1u << 30);
}

static bool inflateAll(Bytes packed, Array<uint8_t> &unpacked) {
  z_stream stream = {};
  if (inflateInit2(&stream, -MAX_WBITS) != Z_OK)
    return false;
  size_t in = 0, out = 0;
  int code = Z_OK;
  while (code == Z_OK) {
    stream.next_in = const_cast<Bytef *>(packed.data + in);
    stream.avail_in = piece(packed.size - in);
    stream.next_out = unpacked.data() + out;
    stream.avail_out = piece(unpacked.size() - out);
    code = inflate(&stream, Z_NO_FLUSH);
    in = static_cast<size_t>(stream.next_in - packed.data);
    out = static_cast<size_t>(stream.next_out - unpacked.data());
  }
  inflateEnd(&stream);
  return code == Z_STREAM_END && out == unpacked.size();
}

static uint32_t checksum(uint32_t crc, const void *data, size_t size) {
  const uint8_t *bytes = static_cast<const uint8_t *>(data);
  while (size) {
    uInt count = piece(size);
    crc = static_cast<uint32_t>(crc32(crc, bytes, count));
    bytes += count;
    size -= count;
  }
  return crc;
}

static Result<Tensor> readArray(Bytes bytes, const Entry &entry) {
  Result<Bytes> packed = packedBytes(bytes, entry);
  if (packed.failed())
    return packed.takeError();
  if (entry.flags & 1)
    return Status::error("encrypted archives are not supported");
  if (entry.method != 0 && entry.method != 8)
    return Status::error("compression method %d is not supported",
                         entry.method);
  uint64_t limit =
      entry.method ? entry.packed * kMaxDeflateRatio + 64 : entry.packed;
  if (entry.size > limit || (!entry.method && entry.size < limit))
    return Status::error("malformed archive: %llu bytes cannot hold %llu",
                         static_cast<unsigned long long>(entry.packed),
                         static_cast<unsigned long long>(entry.size));
  Array<uint8_t> unpacked;
  Bytes content = *packed;
  if (entry.method) {
    unpacked.resize(static_cast<size_t>(entry.size));
    if (!inflateAll(content, unpacked))
      return Status::error("malformed archive: bad compressed data");
    content = {unpacked.data(), unpacked.size()};
  }
  if (checksum(0, content.data, content.size) != entry.crc)
    return Status::error("malformed archive: wrong checksum");
  return parseNpy(content);
}

/// `NAME.npy` -> `NAME`
static bool stripSuffix(Text &name) {
  size_t size = name.size();
  if (size < 4 || std::strcmp(name.c_str() + size - 4, ".npy"))
    return false;
  name = Text(name.c_str(), size - 4);
  return true;
}

Result<Array<NamedTensor>> bitnet::runtime::parseNpz(Bytes bytes) {
  Result<Directory> directory = findDirectory(bytes);
  if (directory.failed())
    return directory.takeError();
  Bytes records = {bytes.data + directory->offset,
                   static_cast<size_t>(directory->size)};
  Array<NamedTensor> tensors;
  uint64_t packed = 0;
  for (uint64_t i = 0; i < directory->entries; ++i) {
    Result<Entry> entry = readEntry(records);
    if (entry.failed())
      return entry.takeError();
    // Entries that share bytes could unpack to any amount.
    if (entry->packed > bytes.size - packed)
      return Status::error("malformed archive: its entries overlap");
    packed += entry->packed;
    if (!stripSuffix(entry->name))
      return Status::error("entry '%s' is not a .npy file",
                           entry->name.c_str());
    Result<Tensor> tensor = readArray(bytes, *entry);
    if (tensor.failed())
      return Status::error("'%s': %s", entry->name.c_str(), tensor.message());
    tensors.push({std::move(entry->name), std::move(*tensor)});
  }
  return tensors;
}

Result<Array<NamedTensor>> bitnet::runtime::readNpz(const char *path) {
  Result<Array<uint8_t>> bytes = readFile(path);
  if (bytes.failed())
    return bytes.takeError();
  Result<Array<NamedTensor>> tensors = parseNpz({bytes->data(), bytes->size()});
  if (tensors.failed())
    return Status::error("cannot read '%s': %s", path, tensors.message());
  return tensors;
}

namespace {

/// One record of the archive, in little endian.
class Record {
public:
  Record &u16(uint64_t value) { return add(value, 2); }
  Record &u32(uint64_t value) { return add(value, 4); }
  Record &u64(uint64_t value) { return add(value, 8); }
  void writeTo(OutputFile &file) { file.write(bytes, size); }

private:
  Record &add(uint64_t value, size_t count) {
    std::memcpy(bytes + size, &value, count);
    size += count;
    return *this;
  }

  uint8_t bytes[128];
  size_t size = 0;
};

/// Entries are stored: weights and activations hardly compress. All sizes are
/// known before the first byte, and given in 64 bits throughout.
class ArchiveWriter {
public:
  explicit ArchiveWriter(OutputFile &file) : file(file) {}

  void add(const NamedView &view) {
    Text header = npyHeader(view.tensor->type, view.tensor->shape);
    Entry entry;
    entry.name.append(view.name).append(".npy");
    entry.offset = file.written();
    entry.size = header.size() + view.tensor->byteSize();
    entry.crc = checksum(0, header.c_str(), header.size());
    entry.crc =
        checksum(entry.crc, view.tensor->data(), view.tensor->byteSize());
    Record record;
    record.u32(kLocalMagic);
    describe(record, entry, 20);
    record.writeTo(file);
    file.write(entry.name.c_str(), entry.name.size());
    Record().u16(1).u16(16).u64(entry.size).u64(entry.size).writeTo(file);
    file.write(header.c_str(), header.size());
    file.write(view.tensor->data(), view.tensor->byteSize());
    entries.push(std::move(entry));
  }

  void finish() {
    uint64_t start = file.written();
    for (const Entry &entry : entries) {
      Record record;
      record.u32(kCentralMagic).u16(kVersion);
      describe(record, entry, 28);
      record.u16(0).u16(0).u16(0).u32(0).u32(0xffffffff).writeTo(file);
      file.write(entry.name.c_str(), entry.name.size());
      Record extra;
      extra.u16(1).u16(24).u64(entry.size).u64(entry.size).u64(entry.offset);
      extra.writeTo(file);
    }
    writeEnd(start, file.written() - start);
  }

private:
  static constexpr uint64_t kVersion = 45; // ZIP64
  static constexpr uint64_t kUTF8 = 1 << 11;
  static constexpr uint64_t kNewYear1980 = 0x21;

  /// What both headers of an entry have in common.
  static void describe(Record &record, const Entry &entry, uint64_t extra) {
    record.u16(kVersion).u16(kUTF8).u16(0).u16(0).u16(kNewYear1980);
    record.u32(entry.crc).u32(0xffffffff).u32(0xffffffff);
    record.u16(entry.name.size()).u16(extra);
  }

  void writeEnd(uint64_t start, uint64_t size) {
    uint64_t end = file.written(), count = entries.size();
    Record record;
    record.u32(kEnd64Magic).u64(kEnd64Size - 12).u16(kVersion).u16(kVersion);
    record.u32(0).u32(0).u64(count).u64(count).u64(size).u64(start);
    record.u32(kLocator64Magic).u32(0).u64(end).u32(1);
    record.u32(kEndMagic).u16(0).u16(0).u16(0xffff).u16(0xffff);
    record.u32(0xffffffff).u32(0xffffffff).u16(0).writeTo(file);
  }

  OutputFile &file;
  Array<Entry> entries;
};

} // namespace

Status bitnet::runtime::writeNpz(const char *path,
                                 const Array<NamedView> &entries) {
  OutputFile file;
  if (Status status = file.open(path); status.failed())
    return status;
  ArchiveWriter writer(file);
  for (const NamedView &entry : entries)
    writer.add(entry);
  writer.finish();
  return file.commit();
}

// Walks protobuf's wire format down to the initializers' raw_data.
//
// protobuf's own readers count bytes in an int; this one reads files of any
// size, which is what a model with its weights inside can be.

#include "WireFormat.h"

#include "ImportError.h"

#include <cstdint>

using namespace bitnet;
using namespace bitnet::importer;
using llvm::StringRef;
using llvm::Twine;

// Field numbers of onnx.proto.
static constexpr uint64_t kModelGraph = 7;
static constexpr uint64_t kGraphInitializer = 5;
static constexpr uint64_t kTensorRawData = 9;

namespace {

enum WireType : unsigned { Varint = 0, Fixed64 = 1, Bytes = 2, Fixed32 = 5 };

struct Field {
  uint64_t number;
  unsigned type;
  StringRef whole;
  StringRef payload;

  bool is(uint64_t wanted) const { return number == wanted && type == Bytes; }
};

/// Reads the fields of one message.
class FieldReader {
public:
  explicit FieldReader(StringRef message) : rest(message) {}

  bool done() const { return rest.empty(); }

  Field next() {
    StringRef start = rest;
    uint64_t tag = readVarint();
    Field field = {tag >> 3, unsigned(tag & 7), StringRef(), StringRef()};
    switch (field.type) {
    case Varint:
      readVarint();
      break;
    case Fixed64:
      take(8);
      break;
    case Bytes:
      field.payload = take(readVarint());
      break;
    case Fixed32:
      take(4);
      break;
    default:
      fail("not an ONNX model: field of wire type " + Twine(field.type));
    }
    field.whole = start.drop_back(rest.size());
    return field;
  }

private:
  uint64_t readVarint() {
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      uint8_t byte = take(1)[0];
      value |= uint64_t(byte & 0x7f) << shift;
      if (byte < 0x80)
        return value;
    }
    fail("not an ONNX model: integer of more than 64 bits");
  }

  StringRef take(uint64_t size) {
    if (size > rest.size())
      fail("not an ONNX model, or cut off: a field needs " + Twine(size) +
           " bytes, " + Twine(rest.size()) + " are left");
    StringRef bytes = rest.take_front(size);
    rest = rest.drop_front(size);
    return bytes;
  }

  StringRef rest;
};

} // namespace

static void appendVarint(std::string &out, uint64_t value) {
  for (; value >= 0x80; value >>= 7)
    out.push_back(char(value | 0x80));
  out.push_back(char(value));
}

static void appendMessage(std::string &out, uint64_t number,
                          StringRef message) {
  appendVarint(out, number << 3 | Bytes);
  appendVarint(out, message.size());
  out += message;
}

/// Copies a TensorProto but for large bytes, which are returned.
static StringRef splitTensor(StringRef tensor, std::string &small) {
  StringRef rawData;
  for (FieldReader reader(tensor); !reader.done();) {
    Field field = reader.next();
    // Of a field that occurs twice, protobuf keeps the last.
    if (field.is(kTensorRawData))
      rawData = StringRef();
    if (field.is(kTensorRawData) && field.payload.size() > kLargeTensorBytes)
      rawData = field.payload;
    else
      small += field.whole;
  }
  return rawData;
}

static void splitGraph(StringRef graph, int &position, SplitModel &split,
                       std::string &small) {
  for (FieldReader reader(graph); !reader.done();) {
    Field field = reader.next();
    if (!field.is(kGraphInitializer)) {
      small += field.whole;
      continue;
    }
    std::string tensor;
    StringRef rawData = splitTensor(field.payload, tensor);
    if (!rawData.empty())
      split.rawData[position] = rawData;
    appendMessage(small, kGraphInitializer, tensor);
    ++position;
  }
}

SplitModel bitnet::importer::splitModel(StringRef serialized) {
  SplitModel split;
  int position = 0;
  for (FieldReader reader(serialized); !reader.done();) {
    Field field = reader.next();
    if (!field.is(kModelGraph)) {
      split.small += field.whole;
      continue;
    }
    std::string graph;
    splitGraph(field.payload, position, split, graph);
    appendMessage(split.small, kModelGraph, graph);
  }
  return split;
}

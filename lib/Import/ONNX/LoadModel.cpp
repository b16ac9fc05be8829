// Opens a model's file, maps its weights, inside it or in files beside it, and
// parses the rest.

#include "ImportError.h"
#include "Model.h"
#include "Tensors.h"
#include "WireFormat.h"

#include "llvm/ADT/StringSet.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

#include "google/protobuf/stubs/logging.h"
#include "onnx/defs/parser.h"

using namespace bitnet;
using namespace bitnet::importer;
using llvm::MemoryBuffer;
using llvm::StringRef;
using llvm::Twine;
using ::onnx::TensorProto;

using File = std::shared_ptr<MemoryBuffer>;

/// Brackets deeper than this are no model; the text parser recurses on them.
static constexpr int kMaxTextNesting = 64;

static File mapFile(const Twine &path, const Twine &what) {
  llvm::sys::fs::file_status status;
  if (std::error_code error = llvm::sys::fs::status(path, status))
    fail(what + ": " + error.message());
  if (!llvm::sys::fs::is_regular_file(status))
    fail(what + ": not a regular file");
  auto buffer = MemoryBuffer::getFile(path, /*IsText=*/false,
                                      /*RequiresNullTerminator=*/false);
  if (!buffer)
    fail(what + ": " + buffer.getError().message());
  return std::move(*buffer);
}

/// How deep brackets nest, but for those in comments and strings.
static int countNesting(StringRef text) {
  int nesting = 0, deepest = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '#')
      i = text.find('\n', i);
    else if (c == '"')
      i = text.find('"', i + 1);
    if (i == StringRef::npos)
      break;
    nesting += StringRef("([{<").contains(c);
    nesting -= StringRef(")]}>").contains(c);
    deepest = std::max(deepest, nesting);
  }
  return deepest;
}

static void parseText(StringRef text, ::onnx::ModelProto &proto) {
  if (countNesting(text) > kMaxTextNesting)
    fail("not ONNX's text syntax: brackets nest too deep");
  // The parser keeps the pointer and wants a null at the end.
  std::string copy = text.str();
  ::onnx::OnnxParser parser(copy.c_str());
  auto status = parser.Parse(proto);
  if (!status.IsOK())
    fail("not ONNX's text syntax: " + Twine(oneLine(status.ErrorMessage())));
}

static void parseBinary(StringRef bytes, ::onnx::ModelProto &proto) {
  google::protobuf::SetLogHandler(nullptr);
  if (bytes.size() > INT32_MAX)
    fail("more than 2 GiB besides large initializers");
  if (!proto.ParseFromArray(bytes.data(), bytes.size()))
    fail("not an ONNX model");
}

namespace {

/// Finds the bytes of initializers that are not in the parsed model.
class WeightFiles {
public:
  explicit WeightFiles(StringRef modelPath)
      : folder(llvm::sys::path::parent_path(modelPath)) {}

  /// The file and the bytes in it of a tensor with external data.
  std::pair<File, StringRef> find(const TensorProto &tensor);

private:
  File open(StringRef location, const std::string &name);

  std::string folder;
  std::map<std::string, File> files;
};

} // namespace

File WeightFiles::open(StringRef location, const std::string &name) {
  namespace path = llvm::sys::path;
  bool leaves = std::any_of(path::begin(location), path::end(location),
                            [](StringRef part) { return part == ".."; });
  if (location.empty() || path::is_absolute(location) || leaves)
    fail("tensor '" + name + "' has its data in '" + location +
         "', which is not in the model's folder");
  File &file = files[location.str()];
  if (!file) {
    llvm::SmallString<256> full(folder);
    path::append(full, location);
    file = mapFile(full, "data of tensor '" + name + "' in '" + location + "'");
  }
  return file;
}

static uint64_t parseSize(StringRef text, const std::string &name) {
  uint64_t value;
  if (text.getAsInteger(10, value))
    fail("tensor '" + name + "' has external data at '" + text +
         "', which is no number");
  return value;
}

std::pair<File, StringRef> WeightFiles::find(const TensorProto &tensor) {
  StringRef location;
  uint64_t offset = 0, length = countBytes(tensor);
  for (const ::onnx::StringStringEntryProto &entry : tensor.external_data()) {
    if (entry.key() == "location")
      location = entry.value();
    else if (entry.key() == "offset")
      offset = parseSize(entry.value(), tensor.name());
    else if (entry.key() == "length")
      length = parseSize(entry.value(), tensor.name());
  }
  File file = open(location, tensor.name());
  if (offset > file->getBufferSize() || length > file->getBufferSize() - offset)
    fail("tensor '" + tensor.name() + "' needs " + Twine(length) +
         " bytes at offset " + Twine(offset) + " of '" + location +
         "', which has " + Twine(file->getBufferSize()));
  return {file, file->getBuffer().substr(offset, length)};
}

static ::onnx::ValueInfoProto makeInput(const TensorProto &tensor) {
  ::onnx::ValueInfoProto input;
  input.set_name(tensor.name());
  auto *type = input.mutable_type()->mutable_tensor_type();
  type->set_elem_type(tensor.data_type());
  type->mutable_shape();
  for (int64_t size : tensor.dims())
    type->mutable_shape()->add_dim()->set_dim_value(size);
  return input;
}

static void setAside(Model &model, TensorProto &tensor, File file,
                     StringRef bytes) {
  tensor.clear_external_data();
  tensor.clear_data_location();
  size_t wanted = countBytes(tensor);
  if (bytes.size() != wanted)
    fail("tensor '" + tensor.name() + "' has " + Twine(bytes.size()) +
         " bytes of data, its shape and type need " + Twine(wanted));
  model.large[tensor.name()] = {tensor, std::move(file), bytes};
}

/// IR version 3 lists initializers as inputs too; they are constants to us.
static void dropInputsWithInitializer(::onnx::GraphProto &graph,
                                      const llvm::StringSet<> &initializers) {
  auto *inputs = graph.mutable_input();
  inputs->erase(std::remove_if(inputs->begin(), inputs->end(),
                               [&](const ::onnx::ValueInfoProto &input) {
                                 return initializers.contains(input.name());
                               }),
                inputs->end());
}

/// Replaces initializers whose bytes are large or in another file.
static void resolveInitializers(Model &model, const SplitModel &split,
                                const File &modelFile) {
  WeightFiles weights(model.path);
  llvm::StringSet<> names;
  ::onnx::GraphProto &graph = model.graph();
  google::protobuf::RepeatedPtrField<TensorProto> small;
  for (int i = 0; i < graph.initializer_size(); ++i) {
    TensorProto &tensor = *graph.mutable_initializer(i);
    if (tensor.name().empty())
      fail("an initializer has no name");
    if (!names.insert(tensor.name()).second)
      fail("two initializers are named '" + tensor.name() + "'");
    bool external = tensor.data_location() == TensorProto::EXTERNAL;
    auto [file, bytes] =
        external ? weights.find(tensor) : std::pair(modelFile, StringRef());
    if (auto raw = split.rawData.find(i); raw != split.rawData.end())
      bytes = raw->second;
    if (external && bytes.size() <= kLargeTensorBytes) {
      tensor.clear_external_data();
      tensor.clear_data_location();
      tensor.set_raw_data(bytes.data(), bytes.size());
    } else if (!bytes.empty()) {
      setAside(model, tensor, file, bytes);
      continue;
    }
    *small.Add() = std::move(tensor);
  }
  graph.mutable_initializer()->Swap(&small);
  dropInputsWithInitializer(graph, names);
  for (const auto &[name, tensor] : model.large)
    *graph.add_input() = makeInput(tensor.header);
}

/// What `python -m bitnet export` writes; 0 if it's not there, or no number.
static int64_t contextOf(const ::onnx::ModelProto &proto) {
  int64_t positions = 0;
  for (const ::onnx::StringStringEntryProto &entry : proto.metadata_props())
    if (entry.key() == "bitnet.context" &&
        StringRef(entry.value()).getAsInteger(10, positions))
      positions = 0;
  return std::max<int64_t>(positions, 0);
}

Model bitnet::importer::loadModel(StringRef path) {
  Model model;
  model.path = path.str();
  File file = mapFile(path, "cannot be read");
  SplitModel split;
  if (path.ends_with(".onnxtxt")) {
    parseText(file->getBuffer(), model.proto);
  } else {
    split = splitModel(file->getBuffer());
    parseBinary(split.small, model.proto);
  }
  if (!model.proto.has_graph())
    fail("not an ONNX model: it has no graph");
  resolveInitializers(model, split, file);
  model.context = contextOf(model.proto);
  return model;
}

// A model in memory, between its file and the module, and the steps that make
// it canonical.

#ifndef BITNET_LIB_IMPORT_ONNX_MODEL_H
#define BITNET_LIB_IMPORT_ONNX_MODEL_H

#include "bitnet/Import/ImportONNX.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/MemoryBuffer.h"

#include "onnx/onnx_pb.h"

#include <map>
#include <memory>
#include <string>

namespace bitnet::importer {

/// The opset of the `onnx` dialect, and the newest that models may use.
constexpr int64_t kCanonicalOpset = 25;
constexpr int64_t kNewestOpset = 27;

/// Where operators stay that the opset which the model imports does not have,
/// until the model is converted.
constexpr char kUnknownDomain[] = "bitnet.unknown";

/// An initializer whose bytes stay where the file was mapped.
struct LargeTensor {
  /// Name, type and dimensions; no data.
  ::onnx::TensorProto header;
  std::shared_ptr<llvm::MemoryBuffer> file;
  /// As in TensorProto.raw_data.
  llvm::StringRef bytes;
};

struct Model {
  std::string path;
  ::onnx::ModelProto proto;
  /// By name. Each is a graph input of its type in `proto`, so that checker,
  /// converter and shape inference know it without its bytes.
  std::map<std::string, LargeTensor> large;
  /// The module that a value was computed in, by the name of the value:
  /// version conversion drops the metadata of nodes.
  llvm::StringMap<std::string> moduleNames;
  /// The most positions that the file says the model was made for; or 0.
  int64_t context = 0;
  /// The opset that the file imports of each domain, before conversion.
  std::map<std::string, int64_t> fileOpsets;

  ::onnx::GraphProto &graph() { return *proto.mutable_graph(); }
};

/// Reads, maps and parses the file and sets large initializers aside.
Model loadModel(llvm::StringRef path);

/// Gives named dimensions of the inputs and of all values the sizes asked for.
void overrideDims(Model &model, const ImportOptions &options);

/// Puts right what real files get wrong and their meaning leaves no doubt of.
void repairModel(Model &model);

/// Orders nodes so that each comes after those it reads, else as in the file.
void sortNodes(::onnx::GraphProto &graph);

/// Checks the model, inlines its functions and converts it to opset 25 (newer
/// ones up to 27 stay), with types of all values as far as they can be
/// inferred.
void canonicalizeModel(Model &model);

void inferShapes(Model &model);

using IsSupported = llvm::function_ref<bool(const ::onnx::NodeProto &)>;

/// Replaces nodes that are not supported, but whose operator is defined by
/// other operators, by those.
void expandFunctionBodies(Model &model, IsSupported isSupported);

/// The version of the default domain that the model imports; 0 if none.
int64_t defaultOpset(const ::onnx::ModelProto &proto);

/// How diagnostics call a node: by its name, else by its first output.
std::string nodeName(const ::onnx::NodeProto &node);

/// The message of an exception of the onnx library, in one line.
std::string oneLine(llvm::StringRef message);

} // namespace bitnet::importer

#endif // BITNET_LIB_IMPORT_ONNX_MODEL_H

// How the importer reports errors inside its folder: by throwing. Nothing of
// it leaves importONNX().

#ifndef BITNET_LIB_IMPORT_ONNX_IMPORTERROR_H
#define BITNET_LIB_IMPORT_ONNX_IMPORTERROR_H

#include "llvm/ADT/Twine.h"

#include <stdexcept>
#include <string>

namespace bitnet::importer {

/// What is wrong with a model, and the name of the node where, if at one.
struct ImportError : std::runtime_error {
  ImportError(const llvm::Twine &message, const llvm::Twine &node)
      : std::runtime_error(message.str()), node(node.str()) {}

  std::string node;
};

/// An error that MLIR has reported already.
struct ReportedError {};

[[noreturn]] inline void fail(const llvm::Twine &message,
                              const llvm::Twine &node = "") {
  throw ImportError(message, node);
}

} // namespace bitnet::importer

#endif // BITNET_LIB_IMPORT_ONNX_IMPORTERROR_H

// Separates the bytes of large weights from the rest of a serialized model, so
// that protobuf never copies them.

#ifndef BITNET_LIB_IMPORT_ONNX_WIREFORMAT_H
#define BITNET_LIB_IMPORT_ONNX_WIREFORMAT_H

#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/StringRef.h"

#include <string>

namespace bitnet::importer {

/// Initializers of more bytes than this stay in the file.
constexpr size_t kLargeTensorBytes = 1024;

struct SplitModel {
  /// The serialized model without the `raw_data` of large initializers.
  std::string small;
  /// The removed bytes, in the file, by the position of their initializer.
  llvm::DenseMap<int, llvm::StringRef> rawData;
};

SplitModel splitModel(llvm::StringRef serialized);

} // namespace bitnet::importer

#endif // BITNET_LIB_IMPORT_ONNX_WIREFORMAT_H

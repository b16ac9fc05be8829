// Sizes for named dimensions, in expressions of names too: `--dim seq=128`.

#include "ImportError.h"
#include "Model.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"

#include <optional>

using namespace bitnet;
using namespace bitnet::importer;
using llvm::StringRef;
using llvm::Twine;

/// The sum that an expression of sizes and `+`, `-`, `*` stands for; none if a
/// name is left in it.
static std::optional<int64_t> evaluate(StringRef expression) {
  expression = expression.trim();
  int64_t value;
  if (!expression.getAsInteger(10, value))
    return value;
  for (char sign : {'+', '-', '*'}) {
    auto [left, right] = expression.rsplit(sign);
    if (left.size() == expression.size())
      continue;
    std::optional<int64_t> a = evaluate(left), b = evaluate(right);
    if (!a || !b)
      return std::nullopt;
    return sign == '+' ? *a + *b : sign == '-' ? *a - *b : *a * *b;
  }
  return std::nullopt;
}

/// Puts sizes for names in an expression such as `past + sequence`.
static std::string substitute(StringRef expression,
                              const ImportOptions &options,
                              llvm::StringSet<> &used) {
  std::string result;
  while (!expression.empty()) {
    StringRef word = expression.take_while(
        [](char c) { return llvm::isAlnum(c) || c == '_' || c == '.'; });
    if (word.empty())
      word = expression.take_front(1);
    expression = expression.drop_front(word.size());
    auto size = options.dims.find(word);
    if (size == options.dims.end()) {
      result += word;
      continue;
    }
    used.insert(word);
    result += std::to_string(size->second);
  }
  return result;
}

static void overrideValueDims(::onnx::ValueInfoProto &value,
                              const ImportOptions &options,
                              llvm::StringSet<> &used) {
  if (!value.type().tensor_type().has_shape())
    return;
  auto *shape = value.mutable_type()->mutable_tensor_type()->mutable_shape();
  for (auto &dim : *shape->mutable_dim()) {
    if (!dim.has_dim_param())
      continue;
    // Names may hold any character: as a whole first.
    std::string text = dim.dim_param();
    if (auto size = options.dims.find(text); size != options.dims.end()) {
      used.insert(text);
      dim.set_dim_value(size->second);
      continue;
    }
    text = substitute(text, options, used);
    if (std::optional<int64_t> size = evaluate(text))
      dim.set_dim_value(*size);
    else
      dim.set_dim_param(text);
  }
}

void bitnet::importer::overrideDims(Model &model,
                                    const ImportOptions &options) {
  llvm::StringSet<> used;
  ::onnx::GraphProto &graph = model.graph();
  for (auto *values : {graph.mutable_input(), graph.mutable_output(),
                       graph.mutable_value_info()})
    for (::onnx::ValueInfoProto &value : *values)
      overrideValueDims(value, options, used);
  for (const auto &dim : options.dims) {
    if (!used.contains(dim.getKey()))
      fail("no dimension is named '" + dim.getKey() + "'");
    if (dim.getValue() < 0)
      fail("dimension '" + dim.getKey() + "' can't have size " +
           Twine(dim.getValue()));
  }
}

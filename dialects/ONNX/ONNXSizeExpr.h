// Sizes that are known by name: `past + seq`, `2 * batch * seq`.
#ifndef DIALECTS_ONNX_ONNXSIZEEXPR_H
#define DIALECTS_ONNX_ONNXSIZEEXPR_H

#include "llvm/ADT/StringRef.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace bitnet::onnx {

/// A sum of products of names, in a normal form: two expressions that are equal
/// for all sizes compare equal, in whatever order they were written.
///
/// Arithmetic wraps at 64 bits, as that of a compiled program.
class SizeExpr {
public:
  SizeExpr(int64_t constant = 0);

  /// Reads names, numbers, `+`, `-` and `*`. Any other text is one name.
  static SizeExpr parse(llvm::StringRef text);

  /// A size of which only the name is known.
  static SizeExpr named(llvm::StringRef name);

  SizeExpr operator+(const SizeExpr &other) const;
  SizeExpr operator-(const SizeExpr &other) const;
  SizeExpr operator*(const SizeExpr &other) const;
  bool operator==(const SizeExpr &other) const { return terms == other.terms; }

  /// The quotient by a single product, if nothing remains.
  std::optional<SizeExpr> dividedBy(const SizeExpr &divisor) const;

  /// The number, if no name is left.
  std::optional<int64_t> getConstant() const;

  /// True if no term is negative: sizes are at least zero.
  bool isSurelyNotNegative() const;

  /// `past + seq`, with names and terms in alphabetical order.
  std::string str() const;

private:
  /// The names of a product in order; none for the constant term.
  using Product = std::vector<std::string>;

  void add(const Product &product, int64_t factor);

  std::map<Product, int64_t> terms;
};

} // namespace bitnet::onnx

#endif // DIALECTS_ONNX_ONNXSIZEEXPR_H

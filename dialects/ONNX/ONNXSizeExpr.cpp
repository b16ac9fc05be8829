// Arithmetic on sizes that are known by name. See ONNXSizeExpr.h.
#include "dialects/ONNX/ONNXSizeExpr.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

#include <algorithm>

using namespace bitnet::onnx;
using llvm::StringRef;

/// Nobody writes longer expressions; a parser could exhaust the stack.
static constexpr size_t kMaxLength = 1000;

/// a * b and the like, without undefined overflow.
static int64_t multiply(int64_t a, int64_t b) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) *
                              static_cast<uint64_t>(b));
}

SizeExpr::SizeExpr(int64_t constant) { add({}, constant); }

SizeExpr SizeExpr::named(StringRef name) {
  SizeExpr result;
  result.add({name.str()}, 1);
  return result;
}

void SizeExpr::add(const Product &product, int64_t factor) {
  int64_t &sum = terms[product];
  sum = static_cast<int64_t>(static_cast<uint64_t>(sum) +
                             static_cast<uint64_t>(factor));
  if (sum == 0)
    terms.erase(product);
}

SizeExpr SizeExpr::operator+(const SizeExpr &other) const {
  SizeExpr result = *this;
  for (const auto &[product, factor] : other.terms)
    result.add(product, factor);
  return result;
}

SizeExpr SizeExpr::operator-(const SizeExpr &other) const {
  return *this + other * SizeExpr(-1);
}

SizeExpr SizeExpr::operator*(const SizeExpr &other) const {
  SizeExpr result;
  for (const auto &[left, a] : terms)
    for (const auto &[right, b] : other.terms) {
      Product product = left;
      product.insert(product.end(), right.begin(), right.end());
      llvm::sort(product);
      result.add(product, multiply(a, b));
    }
  return result;
}

std::optional<SizeExpr> SizeExpr::dividedBy(const SizeExpr &divisor) const {
  if (divisor.terms.size() != 1)
    return std::nullopt;
  const auto &[names, number] = *divisor.terms.begin();
  SizeExpr result;
  for (const auto &[product, factor] : terms) {
    if (!std::includes(product.begin(), product.end(), names.begin(),
                       names.end()) ||
        number == -1 || factor % number != 0)
      return std::nullopt;
    Product rest;
    std::set_difference(product.begin(), product.end(), names.begin(),
                        names.end(), std::back_inserter(rest));
    result.add(rest, factor / number);
  }
  return result;
}

std::optional<int64_t> SizeExpr::getConstant() const {
  if (terms.empty())
    return 0;
  const auto &[product, factor] = *terms.begin();
  if (terms.size() != 1 || !product.empty())
    return std::nullopt;
  return factor;
}

bool SizeExpr::isSurelyNotNegative() const {
  return llvm::all_of(terms, [](const auto &term) { return term.second > 0; });
}

std::string SizeExpr::str() const {
  std::string result;
  // The constant comes last: `seq + 1`.
  auto append = [&](const Product &product, int64_t factor) {
    uint64_t magnitude = factor < 0 ? 0 - static_cast<uint64_t>(factor)
                                    : static_cast<uint64_t>(factor);
    if (!result.empty())
      result += factor < 0 ? " - " : " + ";
    else if (factor < 0)
      result += "-";
    if (magnitude != 1 || product.empty())
      result += std::to_string(magnitude) + (product.empty() ? "" : "*");
    result += llvm::join(product, "*");
  };
  for (const auto &[product, factor] : terms)
    if (!product.empty())
      append(product, factor);
  for (const auto &[product, factor] : terms)
    if (product.empty())
      append(product, factor);
  return result.empty() ? "0" : result;
}

/// A name or a number at the front of `text`; empty if there is none.
static StringRef takeWord(StringRef &text) {
  text = text.ltrim();
  StringRef word = text.take_while([](char c) {
    return llvm::isAlnum(c) || c == '_' || c == '.' || c == '?';
  });
  text = text.drop_front(word.size()).ltrim();
  return word;
}

/// A product at the front of `text`, without its sign.
static std::optional<SizeExpr> takeProduct(StringRef &text) {
  SizeExpr product = 1;
  do {
    StringRef word = takeWord(text);
    int64_t number;
    if (word.empty())
      return std::nullopt;
    if (!word.getAsInteger(10, number))
      product = product * SizeExpr(number);
    else if (llvm::isDigit(word.front()))
      return std::nullopt;
    else
      product = product * SizeExpr::named(word);
  } while (text.consume_front("*"));
  return product;
}

SizeExpr SizeExpr::parse(StringRef text) {
  StringRef rest = text.trim();
  SizeExpr sum;
  bool isNegative = rest.consume_front("-");
  while (text.size() <= kMaxLength) {
    std::optional<SizeExpr> product = takeProduct(rest);
    if (!product)
      break;
    sum = isNegative ? sum - *product : sum + *product;
    if (rest.empty())
      return sum;
    isNegative = rest.consume_front("-");
    if (!isNegative && !rest.consume_front("+"))
      break;
  }
  return named(text);
}

// Checking shapes against a signature.

#include "bitnet/Runtime/Shapes.h"

using namespace bitnet::runtime;

namespace {

/// Evaluates by recursive descent: sum = product {(+|-) product},
/// product = atom {(*|/|//) atom}, atom = number | symbol | ( sum ) | - atom.
class Evaluator {
public:
  Evaluator(const char *text, SymbolLookup lookup, const void *context)
      : next(text), lookup(lookup), context(context) {}

  std::optional<int64_t> run() {
    int64_t value = sum();
    skipSpace();
    return isValid && !*next ? std::optional<int64_t>(value) : std::nullopt;
  }

private:
  static constexpr int kMaxDepth = 64;

  void skipSpace() { next += std::strspn(next, " "); }

  bool take(char c) {
    skipSpace();
    if (*next != c)
      return false;
    ++next;
    return true;
  }

  int64_t fail() {
    isValid = false;
    return 0;
  }

  int64_t sum() {
    int64_t value = product();
    while (isValid) {
      if (take('+'))
        isValid &= !__builtin_add_overflow(value, product(), &value);
      else if (take('-'))
        isValid &= !__builtin_sub_overflow(value, product(), &value);
      else
        break;
    }
    return value;
  }

  int64_t product() {
    int64_t value = atom();
    while (isValid) {
      if (take('*'))
        isValid &= !__builtin_mul_overflow(value, atom(), &value);
      else if (take('/'))
        value = divide(value);
      else
        break;
    }
    return value;
  }

  /// Sizes are not negative, so that floor is truncation.
  int64_t divide(int64_t value) {
    take('/');
    int64_t divisor = atom();
    return divisor > 0 && value >= 0 ? value / divisor : fail();
  }

  int64_t atom() {
    if (++depth > kMaxDepth)
      return fail();
    int64_t value = 0;
    if (take('(')) {
      value = sum();
      if (!take(')'))
        fail();
    } else if (take('-')) {
      isValid &= !__builtin_sub_overflow(int64_t(0), atom(), &value);
    } else {
      value = word();
    }
    --depth;
    return value;
  }

  int64_t word() {
    skipSpace();
    Text name(next, std::strcspn(next, "+-*/() ,"));
    next += name.size();
    if (name.empty())
      return fail();
    if (std::strspn(name.c_str(), "0123456789") < name.size()) {
      std::optional<int64_t> value = lookup(context, name.c_str());
      return value ? *value : fail();
    }
    return name.size() < 18 ? std::strtoll(name.c_str(), nullptr, 10) : fail();
  }

  const char *next;
  SymbolLookup lookup;
  const void *context;
  bool isValid = true;
  int depth = 0;
};

} // namespace

std::optional<int64_t> bitnet::runtime::evaluate(const char *text,
                                                 SymbolLookup lookup,
                                                 const void *context) {
  return Evaluator(text, lookup, context).run();
}

std::optional<int64_t> Symbols::find(const char *name) const {
  for (const Binding &binding : bindings)
    if (!std::strcmp(binding.name, name))
      return binding.size;
  return std::nullopt;
}

Status Symbols::bind(const char *name, int64_t size, const char *input) {
  for (const Binding &binding : bindings) {
    if (std::strcmp(binding.name, name))
      continue;
    if (binding.size == size)
      return Status::success();
    return Status::error("'%s' is %lld here but %lld in input '%s'", name,
                         static_cast<long long>(size),
                         static_cast<long long>(binding.size), binding.input);
  }
  bindings.push({name, size, input});
  return Status::success();
}

std::optional<int64_t> Symbols::sizeOf(const Dimension &dim) const {
  auto lookup = [](const void *symbols, const char *name) {
    return static_cast<const Symbols *>(symbols)->find(name);
  };
  switch (dim.kind) {
  case Dimension::Fixed:
    return dim.size;
  case Dimension::Symbol:
    return find(dim.text.c_str());
  case Dimension::Expression:
    return evaluate(dim.text.c_str(), lookup, this);
  case Dimension::Unnamed:
    break;
  }
  return std::nullopt;
}

/// The shape that is wanted beside fixed sizes: "1x8" once all else is taken
/// from `shape`, which has the right rank.
static Text wantedShape(const Port &input, const Shape &shape) {
  Shape wanted = shape;
  for (int32_t i = 0; i < shape.rank; ++i)
    if (input.dims[i].kind == Dimension::Fixed)
      wanted.sizes[i] = input.dims[i].size;
  return wanted.text();
}

Status bitnet::runtime::bindShape(const Port &input, const Shape &shape,
                                  Symbols &symbols) {
  const char *name = input.name.c_str();
  Text given = shape.text();
  if (size_t(shape.rank) != input.dims.size())
    return Status::error("input '%s' has shape %s, the model wants %s", name,
                         given.c_str(), input.shapeText().c_str());
  for (int32_t i = 0; i < shape.rank; ++i)
    if (input.dims[i].kind == Dimension::Fixed &&
        input.dims[i].size != shape.sizes[i])
      return Status::error("input '%s' has shape %s, the model wants %s", name,
                           given.c_str(), wantedShape(input, shape).c_str());
  for (int32_t i = 0; i < shape.rank; ++i) {
    if (input.dims[i].kind != Dimension::Symbol)
      continue;
    Status status =
        symbols.bind(input.dims[i].text.c_str(), shape.sizes[i], name);
    if (status.failed())
      return Status::error("input '%s' has shape %s: %s", name, given.c_str(),
                           status.message());
  }
  return Status::success();
}

Status bitnet::runtime::checkExpressions(const Port &input, const Shape &shape,
                                         const Symbols &symbols) {
  for (int32_t i = 0; i < shape.rank; ++i) {
    const Dimension &dim = input.dims[i];
    if (dim.kind != Dimension::Expression)
      continue;
    std::optional<int64_t> wanted = symbols.sizeOf(dim);
    if (wanted && *wanted != shape.sizes[i])
      return Status::error(
          "input '%s' has shape %s: '%s' is %lld here but %lld by the other "
          "inputs",
          input.name.c_str(), shape.text().c_str(), dim.text.c_str(),
          static_cast<long long>(shape.sizes[i]),
          static_cast<long long>(*wanted));
  }
  return Status::success();
}

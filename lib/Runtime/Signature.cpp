// Parsing of signatures; lib/Runtime/README.md has the grammar.

#include "bitnet/Runtime/Signature.h"

#include "bitnet/Runtime/Shapes.h"

using namespace bitnet::runtime;

Text Port::shapeText() const {
  Text text("[");
  for (size_t i = 0; i < dims.size(); ++i)
    text.append(i ? ", " : "").append(dims[i].text.c_str());
  return std::move(text.append("]"));
}

const Port *Signature::findInput(const char *name) const {
  for (const Port &input : inputs)
    if (input.name == name)
      return &input;
  return nullptr;
}

static const Port *findRole(const Array<Port> &ports, Role role) {
  for (const Port &port : ports)
    if (port.role == role)
      return &port;
  return nullptr;
}

const Port *Signature::findInput(Role role) const {
  return findRole(inputs, role);
}

const Port *Signature::findOutput(Role role) const {
  return findRole(outputs, role);
}

Text Signature::inputNames() const {
  Text names;
  for (const Port &input : inputs)
    names.format("%s'%s'", names.empty() ? "" : ", ", input.name.c_str());
  return names;
}

/// The fields of one line, with their escapes undone.
static Result<Array<Text>> splitLine(const char *line, size_t size) {
  Array<Text> fields;
  fields.push(Text());
  for (size_t i = 0; i < size; ++i) {
    Text &field = fields[fields.size() - 1];
    if (line[i] == '\t') {
      fields.push(Text());
    } else if (line[i] != '%') {
      field.append(line + i, 1);
    } else if (size - i > 2 && !std::strncmp(line + i, "%25", 3)) {
      field.append("%"), i += 2;
    } else if (size - i > 2 && !std::strncmp(line + i, "%09", 3)) {
      field.append("\t"), i += 2;
    } else if (size - i > 2 && !std::strncmp(line + i, "%0A", 3)) {
      field.append("\n"), i += 2;
    } else {
      return Status::error("'%%' is no escape here");
    }
  }
  return fields;
}

static Result<Dimension> parseDimension(Text text) {
  Dimension dim;
  dim.text = std::move(text);
  const char *digits = dim.text.c_str();
  if (dim.text.empty())
    return Status::error("a dimension is empty");
  if (dim.text == "?")
    return dim;
  dim.kind = Dimension::Symbol;
  if (*digits == '-' || (*digits >= '0' && *digits <= '9')) {
    char *end;
    long long size = std::strtoll(digits, &end, 10);
    if (*end && *digits != '-')
      return dim; // `2*sequence`
    if (*end || size < 0 || size > (1ll << 56))
      return Status::error("bad dimension '%s'", digits);
    dim.kind = Dimension::Fixed;
    dim.size = size;
  }
  return dim;
}

namespace {
struct RoleName {
  const char *text;
  Role role;
  bool isInput;
};
} // namespace

static constexpr RoleName kRoles[] = {
    {"-", Role::None, true},        {"ids", Role::Ids, true},
    {"mask", Role::Mask, true},     {"positions", Role::Positions, true},
    {"types", Role::Types, true},   {"past", Role::Past, true},
    {"cache", Role::Cache, true},   {"-", Role::None, false},
    {"logits", Role::Logits, false}};

static Status parseRole(const char *text, bool isInput, Port &port) {
  for (const RoleName &name : kRoles)
    if (name.isInput == isInput && !std::strcmp(text, name.text)) {
      port.role = name.role;
      return Status::success();
    }
  if (isInput || std::strncmp(text, "present:", 8))
    return Status::error("unknown role '%s'", text);
  char *end;
  port.role = Role::Present;
  port.pastInput = std::strtoul(text + 8, &end, 10);
  if (text[8] < '0' || text[8] > '9' || *end)
    return Status::error("unknown role '%s'", text);
  return Status::success();
}

static Result<Port> parsePort(Array<Text> &fields, bool isInput) {
  if (fields.size() < 4)
    return Status::error("a name, a type and a role are wanted");
  if (fields.size() - 4 > BITNET_MAX_RANK)
    return Status::error("'%s' has more than %d dimensions", fields[1].c_str(),
                         BITNET_MAX_RANK);
  Port port;
  port.name = std::move(fields[1]);
  Result<bitnet_type> type = parseType(fields[2].c_str());
  if (type.failed())
    return type.takeError();
  port.type = *type;
  if (Status status = parseRole(fields[3].c_str(), isInput, port);
      status.failed())
    return status;
  for (size_t i = 4; i < fields.size(); ++i) {
    Result<Dimension> dim = parseDimension(std::move(fields[i]));
    if (dim.failed())
      return dim.takeError();
    port.dims.push(std::move(*dim));
  }
  return port;
}

static bool hasPort(const Array<Port> &ports, const Text &name) {
  for (const Port &port : ports)
    if (port.name == name)
      return true;
  return false;
}

/// The most positions, if the model says so.
static Status parseContext(const Array<Text> &fields, Signature &signature) {
  if (fields.size() != 2)
    return Status::error("'context' wants a number");
  Result<Dimension> count = parseDimension(Text(fields[1].c_str()));
  if (count.failed() || count->kind != Dimension::Fixed || !count->size)
    return Status::error("'context' wants a number");
  signature.context = count->size;
  return Status::success();
}

static Status parseLine(Array<Text> &fields, size_t number,
                        Signature &signature) {
  if (number == 1)
    return fields.size() == 1 && fields[0] == "bitnet 1"
               ? Status::success()
               : Status::error("'bitnet 1' is wanted, not '%s'",
                               fields[0].c_str());
  if (number == 2) {
    if (fields.size() != 2 || !(fields[0] == "model"))
      return Status::error("the name of the model is wanted");
    signature.model = std::move(fields[1]);
    return Status::success();
  }
  if (number == 3 && fields[0] == "context")
    return parseContext(fields, signature);
  if (signature.inputs.empty() && fields[0] == "counts-logits") {
    signature.countsLogits = true;
    return fields.size() == 1 ? Status::success()
                              : Status::error("'counts-logits' stands alone");
  }
  bool isInput = fields[0] == "input";
  if (!isInput && !(fields[0] == "output"))
    return Status::error("unknown entry '%s'", fields[0].c_str());
  if (isInput && !signature.outputs.empty())
    return Status::error("an input follows an output");
  Result<Port> port = parsePort(fields, isInput);
  if (port.failed())
    return port.takeError();
  Array<Port> &ports = isInput ? signature.inputs : signature.outputs;
  if (hasPort(ports, port->name))
    return Status::error("'%s' occurs twice", port->name.c_str());
  ports.push(std::move(*port));
  return Status::success();
}

/// An output can only become an input that is a cache of its type and rank.
static Status checkCaches(const Signature &signature) {
  for (const Port &output : signature.outputs) {
    if (output.role != Role::Present)
      continue;
    const Port *past = output.pastInput < signature.inputs.size()
                           ? &signature.inputs[output.pastInput]
                           : nullptr;
    if (!past || !isPast(past->role) || past->type != output.type ||
        past->dims.size() != output.dims.size())
      return Status::error("output '%s' is the next value of no input",
                           output.name.c_str());
  }
  for (const Port &input : signature.inputs)
    if (input.role == Role::Cache && input.dims.size() != 4)
      return Status::error("cache '%s' has not 4 dimensions",
                           input.name.c_str());
  return Status::success();
}

/// A lookup that knows the plain symbols of the inputs. Their value is of no
/// interest here.
static std::optional<int64_t> knowSymbol(const void *context,
                                         const char *name) {
  for (const Port &input : static_cast<const Signature *>(context)->inputs)
    for (const Dimension &dim : input.dims)
      if (dim.kind == Dimension::Symbol && dim.text == name)
        return 1;
  return std::nullopt;
}

/// Tells `past + sequence` from `seq-len`: an expression is one of symbols that
/// are dimensions of inputs themselves.
static void findExpressions(Port &port, const Signature &signature) {
  for (Dimension &dim : port.dims)
    if (dim.kind == Dimension::Symbol &&
        std::strpbrk(dim.text.c_str(), "+-*/") &&
        evaluate(dim.text.c_str(), knowSymbol, &signature))
      dim.kind = Dimension::Expression;
}

Result<Signature> bitnet::runtime::parseSignature(const char *text) {
  Signature signature;
  size_t number = 0;
  while (*text || number < 2) {
    ++number;
    size_t size = std::strcspn(text, "\n");
    Result<Array<Text>> fields = splitLine(text, size);
    Status status = fields.failed() ? fields.takeError()
                                    : parseLine(*fields, number, signature);
    if (status.failed())
      return Status::error("malformed signature, line %zu: %s", number,
                           status.message());
    text += size + (text[size] == '\n');
  }
  if (Status status = checkCaches(signature); status.failed())
    return Status::error("malformed signature: %s", status.message());
  for (Port &input : signature.inputs)
    findExpressions(input, signature);
  for (Port &output : signature.outputs)
    findExpressions(output, signature);
  return signature;
}

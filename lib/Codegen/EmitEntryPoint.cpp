// The model's signature and its C entry point. See Passes.td, and
// lib/Runtime/README.md for the text's format and the calling convention.
#include "bitnet/Codegen/Passes.h"
#include "dialects/BitNet/ModelAttrs.h"

#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/ADT/StringExtras.h"

#include <map>

#define DEBUG_TYPE "bitnet-emit-entry-point"

namespace bitnet {
#define GEN_PASS_DEF_EMITENTRYPOINT
#include "bitnet/Codegen/Passes.h.inc"
} // namespace bitnet

using namespace mlir;

static constexpr StringLiteral kModel = "bitnet_model";
static constexpr StringLiteral kPresent = "bitnet.present";

/// A type's name in the signature, empty if there is none.
static std::string typeName(Type type) {
  if (type.isF16() || type.isBF16() || type.isF32() || type.isF64()) {
    std::string name;
    llvm::raw_string_ostream(name) << type;
    return name;
  }
  auto integer = dyn_cast<IntegerType>(type);
  if (!integer)
    return "";
  switch (unsigned width = integer.getWidth()) {
  case 1:
    return "bool";
  case 8:
  case 16:
  case 32:
  case 64:
    return (integer.isUnsigned() ? "u" : "i") + std::to_string(width);
  default:
    return "";
  }
}

/// Keeps the characters that separate fields out of a field.
static std::string escape(StringRef field) {
  std::string escaped;
  for (char c : field) {
    if (c == '%' || c == '\t' || c == '\n')
      escaped += "%" + llvm::utohexstr(c, /*LowerCase=*/false, /*Width=*/2);
    else if (c != '\0')
      escaped += c;
  }
  return escaped;
}

static StringRef stringOr(DictionaryAttr attrs, StringRef name,
                          StringRef otherwise) {
  auto value = attrs ? attrs.getAs<StringAttr>(name) : StringAttr();
  return value ? value.getValue() : otherwise;
}

/// One line of the signature: kind, name, type, role, dimensions.
static std::string describe(StringRef kind, unsigned number, MemRefType type,
                            DictionaryAttr attrs) {
  std::string line;
  llvm::raw_string_ostream os(line);
  std::string unnamed = (kind + Twine(number)).str();
  Type element = type.getElementType();
  // In the program unsigned integers have lost their sign.
  if (auto original = attrs ? attrs.getAs<TypeAttr>("onnx.type") : TypeAttr())
    if (Type was = getElementTypeOrSelf(original.getValue());
        !typeName(was).empty())
      element = was;
  os << kind << '\t' << escape(stringOr(attrs, "onnx.name", unnamed)) << '\t'
     << typeName(element) << '\t'
     << escape(stringOr(attrs, bitnet::kRoleAttr, "-"));

  auto names = attrs ? attrs.getAs<ArrayAttr>("onnx.dims") : ArrayAttr();
  for (auto [i, size] : llvm::enumerate(type.getShape())) {
    StringRef name;
    if (names && i < names.size())
      if (auto symbol = dyn_cast<StringAttr>(names[i]))
        name = symbol.getValue();
    if (!ShapedType::isDynamic(size))
      os << '\t' << size;
    else
      os << '\t' << (name.empty() ? "?" : escape(name));
  }
  os << '\n';
  return line;
}

/// The line of the output that a caller finds in cache `input`, and its place
/// among the outputs.
static std::pair<unsigned, std::string> describeCache(func::FuncOp model,
                                                      unsigned input) {
  auto present = model.getArgAttrOfType<DictionaryAttr>(input, kPresent);
  NamedAttrList attrs(present);
  auto role = StringAttr::get(model.getContext(), "present:" + Twine(input));
  attrs.set(bitnet::kRoleAttr, role);
  unsigned output = cast<IntegerAttr>(attrs.get("output")).getInt();
  return {output, describe("output", output,
                           cast<MemRefType>(model.getArgumentTypes()[input]),
                           attrs.getDictionary(model.getContext()))};
}

static std::string describeOutputs(func::FuncOp model) {
  std::map<unsigned, std::string> caches;
  for (unsigned i = 0; i < model.getNumArguments(); ++i)
    if (model.getArgAttr(i, kPresent))
      caches.insert(describeCache(model, i));
  std::string text;
  unsigned number = 0;
  auto addCaches = [&] {
    for (auto at = caches.find(number); at != caches.end();
         at = caches.find(++number))
      text += at->second;
  };
  addCaches();
  for (auto [i, type] : llvm::enumerate(model.getResultTypes())) {
    text += describe("output", number++, cast<MemRefType>(type),
                     model.getResultAttrDict(i));
    addCaches();
  }
  return text;
}

/// A number that the caller gives beside the inputs: how many logits it wants,
/// how many positions there are in the caches.
static bool isCount(func::FuncOp model, unsigned argument) {
  return model.getArgumentTypes()[argument].isIndex() &&
         model.getArgAttr(argument, bitnet::kRoleAttr);
}

static bool countsLogits(func::FuncOp model) {
  for (unsigned i = 0; i < model.getNumArguments(); ++i)
    if (auto role = model.getArgAttrOfType<StringAttr>(i, bitnet::kRoleAttr))
      if (role.getValue() == "logit-count")
        return true;
  return false;
}

static std::string signatureOf(func::FuncOp model) {
  StringRef name = stringOr(
      model->getParentOfType<ModuleOp>()->getDiscardableAttrDictionary(),
      "bitnet.model.name", "model");
  std::string text = "bitnet 1\nmodel\t" + escape(name) + "\n";
  if (auto context =
          model->getParentOfType<ModuleOp>()->getAttrOfType<IntegerAttr>(
              bitnet::kContextAttr))
    text += "context\t" + std::to_string(context.getInt()) + "\n";
  if (countsLogits(model))
    text += "counts-logits\n";
  for (auto [i, type] : llvm::enumerate(model.getArgumentTypes()))
    if (auto buffer = dyn_cast<MemRefType>(type))
      text += describe("input", i, buffer, model.getArgAttrDict(i));
  text += describeOutputs(model);
  text.push_back('\0');
  return text;
}

/// Inputs and outputs are plain buffers of types that C knows.
static LogicalResult checkInterface(func::FuncOp model) {
  auto check = [&](ArrayRef<Type> types, StringRef kind) -> LogicalResult {
    for (auto [i, type] : llvm::enumerate(types)) {
      auto buffer = dyn_cast<MemRefType>(type);
      if (!buffer || !buffer.getLayout().isIdentity() ||
          typeName(buffer.getElementType()).empty())
        return model.emitError()
               << kind << " #" << i << " of the model has type " << type
               << ", wanted a contiguous buffer of numbers";
    }
    return success();
  };
  ArrayRef<Type> arguments = model.getArgumentTypes();
  for (unsigned last = arguments.size(); last-- && isCount(model, last);)
    arguments = arguments.drop_back();
  return failure(failed(check(arguments, "input")) ||
                 failed(check(model.getResultTypes(), "output")));
}

/// void bitnet_main(void *results, void *const *arguments)
static void makeMain(func::FuncOp model, const LLVMTypeConverter &converter) {
  ImplicitLocOpBuilder b(model.getLoc(), model);
  Type pointer = LLVM::LLVMPointerType::get(b.getContext());
  auto type = LLVM::LLVMFunctionType::get(
      LLVM::LLVMVoidType::get(b.getContext()), {pointer, pointer});
  auto main = LLVM::LLVMFuncOp::create(b, "bitnet_main", type);
  b.setInsertionPointToStart(main.addEntryBlock(b));

  SmallVector<Value> arguments;
  for (auto [i, type] : llvm::enumerate(model.getArgumentTypes())) {
    Value slot = LLVM::GEPOp::create(b, pointer, pointer, main.getArgument(1),
                                     ArrayRef<LLVM::GEPArg>{int32_t(i)});
    Value address = LLVM::LoadOp::create(b, pointer, slot);
    Value descriptor =
        LLVM::LoadOp::create(b, converter.convertType(type), address);
    arguments.push_back(
        UnrealizedConversionCastOp::create(b, type, descriptor).getResult(0));
  }
  auto call = func::CallOp::create(b, model, arguments);

  Value next = main.getArgument(0);
  for (Value result : call.getResults()) {
    Type type = converter.convertType(result.getType());
    Value descriptor =
        UnrealizedConversionCastOp::create(b, type, result).getResult(0);
    LLVM::StoreOp::create(b, descriptor, next);
    next =
        LLVM::GEPOp::create(b, pointer, type, next, ArrayRef<LLVM::GEPArg>{1});
  }
  LLVM::ReturnOp::create(b, ValueRange());
}

static void makeSignature(func::FuncOp model) {
  auto b = OpBuilder::atBlockBegin(model->getBlock());
  std::string text = signatureOf(model);
  auto type = LLVM::LLVMArrayType::get(b.getI8Type(), text.size());
  LLVM::GlobalOp::create(b, model.getLoc(), type, /*isConstant=*/true,
                         LLVM::Linkage::External, "bitnet_signature",
                         b.getStringAttr(text));
}

static void makeInternal(func::FuncOp func) {
  func.setPrivate();
  func->setAttr(
      "llvm.linkage",
      LLVM::LinkageAttr::get(func.getContext(), LLVM::Linkage::Internal));
}

namespace {

struct EmitEntryPoint : bitnet::impl::EmitEntryPointBase<EmitEntryPoint> {
  void runOnOperation() override {
    SymbolTable symbols(getOperation());
    auto model = symbols.lookup<func::FuncOp>("main");
    if (!model)
      return;
    if (model.isExternal()) {
      model.emitError() << "function 'main' has no body";
      return signalPassFailure();
    }
    if (failed(checkInterface(model)) || failed(symbols.rename(model, kModel)))
      return signalPassFailure();

    LLVMTypeConverter converter(&getContext());
    makeSignature(model);
    // Names and dimensions are in the signature now.
    model.removeArgAttrsAttr();
    model.removeResAttrsAttr();
    makeMain(model, converter);
    for (auto func : getOperation().getOps<func::FuncOp>())
      if (!func.isExternal())
        makeInternal(func);
  }
};

} // namespace

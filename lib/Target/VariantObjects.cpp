// How the objects of several variants become one program.
#include "bitnet/Target/Variants.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/BLAKE3.h"
#include "llvm/Target/TargetMachine.h"

using namespace llvm;

/// Constants of fewer bytes are not worth a name.
static constexpr uint64_t kSharedBytes = 4096;

/// Adds a constant's bytes to a hash; false if it has parts that are no data.
static bool addData(BLAKE3 &hash, const Constant *constant) {
  if (auto *data = dyn_cast<ConstantDataSequential>(constant)) {
    hash.update(data->getRawDataValues());
    return true;
  }
  if (constant->isNullValue()) {
    hash.update("zero");
    return true;
  }
  if (!isa<ConstantArray>(constant))
    return false;
  return all_of(constant->operands(), [&](const Use &part) {
    return addData(hash, cast<Constant>(part.get()));
  });
}

/// A name that only the same data of the same type have.
static std::optional<std::string> dataName(const GlobalVariable &global) {
  BLAKE3 hash;
  std::string type;
  raw_string_ostream(type) << *global.getValueType();
  hash.update(type);
  if (!addData(hash, global.getInitializer()))
    return std::nullopt;
  return "bitnet_data_" + toHex(hash.final(), /*LowerCase=*/true);
}

static std::string symbol(StringRef name, size_t variant) {
  return variant == 0 ? name.str() : (name + "_" + Twine(variant)).str();
}

void bitnet::VariantObjects::shareData(GlobalVariable &global) {
  if (!global.hasInitializer() || !global.isConstant() ||
      !global.hasLocalLinkage() || global.isThreadLocal() ||
      global.getDataLayout().getTypeAllocSize(global.getValueType()) <
          kSharedBytes)
    return;
  std::optional<std::string> name = dataName(global);
  if (!name)
    return;
  // Twice in one module: the linker need not know.
  if (global.getParent()->getNamedGlobal(*name))
    return;
  global.setName(*name);
  global.setLinkage(GlobalValue::ExternalLinkage);
  global.setVisibility(GlobalValue::HiddenVisibility);
  global.setAlignment(std::max(global.getAlign().valueOrOne(), Align(64)));
  if (!shared.insert({*name, true}).second)
    global.setInitializer(nullptr);
}

static void eraseGlobal(Module &module, StringRef name) {
  if (GlobalVariable *global = module.getNamedGlobal(name))
    global->eraseFromParent();
}

void bitnet::VariantObjects::prepare(Module &module, bool isLast) {
  size_t variant = haveRegions.size();
  if (variant > 0)
    for (const char *text : {"bitnet_signature", "bitnet_tokenizer"})
      eraseGlobal(module, text);
  if (!isLast)
    eraseGlobal(module, "bitnet_weights_file");
  if (Function *main = module.getFunction("bitnet_main"))
    main->setName(symbol("bitnet_main", variant));
  GlobalVariable *regions = module.getNamedGlobal("bitnet_regions");
  haveRegions.push_back(regions);
  if (regions)
    regions->setName(symbol("bitnet_regions", variant));
  for (GlobalVariable &global : module.globals())
    shareData(global);
}

/// struct bitnet_variant of a variant, of bitnet/Runtime/Runtime.h.
static Constant *makeEntry(Module &module, StructType *type, size_t number,
                           const bitnet::Variant &variant, bool hasRegions) {
  auto text = [&](StringRef characters) -> Constant * {
    Constant *data =
        ConstantDataArray::getString(module.getContext(), characters);
    return new GlobalVariable(module, data->getType(), /*isConstant=*/true,
                              GlobalValue::PrivateLinkage, data);
  };
  auto external = [&](StringRef name) -> Constant * {
    return new GlobalVariable(module, Type::getInt8Ty(module.getContext()),
                              /*isConstant=*/true, GlobalValue::ExternalLinkage,
                              nullptr, symbol(name, number));
  };
  Constant *regions = hasRegions
                          ? external("bitnet_regions")
                          : Constant::getNullValue(type->getElementType(3));
  return ConstantStruct::get(type, text(variant.name), text(variant.needs),
                             external("bitnet_main"), regions);
}

void bitnet::VariantObjects::emitTable(ArrayRef<Variant> variants,
                                       raw_pwrite_stream &os) const {
  LLVMContext context;
  Module module("variants", context);
  const TargetSpec &target = variants.front().target;
  std::unique_ptr<TargetMachine> machine = target.createTargetMachine();
  module.setTargetTriple(Triple(target.triple));
  module.setDataLayout(machine->createDataLayout());

  Type *pointer = PointerType::getUnqual(context);
  auto *type = StructType::get(context, {pointer, pointer, pointer, pointer});
  SmallVector<Constant *> entries;
  for (auto [number, variant] : enumerate(variants))
    entries.push_back(
        makeEntry(module, type, number, variant, haveRegions[number]));
  entries.push_back(Constant::getNullValue(type));
  Constant *table =
      ConstantArray::get(ArrayType::get(type, entries.size()), entries);
  new GlobalVariable(module, table->getType(), /*isConstant=*/true,
                     GlobalValue::ExternalLinkage, table, "bitnet_variants");

  legacy::PassManager passes;
  bool failed = machine->addPassesToEmitFile(passes, os, nullptr,
                                             CodeGenFileType::ObjectFile);
  assert(!failed && "every variant had an object");
  (void)failed;
  passes.run(module);
}

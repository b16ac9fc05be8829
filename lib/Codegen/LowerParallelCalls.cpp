// Calls of loop bodies go through the runtime's thread pool. See Passes.td.
#include "bitnet/Codegen/Passes.h"
#include "dialects/BitNet/LayerAttrs.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

#define DEBUG_TYPE "bitnet-lower-parallel-calls"

namespace bitnet {
#define GEN_PASS_DEF_LOWERPARALLELCALLS
#include "bitnet/Codegen/Passes.h.inc"
} // namespace bitnet

using namespace mlir;

static constexpr StringLiteral kMark = "bitnet.parallel";
static constexpr StringLiteral kParallelFor = "bitnet_parallel_for";

/// void bitnet_parallel_for(void (*)(void *, int64_t, int64_t), void *,
/// int64_t, int64_t)
static LLVM::LLVMFuncOp declareParallelFor(ModuleOp module) {
  if (auto func = module.lookupSymbol<LLVM::LLVMFuncOp>(kParallelFor))
    return func;
  auto b = OpBuilder::atBlockBegin(module.getBody());
  Type pointer = LLVM::LLVMPointerType::get(b.getContext());
  auto type = LLVM::LLVMFunctionType::get(
      LLVM::LLVMVoidType::get(b.getContext()),
      {pointer, pointer, b.getI64Type(), b.getI64Type()});
  return LLVM::LLVMFuncOp::create(b, module.getLoc(), kParallelFor, type);
}

/// What the body needs besides its share of the iterations and their work.
static OperandRange captured(LLVM::CallOp call) {
  return call.getArgOperands().drop_front(3);
}

static LLVM::LLVMStructType contextType(LLVM::CallOp call) {
  return LLVM::LLVMStructType::getLiteral(
      call->getContext(), llvm::to_vector(captured(call).getTypes()));
}

/// A function of (context, begin, end) that calls the body with what the
/// context holds.
static LLVM::LLVMFuncOp makeShare(LLVM::CallOp call) {
  auto module = call->getParentOfType<ModuleOp>();
  ImplicitLocOpBuilder b(call.getLoc(), call->getContext());
  b.setInsertionPointAfter(call->getParentOfType<LLVM::LLVMFuncOp>());
  Type pointer = LLVM::LLVMPointerType::get(b.getContext());
  auto type =
      LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(b.getContext()),
                                  {pointer, b.getI64Type(), b.getI64Type()});
  std::string name = (*call.getCallee() + "_share").str();
  for (unsigned i = 0; module.lookupSymbol(name); ++i)
    name = (*call.getCallee() + "_share_" + Twine(i)).str();
  auto share = LLVM::LLVMFuncOp::create(b, name, type, LLVM::Linkage::Internal);
  b.setInsertionPointToStart(share.addEntryBlock(b));

  LLVM::LLVMStructType context = contextType(call);
  Value noWork = LLVM::ConstantOp::create(b, b.getI64Type(), 0);
  SmallVector<Value> operands = {share.getArgument(1), share.getArgument(2),
                                 noWork};
  for (auto [i, element] : llvm::enumerate(context.getBody())) {
    Value field = LLVM::GEPOp::create(b, pointer, context, share.getArgument(0),
                                      ArrayRef<LLVM::GEPArg>{0, int32_t(i)});
    operands.push_back(LLVM::LoadOp::create(b, element, field));
  }
  LLVM::CallOp::create(b, TypeRange(), call.getCalleeAttr(), operands);
  LLVM::ReturnOp::create(b, ValueRange());
  return share;
}

static void runInParallel(LLVM::CallOp call, LLVM::LLVMFuncOp share,
                          LLVM::LLVMFuncOp parallelFor) {
  ImplicitLocOpBuilder b(call.getLoc(), call);
  LLVM::LLVMStructType context = contextType(call);
  Type pointer = LLVM::LLVMPointerType::get(b.getContext());
  Block &entry = call->getParentOfType<LLVM::LLVMFuncOp>().front();
  b.setInsertionPointToStart(&entry);
  Value one = LLVM::ConstantOp::create(b, b.getI64Type(), 1);
  Value memory = LLVM::AllocaOp::create(b, pointer, context, one);

  b.setInsertionPoint(call);
  for (auto [i, value] : llvm::enumerate(captured(call))) {
    Value field = LLVM::GEPOp::create(b, pointer, context, memory,
                                      ArrayRef<LLVM::GEPArg>{0, int32_t(i)});
    LLVM::StoreOp::create(b, value, field);
  }
  Value body = LLVM::AddressOfOp::create(b, share);
  LLVM::CallOp::create(b, parallelFor,
                       ValueRange{body, memory, call.getArgOperands()[1],
                                  call.getArgOperands()[2]});
  call.erase();
}

namespace {

/// The table of regions whose work is known, for the runtime to look up.
class RegionTable {
public:
  explicit RegionTable(ModuleOp module)
      : module(module), b(module.getLoc(), module.getBodyRegion()) {
    Type pointer = LLVM::LLVMPointerType::get(b.getContext());
    Type i64 = b.getI64Type();
    entryType = LLVM::LLVMStructType::getLiteral(
        b.getContext(), {pointer, pointer, i64, i64, i64});
  }

  void add(LLVM::LLVMFuncOp share, DictionaryAttr work) {
    entries.push_back({share, bitnet::getWork(work)});
  }

  /// The last entry is empty.
  void emit() {
    auto type = LLVM::LLVMArrayType::get(entryType, entries.size() + 1);
    for (Entry &entry : entries)
      makeName(entry.work.kind);
    auto table = LLVM::GlobalOp::create(b, type, /*isConstant=*/true,
                                        LLVM::Linkage::External,
                                        "bitnet_regions", Attribute());
    b.createBlock(&table.getInitializerRegion());
    Value all = LLVM::ZeroOp::create(b, type);
    for (auto [index, entry] : llvm::enumerate(entries))
      all = LLVM::InsertValueOp::create(b, all, makeEntry(entry),
                                        static_cast<int64_t>(index));
    LLVM::ReturnOp::create(b, all);
  }

private:
  struct Entry {
    LLVM::LLVMFuncOp share;
    bitnet::RegionWork work;
  };

  void makeName(StringRef kind) {
    LLVM::GlobalOp &name = names[kind];
    if (name)
      return;
    std::string text = (kind + Twine('\0')).str();
    auto type = LLVM::LLVMArrayType::get(b.getI8Type(), text.size());
    name = LLVM::GlobalOp::create(
        b, type, /*isConstant=*/true, LLVM::Linkage::Internal,
        "bitnet_kind_" + std::to_string(names.size()), b.getStringAttr(text));
  }

  Value makeEntry(Entry &entry) {
    Value fields[] = {
        LLVM::AddressOfOp::create(b, entry.share),
        LLVM::AddressOfOp::create(b, names[entry.work.kind]),
        LLVM::ConstantOp::create(b, b.getI64Type(), entry.work.bytes),
        LLVM::ConstantOp::create(b, b.getI64Type(), entry.work.operations),
        LLVM::ConstantOp::create(b, b.getI64Type(), entry.work.isOfLast)};
    Value made = LLVM::ZeroOp::create(b, entryType);
    for (auto [index, field] : llvm::enumerate(fields))
      made = LLVM::InsertValueOp::create(b, made, field,
                                         static_cast<int64_t>(index));
    return made;
  }

  ModuleOp module;
  ImplicitLocOpBuilder b;
  LLVM::LLVMStructType entryType;
  SmallVector<Entry> entries;
  llvm::StringMap<LLVM::GlobalOp> names;
};

struct LowerParallelCalls
    : bitnet::impl::LowerParallelCallsBase<LowerParallelCalls> {
  void runOnOperation() override {
    SmallVector<LLVM::CallOp> calls;
    getOperation().walk([&](LLVM::CallOp call) {
      if (call->hasAttr(kMark))
        calls.push_back(call);
    });
    if (calls.empty())
      return;
    LLVM::LLVMFuncOp parallelFor = declareParallelFor(getOperation());
    RegionTable table(getOperation());
    llvm::StringMap<LLVM::LLVMFuncOp> shares;
    for (LLVM::CallOp call : calls) {
      LLVM::LLVMFuncOp &share = shares[*call.getCallee()];
      if (!share) {
        share = makeShare(call);
        auto body =
            getOperation().lookupSymbol<LLVM::LLVMFuncOp>(*call.getCallee());
        if (Attribute work = body->removeAttr(bitnet::kWorkAttr))
          table.add(share, cast<DictionaryAttr>(work));
      }
      runInParallel(call, share, parallelFor);
    }
    table.emit();
  }
};

} // namespace

// Finds out what the inputs and outputs of a model are for. See Passes.td.
#include "bitnet/Transforms/Passes.h"
#include "dialects/BitNet/BitNetDialect.h"
#include "dialects/BitNet/ModelAttrs.h"
#include "dialects/ONNX/ONNXDialect.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringSet.h"

namespace bitnet {
#define GEN_PASS_DEF_RECOGNIZEMODEL
#include "bitnet/Transforms/Passes.h.inc"
} // namespace bitnet

using namespace mlir;

#define DEBUG_TYPE "bitnet-recognize-model"

static constexpr StringLiteral kName = "onnx.name";

/// What a user calls an input or output, and what it is for.
struct ConventionalName {
  StringLiteral name;
  StringLiteral role;
};

static constexpr ConventionalName kConventionalInputs[] = {
    {"input_ids", "ids"},
    {"attention_mask", "mask"},
    {"position_ids", "positions"},
    {"token_type_ids", "types"},
};

//===----------------------------------------------------------------------===//
// Where a value goes to
//===----------------------------------------------------------------------===//

/// All uses that can be reached from `start` through ops that `passes` lets by.
static SmallVector<OpOperand *>
getUses(Value start, function_ref<bool(Operation *)> passes) {
  llvm::SetVector<Value> values;
  values.insert(start);
  SmallVector<OpOperand *> uses;
  for (size_t i = 0; i < values.size(); ++i)
    for (OpOperand &use : values[i].getUses()) {
      uses.push_back(&use);
      if (passes(use.getOwner()))
        values.insert(use.getOwner()->result_begin(),
                      use.getOwner()->result_end());
    }
  return uses;
}

static bool isInteger(Value value) {
  return isa<IntegerType>(getElementTypeOrSelf(value));
}

/// Shapes and types change, but element i stays element i.
static bool movesElements(Operation *op) {
  return isa<bitnet::onnx::CastOp, bitnet::onnx::ReshapeOp,
             bitnet::onnx::SqueezeOp, bitnet::onnx::UnsqueezeOp,
             tensor::CollapseShapeOp, tensor::ExpandShapeOp, tensor::CastOp>(
      op);
}

/// Rows of the table that `indices` looks up, 0 if it looks up none.
static int64_t getTableRows(Value indices) {
  int64_t rows = 0;
  auto passes = [](Operation *op) {
    return movesElements(op) ||
           isa<bitnet::onnx::AddOp, bitnet::onnx::MulOp>(op);
  };
  for (OpOperand *use : getUses(indices, passes)) {
    auto gather = dyn_cast<bitnet::onnx::GatherOp>(use->getOwner());
    if (!gather || use->getOperandNumber() != 1)
      continue;
    auto table = cast<RankedTensorType>(gather.getData().getType());
    if (table.getRank() == 2 && isa<FloatType>(table.getElementType()) &&
        matchPattern(gather.getData(), m_Constant()))
      rows = std::max(rows, table.getDimSize(0));
  }
  return rows;
}

/// True if a truth value made of `input`, or a number made of that, decides
/// what is attended to.
static bool masksAttention(Value input) {
  auto passes = [](Operation *op) {
    return movesElements(op) ||
           isa<bitnet::onnx::AddOp, bitnet::onnx::ExpandOp, bitnet::onnx::MulOp,
               bitnet::onnx::SliceOp, bitnet::onnx::SubOp,
               bitnet::onnx::WhereOp>(op) ||
           (op->getNumResults() == 1 &&
            getElementTypeOrSelf(op->getResult(0)).isInteger(1));
  };
  return llvm::any_of(getUses(input, passes), [](OpOperand *use) {
    auto attention = dyn_cast<bitnet::AttentionOp>(use->getOwner());
    return attention && attention.getMask() == use->get();
  });
}

/// True if `input` becomes an angle.
static bool turnsIntoAngles(Value input) {
  auto passes = [](Operation *op) {
    return movesElements(op) ||
           isa<bitnet::onnx::MulOp, bitnet::onnx::MatMulOp,
               bitnet::onnx::TransposeOp, bitnet::onnx::ConcatOp>(op);
  };
  return llvm::any_of(getUses(input, passes), [](OpOperand *use) {
    return isa<bitnet::onnx::CosOp>(use->getOwner());
  });
}

//===----------------------------------------------------------------------===//
// Roles
//===----------------------------------------------------------------------===//

namespace {

/// The roles of one function, as far as they are known.
class Roles {
public:
  explicit Roles(func::FuncOp function)
      : function(function),
        results(cast<func::ReturnOp>(function.getBody().front().getTerminator())
                    .getOperands()) {}

  /// Roles that follow from what the model computes.
  void deduce() {
    for (auto [index, result] : llvm::enumerate(results))
      deduceCache(index, result);
    deduceIds();
    for (BlockArgument argument : function.getArguments()) {
      if (!isInteger(argument))
        continue;
      if (masksAttention(argument))
        setInput(argument.getArgNumber(), "mask");
      else if (turnsIntoAngles(argument))
        setInput(argument.getArgNumber(), "positions");
    }
  }

  /// Roles that are only said by a name.
  void fallBackOnNames() {
    for (unsigned i = 0; i < function.getNumArguments(); ++i)
      for (ConventionalName conventional : kConventionalInputs)
        if (getInputName(i) == conventional.name)
          setInput(i, conventional.role);
    for (unsigned i = 0; i < results.size(); ++i)
      nameCache(i);
  }

  /// The rows of the table that positions look up, if they do.
  int64_t findContext() {
    for (BlockArgument argument : function.getArguments()) {
      auto role = function.getArgAttrOfType<StringAttr>(argument.getArgNumber(),
                                                        bitnet::kRoleAttr);
      if (role && role.getValue() == "positions")
        return getTableRows(argument);
    }
    return 0;
  }

  /// The one result that is no cache, or that is called so.
  void findLogits() {
    SmallVector<unsigned> others;
    bool hasCaches = false;
    for (unsigned i = 0; i < results.size(); ++i)
      if (function.getResultAttr(i, bitnet::kRoleAttr))
        hasCaches = true;
      else
        others.push_back(i);
    for (unsigned i : others)
      if (getResultName(i) == "logits")
        return setResult(i, "logits");
    if (hasCaches && others.size() == 1)
      setResult(others.front(), "logits");
  }

private:
  /// A result that is an argument with something appended to it.
  void deduceCache(unsigned index, Value result) {
    auto append = result.getDefiningOp<bitnet::KvAppendOp>();
    auto past =
        append ? dyn_cast<BlockArgument>(append.getPast()) : BlockArgument();
    if (past)
      setCache(past.getArgNumber(), index);
  }

  /// The input that looks up the largest table: the vocabulary.
  void deduceIds() {
    int64_t mostRows = 0;
    std::optional<unsigned> ids;
    for (BlockArgument argument : function.getArguments()) {
      int64_t rows = isInteger(argument) ? getTableRows(argument) : 0;
      // Equal tables, as for inputs that are added up, leave it to the names.
      if (rows > mostRows)
        ids = argument.getArgNumber();
      else if (rows == mostRows)
        ids = std::nullopt;
      mostRows = std::max(mostRows, rows);
    }
    if (ids)
      setInput(*ids, "ids");
  }

  /// present.N.key is the next value of past_key_values.N.key.
  void nameCache(unsigned index) {
    StringRef name = getResultName(index);
    if (!name.consume_front("present."))
      return;
    for (unsigned i = 0; i < function.getNumArguments(); ++i) {
      StringRef past = getInputName(i);
      if (past.consume_front("past_key_values.") && past == name)
        setCache(i, index);
    }
  }

  void setCache(unsigned input, unsigned result) {
    setInput(input, "past");
    setResult(result, ("present:" + Twine(input)).str());
  }

  /// The first role found stays, and a role that is taken is not given twice.
  void setInput(unsigned index, StringRef role) {
    if (function.getArgAttr(index, bitnet::kRoleAttr) ||
        (role != "past" && !taken.insert(role).second))
      return;
    function.setArgAttr(index, bitnet::kRoleAttr,
                        StringAttr::get(function.getContext(), role));
  }

  void setResult(unsigned index, StringRef role) {
    if (!function.getResultAttr(index, bitnet::kRoleAttr))
      function.setResultAttr(index, bitnet::kRoleAttr,
                             StringAttr::get(function.getContext(), role));
  }

  StringRef getInputName(unsigned index) {
    auto name = function.getArgAttrOfType<StringAttr>(index, kName);
    return name ? name.getValue() : "";
  }

  StringRef getResultName(unsigned index) {
    auto name = function.getResultAttrOfType<StringAttr>(index, kName);
    return name ? name.getValue() : "";
  }

  func::FuncOp function;
  ValueRange results;
  llvm::StringSet<> taken;
};

struct RecognizeModel : bitnet::impl::RecognizeModelBase<RecognizeModel> {
  void runOnOperation() override {
    auto function = getOperation().lookupSymbol<func::FuncOp>("main");
    if (!function || !function.getBody().hasOneBlock())
      return;
    Roles roles(function);
    roles.deduce();
    roles.fallBackOnNames();
    roles.findLogits();
    noteContext(roles.findContext());
  }

private:
  /// What the file says may be less.
  void noteContext(int64_t positions) {
    auto known =
        getOperation()->getAttrOfType<IntegerAttr>(bitnet::kContextAttr);
    if (positions > 0 && (!known || known.getInt() > positions))
      getOperation()->setAttr(
          bitnet::kContextAttr,
          Builder(&getContext()).getI64IntegerAttr(positions));
  }
};

} // namespace

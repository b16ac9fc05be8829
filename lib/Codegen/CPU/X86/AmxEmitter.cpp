// Blocks of tdpbsud: AMX on int8, 16 x 64 activations by 64 x 16 weights.
//
// The packed vectors that VNNI reads are matrices already: a field of 16 of
// them, which are 64 columns of the contraction, is what one instruction wants.
// It is masked in place into a scratch that stays in the nearest cache, two
// fields at a time, and meets all rows of the block. So the sums of field f are
// too large by 4^f until the end.
//
// Registers are numbered here, not allocated by LLVM, which (22.1) configures
// fewer of them than it uses where a live range is split.
#include "FiveCodes.h"

#include "bitnet/Codegen/TileTable.h"
#include "dialects/BitNet/BitNetDialect.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace bitnet;

/// Rows of a matrix, and its columns of int32.
static constexpr int64_t kSide = 16;
/// Columns of the contraction in a matrix of bytes.
static constexpr int64_t kDepth = 64;
/// Columns in a packed vector.
static constexpr int64_t kVectorColumns = 4;
/// Matrices of a field in the scratch: two fields take 16 KiB.
static constexpr int64_t kMatrices = 8;
/// Rows of a field in the scratch.
static constexpr int64_t kScratchRows = kMatrices * kSide;

/// Registers: four sums, two matrices of activations, two of weights.
static constexpr int64_t kActivations = 4, kWeights = 6, kRegisters = 8;

namespace {

/// Matrices of the contraction that are computed at a time.
struct Slice {
  Value activations; ///< memref<? x ? x i8>
  Value row;         ///< the block's first row in it
  Value column;      ///< the first column in it
  Value vector;      ///< the first vector in the panel
  int64_t vectors;
};

/// One `tile_block` on memrefs.
class BlockWriter {
public:
  BlockWriter(ImplicitLocOpBuilder &b, const Tile &tile, TileBlockOp op)
      : b(b), tile(tile), op(op) {
    auto activations = cast<MemRefType>(op.getActivations().getType());
    columns = activations.getDimSize(1);
    scratch = allocate({2 * kScratchRows, kDepth});
  }

  void emit() {
    configure();
    clear();
    for (group = 0; 2 * group < tile.fields; ++group)
      emitGroup();
    call("llvm.x86.tilerelease", {});
    separate();
  }

private:
  Value index(int64_t value) {
    return arith::ConstantIndexOp::create(b, value);
  }

  Value add(Value a, Value c) { return arith::AddIOp::create(b, a, c); }

  Value allocate(ArrayRef<int64_t> shape) {
    return memref::AllocaOp::create(b, MemRefType::get(shape, b.getI8Type()),
                                    b.getI64IntegerAttr(64));
  }

  VectorType lanes() { return VectorType::get({kSide}, b.getI32Type()); }
  VectorType bytes() { return VectorType::get({kDepth}, b.getI8Type()); }

  Value splat(VectorType type, int64_t value) {
    APInt bits(type.getElementTypeBitWidth(), static_cast<uint64_t>(value),
               /*isSigned=*/true, /*implicitTrunc=*/true);
    return arith::ConstantOp::create(
        b, DenseElementsAttr::get(
               type, b.getIntegerAttr(type.getElementType(), bits)));
  }

  void loop(int64_t end, int64_t step, llvm::function_ref<void(Value)> body) {
    if (end == 0)
      return;
    auto loop = scf::ForOp::create(b, index(0), index(end), index(step));
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    body(loop.getInductionVar());
  }

  void call(StringRef intrinsic, ValueRange operands) {
    LLVM::CallIntrinsicOp::create(b, b.getStringAttr(intrinsic), operands);
  }

  Value number(int64_t value) {
    return arith::ConstantOp::create(b, b.getI8IntegerAttr(value));
  }

  Value toInteger(Value index) {
    return arith::IndexCastOp::create(b, b.getI64Type(), index);
  }

  /// All registers have 16 rows of 64 bytes.
  void configure() {
    SmallVector<int8_t> config(kDepth, 0);
    config[0] = 1; // the palette
    for (int64_t tile = 0; tile < kRegisters; ++tile) {
      config[16 + 2 * tile] = kDepth;
      config[48 + tile] = kSide;
    }
    Value memory = allocate({1, kDepth});
    Value constant = arith::ConstantOp::create(
        b, DenseElementsAttr::get(bytes(), ArrayRef<int8_t>(config)));
    vector::StoreOp::create(b, constant, memory,
                            ValueRange{index(0), index(0)});
    call("llvm.x86.ldtilecfg", place(memory, index(0), index(0)).front());
  }

  /// Where an element of a matrix in memory is, and from row to row how far.
  SmallVector<Value> place(Value memory, Value row, Value column) {
    int64_t size =
        cast<MemRefType>(memory.getType()).getElementTypeBitWidth() / 8;
    auto layout = memref::ExtractStridedMetadataOp::create(b, memory);
    Value base = memref::ExtractAlignedPointerAsIndexOp::create(b, memory);
    Value pitch = arith::MulIOp::create(b, layout.getStrides()[0], index(size));
    Value first =
        arith::MulIOp::create(b, add(layout.getOffset(), column), index(size));
    Value below = arith::MulIOp::create(b, row, pitch);
    Value address = toInteger(add(base, add(first, below)));
    return {LLVM::IntToPtrOp::create(
                b, LLVM::LLVMPointerType::get(b.getContext()), address),
            toInteger(pitch)};
  }

  void load(int64_t tile, Value memory, Value row, Value column) {
    SmallVector<Value> from = place(memory, row, column);
    call("llvm.x86.tileloadd64", {number(tile), from[0], from[1]});
  }

  void clear() {
    loop(tile.rows, 1, [&](Value row) {
      for (int64_t field = 0; field < tile.fields; ++field)
        vector::StoreOp::create(b, splat(lanes(), 0), op.getBlock(),
                                ValueRange{row, index(kSide * field)});
    });
  }

  /// Fields 2 * group and 2 * group + 1, as far as there are.
  int64_t fieldsOfGroup() const {
    return std::min<int64_t>(tile.fields - 2 * group, 2);
  }

  void emitGroup() {
    int64_t whole = columns / kDepth, rest = columns % kDepth;
    int64_t last = whole % kMatrices;
    auto slice = [&](Value matrix, int64_t matrices) {
      Value column = arith::MulIOp::create(b, matrix, index(kDepth));
      Value vector = arith::MulIOp::create(b, matrix, index(kSide));
      multiply(
          {op.getActivations(), op.getRow(), column, vector, matrices * kSide});
    };
    loop(whole - last, kMatrices,
         [&](Value matrix) { slice(matrix, kMatrices); });
    if (last > 0)
      slice(index(whole - last), last);
    if (rest > 0)
      multiply({copyRest(whole * kDepth, rest), index(0), index(0),
                index(whole * kSide),
                (rest + kVectorColumns - 1) / kVectorColumns});
  }

  /// The columns that don't fill a matrix, filled up with zeros.
  Value copyRest(int64_t first, int64_t count) {
    if (padded)
      return padded;
    padded = allocate({tile.rows, kDepth});
    auto some = VectorType::get({count}, b.getI8Type());
    loop(tile.rows, 1, [&](Value row) {
      Value loaded = vector::LoadOp::create(
          b, some, op.getActivations(),
          ValueRange{add(op.getRow(), row), index(first)});
      Value full = vector::InsertStridedSliceOp::create(
          b, loaded, splat(bytes(), 0), ArrayRef<int64_t>{0},
          ArrayRef<int64_t>{1});
      vector::StoreOp::create(b, full, padded, ValueRange{row, index(0)});
    });
    return padded;
  }

  /// Unpacks the group's fields of a slice, and multiplies all rows by them.
  void multiply(const Slice &slice) {
    unpack(slice);
    int64_t height = std::min(tile.rows, 2 * kSide);
    loop(tile.rows, height, [&](Value row) {
      SmallVector<Value> places;
      for (int64_t i = 0; i < height / kSide; ++i)
        places.push_back(add(row, index(i * kSide)));
      multiplyRows(slice, places);
    });
  }

  void unpack(const Slice &slice) {
    loop(slice.vectors, 1, [&](Value vector) {
      Value packed = vector::LoadOp::create(
          b, bytes(), op.getWeights(),
          ValueRange{op.getPanel(), add(slice.vector, vector), index(0)});
      for (auto [i, codes] : llvm::enumerate(separateFields(packed)))
        storeScratch(codes, static_cast<int64_t>(i), vector);
    });
    for (int64_t i = 0; i < fieldsOfGroup(); ++i)
      for (int64_t v = slice.vectors; v % kSide != 0; ++v)
        storeScratch(splat(bytes(), 0), i, index(v));
  }

  void storeScratch(Value codes, int64_t field, Value vector) {
    vector::StoreOp::create(
        b, codes, scratch,
        ValueRange{add(vector, index(field * kScratchRows)), index(0)});
  }

  /// The group's fields, each where it is in its byte.
  SmallVector<Value> separateFields(Value packed) {
    if (tile.fields == 5) {
      FiveCodes codes = unpackFiveCodes(b, packed);
      if (group == 2)
        return {codes.fifth};
      packed = codes.four;
    }
    SmallVector<Value> fields;
    for (int64_t mask : {3, 12})
      fields.push_back(
          arith::AndIOp::create(b, packed, splat(bytes(), mask << 4 * group)));
    return fields;
  }

  /// One or two matrices of rows by the group's fields: their sums stay in
  /// registers for the whole slice.
  void multiplyRows(const Slice &slice, ArrayRef<Value> places) {
    int64_t fields = fieldsOfGroup();
    auto sums = fields * static_cast<int64_t>(places.size());
    auto columnOf = [&](int64_t sum) {
      return index(kSide * (2 * group + sum % fields));
    };
    for (int64_t sum = 0; sum < sums; ++sum)
      load(sum, op.getBlock(), places[sum / fields], columnOf(sum));
    loop(slice.vectors, kSide, [&](Value vector) {
      Value column = arith::MulIOp::create(b, vector, index(kVectorColumns));
      for (auto [i, row] : llvm::enumerate(places))
        load(kActivations + static_cast<int64_t>(i), slice.activations,
             add(slice.row, row), add(slice.column, column));
      for (int64_t i = 0; i < fields; ++i)
        load(kWeights + i, scratch, add(vector, index(i * kScratchRows)),
             index(0));
      for (int64_t sum = 0; sum < sums; ++sum)
        call("llvm.x86.tdpbsud",
             {number(sum), number(kActivations + sum / fields),
              number(kWeights + sum % fields)});
    });
    for (int64_t sum = 0; sum < sums; ++sum) {
      SmallVector<Value> to =
          place(op.getBlock(), places[sum / fields], columnOf(sum));
      call("llvm.x86.tilestored64", {number(sum), to[0], to[1]});
    }
  }

  /// Sums of scaled codes -> sums of products.
  void separate() {
    loop(tile.rows, 1, [&](Value row) {
      Value sum = memref::LoadOp::create(b, op.getSums(),
                                         ValueRange{add(op.getRow(), row)});
      Value all = vector::BroadcastOp::create(b, lanes(), sum);
      for (int64_t field = 0; field < tile.fields; ++field) {
        SmallVector<Value> at = {row, index(kSide * field)};
        Value scaled = vector::LoadOp::create(b, lanes(), op.getBlock(), at);
        // The fifth field is where the fourth is.
        Value by = splat(lanes(), 2 * std::min<int64_t>(field, 3));
        Value codes = arith::ShRSIOp::create(b, scaled, by);
        vector::StoreOp::create(b, arith::SubIOp::create(b, codes, all),
                                op.getBlock(), at);
      }
    });
  }

  ImplicitLocOpBuilder &b;
  const Tile &tile;
  TileBlockOp op;
  int64_t columns, group = 0;
  Value scratch, padded;
};

struct AmxEmitter : TileEmitter {
  using TileEmitter::TileEmitter;

  bool isBlock() const override { return true; }

  void emitBlock(ImplicitLocOpBuilder &b, Operation *block) override {
    BlockWriter(b, tile, cast<TileBlockOp>(block)).emit();
  }

  void step(ImplicitLocOpBuilder &, Value, ValueRange,
            MutableArrayRef<Value>) override {
    llvm_unreachable("a block has no steps");
  }
};

} // namespace

std::unique_ptr<TileEmitter> bitnet::makeAmxEmitter(const Tile &tile) {
  return std::make_unique<AmxEmitter>(tile);
}

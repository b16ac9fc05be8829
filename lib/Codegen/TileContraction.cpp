// Cuts matmuls on packed weights, and what reads them, into register tiles. See
// Passes.td.
#include "MatmulTiling.h"

#include "bitnet/Codegen/Passes.h"
#include "bitnet/Codegen/TileTable.h"
#include "dialects/BitNet/BitNetDialect.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/ADT/SetVector.h"

namespace bitnet {
#define GEN_PASS_DEF_TILECONTRACTION
#include "bitnet/Codegen/Passes.h.inc"
} // namespace bitnet

using namespace mlir;

#define DEBUG_TYPE "bitnet-tile-contraction"

namespace {

struct TileContraction : bitnet::impl::TileContractionBase<TileContraction> {
  void runOnOperation() override {
    IRRewriter rewriter(&getContext());
    SmallVector<bitnet::MatmulOp> matmuls;
    getOperation().walk([&](bitnet::MatmulOp matmul) {
      if (matmul.getTiles())
        matmuls.push_back(matmul);
    });
    llvm::SetVector<Operation *> roots;
    for (bitnet::MatmulOp matmul : matmuls)
      roots.insert(findRoot(rewriter, matmul));
    for (Operation *root : roots)
      if (failed(tile(rewriter, cast<linalg::GenericOp>(root))))
        return signalPassFailure();
  }

private:
  static LogicalResult tile(RewriterBase &rewriter, linalg::GenericOp root) {
    for (Value operand : root.getDpsInputs())
      if (auto matmul = operand.getDefiningOp<bitnet::MatmulOp>())
        if (isForGrid(matmul))
          return bitnet::tileMatmulsForGrid(rewriter, root);
    return bitnet::tileMatmuls(rewriter, root);
  }

  static bool isForGrid(bitnet::MatmulOp matmul) {
    auto first = cast<StringAttr>(matmul.getTilesAttr()[0]);
    return bitnet::findTile(first)->feature == "gpu";
  }

  /// The elementwise op to fuse the matmul into; a copy of its result if none
  /// fits.
  linalg::GenericOp findRoot(RewriterBase &rewriter, bitnet::MatmulOp matmul) {
    if (matmul->hasOneUse())
      if (auto user = dyn_cast<linalg::GenericOp>(*matmul->user_begin()))
        if (isTileable(user, matmul))
          return user;
    return copyResult(rewriter, matmul);
  }

  /// One result over (row, column), and the matmul read at (row, column).
  bool isTileable(linalg::GenericOp user, bitnet::MatmulOp matmul) {
    if (user.getNumLoops() != 2 || user.getNumResults() != 1 ||
        user.getNumParallelLoops() != 2 || user.hasIndexSemantics())
      return false;
    for (OpOperand &operand : user->getOpOperands()) {
      AffineMap map = user.getMatchingIndexingMap(&operand);
      bool whole =
          operand.get() == matmul.getResult() || user.isDpsInit(&operand);
      if (whole ? !map.isIdentity() : !map.isProjectedPermutation(true))
        return false;
      if (auto other = operand.get().getDefiningOp<bitnet::MatmulOp>())
        if (!other->hasOneUse() ||
            other.getTilesAttr() != matmul.getTilesAttr() || !map.isIdentity())
          return false;
    }
    return true;
  }

  linalg::GenericOp copyResult(RewriterBase &rewriter,
                               bitnet::MatmulOp matmul) {
    rewriter.setInsertionPointAfter(matmul);
    Location loc = matmul.getLoc();
    OpFoldResult rows =
        tensor::getMixedSize(rewriter, loc, matmul.getActivations(), 0);
    OpFoldResult columns =
        rewriter.getIndexAttr(matmul.getType().getDimSize(1));
    Value empty = tensor::EmptyOp::create(rewriter, loc,
                                          ArrayRef<OpFoldResult>{rows, columns},
                                          rewriter.getI32Type());
    AffineMap id = rewriter.getMultiDimIdentityMap(2);
    SmallVector<utils::IteratorType> parallel(2, utils::IteratorType::parallel);
    auto copy = linalg::GenericOp::create(
        rewriter, loc, matmul.getType(), matmul.getResult(), empty,
        ArrayRef<AffineMap>{id, id}, parallel,
        [](OpBuilder &nested, Location at, ValueRange args) {
          linalg::YieldOp::create(nested, at, args[0]);
        });
    rewriter.replaceAllUsesExcept(matmul, copy.getResult(0), copy);
    return copy;
  }
};

} // namespace

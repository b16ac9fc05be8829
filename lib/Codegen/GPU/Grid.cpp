// See Grid.h.
#include "Grid.h"

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

bool bitnet::isLoopOverBlocks(Operation *loop) {
  auto forall = dyn_cast<scf::ForallOp>(loop);
  return forall && forall.getMapping() && !forall.getMapping()->empty();
}

ArrayAttr bitnet::getBlockMapping(MLIRContext *context, int64_t dims) {
  SmallVector<Attribute> mapping;
  for (int64_t dim = dims; dim-- > 0;)
    mapping.push_back(gpu::GPUBlockMappingAttr::get(
        context, static_cast<gpu::MappingId>(
                     static_cast<int64_t>(gpu::MappingId::LinearDim0) + dim)));
  return ArrayAttr::get(context, mapping);
}

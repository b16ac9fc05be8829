// Names what rounds weights.
#ifndef BITNET_LIB_TRANSFORMS_WEIGHTFORMS_H
#define BITNET_LIB_TRANSFORMS_WEIGHTFORMS_H

#include "mlir/IR/Operation.h"

namespace bitnet {

/// The form of a weight quantizer in the catalogue of BitLinear forms, such as
/// "W1", by what it is made of; "" if it is made otherwise. `ops` compute the
/// weights from constants, in the order of the program.
llvm::StringRef nameWeightForm(llvm::ArrayRef<mlir::Operation *> ops);

} // namespace bitnet

#endif // BITNET_LIB_TRANSFORMS_WEIGHTFORMS_H

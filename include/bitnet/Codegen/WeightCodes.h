// How weights may be encoded, whatever the target.
#ifndef BITNET_CODEGEN_WEIGHTCODES_H
#define BITNET_CODEGEN_WEIGHTCODES_H

#include "dialects/BitNet/BitNetDialect.h"

namespace bitnet {

/// How many codes a byte of a matmul's constant weights may hold, by
/// preference: eight if they are all -1 or +1, else four or five.
llvm::SmallVector<int64_t> findWeightCodes(MatmulOp matmul);

} // namespace bitnet

#endif // BITNET_CODEGEN_WEIGHTCODES_H

// All ops of the dialect, for the generator.
#ifndef BITNET_ALL_OPS_TD
#define BITNET_ALL_OPS_TD

include "dialects/BitNet/BitNetModelOps.td"
include "dialects/BitNet/BitNetOps.td"
include "dialects/BitNet/BitNetTileOps.td"

#endif // BITNET_ALL_OPS_TD

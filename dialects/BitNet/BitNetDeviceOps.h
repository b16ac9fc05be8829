// Memory and arithmetic of a device: what kernels consist of.
#ifndef DIALECTS_BITNET_BITNETDEVICEOPS_H
#define DIALECTS_BITNET_BITNETDEVICEOPS_H

#include "dialects/BitNet/BitNetDialect.h"

#define GET_OP_CLASSES
#include "dialects/BitNet/BitNetDeviceOps.h.inc"

#endif // DIALECTS_BITNET_BITNETDEVICEOPS_H

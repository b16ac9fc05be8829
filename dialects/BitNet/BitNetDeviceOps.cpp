// See BitNetDeviceOps.h.
#include "dialects/BitNet/BitNetDeviceOps.h"

using namespace mlir;
using namespace bitnet;

#define GET_OP_CLASSES
#include "dialects/BitNet/BitNetDeviceOps.cpp.inc"

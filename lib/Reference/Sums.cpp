// Lane order, stated once; see Reference.h.
#include "bitnet/Reference/Reference.h"

#include <cmath>

using namespace bitnet::reference;

/// Adds the lanes as a binary tree.
static float sumOfLanes(float (&lanes)[kLanes]) {
  for (int64_t width = kLanes / 2; width > 0; width /= 2)
    for (int64_t lane = 0; lane < width; ++lane)
      lanes[lane] += lanes[lane + width];
  return lanes[0];
}

float bitnet::reference::laneSum(const float *x, int64_t count) {
  float lanes[kLanes] = {};
  for (int64_t i = 0; i < count; ++i)
    lanes[i % kLanes] += x[i];
  return sumOfLanes(lanes);
}

float bitnet::reference::laneDot(const float *x, const float *y,
                                 int64_t count) {
  float lanes[kLanes] = {};
  for (int64_t i = 0; i < count; ++i)
    lanes[i % kLanes] = std::fma(x[i], y[i], lanes[i % kLanes]);
  return sumOfLanes(lanes);
}

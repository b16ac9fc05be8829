// Where the time of a model goes.

#ifndef BITNET_LIB_RUNTIME_BREAKDOWN_H
#define BITNET_LIB_RUNTIME_BREAKDOWN_H

#include "bitnet/Runtime/Text.h"

namespace bitnet::runtime {

/// What all regions of one kind took.
struct KindTime {
  const char *kind;
  int64_t calls = 0;
  double milliseconds = 0;
  double bytes = 0;      // of weights or caches that were read
  double operations = 0; // multiply-adds for one row
  double ofLast = 0;     // those of regions that have the last row alone
};

/// Adds up the time of the regions that run between two calls.
void startBreakdown();

/// By kind, in the order of first use. What took `milliseconds` in all and was
/// in no region of a known kind comes last.
Array<KindTime> finishBreakdown(double milliseconds);

/// One line for each kind; times are for one of `runs` of `rows` rows each.
void printBreakdown(const Array<KindTime> &kinds, double runs, double rows);

/// The same as a JSON array.
Text breakdownJSON(const Array<KindTime> &kinds, double runs, double rows);

/// Bytes a second at which all threads together read memory, in 10^9.
double readLimit();

} // namespace bitnet::runtime

#endif // BITNET_LIB_RUNTIME_BREAKDOWN_H

// The threads behind bitnet_parallel_for.

#ifndef BITNET_RUNTIME_THREADPOOL_H
#define BITNET_RUNTIME_THREADPOOL_H

#include "bitnet/Runtime/Runtime.h"

namespace bitnet::runtime {

/// The threads a parallel region uses, the caller included. Starts them.
int threadCount();

/// BITNET_THREADS, else the CPUs this process may use: those of its affinity
/// mask, but no more than the quota of its control group. At least 1.
int wantedThreads();

/// Is told of each region that has ended, and how long it took.
using RegionObserver = void (*)(bitnet_body body, int64_t nanoseconds);

/// Nobody, if null. Not while another thread is in a region.
void observeRegions(RegionObserver observer);

/// Before a failing thread leaves a region that it began: waits until no worker
/// uses the region's data any more, then fails with the message of the lowest
/// share that failed. Returns if the thread has begun none.
void abandonRegion(const char *message);

} // namespace bitnet::runtime

#endif // BITNET_RUNTIME_THREADPOOL_H

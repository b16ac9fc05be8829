// See Breakdown.h.

#include "Breakdown.h"

#include "bitnet/Runtime/Commands.h"
#include "bitnet/Runtime/Runtime.h"
#include "bitnet/Runtime/ThreadPool.h"
#include "bitnet/Runtime/Variants.h"

#include <atomic>
#include <cstdio>

using namespace bitnet::runtime;

/// None, unless the model brings some. Weak: the compiler's own one replaces
/// it.
__attribute__((weak)) extern const bitnet_region bitnet_regions[] = {{}};

static Array<KindTime> *kinds;

static const bitnet_region *findRegion(bitnet_body body) {
  const bitnet_variant *variant = runningVariant();
  const bitnet_region *region =
      variant && variant->regions ? variant->regions : bitnet_regions;
  while (region->body && region->body != body)
    ++region;
  return region->body ? region : nullptr;
}

static KindTime &findKind(const char *kind) {
  for (KindTime &known : *kinds)
    if (!std::strcmp(known.kind, kind))
      return known;
  KindTime &added = kinds->push(KindTime());
  added.kind = kind;
  return added;
}

static void observe(bitnet_body body, int64_t nanoseconds) {
  const bitnet_region *region = findRegion(body);
  if (!region)
    return;
  KindTime &kind = findKind(region->kind);
  ++kind.calls;
  kind.milliseconds += static_cast<double>(nanoseconds) / 1e6;
  kind.bytes += static_cast<double>(region->bytes);
  double &operations = region->of_last ? kind.ofLast : kind.operations;
  operations += static_cast<double>(region->operations);
}

void bitnet::runtime::startBreakdown() {
  static Array<KindTime> times;
  times.resize(0);
  kinds = &times;
  observeRegions(observe);
}

Array<KindTime> bitnet::runtime::finishBreakdown(double milliseconds) {
  observeRegions(nullptr);
  for (const KindTime &kind : *kinds)
    milliseconds -= kind.milliseconds;
  KindTime rest;
  rest.kind = "other";
  rest.milliseconds = milliseconds > 0 ? milliseconds : 0;
  kinds->push(rest);
  return std::move(*kinds);
}

static double totalOf(const Array<KindTime> &kinds) {
  double total = 0;
  for (const KindTime &kind : kinds)
    total += kind.milliseconds;
  return total;
}

/// 10^9 a second.
static double rateOf(double amount, double milliseconds) {
  return milliseconds > 0 ? amount / milliseconds / 1e6 : 0;
}

/// Of runs with so many rows; a multiply-add is two operations.
static double operationsOf(const KindTime &kind, double rows) {
  return 2 * (rows * kind.operations + kind.ofLast);
}

void bitnet::runtime::printBreakdown(const Array<KindTime> &kinds, double runs,
                                     double rows) {
  double total = totalOf(kinds);
  std::printf("  %-16s %8s %10s %6s %10s %10s\n", "kind", "regions", "ms", "%",
              "GB/s", "GOP/s");
  for (const KindTime &kind : kinds) {
    std::printf("  %-16s %8.0f %10.4f %6.1f", kind.kind,
                static_cast<double>(kind.calls) / runs,
                kind.milliseconds / runs, 100 * kind.milliseconds / total);
    if (kind.bytes > 0)
      std::printf(" %10.2f", rateOf(kind.bytes, kind.milliseconds));
    if (operationsOf(kind, rows) > 0)
      std::printf(" %10.1f",
                  rateOf(operationsOf(kind, rows), kind.milliseconds));
    std::printf("\n");
  }
}

Text bitnet::runtime::breakdownJSON(const Array<KindTime> &kinds, double runs,
                                    double rows) {
  Text text("[");
  for (size_t i = 0; i < kinds.size(); ++i) {
    const KindTime &kind = kinds[i];
    text.format("%s{\"kind\": \"%s\", \"regions\": %.0f, \"ms\": %.5f",
                i ? ", " : "", kind.kind,
                static_cast<double>(kind.calls) / runs,
                kind.milliseconds / runs);
    if (kind.bytes > 0)
      text.format(", \"gb_per_s\": %.3f",
                  rateOf(kind.bytes, kind.milliseconds));
    if (operationsOf(kind, rows) > 0)
      text.format(", \"gop_per_s\": %.3f",
                  rateOf(operationsOf(kind, rows), kind.milliseconds));
    text.append("}");
  }
  return std::move(text.append("]"));
}

namespace {
struct ReadJob {
  const uint64_t *words;
  std::atomic<uint64_t> sum;
};
} // namespace

// Far more than caches hold.
static constexpr int64_t kReadBytes = int64_t(512) << 20, kBlock = 1 << 20;

static void readBlocks(void *context, int64_t begin, int64_t end) {
  auto *job = static_cast<ReadJob *>(context);
  uint64_t sum = 0;
  const uint64_t *word = job->words + begin * kBlock / 8;
  const uint64_t *last = job->words + end * kBlock / 8;
  for (; word != last; word += 8) // a cache line
    for (int i = 0; i < 8; ++i)
      sum += word[i];
  job->sum += sum;
}

double bitnet::runtime::readLimit() {
  void *memory = nullptr;
  if (posix_memalign(&memory, 64, kReadBytes))
    return 0;
  std::memset(memory, 1, kReadBytes);
  ReadJob job{static_cast<const uint64_t *>(memory), {0}};
  double best = 0;
  for (int i = 0; i < 5; ++i) {
    double start = milliseconds();
    bitnet_parallel_for(readBlocks, &job, kReadBytes / kBlock, INT64_MAX);
    double rate = rateOf(double(kReadBytes), milliseconds() - start);
    best = rate > best ? rate : best;
  }
  std::free(memory);
  return best;
}

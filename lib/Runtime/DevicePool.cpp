// Two-level segregated fit. The parts of a block are a list in the order of
// their addresses, and each is in one more list: of the free ones of its size,
// or of those in use whose addresses have one hash.

#include "DevicePool.h"

using namespace bitnet::runtime;

/// What is asked of a driver at least, unless it has no more.
static constexpr int64_t kBlockBytes = int64_t(64) << 20;

struct DevicePool::Part {
  char *begin;
  int64_t size;
  bool isFree;
  Part *before, *after;  // in the block
  Part *previous, *next; // in the other list
};

/// Each power of two has four lists.
static size_t listOf(int64_t bytes) {
  auto units = uint64_t(bytes / kDeviceAlignment);
  if (units < 4)
    return size_t(units);
  int log = 63 - __builtin_clzll(units);
  return size_t(log) * 4 + ((units >> (log - 2)) & 3) - 4;
}

static size_t bucketOf(const void *address, size_t count) {
  uint64_t units = reinterpret_cast<uintptr_t>(address) / kDeviceAlignment;
  return size_t(units * 0x9E3779B97F4A7C15u >> 32) % count;
}

void DevicePool::clear() {
  for (Owned &owned : blocks) {
    while (Part *part = owned.first) {
      owned.first = part->after;
      std::free(part);
    }
    release(owned.block);
  }
  blocks.resize(0);
}

/// Into the list that the part belongs to.
void DevicePool::list(Part *part) {
  Part *&head = part->isFree ? lists[listOf(part->size)]
                             : buckets[bucketOf(part->begin, kBuckets)];
  part->previous = nullptr;
  part->next = head;
  if (head)
    head->previous = part;
  head = part;
}

void DevicePool::unlist(Part *part) {
  if (part->next)
    part->next->previous = part->previous;
  if (part->previous)
    part->previous->next = part->next;
  else if (part->isFree)
    lists[listOf(part->size)] = part->next;
  else
    buckets[bucketOf(part->begin, kBuckets)] = part->next;
}

DevicePool::Part *DevicePool::findFree(int64_t bytes) const {
  size_t index = listOf(bytes);
  // Those of the first list may be a little too small.
  for (Part *part = lists[index]; part; part = part->next)
    if (part->size >= bytes)
      return part;
  for (++index; index < kLists; ++index)
    if (lists[index])
      return lists[index];
  return nullptr;
}

Status DevicePool::addBlock(int64_t bytes) {
  auto *part = static_cast<Part *>(std::malloc(sizeof(Part)));
  if (!part)
    return Status::error("out of memory");
  Result<DeviceBlock> block = grow(bytes < kBlockBytes ? kBlockBytes : bytes);
  if (block.failed() && bytes < kBlockBytes)
    block = grow(bytes);
  if (block.failed()) {
    std::free(part);
    return block.takeError();
  }
  *part = {block->base, block->size / kDeviceAlignment * kDeviceAlignment,
           true,        nullptr,
           nullptr,     nullptr,
           nullptr};
  blocks.push({*block, part});
  unused += part->size;
  list(part);
  return Status::success();
}

/// Cuts what is too much of a part that is in no list. Without memory for the
/// bookkeeping, it stays whole.
void DevicePool::split(Part *part, int64_t bytes) {
  if (part->size == bytes)
    return;
  auto *rest = static_cast<Part *>(std::malloc(sizeof(Part)));
  if (!rest)
    return;
  *rest = {part->begin + bytes,
           part->size - bytes,
           true,
           part,
           part->after,
           nullptr,
           nullptr};
  if (rest->after)
    rest->after->before = rest;
  part->after = rest;
  part->size = bytes;
  list(rest);
}

Result<void *> DevicePool::allocate(int64_t bytes) {
  if (bytes < 0 || bytes > INT64_MAX / 2)
    return Status::error("no device has %lld bytes",
                         static_cast<long long>(bytes));
  bytes = bytes ? (bytes + kDeviceAlignment - 1) / kDeviceAlignment *
                      kDeviceAlignment
                : kDeviceAlignment;
  Part *part = findFree(bytes);
  if (!part) {
    if (Status status = addBlock(bytes); status.failed())
      return status;
    part = findFree(bytes);
  }
  unlist(part);
  split(part, bytes);
  part->isFree = false;
  list(part);
  unused -= part->size;
  return static_cast<void *>(part->begin);
}

/// Both are free and in no list.
void DevicePool::mergeWithNext(Part *part) {
  Part *next = part->after;
  part->size += next->size;
  part->after = next->after;
  if (part->after)
    part->after->before = part;
  std::free(next);
}

void DevicePool::free(void *address) {
  Part *part = buckets[bucketOf(address, kBuckets)];
  while (part && part->begin != address)
    part = part->next;
  if (!part)
    return;
  unlist(part);
  part->isFree = true;
  unused += part->size;
  if (part->after && part->after->isFree) {
    unlist(part->after);
    mergeWithNext(part);
  }
  if (part->before && part->before->isFree) {
    part = part->before;
    unlist(part);
    mergeWithNext(part);
  }
  list(part);
}

const DeviceBlock *DevicePool::blockOf(const void *address) const {
  auto wanted = reinterpret_cast<uintptr_t>(address);
  for (const Owned &owned : blocks) {
    auto base = reinterpret_cast<uintptr_t>(owned.block.base);
    if (wanted >= base && wanted - base < uintptr_t(owned.block.size))
      return &owned.block;
  }
  return nullptr;
}

// Memory of a device, taken from its driver in large blocks.

#ifndef BITNET_LIB_RUNTIME_DEVICEPOOL_H
#define BITNET_LIB_RUNTIME_DEVICEPOOL_H

#include "bitnet/Runtime/Status.h"

namespace bitnet::runtime {

/// What a driver hands out at once.
struct DeviceBlock {
  char *base = nullptr;  ///< Aligned to kDeviceAlignment.
  int64_t size = 0;      ///< From there.
  int64_t offset = 0;    ///< Of the base in what the driver allocated.
  void *handles[2] = {}; ///< The driver's own.
};

constexpr int64_t kDeviceAlignment = 256;

/// Hands out parts of blocks. A step of a model allocates and frees a few
/// hundred of them, so both take constant time: parts of similar size are
/// listed together, and neighbours that are free become one.
class DevicePool {
public:
  using Grow = Result<DeviceBlock> (*)(int64_t bytes);
  using Release = void (*)(DeviceBlock &block);

  DevicePool(Grow grow, Release release) : grow(grow), release(release) {}
  ~DevicePool() { clear(); }
  DevicePool(const DevicePool &) = delete;
  DevicePool &operator=(const DevicePool &) = delete;

  /// Gives all blocks back.
  void clear();

  Result<void *> allocate(int64_t bytes);
  void free(void *address);

  /// The block that an address lies in; null if there is none.
  const DeviceBlock *blockOf(const void *address) const;

  /// Bytes of all blocks that are not handed out.
  int64_t freeBytes() const { return unused; }

private:
  struct Part;
  struct Owned {
    DeviceBlock block;
    Part *first;
  };
  static constexpr size_t kLists = 224, kBuckets = 1024;

  Status addBlock(int64_t bytes);
  Part *findFree(int64_t bytes) const;
  void split(Part *part, int64_t bytes);
  void mergeWithNext(Part *part);
  void list(Part *part);
  void unlist(Part *part);

  Grow grow;
  Release release;
  Array<Owned> blocks;
  int64_t unused = 0;
  Part *lists[kLists] = {};     // of free parts, by size
  Part *buckets[kBuckets] = {}; // of parts in use, by address
};

} // namespace bitnet::runtime

#endif // BITNET_LIB_RUNTIME_DEVICEPOOL_H

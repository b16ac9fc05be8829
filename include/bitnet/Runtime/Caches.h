// Caches of keys and values that are appended to in place.

#ifndef BITNET_RUNTIME_CACHES_H
#define BITNET_RUNTIME_CACHES_H

#include "bitnet/Runtime/Shapes.h"

namespace bitnet::runtime {

/// The dimension of a cache that positions are appended along, and the number
/// of its dimensions.
constexpr int32_t kPositions = 2, kCacheRank = 4;

/// The number of positions in the caches of complete inputs, 0 without caches.
int64_t cacheLength(const Signature &signature, const Array<Tensor> &inputs);

/// What one position of one sequence takes in all caches together.
int64_t bytesPerPosition(const Signature &signature);

/// Where the model wants an input.
enum class Place { Host, Device };

/// Caches are on the device, if one is open.
Place placeOf(Role role);

/// Room for `capacity` positions, with the first `length` ones of `cache` in
/// front; `cache` may have a capacity of its own, and be elsewhere.
Result<Tensor> withRoom(const Tensor &cache, int64_t length, int64_t capacity,
                        Place place);

/// For each input of role Cache as much room as a run will fill.
Result<Array<Tensor>> roomForRun(const Signature &signature,
                                 const Array<Tensor> &inputs);

} // namespace bitnet::runtime

#endif // BITNET_RUNTIME_CACHES_H

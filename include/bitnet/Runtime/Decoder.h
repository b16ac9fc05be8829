// Greedy decoding with a language model.

#ifndef BITNET_RUNTIME_DECODER_H
#define BITNET_RUNTIME_DECODER_H

#include "bitnet/Runtime/Model.h"

namespace bitnet::runtime {

/// One context that grows: feeds ids, keeps the caches (or, where the model has
/// none, the ids) and the logits of the newest id.
class Decoder {
public:
  /// `model` must outlive the decoder. An error if it is no language model.
  static Result<Decoder> create(const Model &model);

  /// True if the model takes ids and gives logits.
  static bool isLanguageModel(const Model &model);

  /// Forgets the context.
  void reset();

  /// Appends ids to the context and runs the model.
  Status feed(const int64_t *ids, size_t count);

  /// The id with the largest logit; the lowest of equals.
  Result<int64_t> best() const;

  /// The number of ids the model knows, if its signature says so.
  std::optional<int64_t> vocabulary() const;

  bool hasCaches() const { return cached; }

private:
  Status checkIds(const int64_t *ids, size_t count) const;
  Result<Tensor> idsTensor(const int64_t *ids, size_t count) const;
  void keepCaches(Array<Tensor> &outputs);

  const Model *model = nullptr;
  size_t idsInput = 0;
  size_t logitsOutput = 0;
  bool cached = false;
  Array<Tensor> caches;   // by input; not given where the input is no cache
  Array<int64_t> context; // of a model without caches
  Tensor logits;
};

} // namespace bitnet::runtime

#endif // BITNET_RUNTIME_DECODER_H

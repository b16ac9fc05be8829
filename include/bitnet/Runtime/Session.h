// A language model and what it has read so far.

#ifndef BITNET_RUNTIME_SESSION_H
#define BITNET_RUNTIME_SESSION_H

#include "bitnet/Runtime/Model.h"

namespace bitnet::runtime {

struct SessionOptions {
  /// Sequences that are read side by side.
  int64_t batch = 1;
  /// The most positions that the session holds, for which it takes memory at
  /// once; 0: as many as the model has, or, if it does not say, as memory does.
  int64_t capacity = 0;
};

/// Contexts that grow: feeds ids, keeps the caches (or, where the model has
/// none, the ids) and the logits of the newest ids. Sessions of one model share
/// its weights and nothing else.
class Session {
public:
  /// `model` must outlive the session. An error if it is no language model.
  static Result<Session> create(const Model &model,
                                const SessionOptions &options = {});

  /// True if the model takes ids and gives logits.
  static bool isLanguageModel(const Model &model);

  /// Forgets the context; keeps the memory.
  void reset();

  /// Forgets what is behind the first `length` ids of each sequence; all of it
  /// where the caches cannot be cut. There are no logits before the next id.
  void rewind(int64_t length);

  /// Makes these the ids of the only sequence. Those at the start that it has
  /// read already are not read again. Returns how many were read.
  Result<size_t> become(const Array<int64_t> &ids);

  /// Makes room in the only sequence: the first `kept` ids stay, and of the
  /// rest the older half goes. What remains is read anew, so that it is as if
  /// nothing else had ever been read.
  Status slide(int64_t kept);

  /// A session that has read the same.
  Result<Session> fork() const;

  /// Appends `count` ids to each sequence, [batch, count], and runs the model.
  /// After a failure the session is as it was.
  Status feed(const int64_t *ids, size_t count);

  /// The vocabulary's logits after the newest id of a sequence; an error before
  /// the first id.
  Result<const float *> logits(int64_t sequence = 0) const;

  /// The id with the largest logit; the lowest of equals.
  Result<int64_t> best(int64_t sequence = 0) const;

  /// All ids of a sequence.
  const Array<int64_t> &context(int64_t sequence = 0) const {
    return contexts[size_t(sequence)];
  }

  int64_t length() const { return int64_t(contexts[0].size()); }
  int64_t batch() const { return options.batch; }

  /// The most positions; 0: as many as memory holds.
  int64_t capacity() const {
    return options.capacity ? options.capacity : model->signature.context;
  }

  /// True if `count` more ids fit.
  bool hasRoom(size_t count) const;

  /// The number of ids the model knows, if its signature says so.
  std::optional<int64_t> vocabulary() const;

  /// The number of logits for each id, once there are any.
  int64_t logitCount() const;

  bool hasCaches() const { return cached; }
  const Signature &signature() const { return model->signature; }

  /// An error if an id is not in the vocabulary.
  Status checkIds(const int64_t *ids, size_t count) const;

private:
  Status feedChunk(const int64_t *ids, size_t count, size_t stride,
                   Tensor &logits);
  Result<Tensor> idsTensor(const int64_t *ids, size_t count,
                           size_t stride) const;
  Result<Tensor> contextTensor(const int64_t *ids, size_t count,
                               size_t stride) const;
  void lendCaches(Array<Tensor> &inputs) const;
  Status makeRoom(const Array<Tensor> &inputs, int64_t count);
  Status keepLogits(const Tensor &logits);
  void keepCaches(Array<Tensor> &outputs);

  const Model *model = nullptr;
  SessionOptions options;
  size_t idsInput = 0;
  size_t logitsOutput = 0;
  bool cached = false;  // or all is computed again for each id
  bool inPlace = false; // all caches are
  // By input: the past, or room for it; not given where the input is neither.
  Array<Tensor> caches;
  Array<Array<int64_t>> contexts;
  Array<float> newest; // [batch, vocabulary]
};

} // namespace bitnet::runtime

#endif // BITNET_RUNTIME_SESSION_H

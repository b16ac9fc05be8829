// The C interface of a language model in a shared library.

#include "LibrarySession.h"

#include <cstdio>

using namespace bitnet::runtime;

static bitnet_session *allocate() {
  void *memory = std::malloc(sizeof(bitnet_session));
  return memory ? new (memory) bitnet_session : nullptr;
}

void bitnet_session_destroy(bitnet_session *session) {
  if (!session)
    return;
  session->~bitnet_session();
  std::free(session);
}

/// Takes a session that was made, or says why there is none.
static bitnet_session *handOver(bitnet_session *created,
                                Result<Session> session, char *error,
                                size_t size) {
  if (!session.failed()) {
    created->session = std::move(*session);
    return created;
  }
  if (error)
    std::snprintf(error, size, "%s", session.message());
  bitnet_session_destroy(created);
  return nullptr;
}

static Result<Session> create(const bitnet_session &owner, int64_t batch,
                              int64_t capacity) {
  Result<const Model *> model = owner.user.model();
  if (model.failed())
    return model.takeError();
  SessionOptions options;
  options.batch = batch;
  options.capacity = capacity;
  return Session::create(**model, options);
}

bitnet_session *bitnet_session_create(int64_t batch, int64_t capacity,
                                      char *error, size_t error_size) {
  bitnet_session *created = allocate();
  if (!created)
    return handOver(nullptr, Status::error("out of memory"), error, error_size);
  return handOver(created, create(*created, batch, capacity), error,
                  error_size);
}

bitnet_session *bitnet_session_fork(const bitnet_session *session, char *error,
                                    size_t error_size) {
  bitnet_session *created = allocate();
  if (!created)
    return handOver(nullptr, Status::error("out of memory"), error, error_size);
  for (const Sampler &sampler : session->samplers)
    created->samplers.push(sampler);
  return handOver(created, session->session.fork(), error, error_size);
}

void bitnet_session_reset(bitnet_session *session) { session->session.reset(); }

int bitnet_session_feed(bitnet_session *session, const int64_t *ids,
                        size_t count) {
  bitnet_code code =
      session->session.hasRoom(count) ? BITNET_ERROR : BITNET_CONTEXT_FULL;
  return session->finish(session->session.feed(ids, count), code);
}

int64_t bitnet_session_length(const bitnet_session *session) {
  return session->session.length();
}

const float *bitnet_session_logits(const bitnet_session *session,
                                   int64_t sequence, int64_t *count) {
  Result<const float *> logits = session->session.logits(sequence);
  if (count)
    *count = logits.failed() ? 0 : session->session.logitCount();
  return logits.failed() ? nullptr : *logits;
}

/// Each sequence draws from a stream of its own.
void bitnet_session_set_sampling(bitnet_session *session,
                                 const bitnet_sampling *sampling) {
  SamplingOptions options;
  options.temperature = sampling->temperature;
  options.topK = sampling->top_k;
  options.topP = sampling->top_p;
  options.minP = sampling->min_p;
  options.repeatPenalty = sampling->repeat_penalty;
  session->samplers.resize(0);
  for (int64_t i = 0; i < session->session.batch(); ++i) {
    options.seed = sampling->seed + uint64_t(i);
    session->samplers.push(Sampler(options));
  }
}

static Status sample(bitnet_session &owner, int64_t *ids) {
  Session &session = owner.session;
  for (int64_t i = 0; i < session.batch(); ++i) {
    Result<const float *> logits = session.logits(i);
    if (logits.failed())
      return logits.takeError();
    Result<int64_t> id = owner.samplers[size_t(i)].draw(
        *logits, session.logitCount(), session.context(i));
    if (id.failed())
      return id.takeError();
    ids[i] = *id;
  }
  return Status::success();
}

int bitnet_session_sample(bitnet_session *session, int64_t *ids) {
  if (session->samplers.empty()) {
    bitnet_sampling greedy = BITNET_GREEDY;
    bitnet_session_set_sampling(session, &greedy);
  }
  return session->finish(sample(*session, ids), BITNET_ERROR);
}

const char *bitnet_session_error(const bitnet_session *session) {
  return session->error.c_str();
}

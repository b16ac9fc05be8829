/* The C interface of a model that was compiled to a shared library.
 * Self-contained, so that it can be shipped beside the library. */

#ifndef BITNET_RUNTIME_LIBRARY_H
#define BITNET_RUNTIME_LIBRARY_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Of this interface. It grows when a function or a field is added. */
#define BITNET_VERSION 2

#define BITNET_MAX_RANK 8
#define BITNET_API __attribute__((visibility("default")))

/** The type of one element. `bool` is one byte, 0 or 1. */
typedef enum bitnet_type {
  BITNET_F32,
  BITNET_F16,
  BITNET_BF16,
  BITNET_F64,
  BITNET_I8,
  BITNET_I16,
  BITNET_I32,
  BITNET_I64,
  BITNET_U8,
  BITNET_U16,
  BITNET_U32,
  BITNET_U64,
  BITNET_BOOL
} bitnet_type;

/** A dense tensor in row-major order. */
typedef struct bitnet_tensor {
  const char *name; /**< Of the input or output. NULL: take it by its place. */
  bitnet_type type;
  int32_t rank;
  int64_t shape[BITNET_MAX_RANK]; /**< The first `rank` entries count. */
  void *data;
  void *owner; /**< Of an output: what bitnet_release frees. */
} bitnet_tensor;

/** Runs the model once.
 *
 * `inputs` are matched by name, in any order; the data are only read. An
 * integer input may be given in a narrower integer type, one of f16 or bf16 as
 * f32, which is rounded. Inputs that say where a sequence stands (attention
 * mask, positions, token types, caches) may be left out: ones, 0..n-1, zeros,
 * empty.
 *
 * `outputs` has room for exactly as many tensors as the model has outputs; they
 * are filled in the order of the signature and belong to the caller, who gives
 * them back with bitnet_release. Their names live as long as the library.
 *
 * Returns 0, or 1 after writing one line of text to `error` (at most
 * `error_size` bytes with the NUL; may be NULL with 0); then `outputs` holds
 * nothing to release. Several threads may call it at once. */
BITNET_API int bitnet_run(const bitnet_tensor *inputs, size_t input_count,
                          bitnet_tensor *outputs, size_t output_count,
                          char *error, size_t error_size);

/** BITNET_VERSION of the library, which may differ from the header's. */
BITNET_API int bitnet_version(void);

/** The inputs and outputs of the model, one line each: `input` or `output`,
 * name, type, role and dimensions, separated by tabs. */
BITNET_API const char *bitnet_signature_text(void);

/** Frees the data of outputs of bitnet_run and clears the tensors. */
BITNET_API void bitnet_release(bitnet_tensor *outputs, size_t count);

/* Language models: what has been read so far stays in a session.
 *
 * Sessions share the weights of the model and nothing else; each may be used by
 * one thread at a time. Functions that return int give a bitnet_code, and
 * bitnet_session_error the message of the last one that failed. A session is
 * after a failure what it was before. */
typedef struct bitnet_session bitnet_session;

typedef enum bitnet_code {
  BITNET_OK = 0,
  BITNET_ERROR = 1,
  BITNET_CONTEXT_FULL = 2 /**< The ids don't fit in the session's capacity. */
} bitnet_code;

/** A session that reads `batch` sequences side by side, of at most `capacity`
 * ids each (0: as many as memory holds). NULL after writing why to `error`:
 * the model is no language model, or takes no batch. */
BITNET_API bitnet_session *bitnet_session_create(int64_t batch,
                                                 int64_t capacity, char *error,
                                                 size_t error_size);

/** Another session that has read the same and would draw the same ids. NULL
 * after writing why to `error`. */
BITNET_API bitnet_session *bitnet_session_fork(const bitnet_session *session,
                                               char *error, size_t error_size);

/** Forgets what was read. */
BITNET_API void bitnet_session_reset(bitnet_session *session);

/** NULL is no error. */
BITNET_API void bitnet_session_destroy(bitnet_session *session);

/** Appends `count` ids to each sequence: [batch, count], row-major. Many are a
 * prefill, one is a step of decoding; how ids are divided into calls changes no
 * bit of the logits. */
BITNET_API int bitnet_session_feed(bitnet_session *session, const int64_t *ids,
                                   size_t count);

/** The number of ids that each sequence has. */
BITNET_API int64_t bitnet_session_length(const bitnet_session *session);

/** The logits after the last id of a sequence, one for each id of the
 * vocabulary, whose size is written to `count` (may be NULL). They stay until
 * the next id is fed. NULL before the first. */
BITNET_API const float *bitnet_session_logits(const bitnet_session *session,
                                              int64_t sequence, int64_t *count);

/** How ids are drawn, applied in this order; BITNET_GREEDY takes the best. */
typedef struct bitnet_sampling {
  double repeat_penalty; /**< For ids that occurred; 1 is none. */
  double temperature;    /**< 0: the best id, the lowest of equals. */
  int64_t top_k;         /**< Only the k most probable ids; 0: all. */
  double top_p; /**< Only the most probable ones that reach this together. */
  double min_p; /**< Only ones this probable, relative to the best. */
  uint64_t seed;
} bitnet_sampling;

/* clang-format off */
#define BITNET_GREEDY {1, 0, 0, 1, 0, 0}
/* clang-format on */

/** From now on ids are drawn so; without it, greedily. */
BITNET_API void bitnet_session_set_sampling(bitnet_session *session,
                                            const bitnet_sampling *sampling);

/** Draws the next id of each sequence, without feeding them. */
BITNET_API int bitnet_session_sample(bitnet_session *session, int64_t *ids);

/** Why the last call failed; "" if it did not. */
BITNET_API const char *bitnet_session_error(const bitnet_session *session);

/* Conversations, of a model that was compiled with its tokenizer. */

/** What one side said. */
typedef struct bitnet_message {
  const char *role; /**< "system", "user" or "assistant" */
  const char *content;
} bitnet_message;

/** Writes what the model's chat template makes of a conversation, up to where
 * the next reply begins, to `text`: at most `text_size` bytes with the NUL. May
 * be NULL with 0. Returns how many bytes there are without the NUL, or -1 after
 * writing why there are none to `error`. */
BITNET_API int64_t bitnet_chat_text(const bitnet_message *messages,
                                    size_t count, char *text, size_t text_size,
                                    char *error, size_t error_size);

/** Makes the ids of that text what the session has read, and reads what is new
 * of them. No message has special tokens in it, whatever it looks like. After a
 * failure the session has read the beginning of it, or nothing. */
BITNET_API int bitnet_session_read_chat(bitnet_session *session,
                                        const bitnet_message *messages,
                                        size_t count);

/** 1 if a reply ends before this id, else 0. */
BITNET_API int bitnet_ends_turn(int64_t id);

#ifdef __cplusplus
}
#endif

#endif /* BITNET_RUNTIME_LIBRARY_H */

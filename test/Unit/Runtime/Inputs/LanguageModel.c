/* A small language model, written against the ABI by hand, so that the
 * runtime is tested without a compiler.
 *
 * Its cache holds the ids seen so far, and the next id is (3 * sum + position)
 * mod 100. Ids that do something else: 101 fails, 102 gives NaN, 103 makes all
 * logits equal; and more than 32 ids fail like a gather out of range. */

#include "bitnet/Runtime/Runtime.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { VOCABULARY = 128, LIMIT = 32 };

const char bitnet_signature[] =
    "bitnet 1\n"
    "model\tfake\n"
    "input\tids\ti64\tids\tbatch\tsequence\n"
    "input\tmask\ti64\tmask\tbatch\ts53\n"
    "input\tpositions\ti64\tpositions\tbatch\tsequence\n"
    "input\tpast.0\tf32\tpast\tbatch\t1\tpast\t1\n"
    "output\tlogits\tf32\tlogits\tbatch\tsequence\t128\n"
    "output\tpresent.0\tf32\tpresent:3\tbatch\t1\tpast + sequence\t1\n";

struct memref3 {
  void *allocated, *aligned;
  int64_t offset, sizes[3], strides[3];
};
struct memref4 {
  void *allocated, *aligned;
  int64_t offset, sizes[4], strides[4];
};
struct memref2 {
  void *allocated, *aligned;
  int64_t offset, sizes[2], strides[2];
};
struct results {
  struct memref3 logits;
  struct memref4 present;
};

struct job {
  const struct memref2 *ids, *mask, *positions;
  float *present, *logits;
  int64_t past, sequence;
};

/* What a real model would check when it gathers. Before anything is allocated,
 * so that a failure leaks nothing. */
static void check_row(const struct job *job, int64_t row) {
  int64_t total = job->past + job->sequence;
  const int64_t *mask = job->mask->aligned, *ids = job->ids->aligned;
  const int64_t *positions = job->positions->aligned;
  for (int64_t i = 0; i < total; ++i)
    if (mask[row * total + i] != 1)
      bitnet_fail("the mask is not all ones");
  for (int64_t i = 0; i < job->sequence; ++i) {
    int64_t at = row * job->sequence + i;
    if (positions[at] != job->past + i)
      bitnet_fail("a position is wrong");
    if (positions[at] >= LIMIT)
      bitnet_fail("Gather: index 32 is out of range [0, 32)");
    if (ids[at] == 101)
      bitnet_fail("id 101 is unlucky");
  }
}

static void check_rows(void *context, int64_t begin, int64_t end) {
  for (int64_t row = begin; row < end; ++row)
    check_row(context, row);
}

/* One row of the batch. */
static void run_row(const struct job *job, int64_t row) {
  int64_t total = job->past + job->sequence, sum = 0;
  const int64_t *ids = job->ids->aligned;
  const float *present = job->present + row * total;
  for (int64_t i = 0; i < job->past; ++i)
    sum += (int64_t)present[i];
  for (int64_t i = 0; i < job->sequence; ++i) {
    int64_t at = row * job->sequence + i, id = ids[at];
    float *logits = job->logits + at * VOCABULARY;
    sum += id;
    for (int64_t v = 0; v < VOCABULARY; ++v)
      logits[v] = id == 102   ? NAN
                  : id == 103 ? 1
                              : v == (3 * sum + job->past + i) % 100;
  }
}

static void run_rows(void *context, int64_t begin, int64_t end) {
  for (int64_t row = begin; row < end; ++row)
    run_row(context, row);
}

static void append(const struct job *job, const float *past, int64_t batch) {
  const int64_t *ids = job->ids->aligned;
  for (int64_t row = 0; row < batch; ++row) {
    float *present = job->present + row * (job->past + job->sequence);
    memcpy(present, past + row * job->past, job->past * sizeof(float));
    for (int64_t i = 0; i < job->sequence; ++i)
      present[job->past + i] = (float)ids[row * job->sequence + i];
  }
}

void bitnet_main(void *output, void *const *arguments) {
  struct results *results = output;
  const struct memref2 *ids = arguments[0];
  const struct memref4 *past = arguments[3];
  int64_t batch = ids->sizes[0], sequence = ids->sizes[1];
  int64_t total = past->sizes[2] + sequence;
  struct job job = {ids,  arguments[1],   arguments[2], NULL,
                    NULL, past->sizes[2], sequence};
  bitnet_parallel_for(check_rows, &job, batch, INT64_MAX);
  float *logits = malloc(batch * sequence * VOCABULARY * sizeof(float) + 1);
  float *present = malloc(batch * total * sizeof(float) + 1);
  job.logits = logits;
  job.present = present;
  append(&job, past->aligned, batch);
  bitnet_parallel_for(run_rows, &job, batch, INT64_MAX);

  results->logits = (struct memref3){logits,
                                     logits,
                                     0,
                                     {batch, sequence, VOCABULARY},
                                     {sequence * VOCABULARY, VOCABULARY, 1}};
  results->present = (struct memref4){
      present, present, 0, {batch, 1, total, 1}, {total, total, 1, 1}};
}

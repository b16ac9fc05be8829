// Choosing the next id.

#ifndef BITNET_RUNTIME_SAMPLER_H
#define BITNET_RUNTIME_SAMPLER_H

#include "bitnet/Runtime/Status.h"

namespace bitnet::runtime {

/// What a user asks for, applied in this order (that of Transformers).
struct SamplingOptions {
  /// Divides positive logits of ids that occur in the context, multiplies
  /// negative ones (Keskar et al. 2019, arXiv:1909.05858).
  double repeatPenalty = 1;
  /// Divides all logits; 0 takes the largest and ignores what follows.
  double temperature = 0;
  /// Only the k largest logits, with those equal to the smallest of them; 0:
  /// all.
  int64_t topK = 0;
  /// Only the most probable ids that have this probability together (Holtzman
  /// et al. 2020, arXiv:1904.09751).
  double topP = 1;
  /// Only ids at least this probable, relative to the most probable one (Nguyen
  /// et al. 2024, arXiv:2407.01082).
  double minP = 0;
  uint64_t seed = 0;
};

/// Draws ids. The same seed gives the same ids for the same logits on every
/// machine.
class Sampler {
public:
  explicit Sampler(const SamplingOptions &options = {})
      : options(options), state(options.seed) {}

  /// One of `count` ids; `context` are those before it. An error if a logit is
  /// NaN or all of them are infinitely small.
  Result<int64_t> draw(const float *logits, int64_t count,
                       const Array<int64_t> &context);

private:
  struct Candidate {
    int64_t id;
    double logit;
    double weight;
  };

  void penalize(Array<double> &logits, const Array<int64_t> &context) const;
  static void sort(Array<Candidate> &candidates);
  void filter(Array<Candidate> &candidates) const;
  double uniform();

  SamplingOptions options;
  uint64_t state;
};

/// e^x for x <= 0, within 2 ulp: the same bits on every machine, which those of
/// libm are not.
double exponential(double x);

} // namespace bitnet::runtime

#endif // BITNET_RUNTIME_SAMPLER_H

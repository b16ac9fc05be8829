// Choosing the next id from logits.
//
// All arithmetic is f64 without contraction to fused multiply-adds, so that it
// gives the same bits everywhere.

#include "bitnet/Runtime/Sampler.h"

#include <cstring>

#pragma clang fp contract(off)

using namespace bitnet::runtime;

double bitnet::runtime::exponential(double x) {
  if (!(x > -708)) // the smallest normal number is e^-708.4
    return 0;
  // x = k ln 2 + r with |r| <= ln 2 / 2; the high part of ln 2 times k is
  // exact.
  double k =
      static_cast<double>(static_cast<int64_t>(x * 1.4426950408889634 - 0.5));
  double r =
      (x - k * 6.93147180369123816490e-01) - k * 1.90821492927058770002e-10;
  double sum = 1;
  for (int n = 14; n >= 1; --n)
    sum = 1 + sum * r / n;
  uint64_t bits = uint64_t(1023 + int64_t(k)) << 52;
  double power;
  std::memcpy(&power, &bits, sizeof(power));
  return sum * power;
}

/// SplitMix64 (Steele, Lea, Flood 2014), the upper 53 bits as a fraction.
double Sampler::uniform() {
  state += 0x9e3779b97f4a7c15;
  uint64_t z = state;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  z ^= z >> 31;
  return static_cast<double>(z >> 11) * 0x1p-53;
}

void Sampler::penalize(Array<double> &logits,
                       const Array<int64_t> &context) const {
  if (options.repeatPenalty == 1)
    return;
  Array<bool> seen;
  seen.resize(logits.size());
  for (int64_t id : context) {
    if (id < 0 || size_t(id) >= logits.size() || seen[size_t(id)])
      continue;
    seen[size_t(id)] = true;
    double &logit = logits[size_t(id)];
    logit = logit > 0 ? logit / options.repeatPenalty
                      : logit * options.repeatPenalty;
  }
}

/// Largest logit first, of equals the lowest id.
void Sampler::sort(Array<Candidate> &candidates) {
  std::qsort(candidates.data(), candidates.size(), sizeof(Candidate),
             [](const void *left, const void *right) {
               const auto &a = *static_cast<const Candidate *>(left);
               const auto &b = *static_cast<const Candidate *>(right);
               if (a.logit != b.logit)
                 return a.logit > b.logit ? -1 : 1;
               return a.id < b.id ? -1 : a.id > b.id;
             });
}

/// Drops candidates that are too improbable.
void Sampler::filter(Array<Candidate> &candidates) const {
  bool isSorted = options.topK > 0 || options.topP < 1;
  if (isSorted)
    sort(candidates);
  size_t k = size_t(options.topK);
  if (k && k < candidates.size()) {
    while (k < candidates.size() &&
           candidates[k].logit == candidates[k - 1].logit)
      ++k;
    candidates.resize(k);
  }
  double total = 0;
  for (const Candidate &candidate : candidates)
    total += candidate.weight;
  if (options.topP < 1) {
    size_t kept = 0;
    for (double sum = 0; kept < candidates.size() && sum < options.topP * total;
         ++kept)
      sum += candidates[kept].weight;
    candidates.resize(kept ? kept : 1);
  }
  size_t kept = 0;
  for (const Candidate &candidate : candidates)
    if (candidate.weight >= options.minP) // the largest weight is 1
      candidates[kept++] = candidate;
  candidates.resize(kept);
}

/// The index of the largest, the lowest of equals.
static size_t indexOfLargest(const Array<double> &logits) {
  size_t best = 0;
  for (size_t i = 1; i < logits.size(); ++i)
    if (logits[i] > logits[best])
      best = i;
  return best;
}

Result<int64_t> Sampler::draw(const float *logits, int64_t count,
                              const Array<int64_t> &context) {
  Array<double> values;
  values.resize(size_t(count));
  for (size_t i = 0; i < values.size(); ++i) {
    values[i] = static_cast<double>(logits[i]);
    if (values[i] != values[i])
      return Status::error("the logits are not numbers (NaN)");
  }
  penalize(values, context);
  if (values.empty())
    return Status::error("the model gave no logits");
  size_t best = indexOfLargest(values);
  double largest = values[best];
  if (options.temperature == 0)
    return int64_t(best);
  if (largest - largest != 0)
    return Status::error("the logits are infinite");

  Array<Candidate> candidates;
  for (size_t i = 0; i < values.size(); ++i) {
    double weight = exponential((values[i] - largest) / options.temperature);
    if (weight > 0)
      candidates.push({int64_t(i), values[i], weight});
  }
  filter(candidates);
  double total = 0;
  for (const Candidate &candidate : candidates)
    total += candidate.weight;
  double target = uniform() * total;
  for (const Candidate &candidate : candidates) {
    target -= candidate.weight;
    if (target < 0)
      return candidate.id;
  }
  return candidates[candidates.size() - 1].id;
}

// Regular expressions, by PCRE2.

#ifndef BITNET_RUNTIME_PATTERN_H
#define BITNET_RUNTIME_PATTERN_H

#include "bitnet/Runtime/Status.h"

struct pcre2_real_code_8;
struct pcre2_real_match_context_8;
struct pcre2_real_match_data_8;

namespace bitnet::runtime {

class Pattern {
public:
  Pattern() = default;
  Pattern(Pattern &&other) noexcept { std::swap(code, other.code); }
  Pattern &operator=(Pattern &&other) noexcept {
    std::swap(code, other.code);
    return *this;
  }
  ~Pattern();

  static Result<Pattern> create(const char *text, size_t size);

private:
  friend class Matcher;
  pcre2_real_code_8 *code = nullptr;
};

/// Finds matches of a pattern, one after the other.
class Matcher {
public:
  /// `pattern` must outlive the matcher.
  explicit Matcher(const Pattern &pattern);
  Matcher(const Matcher &) = delete;
  ~Matcher();

  /// Begins with a text, which is clean UTF-8.
  void start(const char *text, size_t size);

  /// The next match, at `begin` to `end` of the text; false if there is none.
  Result<bool> next();

  size_t begin = 0, end = 0;

private:
  const Pattern &pattern;
  pcre2_real_match_data_8 *match;
  pcre2_real_match_context_8 *context;
  const char *text = nullptr;
  size_t size = 0;
  size_t from = 0; ///< where to look next
  bool isAfterMatch = false;
};

} // namespace bitnet::runtime

#endif // BITNET_RUNTIME_PATTERN_H

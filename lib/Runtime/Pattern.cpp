// Regular expressions, by PCRE2.

#include "Pattern.h"

#include "UTF8.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

using namespace bitnet::runtime;

/// PCRE2 gives up after so many steps of one match, which are more for long
/// texts.
static constexpr size_t kMinSteps = 10000000, kMaxSteps = UINT32_MAX;

Pattern::~Pattern() { pcre2_code_free(code); }

Result<Pattern> Pattern::create(const char *text, size_t size) {
  Pattern pattern;
  int error = 0;
  PCRE2_SIZE offset = 0;
  pattern.code = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(text), size,
                               PCRE2_UTF | PCRE2_UCP | PCRE2_MULTILINE, &error,
                               &offset, nullptr);
  if (!pattern.code)
    return Status::error("the tokenizer's table is damaged: PCRE2 does not "
                         "compile a pattern (error %d)",
                         error);
  return pattern;
}

Matcher::Matcher(const Pattern &pattern)
    : pattern(pattern), match(pcre2_match_data_create(1, nullptr)),
      context(pcre2_match_context_create(nullptr)) {}

Matcher::~Matcher() {
  pcre2_match_data_free(match);
  pcre2_match_context_free(context);
}

void Matcher::start(const char *newText, size_t newSize) {
  text = newText;
  size = newSize;
  from = 0;
  isAfterMatch = false;
  // A pattern may go back over all of the text, but not again and again.
  size_t steps = size > kMaxSteps / 16 ? kMaxSteps : 16 * size;
  if (context)
    pcre2_set_match_limit(context,
                          uint32_t(steps < kMinSteps ? kMinSteps : steps));
}

Result<bool> Matcher::next() {
  while (from <= size) {
    int count = pcre2_match(pattern.code, reinterpret_cast<PCRE2_SPTR>(text),
                            size, from, PCRE2_NO_UTF_CHECK, match, context);
    if (count == PCRE2_ERROR_NOMATCH)
      return false;
    if (count < 0)
      return Status::error("a pattern of the tokenizer failed on the text "
                           "(PCRE2 error %d)",
                           count);
    const PCRE2_SIZE *bounds = pcre2_get_ovector_pointer(match);
    // An empty match just behind the last one is none.
    bool isEmpty = bounds[0] == bounds[1];
    if (isEmpty && isAfterMatch && bounds[1] == end) {
      from += from < size ? characterSize(text[from]) : 1;
      continue;
    }
    begin = bounds[0];
    end = from = bounds[1];
    isAfterMatch = true;
    return true;
  }
  return false;
}

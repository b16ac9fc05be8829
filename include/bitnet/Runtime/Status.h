// How the runtime says that something went wrong: one line of text, returned.

#ifndef BITNET_RUNTIME_STATUS_H
#define BITNET_RUNTIME_STATUS_H

#include "bitnet/Runtime/Text.h"

namespace bitnet::runtime {

/// Success, or a message without "error: " in front and newline behind.
class [[nodiscard]] Status {
public:
  static Status success() { return Status(); }
  static Status error(const char *format, ...)
      __attribute__((format(printf, 1, 2)));

  bool failed() const { return isError; }
  const char *message() const { return text.c_str(); }

private:
  bool isError = false;
  Text text;
};

/// A value, or why there is none.
template <typename T> class [[nodiscard]] Result {
public:
  Result(T value) : content(std::move(value)) {}
  Result(Status error) : status(std::move(error)) {}

  bool failed() const { return status.failed(); }
  const char *message() const { return status.message(); }
  Status takeError() { return std::move(status); }

  T &operator*() { return content; }
  T *operator->() { return &content; }

private:
  Status status;
  T content{};
};

} // namespace bitnet::runtime

#endif // BITNET_RUNTIME_STATUS_H

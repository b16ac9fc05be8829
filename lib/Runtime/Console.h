// What a conversation needs of the terminal, or of the pipe that stands for it.

#ifndef BITNET_LIB_RUNTIME_CONSOLE_H
#define BITNET_LIB_RUNTIME_CONSOLE_H

#include "bitnet/Runtime/Text.h"

#include <optional>

namespace bitnet::runtime {

/// The standard input, line by line, and the user's ctrl-C. One at a time.
class Console {
public:
  Console();
  ~Console();
  Console(const Console &) = delete;
  Console &operator=(const Console &) = delete;

  /// The next line, without its end; at a terminal after a prompt. None at the
  /// end of the input, or if the user stopped twice instead.
  std::optional<Text> readLine();

  /// True if the user stopped since the last line was read.
  bool isStopped() const;

  bool isTerminal() const { return terminal; }

private:
  bool fill();
  bool waitForInput();
  std::optional<Text> takeLine(bool isLast);

  bool terminal;
  int wakeUp = -1; ///< becomes readable when the user stops
  Array<char> waiting;
};

} // namespace bitnet::runtime

#endif // BITNET_LIB_RUNTIME_CONSOLE_H

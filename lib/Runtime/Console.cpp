// See Console.h.

#include "Console.h"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <unistd.h>

using namespace bitnet::runtime;

/// What a shell says of a program that ctrl-C ended.
static constexpr int kInterrupted = 130;

static volatile std::sig_atomic_t stops;

/// A user who stops again before the first time was noticed means it.
static void stop(int) {
  if (++stops > 1)
    _exit(kInterrupted);
}

Console::Console() : terminal(isatty(STDIN_FILENO)) {
  stops = 0;
  struct sigaction action = {};
  action.sa_handler = stop; // and reading a line returns
  sigaction(SIGINT, &action, nullptr);
}

Console::~Console() { std::signal(SIGINT, SIG_DFL); }

bool Console::isStopped() const { return stops != 0; }

/// Reads what there is; false at the end, or when the user stops.
bool Console::fill() {
  char bytes[4096];
  ssize_t size;
  do {
    size = read(STDIN_FILENO, bytes, sizeof(bytes));
  } while (size < 0 && errno == EINTR && !isStopped());
  for (ssize_t i = 0; i < size; ++i)
    waiting.push(bytes[i]);
  return size > 0;
}

/// A line of what was read; the last one may have no end.
std::optional<Text> Console::takeLine(bool isLast) {
  size_t size = 0;
  while (size < waiting.size() && waiting[size] != '\n')
    ++size;
  bool hasEnd = size < waiting.size();
  if (!hasEnd && (!isLast || !size))
    return std::nullopt;
  Text line(waiting.data(), size);
  Array<char> rest;
  for (size_t i = size + hasEnd; i < waiting.size(); ++i)
    rest.push(waiting[i]);
  waiting = std::move(rest);
  return line;
}

std::optional<Text> Console::readLine() {
  stops = 0;
  for (bool wasStopped = false;;) {
    if (std::optional<Text> line = takeLine(false))
      return line;
    if (terminal && waiting.empty()) {
      std::printf("> ");
      std::fflush(stdout);
    }
    if (fill()) {
      wasStopped = false;
      continue;
    }
    if (!isStopped())
      return takeLine(true);
    if (wasStopped || !terminal)
      return std::nullopt;
    wasStopped = true;
    stops = 0;
    waiting.resize(0);
    std::printf("\n(once more, or ctrl-D, to leave)\n");
  }
}

// See Console.h.

#include "Console.h"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

using namespace bitnet::runtime;

/// What a shell says of a program that ctrl-C ended.
static constexpr int kInterrupted = 130;

static volatile std::sig_atomic_t stops;

/// Wakes up who waits for input. A signal alone would not, if it came right
/// before, or if another thread took it.
static int alarmBell = -1;

/// A user who stops again before the first time was noticed means it.
static void stop(int) {
  int before = errno;
  stops = stops + 1;
  if (stops > 1 || write(alarmBell, "", 1) < 0)
    _exit(kInterrupted);
  errno = before;
}

Console::Console() : terminal(isatty(STDIN_FILENO)) {
  int ends[2];
  stops = 0;
  if (pipe2(ends, O_CLOEXEC | O_NONBLOCK))
    return; // then ctrl-C ends the program
  wakeUp = ends[0];
  alarmBell = ends[1];
  struct sigaction action = {};
  action.sa_handler = stop;
  action.sa_flags = SA_RESTART;
  sigaction(SIGINT, &action, nullptr);
}

Console::~Console() {
  std::signal(SIGINT, SIG_DFL);
  close(wakeUp);
  close(alarmBell);
}

bool Console::isStopped() const { return stops != 0; }

/// False when the user stops.
bool Console::waitForInput() {
  pollfd files[] = {{STDIN_FILENO, POLLIN, 0}, {wakeUp, POLLIN, 0}};
  while (poll(files, 2, -1) < 0 && errno == EINTR)
    continue;
  if (!files[1].revents)
    return true;
  char bell;
  return read(wakeUp, &bell, 1) != 1;
}

/// Reads what there is; false at the end, or when the user stops.
bool Console::fill() {
  char bytes[4096];
  if (!waitForInput())
    return false;
  ssize_t size = read(STDIN_FILENO, bytes, sizeof(bytes));
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
  // What stopped an answer does not stop the next line, too.
  for (char bell; stops && read(wakeUp, &bell, 1) == 1;)
    continue;
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

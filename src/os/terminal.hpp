// The terminal: whether there is one, how wide it is, whether colour is wanted, and a progress line.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace mlean::os {

bool IsTerminal(int fd);
// Columns of the terminal on stdout or stderr, else of $COLUMNS, else 80.
int Width();
// A terminal, TERM set and not "dumb", and NO_COLOR unset or empty (https://no-color.org).
bool ColourWanted(int fd);

// A line of stdin that is not shown while it is typed: on a terminal after `prompt` on stderr, from a pipe without one. kInvalid
// when stdin ends before, or the line is over 4 KiB; kCancelled when it is interrupted.
Result<std::string> ReadSecret(std::string_view prompt);

// The text of a progress line of at most `width` columns, without '\r':
// "label  43 %  [#####.....]  12,345/s  ETA 0:12"; without a known total "label  12,345  1,234/s". Pure.
std::string ProgressLine(std::string_view label, std::int64_t done, std::int64_t total, double seconds, int width);

// A line on stderr, rewritten in place at most 10 times a second, and only when stderr is a terminal. One thread.
class Progress {
 public:
  // total <= 0: not known.
  Progress(std::string label, std::int64_t total);
  ~Progress() { Finish(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  void Advance(std::int64_t by = 1) { Set(done_ + by); }
  void Set(std::int64_t done);
  void Finish();  // clears the line

 private:
  std::string label_;
  std::int64_t total_;
  std::int64_t done_ = 0;
  bool shown_ = false;
  bool on_;
  std::chrono::steady_clock::time_point started_;
  std::chrono::steady_clock::time_point next_;
};

}  // namespace mlean::os

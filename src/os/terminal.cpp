#include "os/terminal.hpp"

#include <fmt/core.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <optional>
#include <system_error>

#include "base/text.hpp"

namespace mlean::os {
namespace {

std::string_view Env(const char* name) {
  const char* const value = std::getenv(name);
  return value != nullptr ? std::string_view(value) : std::string_view();
}

// Code points, which is the width for the labels that we have.
std::size_t Columns(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

std::string Eta(double seconds) {
  if (!(seconds < 100.0 * 3600)) return "-:--";
  const auto s = static_cast<std::int64_t>(seconds + 0.5);
  if (s >= 3600) return fmt::format("{}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60);
  return fmt::format("{}:{:02}", s / 60, s % 60);
}

// At most `width` columns; cuts at the border of a character.
std::string Cut(std::string text, int width) {
  std::size_t columns = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if ((text[i] & 0xc0) != 0x80 && columns++ == static_cast<std::size_t>(std::max(width, 0))) return text.substr(0, i);
  }
  return text;
}

}  // namespace

bool IsTerminal(int fd) { return ::isatty(fd) == 1; }

int Width() {
  for (const int fd : {1, 2}) {
    winsize size{};
    if (::ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  }
  const auto columns = ParseInt(Env("COLUMNS"));
  return columns && *columns > 0 && *columns < 10000 ? static_cast<int>(*columns) : 80;
}

bool ColourWanted(int fd) { return Env("NO_COLOR").empty() && !Env("TERM").empty() && Env("TERM") != "dumb" && IsTerminal(fd); }

namespace {

// While it lives, the terminal does not show what is typed.
class NoEcho {
 public:
  explicit NoEcho(int fd) : fd_(fd), was_(::tcgetattr(fd, &before_) == 0) {
    if (!was_) return;
    termios silent = before_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    silent.c_lflag |= ECHONL;
    ::tcsetattr(fd_, TCSAFLUSH, &silent);
  }
  ~NoEcho() {
    if (was_) ::tcsetattr(fd_, TCSAFLUSH, &before_);
  }
  NoEcho(const NoEcho&) = delete;
  NoEcho& operator=(const NoEcho&) = delete;

 private:
  int fd_;
  termios before_{};
  bool was_;
};

}  // namespace

// Byte by byte, so that what follows the line stays for the next reader.
Result<std::string> ReadSecret(std::string_view prompt) {
  constexpr std::size_t kMaxLine = 4096;
  std::optional<NoEcho> silence;
  if (IsTerminal(STDIN_FILENO)) {
    silence.emplace(STDIN_FILENO);  // before the question: what is typed earlier is thrown away
    fmt::print(stderr, "{}", prompt);
    std::fflush(stderr);
  }
  std::string line;
  for (;;) {
    char c = 0;
    const ssize_t got = ::read(STDIN_FILENO, &c, 1);
    if (got < 0 && errno == EINTR) return Fail(Code::kCancelled, "cannot read stdin: interrupted");
    if (got < 0) return Fail(Code::kIo, fmt::format("cannot read stdin: {}", std::generic_category().message(errno)));
    if (got == 0 && line.empty()) return Fail(Code::kInvalid, "cannot read stdin: it ends before the line does");
    if (got == 0 || c == '\n') break;
    if (line.size() == kMaxLine) return Fail(Code::kInvalid, "cannot read stdin: the line is too long");
    line += c;
  }
  if (line.ends_with('\r')) line.pop_back();
  return line;
}

std::string ProgressLine(std::string_view label, std::int64_t done, std::int64_t total, double seconds, int width) {
  const double rate = seconds > 0 ? static_cast<double>(done) / seconds : 0;
  const std::string speed = HumanCount(static_cast<std::uint64_t>(std::max(rate, 0.0))) + "/s";
  if (total <= 0)
    return Cut(fmt::format("{}  {}  {}", label, HumanCount(static_cast<std::uint64_t>(std::max<std::int64_t>(done, 0))), speed),
               width);
  const double part = std::clamp(static_cast<double>(done) / static_cast<double>(total), 0.0, 1.0);
  const std::string front = fmt::format("{}  {:2} %", label, static_cast<int>(part * 100));
  const std::string back = fmt::format(
      "{}  ETA {}", speed, done > 0 ? Eta(static_cast<double>(std::max<std::int64_t>(total - done, 0)) / rate) : "-:--");
  const int room = width - static_cast<int>(Columns(front) + Columns(back)) - 6;  // the blanks and brackets
  const int bar = std::min(room, 30);
  if (bar < 4) return Cut(front + "  " + back, width);
  const int full = static_cast<int>(part * bar);
  return fmt::format("{}  [{}{}]  {}", front, std::string(static_cast<std::size_t>(full), '#'),
                     std::string(static_cast<std::size_t>(bar - full), '.'), back);
}

Progress::Progress(std::string label, std::int64_t total)
    : label_(std::move(label)), total_(total), on_(IsTerminal(2)), started_(std::chrono::steady_clock::now()), next_(started_) {}

void Progress::Set(std::int64_t done) {
  done_ = done;
  if (!on_) return;
  const auto now = std::chrono::steady_clock::now();
  if (now < next_) return;
  next_ = now + std::chrono::milliseconds(100);
  const double seconds = std::chrono::duration<double>(now - started_).count();
  fmt::print(stderr, "\r\x1b[K{}", ProgressLine(label_, done_, total_, seconds, Width() - 1));
  shown_ = true;
}

void Progress::Finish() {
  if (shown_) fmt::print(stderr, "\r\x1b[K");
  shown_ = false;
}

}  // namespace mlean::os

#include "verbs/data/confirm.hpp"

#include <fmt/core.h>
#include <poll.h>
#include <unistd.h>

#include <cstdio>
#include <optional>
#include <string>

#include "base/text.hpp"
#include "os/terminal.hpp"
#include "verbs/verb.hpp"

namespace mlean::verbs {
namespace {

constexpr std::size_t kMaxAnswer = 4096;

bool Cancelled(const std::atomic<bool>* cancel) { return cancel != nullptr && cancel->load(); }

// A line of stdin without its end; nullopt at the end of stdin or when cancelled. Byte by byte: what follows may be for others.
std::optional<std::string> ReadLine(const std::atomic<bool>* cancel) {
  std::string line;
  while (line.size() < kMaxAnswer) {
    pollfd input{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
    if (::poll(&input, 1, 50) == 0) {
      if (Cancelled(cancel)) return std::nullopt;
      continue;
    }
    char c = 0;
    if (::read(STDIN_FILENO, &c, 1) != 1) return std::nullopt;
    if (c == '\n') return line;
    line += c;
  }
  return line;
}

bool AskUntilAnswered(std::string_view prompt, const std::atomic<bool>* cancel) {
  while (!Cancelled(cancel)) {
    Print(prompt);
    std::fflush(stdout);
    const std::optional<std::string> answer = ReadLine(cancel);
    if (!answer) return false;
    const std::string word = ToLower(*answer);
    if (word == "y" || word == "yes") return true;
    if (word == "n" || word == "no") return false;
    PrintLine("Your response must be one of: ['yes', 'no', 'y', 'n']. Please try again.");
  }
  return false;
}

}  // namespace

bool Confirm(std::string_view question, const std::atomic<bool>* cancel) {
  return os::IsTerminal(STDOUT_FILENO) && AskUntilAnswered(fmt::format("{} [y/n] ", question), cancel);
}

bool ConfirmAnywhere(std::string_view question, const std::atomic<bool>* cancel) {
  return AskUntilAnswered(fmt::format("{} [y/n]: ", question), cancel);
}

}  // namespace mlean::verbs

#include "pipeline/stage_command.hpp"

#include <fmt/core.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "base/text.hpp"
#include "os/files.hpp"
#include "os/process.hpp"

namespace mlean::pipeline {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kTailLines = 10;
constexpr std::size_t kTailBytes = 4096;
constexpr std::size_t kKeptBytes = std::size_t{16} << 20;

// DVC's way to run one line: by the user's own shell, without its start files.
std::vector<std::string> ShellCommand(const std::string& line) {
  const char* const wanted = std::getenv("SHELL");
  const std::string shell = wanted == nullptr || *wanted == '\0' ? "/bin/sh" : wanted;
  const std::string name = ToLower(fs::path(shell).filename().string());
  if (name == "bash") return {shell, "--noprofile", "--norc", "-c", line};
  if (name == "zsh") return {shell, "--no-rcs", "-c", line};
  if (name == "fish") return {shell, "--no-config", "-c", line};
  return {shell, "-c", line};
}

std::string LogTail(const fs::path& log) {
  const Result<std::string> text = os::ReadFile(log);
  if (!text) return {};
  std::string_view tail = Trim(*text);
  if (tail.size() > kTailBytes) tail.remove_prefix(tail.size() - kTailBytes);
  std::size_t at = tail.size();
  for (std::size_t lines = 0; lines < kTailLines && at != tail.npos && at > 0; ++lines) at = tail.rfind('\n', at - 1);
  if (at != tail.npos && at != tail.size()) tail.remove_prefix(at + (at < tail.size() && tail[at] == '\n' ? 1 : 0));
  return std::string(tail);
}

Result<void> AppendToLog(const fs::path& log, std::string_view text) {
  if (log.empty()) return {};
  TRY(os::AppendFile file, os::AppendFile::Open(log));
  return file.Append(text);
}

Result<void> RunLine(const CommandSpec& spec, const std::string& line, CommandOutcome& outcome) {
  if (spec.on_line) spec.on_line(line);
  TRYV(AppendToLog(spec.log, "> " + line + "\n"));
  os::ProcessSpec process;
  process.argv = ShellCommand(line);
  process.cwd = spec.cwd;
  process.env = spec.env;
  process.own_stdin = spec.own_stdin;
  process.cancel = spec.cancel;
  switch (spec.output) {
    case CommandSpec::Output::kLog: process.log_file = spec.log; break;
    case CommandSpec::Output::kOurs:
      std::fflush(stdout);
      if (spec.log.empty()) break;
      process.log_file = spec.log;
      process.on_line = [](std::string_view text) {
        std::fwrite(text.data(), 1, text.size(), stdout);
        std::fputc('\n', stdout);
        std::fflush(stdout);
      };
      break;
    case CommandSpec::Output::kKept:
      process.log_file = spec.log;
      process.capture = true;
      process.capture_bytes = kKeptBytes;
      break;
  }
  TRY(const os::ProcessOutcome done, os::RunProcess(process));
  outcome.output += done.output;
  if (done.cancelled) return Fail(Code::kCancelled, "cancelled");
  if (done.Ok()) return {};
  const int code = done.signal != 0 ? -done.signal : done.exit_code;
  const std::string tail = spec.output == CommandSpec::Output::kLog ? LogTail(spec.log) : std::string();
  return Fail(Code::kInvalid, fmt::format("failed to run: {}, exited with {}{}{}", line, code, tail.empty() ? "" : "\n", tail));
}

}  // namespace

Result<void> RunCommand(const CommandSpec& spec, CommandOutcome& outcome) {
  const auto start = std::chrono::steady_clock::now();
  Result<void> done;
  for (const std::string& line : spec.lines) {
    done = RunLine(spec, line, outcome);
    if (!done) break;
  }
  outcome.wall_ms = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - start).count();
  return done;
}

}  // namespace mlean::pipeline

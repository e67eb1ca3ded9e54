// Running the command of a stage. Inner header of the pipeline room.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"

namespace mlean::pipeline {

struct CommandSpec {
  std::vector<std::string> lines;  // each runs in a shell of its own
  std::filesystem::path cwd;
  std::vector<std::pair<std::string, std::string>> env;
  std::filesystem::path log;  // appended to; empty: none
  enum class Output : std::uint8_t {
    kOurs,  // to our stdout and stderr (to stdout when there is a log too)
    kLog,   // to the log only
    kKept,  // given back (and to the log)
  } output = Output::kOurs;
  bool own_stdin = false;  // reads our stdin (os/process.hpp), else nothing
  const std::atomic<bool>* cancel = nullptr;
  std::function<void(std::string_view line)> on_line;  // before each line runs
};

struct CommandOutcome {
  std::int64_t wall_ms = 0;
  std::string output;  // kKept: the last 16 MiB
};

// Errors: kInvalid "failed to run: LINE, exited with 7" (a negative number: the signal), with the end of the log behind it when
// the output goes nowhere else; kCancelled. Thread-safe for different logs.
Result<void> RunCommand(const CommandSpec& spec, CommandOutcome& outcome);

}  // namespace mlean::pipeline

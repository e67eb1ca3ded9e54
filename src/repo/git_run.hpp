// Inside of the repo room: running the git program once.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "os/process.hpp"

namespace mlean::repo {

struct GitCall {
  std::filesystem::path dir;
  std::vector<std::string> arguments;
  std::vector<std::pair<std::string, std::string>> env = {};
  std::function<void(std::string_view)> on_line = {};  // instead of ProcessOutcome::output
};

// What it printed, stdout and stderr, is in the outcome. kNotFound without the program, kTimeout after a minute.
Result<os::ProcessOutcome> Git(GitCall call);
// What it printed; kIo "cannot <what>: git: <its last line>" when it failed.
Result<std::string> GitOutput(std::string_view what, GitCall call);
Error GitFailed(std::string_view what, const os::ProcessOutcome& done);

}  // namespace mlean::repo

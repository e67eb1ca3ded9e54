// Inside of the repo room: reading ignore files.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace mlean::repo {

// The content; nullopt when there is no such file (or no such folder). `follow_link` false: a symbolic link counts as no file.
Result<std::optional<std::string>> ReadIgnoreFile(const std::string& path, bool follow_link);

}  // namespace mlean::repo

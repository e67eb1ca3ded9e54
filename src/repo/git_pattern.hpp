// Inside of the repo room: one line of a .gitignore, as git's dir.c and wildmatch.c read it. Works on bytes.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "repo/glob_machine.hpp"

namespace mlean::repo {

struct GitPattern {
  bool ignores = true;        // false: "!pattern"
  bool only_folders = false;  // ends with '/'
  bool name_only = false;     // no '/' inside: is about the last part of a path, else about the path from the file's folder
  // With name_only: what can be decided without the machine.
  enum class Quick : std::uint8_t { kNone, kName, kSuffix };
  Quick quick = Quick::kNone;
  std::string literal;
  GlobMachine machine;
};

// The patterns of an ignore file, in order. Lines over 4096 bytes are left out: no path is that long.
std::vector<GitPattern> ParseGitIgnore(std::string_view text);

}  // namespace mlean::repo

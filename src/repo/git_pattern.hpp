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
  // What can be decided without the machine: with name_only by the name or its end; kHere ("/name", the lines that DVC writes) by
  // the name in the file's own folder.
  enum class Quick : std::uint8_t { kNone, kName, kSuffix, kHere };
  Quick quick = Quick::kNone;
  std::string literal;
  GlobMachine machine;
};

// The patterns of an ignore file, in order. Lines over 4096 bytes are left out: no path is that long.
std::vector<GitPattern> ParseGitIgnore(std::string_view text);

}  // namespace mlean::repo

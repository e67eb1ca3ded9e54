// Inside of the repo room: the bytes of git's trees and commits, as `git cat-file` gives them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "repo/git_reader.hpp"

namespace mlean::repo {

struct GitCommitHead {
  std::string tree;  // hex ids
  std::vector<std::string> parents;
  std::int64_t committed = 0;  // seconds since 1970
};

// 40 or 64 lower-case hex digits.
bool IsGitId(std::string_view text);

// `id_bytes`: of a raw id, 20 or 32. kCorrupt when an entry is cut, its mode is unknown, or its name is none ("", ".", "..", with
// '/').
Result<std::vector<GitEntry>> ParseGitTree(std::string_view bytes, std::size_t id_bytes);
// kCorrupt without a tree or with a malformed header; what follows the header is not looked at.
Result<GitCommitHead> ParseGitCommit(std::string_view bytes);

}  // namespace mlean::repo

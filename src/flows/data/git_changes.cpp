#include "flows/data/git_changes.hpp"

#include <string_view>
#include <utility>

#include "repo/git_run.hpp"

namespace mlean::flows {
namespace {

// A path as git prints it: in quotes with C's escapes when it holds odd bytes.
std::string Unquoted(std::string_view text) {
  if (text.size() < 2 || text.front() != '"') return std::string(text);
  std::string out;
  for (std::size_t i = 1; i + 1 < text.size(); ++i) {
    if (text[i] != '\\') {
      out += text[i];
      continue;
    }
    constexpr std::string_view kNames = "abtnvfr\"\\";
    constexpr std::string_view kBytes = "\a\b\t\n\v\f\r\"\\";
    const char next = text[++i];
    if (const std::size_t at = kNames.find(next); at != kNames.npos) {
      out += kBytes[at];
      continue;
    }
    int value = 0;
    for (int digit = 0; digit < 3 && text[i] >= '0' && text[i] <= '7'; ++digit, ++i) value = value * 8 + (text[i] - '0');
    --i;
    out += static_cast<char>(value);
  }
  return out;
}

}  // namespace

Result<GitChanges> ReadGitChanges(const std::filesystem::path& git_root, bool untracked) {
  GitChanges changes;
  const auto on_line = [&](std::string_view line) {
    if (line.size() < 4) return;
    changes.dirty = true;
    if (line.starts_with("?? ")) changes.untracked.push_back(Unquoted(line.substr(3)));
  };
  TRY(const os::ProcessOutcome done, repo::Git({.dir = git_root,
                                                .arguments = {"-c", "core.quotePath=false", "status", "--porcelain=v1",
                                                              untracked ? "--untracked-files=all" : "--untracked-files=no"},
                                                .on_line = on_line}));
  if (!done.Ok()) return repo::GitFailed("read git status", done);
  return changes;
}

}  // namespace mlean::flows

#include "repo/git_tracked.hpp"

#include <algorithm>
#include <utility>

#include "repo/git_run.hpp"

namespace mlean::repo {

namespace {

// A line of `git ls-files`: names with quotes, backslashes or controls come as C strings.
std::string Unquoted(std::string_view line) {
  if (line.size() < 2 || line.front() != '"' || line.back() != '"') return std::string(line);
  constexpr std::string_view kLetters = "abtnvfr";
  constexpr std::string_view kMeant = "\a\b\t\n\v\f\r";
  std::string out;
  line = line.substr(1, line.size() - 2);
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] != '\\' || i + 1 == line.size()) {
      out += line[i];
      continue;
    }
    const char c = line[++i];
    if (c >= '0' && c <= '3' && i + 2 < line.size()) {
      out += static_cast<char>((c - '0') * 64 + (line[i + 1] - '0') * 8 + (line[i + 2] - '0'));
      i += 2;
    } else {
      const std::size_t letter = kLetters.find(c);
      out += letter == kLetters.npos ? c : kMeant[letter];
    }
  }
  return out;
}

}  // namespace

Result<TrackedPaths> TrackedPaths::Load(const std::filesystem::path& git_root) {
  TrackedPaths tracked;
  if (git_root.empty()) return tracked;
  tracked.git_root_ = git_root;
  GitCall call{git_root, {"-c", "core.quotePath=false", "ls-files"}};
  call.on_line = [&](std::string_view line) {
    if (!line.empty()) tracked.paths_.push_back(Unquoted(line));
  };
  TRY(const os::ProcessOutcome done, Git(std::move(call)));
  if (!done.Ok()) return GitFailed("list tracked files", done);
  std::sort(tracked.paths_.begin(), tracked.paths_.end());
  return tracked;
}

bool TrackedPaths::Holds(const std::filesystem::path& path) const {
  if (git_root_.empty()) return false;
  const std::string below = path.lexically_relative(git_root_).generic_string();
  if (below.empty() || below == "." || below.starts_with("..")) return below == "." && !paths_.empty();
  if (std::binary_search(paths_.begin(), paths_.end(), below)) return true;
  const std::string folder = below + "/";
  const auto at = std::lower_bound(paths_.begin(), paths_.end(), folder);
  return at != paths_.end() && at->starts_with(folder);
}

}  // namespace mlean::repo

#include "repo/git.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <system_error>
#include <utility>

#include "base/digest.hpp"
#include "base/text.hpp"
#include "repo/git_run.hpp"

namespace mlean::repo {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kPathsPerCall = 400;  // of up to 4096 bytes: an argument list has room for 2 MiB

// "https://user:token@host/x" without "user:token@".
std::string WithoutCredentials(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme == url.npos) return std::string(url);
  const std::size_t host = scheme + 3;
  const std::size_t slash = std::min(url.find('/', host), url.size());
  const std::size_t at = url.substr(0, slash).rfind('@');
  if (at == url.npos || at < host) return std::string(url);
  return std::string(url.substr(0, host)) + std::string(url.substr(at + 1));
}

}  // namespace

std::optional<fs::path> GitRoot(const fs::path& dir) {
  std::error_code error;
  fs::path at = fs::absolute(dir, error).lexically_normal();
  for (;;) {
    if (fs::exists(at / ".git", error)) return at;
    if (!at.has_relative_path()) return std::nullopt;
    at = at.parent_path();
  }
}

Result<GitFacts> ReadGitFacts(const fs::path& dir) {
  const std::optional<fs::path> root = GitRoot(dir);
  if (!root)
    return Fail(Code::kNotFound, fmt::format("cannot read git facts of '{}': not in a git repository", dir.string()), "git init");
  GitFacts facts;
  facts.root = *root;
  TRY(const std::string status,
      GitOutput("read git status", {dir, {"status", "--porcelain=v2", "--branch", "--untracked-files=no"}}));
  for (const std::string& line : Split(status, '\n')) {
    if (line.starts_with("# branch.oid ")) {
      facts.commit = line.substr(13) == "(initial)" ? "" : line.substr(13);
    } else if (line.starts_with("# branch.head ")) {
      facts.branch = line.substr(14) == "(detached)" ? "" : line.substr(14);
    } else if (!line.empty() && line.front() != '#') {
      facts.dirty = true;
    }
  }
  if (facts.dirty && !facts.commit.empty()) {
    Hasher hasher(Hasher::Kind::kSha256);
    const auto add = [&hasher](std::string_view line) {
      hasher.Update(line.data(), line.size());
      hasher.Update("\n", 1);
    };
    TRY(const os::ProcessOutcome done, Git({dir, {"diff", "--no-ext-diff", "--no-color", "--full-index", "HEAD"}, {}, add}));
    if (!done.Ok()) return GitFailed("read the git diff", done);
    facts.diff_sha256 = hasher.HexDigest();
  }
  TRY(const os::ProcessOutcome remote, Git({dir, {"config", "--get", "remote.origin.url"}}));
  if (remote.Ok()) facts.remote_url = WithoutCredentials(Trim(remote.output));
  return facts;
}

Result<std::string> GitDiff(const fs::path& dir, std::size_t max_bytes) {
  std::string diff;
  bool cut = false;
  const auto add = [&](std::string_view line) {
    cut = cut || diff.size() + line.size() >= max_bytes;
    if (!cut) diff.append(line).append("\n");
  };
  const std::vector<std::string> arguments = {"diff", "--no-ext-diff", "--no-color", "--full-index", "--binary", "HEAD"};
  TRY(const os::ProcessOutcome done, Git({dir, arguments, {}, add}));
  if (!done.Ok()) return GitFailed("read the git diff", done);
  if (cut) diff += fmt::format("# cut: over {} bytes\n", max_bytes);
  return diff;
}

Result<void> GitInit(const fs::path& dir) {
  TRYV(GitOutput(fmt::format("make a git repository in '{}'", dir.string()), {dir, {"init", "-q"}}));
  return {};
}

Result<void> GitAdd(const fs::path& dir, const std::vector<std::string>& paths) {
  for (std::size_t begin = 0; begin < paths.size(); begin += kPathsPerCall) {
    const std::size_t end = std::min(begin + kPathsPerCall, paths.size());
    std::vector<std::string> arguments = {"--literal-pathspecs", "add", "-A", "--"};
    arguments.insert(arguments.end(), paths.begin() + static_cast<std::ptrdiff_t>(begin),
                     paths.begin() + static_cast<std::ptrdiff_t>(end));
    const std::string shown = end - begin > 3 ? fmt::format("{} files", end - begin)
                                              : "'" + Join(std::vector(arguments.begin() + 4, arguments.end()), "', '") + "'";
    TRYV(GitOutput(fmt::format("add {} to git", shown), {dir, std::move(arguments)}));
  }
  return {};
}

Result<void> GitSetConfig(const fs::path& dir, const std::string& key, const std::string& value) {
  TRYV(GitOutput(fmt::format("set git's option '{}'", key), {dir, {"config", key, value}}));
  return {};
}

Result<std::string> GitCommit(const fs::path& dir, std::string_view message, std::string_view author, TimeMs date) {
  TRY(const os::ProcessOutcome staged, Git({dir, {"diff", "--cached", "--quiet"}}));
  if (staged.Ok()) return Fail(Code::kConflict, "cannot commit: nothing is staged", "git add FILE");
  const std::size_t open = author.find('<');
  const std::size_t close = author.rfind('>');
  if (open == author.npos || close == author.npos || close < open) {
    return Fail(Code::kInvalid, fmt::format("cannot commit: the author '{}' is not 'Name <mail>'", author));
  }
  const std::string name(Trim(author.substr(0, open)));
  const std::string mail(author.substr(open + 1, close - open - 1));
  const std::string when = fmt::format("@{} +0000", date / kSecondMs);
  const std::vector<std::pair<std::string, std::string>> env = {{"GIT_AUTHOR_NAME", name},     {"GIT_AUTHOR_EMAIL", mail},
                                                                {"GIT_AUTHOR_DATE", when},     {"GIT_COMMITTER_NAME", name},
                                                                {"GIT_COMMITTER_EMAIL", mail}, {"GIT_COMMITTER_DATE", when}};
  TRYV(GitOutput("commit", {dir, {"commit", "-q", "-m", std::string(message)}, env}));
  TRY(const std::string head, GitOutput("read the commit", {dir, {"rev-parse", "HEAD"}}));
  return std::string(Trim(head));
}

Result<bool> GitIgnores(const fs::path& dir, const fs::path& path) {
  if (!GitRoot(dir)) return false;
  TRY(const os::ProcessOutcome done, Git({dir, {"check-ignore", "-q", "--", path.string()}}));
  if (done.exit_code == 0) return true;
  if (done.exit_code == 1) return false;
  return GitFailed(fmt::format("ask git about '{}'", path.string()), done);
}

Result<bool> GitTracks(const fs::path& dir, const fs::path& path) {
  if (!GitRoot(dir)) return false;
  TRY(const std::string listed, GitOutput("list tracked files", {dir, {"--literal-pathspecs", "ls-files", "--", path.string()}}));
  return !Trim(listed).empty();
}

}  // namespace mlean::repo

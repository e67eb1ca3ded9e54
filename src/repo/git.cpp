#include "repo/git.hpp"

#include <fmt/core.h>

#include <functional>
#include <system_error>

#include "base/digest.hpp"
#include "base/text.hpp"
#include "os/process.hpp"

namespace mlean::repo {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kGitTimeoutMs = 60'000;

using Env = std::vector<std::pair<std::string, std::string>>;

struct GitCall {
  fs::path dir;
  std::vector<std::string> arguments;
  Env env = {};
  std::function<void(std::string_view)> on_line = {};  // instead of ProcessOutcome::output
};

Result<os::ProcessOutcome> Git(GitCall call) {
  os::ProcessSpec spec;
  spec.argv = {"git", "--no-pager"};
  spec.argv.insert(spec.argv.end(), call.arguments.begin(), call.arguments.end());
  spec.cwd = call.dir.empty() ? fs::path(".") : call.dir;
  spec.env = std::move(call.env);
  // Reading must not take the index lock from the user's own git, nor ask for anything.
  for (const char* name : {"GIT_OPTIONAL_LOCKS", "GIT_TERMINAL_PROMPT"}) spec.env.emplace_back(name, "0");
  spec.env.emplace_back("LC_ALL", "C");
  spec.capture = !call.on_line;
  spec.on_line = std::move(call.on_line);
  spec.timeout_ms = kGitTimeoutMs;
  Result<os::ProcessOutcome> done = os::RunProcess(spec);
  if (!done) return std::move(done).error().With("cannot run git");
  if (done->timed_out)
    return Fail(Code::kTimeout, fmt::format("cannot run git {}: no answer in a minute", call.arguments.front()));
  return done;
}

std::string LastLine(std::string_view output) {
  output = Trim(output);
  const std::size_t at = output.rfind('\n');
  return std::string(at == output.npos ? output : output.substr(at + 1));
}

Error GitFailed(std::string_view what, const os::ProcessOutcome& done) {
  const std::string line = LastLine(done.output);
  return Fail(Code::kIo, fmt::format("cannot {}: git: {}", what, line.empty() ? done.Describe() : line));
}

Result<std::string> GitOutput(std::string_view what, GitCall call) {
  TRY(os::ProcessOutcome done, Git(std::move(call)));
  if (!done.Ok()) return GitFailed(what, done);
  return std::move(done.output);
}

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

Result<void> GitInit(const fs::path& dir) {
  TRYV(GitOutput(fmt::format("make a git repository in '{}'", dir.string()), {dir, {"init", "-q"}}));
  return {};
}

Result<void> GitAdd(const fs::path& dir, const std::vector<std::string>& paths) {
  if (paths.empty()) return {};
  std::vector<std::string> arguments = {"add", "-A", "--"};
  arguments.insert(arguments.end(), paths.begin(), paths.end());
  TRYV(GitOutput(fmt::format("add '{}' to git", Join(paths, "', '")), {dir, std::move(arguments)}));
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
  const Env env = {{"GIT_AUTHOR_NAME", name},    {"GIT_AUTHOR_EMAIL", mail},    {"GIT_AUTHOR_DATE", when},
                   {"GIT_COMMITTER_NAME", name}, {"GIT_COMMITTER_EMAIL", mail}, {"GIT_COMMITTER_DATE", when}};
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
  TRY(const std::string listed, GitOutput("list tracked files", {dir, {"ls-files", "--", path.string()}}));
  return !Trim(listed).empty();
}

}  // namespace mlean::repo

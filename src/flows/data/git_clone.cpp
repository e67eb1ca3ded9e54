#include "flows/data/git_clone.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "base/digest.hpp"
#include "base/text.hpp"
#include "os/files.hpp"
#include "os/process.hpp"
#include "repo/git_reader.hpp"

namespace mlean::flows {
namespace fs = std::filesystem;
namespace {

// Clones may take long: there is no deadline, but the user's Ctrl-C.
Result<os::ProcessOutcome> RunGit(const CloneRequest& request, const fs::path& dir, std::vector<std::string> arguments) {
  os::ProcessSpec spec;
  spec.argv = {"git", "--no-pager"};
  spec.argv.insert(spec.argv.end(), arguments.begin(), arguments.end());
  spec.cwd = dir;
  spec.env = {{"GIT_TERMINAL_PROMPT", "0"}, {"LC_ALL", "C"}};
  spec.capture = true;
  spec.cancel = request.cancel;
  Result<os::ProcessOutcome> done = os::RunProcess(spec);
  if (!done) return std::move(done).error().With("cannot run git");
  if (done->cancelled) return Fail(Code::kCancelled, "interrupted");
  return done;
}

std::string LastLine(std::string_view output) {
  output = Trim(output);
  const std::size_t at = output.rfind('\n');
  std::string line(at == output.npos ? output : output.substr(at + 1));
  return line.starts_with("fatal: ") ? line.substr(7) : line;
}

Error CloneFailed(const CloneRequest& request, const fs::path& dir, const os::ProcessOutcome& done) {
  std::string why = LastLine(done.output);
  if (why == fmt::format("repository '{}' does not exist", request.url)) {
    why = fmt::format("No git repository was found at {}", request.url);
  }
  return Fail(Code::kNotFound, fmt::format("SCM error: Failed to clone repo '{}' to '{}': {}", request.url, dir.string(), why));
}

Result<void> Clone(const CloneRequest& request, const fs::path& dir) {
  // Under another name until it is whole: a killed clone must not be taken for one.
  TRY(os::TempDir temporary, os::TempDir::Make(".clone", request.folder));
  TRY(const os::ProcessOutcome done,
      RunGit(request, request.folder, {"clone", "--quiet", "--bare", "--", request.url, temporary.path().string()}));
  if (!done.Ok()) return CloneFailed(request, dir, done);
  Result<void> renamed = os::Rename(temporary.path(), dir);
  if (!renamed && !os::IsDir(dir)) return renamed;  // another process was faster
  return {};
}

Result<void> Fetch(const CloneRequest& request, const fs::path& dir) {
  TRY(const os::ProcessOutcome fetched, RunGit(request, dir,
                                               {"fetch", "--quiet", "--prune", "--force", "--", request.url,
                                                "+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"}));
  if (!fetched.Ok()) return CloneFailed(request, dir, fetched);
  // The source may have another default branch now.
  TRY(const os::ProcessOutcome listed, RunGit(request, dir, {"ls-remote", "--symref", "--", request.url, "HEAD"}));
  for (const std::string& line : Split(listed.output, '\n')) {
    if (!line.starts_with("ref: refs/heads/")) continue;
    TRYV(RunGit(request, dir, {"symbolic-ref", "HEAD", line.substr(5, line.find('\t') - 5)}));
  }
  return {};
}

bool IsCommitId(std::string_view text) { return text.size() == 40 && text.find_first_not_of("0123456789abcdef") == text.npos; }

Result<bool> HasRevision(const fs::path& dir, const std::string& revision) {
  TRY(repo::GitReader reader, repo::GitReader::Open(dir));
  return reader.Resolve(revision).ok();
}

}  // namespace

Result<fs::path> CloneRepository(const CloneRequest& request) {
  TRYV(os::MakeDirs(request.folder));
  const fs::path dir = request.folder / Md5Hex(request.url);
  if (!os::IsDir(dir)) {
    TRYV(Clone(request, dir));
  } else {
    bool known = false;
    if (IsCommitId(request.revision)) {
      TRY(known, HasRevision(dir, request.revision));
    }
    if (known) return dir;
    TRYV(Fetch(request, dir));
  }
  if (request.revision.empty()) return dir;
  TRY(const bool found, HasRevision(dir, request.revision));
  if (!found) {
    // The name of an experiment, perhaps. That there are none is no failure.
    TRYV(RunGit(request, dir, {"fetch", "--quiet", "--", request.url, "+refs/exps/*:refs/exps/*"}));
  }
  return dir;
}

Result<std::string> CommitAtSource(const CloneRequest& request) {
  if (IsCommitId(request.revision)) return request.revision;
  TRYV(os::MakeDirs(request.folder));
  const std::string& revision = request.revision;
  // A tag comes twice when it has an object of its own: its commit is the one behind "^{}".
  std::vector<std::string> names = {"HEAD"};
  if (!revision.empty()) names = {"refs/tags/" + revision + "^{}", "refs/tags/" + revision, "refs/heads/" + revision};
  std::vector<std::string> arguments = {"ls-remote", "--", request.url};
  arguments.insert(arguments.end(), names.begin(), names.end());
  TRY(const os::ProcessOutcome done, RunGit(request, request.folder, std::move(arguments)));
  if (!done.Ok()) return CloneFailed(request, request.folder / Md5Hex(request.url), done);
  for (const std::string& name : names) {
    for (const std::string& line : Split(done.output, '\n')) {
      const std::size_t tab = line.find('\t');
      if (tab == 40 && line.substr(tab + 1) == name) return line.substr(0, tab);
    }
  }
  TRY(const fs::path clone, CloneRepository(request));
  TRY(repo::GitReader reader, repo::GitReader::Open(clone));
  return reader.Resolve(revision.empty() ? "HEAD" : revision);
}

}  // namespace mlean::flows

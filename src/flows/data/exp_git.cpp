#include "flows/data/exp_git.hpp"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <system_error>

#include "base/ids.hpp"
#include "base/text.hpp"
#include "os/files.hpp"
#include "repo/dvc_error.hpp"

namespace mlean::flows {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kOutputBytes = std::size_t{256} << 20;
constexpr std::size_t kPathsPerCall = 400;

std::string LastLine(std::string_view output) {
  output = Trim(output);
  const std::size_t at = output.rfind('\n');
  return std::string(at == output.npos ? output : output.substr(at + 1));
}

Error Failed(std::string_view what, const os::ProcessOutcome& done) {
  const std::string line = LastLine(done.output);
  return Fail(Code::kIo, fmt::format("cannot {}: git: {}", what, line.empty() ? done.Describe() : line));
}

// Parts that each end in a zero byte.
std::vector<std::string> ZeroEnded(std::string_view text) {
  std::vector<std::string> parts = Split(text, '\0');
  std::erase(parts, std::string());
  return parts;
}

}  // namespace

Result<os::ProcessOutcome> ExpGit::Run(std::vector<std::string> arguments, const Env& env) const {
  os::ProcessSpec spec;
  spec.argv = {"git", "--no-pager", "-c", "core.quotePath=false", "-c", "advice.addIgnoredFile=false"};
  spec.argv.insert(spec.argv.end(), std::make_move_iterator(arguments.begin()), std::make_move_iterator(arguments.end()));
  spec.cwd = root_;
  spec.env = {{"GIT_TERMINAL_PROMPT", "0"}, {"LC_ALL", "C"}, {"GIT_OPTIONAL_LOCKS", "0"}};
  spec.env.insert(spec.env.end(), env.begin(), env.end());
  spec.capture = true;
  spec.capture_bytes = kOutputBytes;
  spec.cancel = cancel_;
  Result<os::ProcessOutcome> done = os::RunProcess(spec);
  if (!done) return std::move(done).error().With("cannot run git");
  if (done->cancelled) return Fail(Code::kCancelled, "interrupted");
  return done;
}

Result<std::string> ExpGit::Output(std::string_view what, std::vector<std::string> arguments, const Env& env) const {
  TRY(os::ProcessOutcome done, Run(std::move(arguments), env));
  if (!done.Ok() || done.output_cut) return Failed(what, done);
  return std::move(done.output);
}

Result<std::string> ExpGit::Head() const {
  TRY(const std::optional<std::string> head, ReadRef("HEAD"));
  if (!head) return repo::UnexpectedFailure("Empty git repo");
  return *head;
}

Result<fs::path> ExpGit::GitDir() const {
  TRY(const std::string dir, Output("find git's folder", {"rev-parse", "--absolute-git-dir"}));
  return fs::path(std::string(Trim(dir)));
}

Result<std::optional<std::string>> ExpGit::ReadRef(const std::string& ref) const {
  TRY(const os::ProcessOutcome done, Run({"rev-parse", "--verify", "--quiet", ref + "^{commit}"}));
  if (!done.Ok()) return std::optional<std::string>();
  return std::optional(LastLine(done.output));
}

Result<void> ExpGit::SetRef(const std::string& ref, const std::string& commit, const std::string& reason) const {
  std::vector<std::string> arguments = {"update-ref"};
  if (!reason.empty()) arguments.insert(arguments.end(), {"--create-reflog", "-m", reason});
  arguments.insert(arguments.end(), {ref, commit});
  TRYV(Output(fmt::format("set '{}'", ref), std::move(arguments)));
  return {};
}

Result<void> ExpGit::DeleteRefs(const std::vector<std::string>& refs) const {
  for (const std::string& ref : refs) TRYV(Output(fmt::format("remove '{}'", ref), {"update-ref", "-d", ref}));
  return {};
}

Result<std::string> ExpGit::CommitTree(const std::string& tree, const std::vector<std::string>& parents,
                                       const std::string& message) const {
  std::vector<std::string> arguments = {"commit-tree", tree, "-m", message};
  for (const std::string& parent : parents) arguments.insert(arguments.end(), {"-p", parent});
  TRY(const std::string commit, Output("commit", std::move(arguments)));
  return LastLine(commit);
}

Result<std::vector<std::string>> ExpGit::Untracked() const {
  TRY(const std::string listed, Output("list untracked files", {"ls-files", "-z", "--others", "--exclude-standard"}));
  return ZeroEnded(listed);
}

Result<std::vector<std::string>> ExpGit::Differing(const std::string& from, const std::string& to,
                                                   const std::string& filter) const {
  TRY(const std::string listed,
      Output("compare commits", {"diff-tree", "-r", "-z", "--name-only", "--no-renames", "--diff-filter=" + filter, from, to}));
  return ZeroEnded(listed);
}

Result<IndexCopy> IndexCopy::Make(const ExpGit& git) {
  TRY(const fs::path git_dir, git.GitDir());
  const fs::path file = git_dir / fmt::format("mlean-index-{}", NewHex32());
  IndexCopy copy(git, file);
  std::error_code error;
  fs::copy_file(git_dir / "index", file, error);  // without one (a fresh clone) git makes a new one
  if (error == std::errc::no_such_file_or_directory) return copy;
  // Git looks into a file that has changed since the index was written; a younger copy would hide it.
  const fs::file_time_type written = error ? fs::file_time_type() : fs::last_write_time(git_dir / "index", error);
  if (!error) fs::last_write_time(file, written, error);
  if (error) return os::FileError("copy", git_dir / "index", error.value());
  return copy;
}

IndexCopy::IndexCopy(IndexCopy&& other) noexcept : git_(other.git_), file_(std::move(other.file_)) { other.file_.clear(); }

IndexCopy::~IndexCopy() {
  if (file_.empty()) return;
  std::error_code ignored;
  fs::remove(file_, ignored);
  fs::remove(file_.string() + ".lock", ignored);
}

ExpGit::Env IndexCopy::env() const { return {{"GIT_INDEX_FILE", file_.string()}}; }

Result<void> IndexCopy::AddTracked() const {
  TRYV(git_->Output("read the work tree", {"add", "-u", "--", ":/"}, env()));
  return {};
}

namespace {

// Git keeps a submodule as one entry, and refuses what lies in it.
bool IsInSubmodule(const fs::path& root, const std::string& path) {
  std::error_code ignored;
  for (fs::path folder = fs::path(path).parent_path(); !folder.empty(); folder = folder.parent_path()) {
    if (fs::exists(fs::symlink_status(root / folder / ".git", ignored))) return true;
  }
  return false;
}

}  // namespace

Result<void> IndexCopy::Add(const std::vector<std::string>& paths, bool force) const {
  std::vector<std::string> there;
  std::error_code ignored;
  for (const std::string& path : paths) {
    const bool is_there = fs::exists(fs::symlink_status(git_->root() / path, ignored));
    if (is_there && !IsInSubmodule(git_->root(), path)) there.push_back(path);
  }
  for (std::size_t begin = 0; begin < there.size(); begin += kPathsPerCall) {
    const std::size_t end = std::min(begin + kPathsPerCall, there.size());
    std::vector<std::string> arguments = {"--literal-pathspecs", "add"};
    if (force) arguments.emplace_back("-f");
    arguments.emplace_back("--");
    arguments.insert(arguments.end(), there.begin() + static_cast<std::ptrdiff_t>(begin),
                     there.begin() + static_cast<std::ptrdiff_t>(end));
    // Git adds all but the ignored ones and then ends with 1.
    TRY(const os::ProcessOutcome done, git_->Run(std::move(arguments), env()));
    if (!done.Ok() && (force || done.exit_code != 1)) return Failed("add files to the experiment", done);
  }
  return {};
}

Result<std::string> IndexCopy::WriteTree() const {
  TRY(const std::string tree, git_->Output("write the experiment's tree", {"write-tree"}, env()));
  return LastLine(tree);
}

Result<void> IndexCopy::CheckOut(const std::string& commit, const std::vector<std::string>& paths) const {
  for (std::size_t begin = 0; begin < paths.size(); begin += kPathsPerCall) {
    const std::size_t end = std::min(begin + kPathsPerCall, paths.size());
    std::vector<std::string> arguments = {"--literal-pathspecs", "checkout", "--quiet", "--force", commit, "--"};
    arguments.insert(arguments.end(), paths.begin() + static_cast<std::ptrdiff_t>(begin),
                     paths.begin() + static_cast<std::ptrdiff_t>(end));
    TRYV(git_->Output("write the experiment's files", std::move(arguments), env()));
  }
  return {};
}

}  // namespace mlean::flows

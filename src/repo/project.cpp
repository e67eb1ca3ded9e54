#include "repo/project.hpp"

#include <fmt/core.h>

#include <sys/stat.h>

#include <system_error>

#include "os/files.hpp"
#include "repo/git.hpp"
#include "repo/git_ignore.hpp"

namespace mlean::repo {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kDvcIgnore =
    "# Add patterns of files dvc should ignore, which could improve\n"
    "# the performance. Learn more at\n"
    "# https://dvc.org/doc/user-guide/dvcignore\n";

fs::path Absolute(const fs::path& path) {
  std::error_code error;
  fs::path absolute = fs::absolute(path, error).lexically_normal();
  if (!absolute.has_filename() && absolute.has_relative_path()) absolute = absolute.parent_path();  // "/a/." and "/a/"
  return absolute;
}

bool IsFile(const fs::path& path) { return os::Exists(path) && !os::IsDir(path); }

// A file is made when it is not there and is never replaced.
Result<void> WriteIfMissing(const fs::path& path, std::string_view text, const os::WriteOptions& options = {}) {
  if (os::Exists(path)) return {};
  return os::WriteFileAtomic(path, text, options);
}

Result<void> CheckInit(const fs::path& root, const InitOptions& options) {
  const fs::path dvc_dir = root / ".dvc";
  if (options.no_scm && options.subdir) return Fail(Code::kUsage, "Cannot initialize repo with `--no-scm` and `--subdir`");
  if (!options.no_scm) {
    if (options.subdir ? !GitRoot(root) : !os::Exists(root / ".git")) {
      return Fail(
          Code::kNotFound,
          fmt::format(
              "{} is not tracked by any supported SCM tool (e.g. Git). Use `--no-scm` if you don't want to use any SCM or "
              "`--subdir` if initializing inside a subdirectory of a parent SCM repository.",
              root.string()),
          "git init");
    }
    TRY(const bool ignored, GitIgnores(root, dvc_dir));
    if (ignored) {
      return Fail(Code::kDenied,
                  fmt::format("{} is ignored by your SCM tool. \nMake sure that it's tracked, for example, by adding "
                              "'!.dvc' to .gitignore.",
                              dvc_dir.string()));
    }
  }
  if (os::IsDir(dvc_dir) && !options.force) {
    std::error_code error;
    const std::string shown = fs::proximate(dvc_dir, error).string();
    return Fail(Code::kExists, fmt::format("'{}' exists. Use `-f` to force.", shown), "mlean init -f");
  }
  return {};
}

}  // namespace

Result<Project> ProjectAt(const fs::path& root) {
  Project project;
  project.root = Absolute(root);
  if (!os::IsDir(project.root))
    return Fail(Code::kNotFound, fmt::format("cannot open project '{}': no such folder", root.string()));
  project.has_config = IsFile(project.ConfigFile());
  project.has_dvc = os::IsDir(project.DvcDir());
  project.git_root = GitRoot(project.root).value_or(fs::path());
  return project;
}

Result<Project> FindProject(const fs::path& from) {
  fs::path config;
  fs::path dvc;
  fs::path git;
  fs::path state;  // the root of a server that was started there
  for (fs::path at = Absolute(from);; at = at.parent_path()) {
    if (config.empty() && IsFile(at / "mlean.yaml")) config = at;
    if (dvc.empty() && os::IsDir(at / ".dvc")) dvc = at;
    if (state.empty() && os::IsDir(at / ".mlean")) state = at;
    if (os::Exists(at / ".git")) {
      git = at;
      break;
    }
    if (!at.has_relative_path()) break;
  }
  fs::path root = !config.empty() ? config : !dvc.empty() ? dvc : git;
  // All of them lie on the way up, so the longer path is the nearer folder.
  if (state.native().size() > root.native().size()) root = state;
  if (!root.empty()) return ProjectAt(root);
  return Fail(Code::kNotFound,
              fmt::format("cannot find a project: no mlean.yaml, .dvc or .git in '{}' or above", Absolute(from).string()),
              "mlean init");
}

Result<fs::path> FindDvcRoot(const fs::path& from) {
  fs::path at = Absolute(from);
  struct stat here {};
  if (::stat(at.c_str(), &here) != 0 || !S_ISDIR(here.st_mode)) {
    return Fail(Code::kNotFound, fmt::format("directory '{}' does not exist", from.string()));
  }
  for (;;) {
    if (os::IsDir(at / ".dvc")) return at;
    const fs::path above = at.parent_path();
    struct stat up {};
    const bool mounted = ::stat(above.c_str(), &up) != 0 || up.st_dev != here.st_dev || up.st_ino == here.st_ino;
    if (mounted || above == at) break;
    at = above;
    here = up;
  }
  return Fail(Code::kNotFound,
              fmt::format("you are not inside of a DVC repository (checked up to mount point '{}')", at.string()), "dvc init");
}

Result<fs::path> FindDvcGitRoot(const fs::path& dvc_root, bool no_scm) {
  if (no_scm) return fs::path();
  if (std::optional<fs::path> root = GitRoot(dvc_root)) return *std::move(root);
  return Fail(Code::kNotFound, fmt::format("{} is not a git repository", dvc_root.string()), "git init");
}

Result<std::optional<fs::path>> KeepDvcDirIgnored(const fs::path& dvc_root, const fs::path& git_root) {
  const fs::path dir = dvc_root / ".dvc";
  TRY(std::vector<fs::path> changed,
      AddAllToGitIgnore(git_root, {dir / "config.local", dir / "tmp", dir / "cache"}, dir / "tmp"));
  return changed.empty() ? std::nullopt : std::optional(std::move(changed.front()));
}

Result<void> EnsureStateDir(const Project& project) {
  TRYV(os::MakeDirs(project.StateDir()));
  return WriteIfMissing(project.StateDir() / ".gitignore", "*\n");
}

Result<std::vector<std::string>> InitDvc(const fs::path& folder, const InitOptions& options) {
  const fs::path root = Absolute(folder);
  TRYV(CheckInit(root, options));
  const fs::path dvc_dir = root / ".dvc";
  TRYV(os::RemoveTree(dvc_dir));
  const os::WriteOptions write{.temp_dir = dvc_dir / "tmp"};
  TRYV(os::MakeDirs(write.temp_dir));
  TRYV(os::WriteFileAtomic(dvc_dir / "config", options.no_scm ? "[core]\n    no_scm = True\n" : "", write));
  TRYV(WriteIfMissing(root / ".dvcignore", kDvcIgnore, write));
  TRYV(os::WriteFileAtomic(write.temp_dir / "btime", ""));
  std::vector<std::string> added;
  if (options.no_scm) return added;
  TRYV(os::WriteFileAtomic(dvc_dir / ".gitignore", "/config.local\n/tmp\n/cache\n", write));
  added = {".dvc/config", ".dvcignore", ".dvc/.gitignore"};
  TRYV(GitAdd(root, added));
  return added;
}

}  // namespace mlean::repo

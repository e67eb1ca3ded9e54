#include "repo/project.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cstdlib>
#include <system_error>

#include "base/text.hpp"
#include "os/files.hpp"
#include "repo/git.hpp"

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

// The name as a gitignore pattern that matches only itself.
std::string EscapePattern(std::string_view name) {
  std::string out;
  for (const char c : name) {
    if (std::string_view("[]!*#?").find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

// Whether an ignore file of `folder` could say anything about `name` in it. Literal lines "/other", as DVC writes them, do not.
Result<bool> MayIgnore(const fs::path& file, std::string_view name) {
  if (!os::Exists(file)) return false;
  TRY(const std::string text, os::ReadFile(file, std::uint64_t{16} << 20));
  const std::string own = "/" + std::string(name);
  for (const std::string& line : Split(text, '\n')) {
    const std::string_view rule = Trim(line);
    if (rule.empty() || rule.front() == '#') continue;
    const bool literal = rule.front() == '/' && rule.find_first_of("/*?[\\", 1) == rule.npos;
    if (!literal || rule == own) return true;
  }
  return false;
}

// Whether it is worth asking git, which costs a process: false when no ignore file on the way to `path` has a rule that could
// match.
Result<bool> MayBeIgnored(const fs::path& git_root, const fs::path& path) {
  const char* const home = std::getenv("HOME");
  const char* const xdg = std::getenv("XDG_CONFIG_HOME");
  const fs::path user = xdg != nullptr && *xdg != '\0' ? fs::path(xdg) : fs::path(home == nullptr ? "/" : home) / ".config";
  if (os::Exists(user / "git" / "ignore")) return true;
  TRY(const bool excluded, MayIgnore(git_root / ".git" / "info" / "exclude", ""));
  if (excluded) return true;
  fs::path folder = git_root;
  for (const fs::path& part : path.lexically_relative(git_root)) {
    TRY(const bool ignored, MayIgnore(folder / ".gitignore", part.string()));
    if (ignored) return true;
    folder /= part;
  }
  return false;
}

// A file is made when it is not there and is never replaced.
Result<void> WriteIfMissing(const fs::path& path, std::string_view text) {
  if (os::Exists(path)) return {};
  return os::WriteFileAtomic(path, text);
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

Result<void> EnsureStateDir(const Project& project) {
  TRYV(os::MakeDirs(project.StateDir()));
  return WriteIfMissing(project.StateDir() / ".gitignore", "*\n");
}

Result<std::vector<std::string>> InitDvc(const fs::path& folder, const InitOptions& options) {
  const fs::path root = Absolute(folder);
  TRYV(CheckInit(root, options));
  const fs::path dvc_dir = root / ".dvc";
  TRYV(os::RemoveTree(dvc_dir));
  TRYV(os::MakeDirs(dvc_dir / "tmp"));
  TRYV(os::WriteFileAtomic(dvc_dir / "config", options.no_scm ? "[core]\n    no_scm = True\n" : ""));
  TRYV(WriteIfMissing(root / ".dvcignore", kDvcIgnore));
  TRYV(os::WriteFileAtomic(dvc_dir / "tmp" / "btime", ""));
  std::vector<std::string> added;
  if (options.no_scm) return added;
  TRYV(os::WriteFileAtomic(dvc_dir / ".gitignore", "/config.local\n/tmp\n/cache\n"));
  added = {".dvc/config", ".dvcignore", ".dvc/.gitignore"};
  TRYV(GitAdd(root, added));
  return added;
}

Result<bool> IgnoreOutput(const fs::path& git_root, const fs::path& output) {
  if (git_root.empty()) return false;
  const fs::path path = Absolute(output);
  const fs::path file = path.parent_path() / ".gitignore";
  const std::string line = "/" + EscapePattern(path.filename().string());
  std::string text;
  if (os::Exists(file)) {
    TRY(text, os::ReadFile(file, std::uint64_t{16} << 20));
  }
  const std::vector<std::string> lines = Split(text, '\n');
  if (std::find(lines.begin(), lines.end(), line) != lines.end()) return false;
  TRY(const bool possible, MayBeIgnored(git_root, path));
  if (possible) {
    TRY(const bool ignored, GitIgnores(git_root, path));
    if (ignored) return false;
  }
  if (!text.empty() && text.back() != '\n') text += '\n';
  TRYV(os::WriteFileAtomic(file, text + line + "\n", {.sync = false}));
  return true;
}

}  // namespace mlean::repo

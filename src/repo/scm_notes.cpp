// Upkeep of .gitignore files, and what git is told in the end.
#include <fmt/core.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <system_error>
#include <unordered_set>

#include "base/text.hpp"
#include "os/files.hpp"
#include "repo/code_points.hpp"
#include "repo/config_level.hpp"
#include "repo/git.hpp"
#include "repo/git_ignore.hpp"
#include "repo/ignore_file.hpp"

namespace mlean::repo {
namespace {

namespace fs = std::filesystem;

fs::path Absolute(const fs::path& path) {
  std::error_code error;
  fs::path absolute = fs::absolute(path, error).lexically_normal();
  if (!absolute.has_filename() && absolute.has_relative_path()) absolute = absolute.parent_path();
  return absolute;
}

// The line for an entry: "/name", as a pattern that matches only itself.
std::string IgnoreLine(std::string_view name) {
  std::string line = "/";
  for (const char c : name) {
    if (std::string_view("\\[]!*#?").find(c) != std::string_view::npos) line += '\\';
    line += c;
  }
  if (line.ends_with(' ')) line.insert(line.size() - 1, "\\");
  return line;
}

// The .gitignore beside an output, which must lie in the work tree.
Result<fs::path> FileBeside(const fs::path& git_root, const fs::path& output) {
  std::error_code error;
  const fs::path folder = fs::weakly_canonical(output.parent_path(), error);
  const fs::path root = fs::weakly_canonical(git_root, error);
  const auto [end, rest] = std::mismatch(root.begin(), root.end(), folder.begin(), folder.end());
  if (end != root.end()) {
    return Fail(Code::kInvalid, fmt::format("'{}' is outside of git repository '{}'", output.string(), git_root.string()));
  }
  return output.parent_path() / ".gitignore";
}

Result<bool> IsIgnored(const GitIgnore& ignore, const fs::path& git_root, const fs::path& path) {
  const Result<os::FileStat> stat = os::StatLink(path);
  return ignore.Ignored(RelPath(path.string(), git_root.string()), stat && stat->kind == os::FileKind::kDir);
}

// Adds lines to one file; the order is that of `lines`, without those that are there.
Result<bool> AddLines(const fs::path& file, const std::vector<std::string>& lines, const fs::path& temp_dir) {
  TRY(const std::optional<std::string> before, ReadIgnoreFile(file.string(), true));
  std::string text = before.value_or("");
  std::unordered_set<std::string_view> present;
  for (std::string_view rest = before ? *before : std::string_view(); !rest.empty();) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    present.insert(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  bool changed = false;
  for (const std::string& line : lines) {
    if (!present.insert(line).second) continue;
    if (!text.empty() && text.back() != '\n') text += '\n';
    text += line + "\n";
    changed = true;
  }
  if (!changed) return false;
  const std::size_t size = before ? before->size() : 0;
  TRY(const bool grown, os::GrowFile(file, size, std::string_view(text).substr(size)));
  if (!grown) TRYV(os::WriteFileAtomic(file, text, {.sync = false, .temp_dir = temp_dir}));
  return true;
}

std::string ShellQuote(std::string_view text) {
  const auto safe = [](unsigned char c) {
    return std::isalnum(c) != 0 || std::string_view("_@%+=:,./-").find(static_cast<char>(c)) != std::string_view::npos;
  };
  if (!text.empty() && std::all_of(text.begin(), text.end(), safe)) return std::string(text);
  return "'" + ReplaceAll(text, "'", "'\"'\"'") + "'";
}

struct Added {
  std::vector<fs::path> files;    // that have changed
  std::vector<fs::path> outputs;  // that have a line now and had none
};

Result<Added> AddAll(const GitIgnore& ignore, const fs::path& root, const std::vector<fs::path>& outputs,
                     const fs::path& temp_dir) {
  Added added;
  std::map<fs::path, std::vector<std::string>> files;
  for (const fs::path& output : outputs) {
    const fs::path path = Absolute(output);
    TRY(const fs::path file, FileBeside(root, path));
    TRY(const bool ignored, IsIgnored(ignore, root, path));
    if (ignored) continue;
    files[file].push_back(IgnoreLine(path.filename().string()));
    added.outputs.push_back(path);
  }
  for (const auto& [file, lines] : files) {
    TRY(const bool wrote, AddLines(file, lines, temp_dir));
    if (wrote) added.files.push_back(file);
  }
  return added;
}

}  // namespace

Result<std::vector<fs::path>> AddAllToGitIgnore(const fs::path& git_root, const std::vector<fs::path>& outputs,
                                                const fs::path& temp_dir) {
  if (git_root.empty() || outputs.empty()) return std::vector<fs::path>();
  const fs::path root = Absolute(git_root);
  TRY(const GitIgnore ignore, GitIgnore::Open(root));
  TRY(Added added, AddAll(ignore, root, outputs, temp_dir));
  return std::move(added.files);
}

Result<std::optional<fs::path>> AddToGitIgnore(const fs::path& git_root, const fs::path& output, const fs::path& temp_dir) {
  TRY(std::vector<fs::path> changed, AddAllToGitIgnore(git_root, {output}, temp_dir));
  return changed.empty() ? std::nullopt : std::optional(std::move(changed.front()));
}

Result<std::optional<fs::path>> RemoveFromGitIgnore(const fs::path& git_root, const fs::path& output, const fs::path& temp_dir) {
  if (git_root.empty()) return std::optional<fs::path>();
  const fs::path path = Absolute(output);
  TRY(const fs::path file, FileBeside(Absolute(git_root), path));
  TRY(const std::optional<std::string> text, ReadIgnoreFile(file.string(), true));
  if (!text) return std::optional<fs::path>();
  const std::string line = IgnoreLine(path.filename().string());
  const std::string plain = "/" + path.filename().string();
  std::string kept;
  for (std::size_t begin = 0; begin < text->size();) {
    const std::size_t end = std::min(text->find('\n', begin), text->size() - 1) + 1;
    const std::string_view whole = std::string_view(*text).substr(begin, end - begin);
    begin = end;
    const std::string_view bare = PythonStrip(whole);
    if (bare != PythonStrip(line) && bare != PythonStrip(plain)) kept += whole;
  }
  if (kept.empty()) {
    TRYV(os::Remove(file));
    return std::optional<fs::path>();
  }
  if (kept != *text) TRYV(os::WriteFileAtomic(file, kept, {.sync = false, .temp_dir = temp_dir}));
  return std::optional(file);
}

ScmNotes::ScmNotes(fs::path git_root, fs::path temp_dir, bool autostage, bool quiet)
    : git_root_(git_root.empty() ? fs::path() : Absolute(git_root)),
      temp_dir_(std::move(temp_dir)),
      autostage_(autostage),
      quiet_(quiet) {}

Result<void> ScmNotes::Ignore(const fs::path& output) { return IgnoreAll({output}); }

Result<void> ScmNotes::IgnoreAll(const std::vector<fs::path>& outputs) {
  if (git_root_.empty() || outputs.empty()) return {};
  if (git_ignore_) {
    TRYV(git_ignore_->ReadAgain());
  } else {
    TRY(git_ignore_, GitIgnore::Open(git_root_));
  }
  TRY(Added added, AddAll(*git_ignore_, git_root_, outputs, temp_dir_));
  for (const fs::path& file : added.files) Track(file);
  ignored_.insert(ignored_.end(), added.outputs.begin(), added.outputs.end());
  return {};
}

Result<void> ScmNotes::Unignore(const fs::path& output) {
  TRY(const std::optional<fs::path> file, RemoveFromGitIgnore(git_root_, output, temp_dir_));
  if (file) Track(*file);
  return {};
}

void ScmNotes::Track(const fs::path& file) {
  if (!git_root_.empty()) tracked_.push_back(Absolute(file));
}

void ScmNotes::Undo() noexcept {
  try {
    for (const fs::path& output : ignored_) (void)RemoveFromGitIgnore(git_root_, output, temp_dir_);
  } catch (const std::exception&) {  // out of memory: the lines stay, which does no harm
  }
  ignored_.clear();
}

Result<std::string> ScmNotes::Finish(const fs::path& cwd) {
  ignored_.clear();
  std::sort(tracked_.begin(), tracked_.end());
  tracked_.erase(std::unique(tracked_.begin(), tracked_.end()), tracked_.end());
  const std::vector<fs::path> files = std::move(tracked_);
  tracked_.clear();
  if (files.empty()) return std::string();
  if (autostage_) {
    std::vector<std::string> paths;
    for (const fs::path& file : files) {
      // A file of a submodule is not this repository's to stage; one that is neither there nor tracked is no file at all.
      if (GitRoot(file.parent_path()) != git_root_) continue;
      if (!os::Exists(file)) {
        TRY(const bool tracked, GitTracks(git_root_, file));
        if (!tracked) continue;
      }
      paths.push_back(file.string());
    }
    TRYV(GitAdd(git_root_, paths));
    return std::string();
  }
  if (quiet_) return std::string();
  std::string out = "\nTo track the changes with git, run:\n\n\tgit add";
  for (const fs::path& file : files) out += " " + ShellQuote(RelPath(file.string(), Absolute(cwd).string()));
  return out + "\n\nTo enable auto staging, run:\n\n\tdvc config core.autostage true\n";
}

}  // namespace mlean::repo

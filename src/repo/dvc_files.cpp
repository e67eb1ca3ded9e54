#include "repo/dvc_files.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <utility>
#include <vector>

#include "os/files.hpp"

namespace mlean::repo {
namespace {

constexpr std::size_t kMaxDepth = 1000;

std::string Join(const std::string& folder, std::string_view name) {
  return folder.empty() ? std::string(name) : folder + "/" + std::string(name);
}

Error TooDeep(std::string_view folder) {
  return Fail(Code::kTooLarge, fmt::format("cannot walk '{}': too many folders deep", folder));
}

// The interesting entries of a folder in the order of the directory.
struct Listing {
  std::vector<std::string> files;
  std::vector<std::string> folders;
};

struct CloseDir {
  void operator()(DIR* dir) const { ::closedir(dir); }
};

// 0 or an errno.
int List(const std::string& path, Listing& out) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return errno;
  const std::unique_ptr<DIR, CloseDir> dir(::fdopendir(fd));
  if (!dir) {
    const int number = errno;
    ::close(fd);
    return number;
  }
  errno = 0;
  while (const dirent* entry = ::readdir(dir.get())) {
    const std::string_view name = entry->d_name;
    if (name == "." || name == "..") continue;
    bool is_dir = entry->d_type == DT_DIR;
    bool is_file = entry->d_type == DT_REG;
    if (!is_dir && !is_file && (entry->d_type == DT_UNKNOWN || IsDvcFileName(name))) {
      // A link to a folder counts as a folder, but is not gone into.
      struct stat info {};
      is_dir =
          entry->d_type == DT_UNKNOWN && ::fstatat(fd, entry->d_name, &info, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(info.st_mode);
      is_file = !is_dir && (::fstatat(fd, entry->d_name, &info, 0) != 0 || !S_ISDIR(info.st_mode));
    }
    if (is_dir) {
      out.folders.emplace_back(name);
    } else if (is_file && IsDvcFileName(name)) {
      out.files.emplace_back(name);
    }
    errno = 0;
  }
  return errno;
}

class Walk {
 public:
  Walk(const DvcTree& tree, const DvcFileFound& found, const DvcFolderEnter& enter)
      : root_(tree.root.string()), found_(found), enter_(enter) {}

  Result<void> Folder(const std::string& folder, const IgnoreFolderPtr& dvc, const IgnoreFolderPtr& git, std::size_t depth) {
    if (depth > kMaxDepth) return TooDeep(folder);
    Listing listing;
    const int number = List(folder.empty() ? root_ : root_ + "/" + folder, listing);
    if (number != 0 && folder.empty()) return os::FileError("read", root_, number);
    const auto hidden = [&](const std::string& name, bool is_dir) {
      return (dvc && dvc->Ignores(name, is_dir)) || (git && git->Ignores(name, is_dir));
    };
    for (const std::string& name : listing.files) {
      if (!hidden(name, false)) TRYV(found_(Join(folder, name)));
    }
    for (const std::string& name : listing.folders) {
      const std::string path = Join(folder, name);
      if (hidden(name, true) || !enter_(path)) continue;
      IgnoreFolderPtr dvc_inner;
      if (dvc) {
        TRY(dvc_inner, dvc->Enter(name));
      }
      IgnoreFolderPtr git_inner;
      if (git) {
        TRY(git_inner, git->Enter(name));
      }
      TRYV(Folder(path, dvc_inner, git_inner, depth + 1));
    }
    return {};
  }

 private:
  std::string root_;
  const DvcFileFound& found_;
  const DvcFolderEnter& enter_;
};

class WalkAt {
 public:
  WalkAt(GitReader& reader, bool at_git_root, const DvcFileFound& found, const DvcFolderEnter& enter)
      : reader_(reader), at_git_root_(at_git_root), found_(found), enter_(enter) {}

  Result<void> Folder(const std::string& folder, const std::string& tree, const IgnoreFolderPtr& dvc, std::size_t depth) {
    if (depth > kMaxDepth) return TooDeep(folder);
    TRY(const std::vector<GitEntry> entries, reader_.ListFolderById(tree));
    for (const GitEntry& entry : entries) {
      const bool is_file = entry.kind != GitEntryKind::kFolder && entry.kind != GitEntryKind::kSubmodule;
      if (!is_file || !IsDvcFileName(entry.name) || (dvc && dvc->Ignores(entry.name, false))) continue;
      TRYV(found_(Join(folder, entry.name)));
    }
    for (const GitEntry& entry : entries) {
      const std::string path = Join(folder, entry.name);
      if (entry.kind != GitEntryKind::kFolder || (dvc && dvc->Ignores(entry.name, true))) continue;
      const bool always = depth == 0 && at_git_root_;
      if (!always && !enter_(path)) continue;
      IgnoreFolderPtr inner;
      if (dvc) {
        TRY(inner, dvc->Enter(entry.name));
      }
      TRYV(Folder(path, entry.id, inner, depth + 1));
    }
    return {};
  }

 private:
  GitReader& reader_;
  bool at_git_root_;
  const DvcFileFound& found_;
  const DvcFolderEnter& enter_;
};

}  // namespace

bool IsDvcFileName(std::string_view path) { return path.ends_with(".dvc") || path == "dvc.yaml" || path.ends_with("/dvc.yaml"); }

Result<void> WalkDvcFiles(const DvcTree& tree, const DvcFileFound& found, const DvcFolderEnter& enter) {
  IgnoreFolderPtr git;
  if (tree.git_ignore != nullptr) {
    TRY(git, tree.git_ignore->Folder(tree.below_git));
  }
  return Walk(tree, found, enter).Folder("", tree.dvc_ignore != nullptr ? tree.dvc_ignore->Root() : nullptr, git, 0);
}

Result<void> WalkDvcFilesAt(GitReader& reader, std::string_view commit, std::string_view folder, const DvcIgnore* dvc_ignore,
                            const DvcFileFound& found, const DvcFolderEnter& enter) {
  TRY(const std::optional<GitEntry> top, reader.Look(commit, folder));
  if (!top || top->kind != GitEntryKind::kFolder) {
    return Fail(Code::kNotFound, fmt::format("Commit '{}' does not contain a DVC repo", commit.substr(0, 7)));
  }
  const bool at_git_root = top->name.empty();
  return WalkAt(reader, at_git_root, found, enter).Folder("", top->id, dvc_ignore != nullptr ? dvc_ignore->Root() : nullptr, 0);
}

}  // namespace mlean::repo

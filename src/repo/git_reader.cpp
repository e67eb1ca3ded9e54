#include "repo/git_reader.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <system_error>
#include <unordered_map>

#include "base/text.hpp"
#include "repo/git_child.hpp"
#include "repo/git_object.hpp"

namespace mlean::repo {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMaxTreeBytes = std::uint64_t{256} << 20;
constexpr std::size_t kMaxCached = 500'000;  // entries of folders, and commits
constexpr std::size_t kMaxDepth = 1000;
constexpr std::size_t kMaxRevision = 4096;
constexpr std::string_view kExperiments = "refs/exps/";
constexpr std::string_view kRemotes = "refs/remotes/";
constexpr std::string_view kBaseline = "refs/exps/exec/EXEC_BASELINE";

// What may stand behind a ref's name in a revision: "~2", "^", "@{1}" does not count as such.
std::size_t EndOfRef(std::string_view revision) {
  return std::min(revision.find_first_of("\x7f \t\n\r\v\f~^:?*[\\"), revision.size());
}

struct Folder {
  std::vector<GitEntry> entries;
  std::unordered_map<std::string_view, const GitEntry*> by_name;
};
using FolderPtr = std::shared_ptr<const Folder>;

Error NoObject(std::string_view id) {
  return Fail(Code::kNotFound, fmt::format("cannot read git object '{}': the repository does not have it", id));
}

Result<void> CheckId(std::string_view id) {
  if (IsGitId(id)) return {};
  return Fail(Code::kInvalid, fmt::format("cannot read git object '{}': this is no object id", id.substr(0, 100)));
}

}  // namespace

struct GitReader::State {
  fs::path root;
  std::optional<GitChild> child;
  std::unordered_map<std::string, GitCommitHead> commits;
  std::unordered_map<std::string, FolderPtr> folders;
  std::size_t cached = 0;

  Result<std::optional<GitObject>> Get(std::string_view name, std::uint64_t max_bytes) {
    if (!child) {
      TRY(child, GitChild::Start(root));
    }
    Result<std::optional<GitObject>> object = child->Get(name, max_bytes);
    if (!object && object.error().code != Code::kInvalid) child.reset();
    return object;
  }

  // The commit of a revision as git itself reads it; nullopt when it does not.
  Result<std::optional<std::string>> Commit(std::string_view revision) {
    // ":/text" goes to the end: what is added to it would be looked for.
    TRY(std::optional<GitObject> object,
        Get(std::string(revision) + (revision.starts_with(":/") ? "" : "^{commit}"), kMaxTreeBytes));
    if (!object || object->type != "commit") return std::optional<std::string>();
    TRY(GitCommitHead head, ParseGitCommit(object->bytes));
    Keep(object->id, std::move(head));
    return std::optional(std::move(object->id));
  }

  Result<const GitCommitHead*> Head(const std::string& commit) {
    if (const auto at = commits.find(commit); at != commits.end()) return &at->second;
    TRYV(CheckId(commit));
    TRY(const std::optional<std::string> id, Commit(commit));
    if (!id) return NoObject(commit);
    // A tag's id gives another one's commit.
    if (*id != commit) Keep(commit, GitCommitHead(commits.at(*id)));
    return &commits.at(commit);
  }

  void Keep(const std::string& commit, GitCommitHead head) {
    if (commits.size() >= kMaxCached) commits.clear();
    commits.insert_or_assign(commit, std::move(head));
  }

  Result<FolderPtr> Read(const std::string& tree) {
    if (const auto at = folders.find(tree); at != folders.end()) return at->second;
    TRYV(CheckId(tree));
    TRY(const std::optional<GitObject> object, Get(tree, kMaxTreeBytes));
    if (!object) return NoObject(tree);
    if (object->type != "tree")
      return Fail(Code::kInvalid, fmt::format("cannot list git object '{}': it is a {}", tree, object->type));
    auto folder = std::make_shared<Folder>();
    TRY(folder->entries, ParseGitTree(object->bytes, tree.size() / 2));
    folder->by_name.reserve(folder->entries.size());
    for (const GitEntry& entry : folder->entries) folder->by_name.emplace(entry.name, &entry);
    cached += folder->entries.size() + 1;
    if (cached > kMaxCached) {
      folders.clear();
      cached = folder->entries.size() + 1;
    }
    folders.emplace(tree, folder);
    return FolderPtr(std::move(folder));
  }

  // What lies at the path; nullopt: nothing. The root is a folder.
  Result<std::optional<GitEntry>> Look(std::string_view commit, std::string_view path) {
    TRY(const GitCommitHead* head, Head(std::string(commit)));
    GitEntry at{"", GitEntryKind::kFolder, head->tree};
    for (const std::string& part : Split(path, '/')) {
      if (part.empty() || part == ".") continue;
      if (at.kind != GitEntryKind::kFolder) return std::optional<GitEntry>();
      TRY(const FolderPtr folder, Read(at.id));
      const auto found = folder->by_name.find(part);
      if (found == folder->by_name.end()) return std::optional<GitEntry>();
      at = *found->second;
    }
    return std::optional(std::move(at));
  }

  // The commit of an experiment of that name; of several the one that begins at HEAD.
  Result<std::optional<std::string>> Experiment(std::string_view name) {
    TRY(const std::vector<GitRef> refs, ListRefs(root, kExperiments));
    std::vector<const GitRef*> found;
    for (const GitRef& ref : refs) {
      if (IsExperimentRef(ref.name) && std::string_view(ref.name).substr(ref.name.rfind('/') + 1) == name) found.push_back(&ref);
    }
    if (found.empty()) return std::optional<std::string>();
    if (found.size() == 1) return std::optional(found.front()->commit);
    TRY(const std::optional<std::string> head, Commit("HEAD"));
    for (const GitRef* ref : found) {
      if (head && ExperimentBaseline(ref->name) == *head) return std::optional(ref->commit);
    }
    return Fail(Code::kInvalid, fmt::format("ambiguous Git revision '{}'", name));
  }

  // The commit of the branch of that name, when all remotes that have it agree.
  Result<std::optional<std::string>> RemoteBranch(std::string_view name) {
    TRY(const std::vector<GitRef> refs, ListRefs(root, kRemotes));
    std::optional<std::string> commit;
    for (const GitRef& ref : refs) {
      const std::string_view rest = std::string_view(ref.name).substr(kRemotes.size());
      if (rest.size() <= name.size() || !rest.ends_with(name) || rest.find('/') != rest.size() - name.size() - 1) continue;
      if (commit && *commit != ref.commit) return Fail(Code::kInvalid, fmt::format("ambiguous Git revision '{}'", name));
      commit = ref.commit;
    }
    return commit;
  }
};

bool IsExperimentRef(std::string_view ref) {
  if (!ref.starts_with(kExperiments)) return false;
  for (const std::string_view folder : {"refs/exps/apply", "refs/exps/celery", "refs/exps/exec", "refs/exps/temp"}) {
    if (ref.starts_with(folder)) return false;
  }
  return std::count(ref.begin(), ref.end(), '/') == 4;
}

std::string ExperimentBaseline(std::string_view ref) {
  const std::vector<std::string> parts = Split(ref, '/');
  return parts.size() == 5 ? parts[2] + parts[3] : "";
}

Result<GitReader> GitReader::Open(const fs::path& git_root) {
  std::error_code error;
  auto state = std::make_unique<State>();
  state->root = fs::absolute(git_root, error).lexically_normal();
  if (!fs::is_directory(state->root, error)) {
    return Fail(Code::kNotFound, fmt::format("cannot read git objects of '{}': no such folder", git_root.string()));
  }
  return GitReader(std::move(state));
}

GitReader::GitReader(std::unique_ptr<State> state) : state_(std::move(state)) {}
GitReader::GitReader(GitReader&&) noexcept = default;
GitReader& GitReader::operator=(GitReader&&) noexcept = default;
GitReader::~GitReader() = default;

const fs::path& GitReader::root() const { return state_->root; }

Result<std::optional<std::string>> GitReader::ResolveByGit(std::string_view revision) {
  if (revision.empty() || revision.size() > kMaxRevision ||
      revision.find_first_of(std::string_view("\n\0", 2)) != revision.npos) {
    return std::optional<std::string>();
  }
  // While an experiment runs its own commits hide where the user's HEAD is.
  const std::size_t end = EndOfRef(revision);
  if (revision.substr(0, end) == "HEAD") {
    TRY(const std::optional<std::string> baseline, state_->Commit(kBaseline));
    if (baseline) return state_->Commit(*baseline + std::string(revision.substr(end)));
  }
  return state_->Commit(revision);
}

Result<std::string> GitReader::Resolve(std::string_view revision) {
  TRY(std::optional<std::string> commit, ResolveByGit(revision));
  if (!commit && EndOfRef(revision) == revision.size() && !revision.empty()) {
    TRY(commit, state_->RemoteBranch(revision));
    if (!commit && revision != "HEAD" && !revision.starts_with("refs/")) {
      TRY(commit, state_->Experiment(revision));
    }
  }
  if (!commit) return Fail(Code::kNotFound, fmt::format("unknown Git revision '{}'", revision));
  return *std::move(commit);
}

Result<std::optional<std::string>> GitReader::TryReadFile(std::string_view commit, std::string_view path) {
  TRY(const std::optional<GitEntry> entry, state_->Look(commit, path));
  if (!entry || entry->kind == GitEntryKind::kFolder || entry->kind == GitEntryKind::kSubmodule)
    return std::optional<std::string>();
  TRY(std::string bytes, ReadBlob(entry->id));
  return std::optional(std::move(bytes));
}

Result<std::string> GitReader::ReadFile(std::string_view commit, std::string_view path) {
  TRY(std::optional<std::string> bytes, TryReadFile(commit, path));
  if (!bytes) return Fail(Code::kNotFound, fmt::format("cannot read '{}' of '{}': no such file", path, commit.substr(0, 7)));
  return *std::move(bytes);
}

Result<std::string> GitReader::ReadBlob(std::string_view id) {
  TRYV(CheckId(id));
  TRY(std::optional<GitObject> object, state_->Get(id, kMaxGitObjectBytes));
  if (!object) return NoObject(id);
  if (object->type != "blob")
    return Fail(Code::kInvalid, fmt::format("cannot read git object '{}': it is a {}", id, object->type));
  return std::move(object->bytes);
}

Result<std::optional<GitEntry>> GitReader::Look(std::string_view commit, std::string_view path) {
  return state_->Look(commit, path);
}

Result<std::optional<std::vector<GitEntry>>> GitReader::ListFolder(std::string_view commit, std::string_view folder) {
  TRY(const std::optional<GitEntry> entry, state_->Look(commit, folder));
  if (!entry || entry->kind != GitEntryKind::kFolder) return std::optional<std::vector<GitEntry>>();
  TRY(std::vector<GitEntry> entries, ListFolderById(entry->id));
  return std::optional(std::move(entries));
}

Result<std::vector<GitEntry>> GitReader::ListFolderById(std::string_view id) {
  TRY(const FolderPtr folder, state_->Read(std::string(id)));
  return folder->entries;
}

Result<std::vector<GitEntry>> GitReader::ListTree(std::string_view commit, std::string_view folder,
                                                  const std::function<bool(std::string_view path)>& enter,
                                                  std::size_t max_entries) {
  std::vector<GitEntry> out;
  TRY(const std::optional<GitEntry> top, state_->Look(commit, folder));
  if (!top || top->kind != GitEntryKind::kFolder) return out;
  struct Level {
    FolderPtr folder;
    std::string path;  // with '/' at the end
    std::size_t next = 0;
  };
  std::vector<Level> levels;
  TRY(FolderPtr first, state_->Read(top->id));
  levels.push_back({std::move(first), "", 0});
  std::size_t seen = 0;  // folders too: a few trees may name each other without end in sight
  while (!levels.empty()) {
    Level& level = levels.back();
    if (level.next == level.folder->entries.size()) {
      levels.pop_back();
      continue;
    }
    const GitEntry& entry = level.folder->entries[level.next++];
    std::string path = level.path + entry.name;
    if (++seen > max_entries || levels.size() > kMaxDepth) {
      return Fail(Code::kTooLarge, fmt::format("cannot list '{}' of '{}': too many entries", folder, commit.substr(0, 7)));
    }
    if (entry.kind != GitEntryKind::kFolder) {
      out.push_back({std::move(path), entry.kind, entry.id});
    } else if (!enter || enter(path)) {
      TRY(FolderPtr inner, state_->Read(entry.id));
      levels.push_back({std::move(inner), path + "/", 0});
    }
  }
  return out;
}

Result<std::int64_t> GitReader::CommitTime(std::string_view commit) {
  TRY(const GitCommitHead* head, state_->Head(std::string(commit)));
  return head->committed;
}

Result<std::string> GitReader::FirstParent(std::string_view commit) {
  TRY(const GitCommitHead* head, state_->Head(std::string(commit)));
  return head->parents.empty() ? std::string() : head->parents.front();
}

}  // namespace mlean::repo

#include "repo/git_object.hpp"

#include <algorithm>
#include <optional>

#include "base/text.hpp"

namespace mlean::repo {
namespace {

std::optional<GitEntryKind> KindOf(std::string_view mode) {
  // Old repositories also have 100664 and the like; only the execute bit of the owner counts.
  if (mode.size() == 6 && mode.starts_with("100")) {
    return ((mode[3] - '0') & 1) != 0 ? GitEntryKind::kExecutable : GitEntryKind::kFile;
  }
  if (mode == "40000" || mode == "040000") return GitEntryKind::kFolder;
  if (mode == "120000") return GitEntryKind::kLink;
  if (mode == "160000") return GitEntryKind::kSubmodule;
  return std::nullopt;
}

bool IsName(std::string_view name) { return !name.empty() && name != "." && name != ".." && name.find('/') == name.npos; }

Error Damaged(std::string_view what) {
  return Fail(Code::kCorrupt, "cannot read the git " + std::string(what) + ": it is damaged");
}

}  // namespace

bool IsGitId(std::string_view text) {
  return (text.size() == 40 || text.size() == 64) && text.find_first_not_of("0123456789abcdef") == text.npos;
}

Result<std::vector<GitEntry>> ParseGitTree(std::string_view bytes, std::size_t id_bytes) {
  std::vector<GitEntry> entries;
  while (!bytes.empty()) {
    const std::size_t blank = bytes.find(' ');
    const std::size_t end = blank == bytes.npos ? bytes.npos : bytes.find('\0', blank);
    if (end == bytes.npos || bytes.size() - end - 1 < id_bytes) return Damaged("tree");
    const std::optional<GitEntryKind> kind = KindOf(bytes.substr(0, blank));
    const std::string_view name = bytes.substr(blank + 1, end - blank - 1);
    if (!kind || !IsName(name)) return Damaged("tree");
    entries.push_back({std::string(name), *kind, Hex(reinterpret_cast<const unsigned char*>(bytes.data()) + end + 1, id_bytes)});
    bytes.remove_prefix(end + 1 + id_bytes);
  }
  return entries;
}

Result<GitCommitHead> ParseGitCommit(std::string_view bytes) {
  GitCommitHead head;
  bool dated = false;
  while (!bytes.empty() && bytes.front() != '\n') {
    const std::size_t end = std::min(bytes.find('\n'), bytes.size());
    const std::string_view line = bytes.substr(0, end);
    bytes.remove_prefix(std::min(end + 1, bytes.size()));
    if (line.starts_with("tree ")) {
      head.tree = line.substr(5);
      if (!IsGitId(head.tree)) return Damaged("commit");
    } else if (line.starts_with("parent ")) {
      head.parents.emplace_back(line.substr(7));
      if (!IsGitId(head.parents.back())) return Damaged("commit");
    } else if (line.starts_with("committer ")) {
      // "Name <mail> 1700000000 +0100"
      const std::size_t mail = line.rfind("> ");
      const std::string_view rest = mail == line.npos ? "" : line.substr(mail + 2);
      const std::optional<std::int64_t> time = ParseInt(rest.substr(0, rest.find(' ')));
      if (!time) return Damaged("commit");
      head.committed = *time;
      dated = true;
    }
  }
  if (head.tree.empty() || !dated) return Damaged("commit");
  return head;
}

}  // namespace mlean::repo

#include "cas/tree_diff.hpp"

#include <algorithm>
#include <functional>
#include <map>

#include "cas/path_order.hpp"

namespace mlean::cas {
namespace {

// By folders first, as a walk would meet them: '/' comes before everything else.
bool WalksBefore(const TreeFile* a, const TreeFile* b) {
  const auto [x, y] = std::mismatch(a->path.begin(), a->path.end(), b->path.begin(), b->path.end());
  if (y == b->path.end()) return false;
  if (x == a->path.end() || *x == '/') return true;
  return *y != '/' && PathLess(a->path, b->path);
}

bool ByPath(const TreeFile* a, const TreeFile* b) { return PathLess(a->path, b->path); }

// Turns pairs of a deleted and an added file of one content into renamed ones, in the order in which DVC pairs them.
void FindRenames(TreeDiff& diff) {
  std::sort(diff.deleted.begin(), diff.deleted.end(), WalksBefore);
  std::sort(diff.added.begin(), diff.added.end(), WalksBefore);
  std::map<Md5, std::vector<std::size_t>> deleted;  // indices, the first one last
  for (std::size_t i = diff.deleted.size(); i-- > 0;) deleted[diff.deleted[i]->md5].push_back(i);
  std::vector<const TreeFile*> added;
  for (const TreeFile* file : diff.added) {
    const auto found = deleted.find(file->md5);
    if (found == deleted.end() || found->second.empty()) {
      added.push_back(file);
      continue;
    }
    const std::size_t from = found->second.back();
    found->second.pop_back();
    diff.renamed.push_back({diff.deleted[from], file});
    diff.deleted[from] = nullptr;
  }
  diff.added = std::move(added);
  std::erase(diff.deleted, nullptr);
  std::sort(diff.added.begin(), diff.added.end(), ByPath);
  std::sort(diff.deleted.begin(), diff.deleted.end(), ByPath);
  std::sort(diff.renamed.begin(), diff.renamed.end(),
            [](const TreeDiff::Renamed& a, const TreeDiff::Renamed& b) { return ByPath(a.to, b.to); });
}

}  // namespace

TreeDiff DiffTrees(const Tree& before, const Tree& after, bool renames) {
  TreeDiff diff;
  auto a = before.begin();
  auto b = after.begin();
  while (a != before.end() || b != after.end()) {
    if (b == after.end() || (a != before.end() && a->path != b->path && PathLess(a->path, b->path))) {
      diff.deleted.push_back(&*a++);
    } else if (a == before.end() || a->path != b->path) {
      diff.added.push_back(&*b++);
    } else {
      if (a->md5 == b->md5) {
        ++diff.unchanged;
      } else {
        diff.modified.push_back({&*a, &*b});
      }
      ++a;
      ++b;
    }
  }
  if (renames) FindRenames(diff);
  return diff;
}

}  // namespace mlean::cas

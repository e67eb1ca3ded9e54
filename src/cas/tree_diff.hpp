// DiffTrees: what differs between two folders, by path and content.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cas/tree.hpp"

namespace mlean::cas {

// The views point into the trees, which must outlive the result.
struct TreeDiff {
  struct Renamed {
    const TreeFile* from;
    const TreeFile* to;
  };
  struct Modified {
    const TreeFile* before;
    const TreeFile* after;
  };
  std::vector<const TreeFile*> added;  // all sorted by path
  std::vector<const TreeFile*> deleted;
  std::vector<Modified> modified;
  std::vector<Renamed> renamed;  // by `to`; only with `renames`
  std::size_t unchanged = 0;
  bool Empty() const { return added.empty() && deleted.empty() && modified.empty() && renamed.empty(); }
};

// With `renames`, an added file that has the content of a deleted one is a renamed one: added files in order, each takes the
// first deleted one of its content that is left, as DVC does.
TreeDiff DiffTrees(const Tree& before, const Tree& after, bool renames = false);

}  // namespace mlean::cas

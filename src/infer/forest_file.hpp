// ForestFile: what an XGBoost model file says, read and checked, but not yet laid out for speed. Internal to this room.
//
// Trees are already flattened: the nodes of a tree follow each other in breadth-first order, siblings are neighbours, nodes that
// no path reaches (left over by pruning) are gone. So a child is always behind its parent and every index is in range.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "infer/forest.hpp"

namespace mlean::infer {

struct FlatNode {
  float value = 0;            // threshold of a numeric split, or the leaf's value
  std::uint32_t feature = 0;  // of a split
  std::uint32_t left = 0;     // distance in nodes to the left child, the right one is behind it; 0 for a leaf
  std::int32_t set = -1;      // index of a categorical split's set (goes right if in it); -1 otherwise
  bool default_left = false;  // where missing values go
};

struct FlatTree {
  std::uint32_t root = 0;   // index into nodes
  std::uint32_t group = 0;  // the margin its leaves add to
  int depth = 0;            // edges on the longest path
};

// The categories that go right, as bits: category c is bit c % 32 of word first + c / 32.
struct CategorySet {
  std::uint32_t first = 0;
  std::uint32_t words = 0;
};

struct ForestFile {
  static constexpr std::size_t kMaxTrees = 1'000'000;
  static constexpr std::size_t kMaxNodes = std::size_t{1} << 30;
  static constexpr std::size_t kMaxAttributes = 10'000;
  static constexpr std::size_t kMaxCategoryNames = std::size_t{4} << 20;   // of all features together
  static constexpr std::size_t kMaxCategory = 1 << 24;                     // XGBoost's own limit
  static constexpr std::size_t kMaxCategoryWords = std::size_t{16} << 20;  // 64 MiB of bits in all

  Forest::Info info;
  std::vector<FlatNode> nodes;
  std::vector<FlatTree> trees;
  std::vector<CategorySet> sets;
  std::vector<std::uint32_t> set_words;
  std::vector<float> linear;  // gblinear: [features][groups], then the groups' biases
};

// `name` is for error texts. Applies dart's weights to the leaves and options.use_best_iteration to the number of trees.
Result<ForestFile> ReadForestFile(std::string_view bytes, std::string_view name, const ForestOptions& options);

// The pieces of it. A tree's arrays as they stand in the file, by node.
struct RawTree {
  std::vector<std::int32_t> left, right, feature, default_left, split_type;
  std::vector<float> condition;
  std::vector<std::int32_t> categories, category_nodes, category_segments, category_sizes;
  std::int64_t nodes = -1;  // tree_param.num_nodes; -1 when absent
  std::int64_t leaf_vector = 1;
};

// Appends a checked, flattened copy of `raw` to `file` (nodes, trees, sets); scratch is reused between calls. The cause when
// something is wrong, else "".
class TreeFlattener {
 public:
  std::string Append(const RawTree& raw, ForestFile& file);

 private:
  std::string CheckShape(const RawTree& raw) const;
  std::string ReadSets(const RawTree& raw, ForestFile& file);
  std::string CheckSplit(const RawTree& raw, std::int32_t node);
  std::vector<std::int32_t> order_;   // old index by new one
  std::vector<std::uint8_t> seen_;    // by old index
  std::vector<std::int32_t> set_of_;  // by old index; -1: none
};

// Objective -> link, and base_score -> margins. Causes as above.
std::string ResolveObjective(std::string_view base_score, Forest::Info& info);

}  // namespace mlean::infer

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "infer/forest_file.hpp"

namespace mlean::infer {
namespace {

std::string WrongLength(std::string_view array, std::size_t found, std::size_t wanted) {
  return fmt::format("'{}' has {} values for {} nodes", array, found, wanted);
}

}  // namespace

std::string TreeFlattener::CheckShape(const RawTree& raw) const {
  const std::size_t count = raw.left.size();
  if (count == 0) return "no nodes";
  if (raw.nodes >= 0 && static_cast<std::size_t>(raw.nodes) != count)
    return WrongLength("left_children", count, static_cast<std::size_t>(raw.nodes));
  if (raw.right.size() != count) return WrongLength("right_children", raw.right.size(), count);
  if (raw.feature.size() != count) return WrongLength("split_indices", raw.feature.size(), count);
  if (raw.condition.size() != count) return WrongLength("split_conditions", raw.condition.size(), count);
  if (raw.default_left.size() != count) return WrongLength("default_left", raw.default_left.size(), count);
  if (!raw.split_type.empty() && raw.split_type.size() != count) return WrongLength("split_type", raw.split_type.size(), count);
  return {};
}

// The sets of one tree become the last ones of the file; set_of_ tells which node has which.
std::string TreeFlattener::ReadSets(const RawTree& raw, ForestFile& file) {
  set_of_.assign(raw.left.size(), -1);
  const std::size_t count = raw.category_nodes.size();
  if (raw.category_segments.size() != count || raw.category_sizes.size() != count) return "its category arrays differ in length";
  std::int64_t total = 0;  // sets share no categories: this bounds the work by the file's size
  for (std::size_t i = 0; i < count; ++i) {
    const std::int64_t node = raw.category_nodes[i];
    const std::int64_t first = raw.category_segments[i];
    const std::int64_t size = raw.category_sizes[i];
    if (node < 0 || node >= static_cast<std::int64_t>(raw.left.size()))
      return fmt::format("category node {} is past the end", node);
    if (first < 0 || size < 0 || first + size > static_cast<std::int64_t>(raw.categories.size())) {
      return fmt::format("the categories of node {} are past the end", node);
    }
    total += size;
    if (total > static_cast<std::int64_t>(raw.categories.size())) return "its category sets overlap";
    const auto begin = raw.categories.begin() + first;
    const auto [least, most] = std::minmax_element(begin, begin + size);
    if (size > 0 && (*least < 0 || *most >= static_cast<std::int32_t>(ForestFile::kMaxCategory))) {
      return fmt::format("node {} has the impossible category {}", node, *least < 0 ? *least : *most);
    }
    CategorySet set;
    set.first = static_cast<std::uint32_t>(file.set_words.size());
    set.words = size > 0 ? static_cast<std::uint32_t>(*most) / 32 + 1 : 0;
    if (file.set_words.size() + set.words > ForestFile::kMaxCategoryWords) return "its category sets are too large";
    file.set_words.resize(file.set_words.size() + set.words);
    for (auto category = begin; category != begin + size; ++category) {
      file.set_words[set.first + static_cast<std::uint32_t>(*category) / 32] |= 1U
                                                                                << (static_cast<std::uint32_t>(*category) % 32);
    }
    set_of_[static_cast<std::size_t>(node)] = static_cast<std::int32_t>(file.sets.size());
    file.sets.push_back(set);
  }
  return {};
}

// A split whose children are to be visited next.
std::string TreeFlattener::CheckSplit(const RawTree& raw, std::int32_t node) {
  const auto i = static_cast<std::size_t>(node);
  const auto count = static_cast<std::int32_t>(raw.left.size());
  for (const auto& [side, child] : {std::pair{"left", raw.left[i]}, std::pair{"right", raw.right[i]}}) {
    if (child < 0 || child >= count) return fmt::format("{} child {} is past the end", side, child);
    if (seen_[static_cast<std::size_t>(child)] != 0) return fmt::format("node {} is reached twice", child);
    seen_[static_cast<std::size_t>(child)] = 1;
  }
  if (raw.feature[i] < 0) return fmt::format("node {} splits on feature {}", node, raw.feature[i]);
  const bool categorical = !raw.split_type.empty() && raw.split_type[i] != 0;
  if (categorical && set_of_[i] < 0) return fmt::format("node {} has no categories", node);
  if (!categorical && set_of_[i] >= 0) return fmt::format("node {} has categories but is no categorical split", node);
  if (!categorical && std::isnan(raw.condition[i])) return fmt::format("the threshold of node {} is not a number", node);
  return {};
}

std::string TreeFlattener::Append(const RawTree& raw, ForestFile& file) {
  if (std::string cause = CheckShape(raw); !cause.empty()) return cause;
  if (std::string cause = ReadSets(raw, file); !cause.empty()) return cause;
  FlatTree tree;
  tree.root = static_cast<std::uint32_t>(file.nodes.size());
  seen_.assign(raw.left.size(), 0);
  seen_[0] = 1;
  order_.assign(1, 0);
  std::size_t level_end = 1;
  for (std::size_t at = 0; at < order_.size(); ++at) {
    if (at == level_end) {
      ++tree.depth;
      level_end = order_.size();
    }
    const std::int32_t node = order_[at];
    const auto i = static_cast<std::size_t>(node);
    FlatNode flat;
    flat.value = raw.condition[i];
    if (raw.left[i] == -1) {
      if (raw.right[i] != -1) return fmt::format("node {} has a right child only", node);
      if (!std::isfinite(flat.value)) return fmt::format("the leaf {} is not finite", node);
    } else {
      if (std::string cause = CheckSplit(raw, node); !cause.empty()) return cause;
      flat.feature = static_cast<std::uint32_t>(raw.feature[i]);
      flat.left = static_cast<std::uint32_t>(order_.size() - at);
      flat.default_left = raw.default_left[i] != 0;
      flat.set = set_of_[i];
      order_.push_back(raw.left[i]);
      order_.push_back(raw.right[i]);
    }
    file.nodes.push_back(flat);
  }
  file.trees.push_back(tree);
  file.info.max_depth = std::max(file.info.max_depth, tree.depth);
  return {};
}

}  // namespace mlean::infer

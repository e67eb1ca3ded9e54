// The inner loop of Forest: how a node lies in memory and how a row walks. Internal to this room.
//
// A row becomes integers that compare as its floats do (OrderKey), twice over: once with missing values as the smallest integer,
// for splits whose default is left, and once with missing as the largest. So one integer comparison decides a split, missing or
// not. A leaf is a split that always goes left onto itself (distance 0, slot 0, which holds the smallest integer), with its value
// where a threshold would be. So a walk needs no test for leaves: it takes as many steps as the tree is deep, and several trees
// walk side by side without a branch, each hiding the memory latency of the others.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "infer/forest_file.hpp"

namespace mlean::infer {

// Goes right if keys[slot] > key. `key` is OrderKey(threshold) - 1, or the bits of a leaf's value.
struct NarrowNode {
  std::uint32_t key;
  std::uint16_t slot;
  std::uint16_t left;  // distance to the left child; 0: leaf
};
static_assert(sizeof(NarrowNode) == 8);

// For forests with many features, huge trees or many different categorical splits (`key` is then the index of the set).
struct WideNode {
  static constexpr std::uint32_t kCategorical = 1U << 31;
  std::uint32_t key;
  std::uint32_t slot;
  std::uint32_t left;  // with the bit kCategorical
};

constexpr std::uint32_t kLowest = 0;
constexpr std::uint32_t kHighest = std::numeric_limits<std::uint32_t>::max();

// Monotonous: a < b exactly if OrderKey(a) < OrderKey(b), with -0 equal to +0. Never kLowest or kHighest. Not for NaN.
// Unsigned, because then the comparison's carry flag is added to the distance at once (adc).
inline std::uint32_t OrderKey(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value + 0.0F);  // -0 + 0 = +0
  return (bits >> 31) != 0 ? ~bits : bits | 0x80000000U;
}

// A categorical split asked once for a row, before the walk, which then sees a key that is 1 to go right and 0 to go left: so one
// integer comparison decides these splits too. Splits that ask the same share a test.
struct CategoryTest {
  std::uint32_t used = 0;      // index into the used features
  std::uint32_t set = 0;       // index of the set
  bool default_right = false;  // where missing values go
};

// What a row needs beside its keys for categorical splits that are no tests.
struct CategoryView {
  const CategorySet* sets = nullptr;
  const std::uint32_t* words = nullptr;
  const float* values = nullptr;  // of the used features, in slot order
  std::uint32_t used = 0;         // number of used features
};

inline bool InSet(const CategorySet& set, const std::uint32_t* words, float value) {
  if (!(value >= 0.0F && value < static_cast<float>(ForestFile::kMaxCategory))) return false;
  const auto category = static_cast<std::uint32_t>(value);
  return category / 32 < set.words && (words[set.first + category / 32] >> (category % 32) & 1U) != 0;
}

inline const NarrowNode* Step(const NarrowNode* node, const std::uint32_t* keys, const CategoryView&) {
  return node + (node->left + static_cast<unsigned>(node->key < keys[node->slot]));
}

inline const WideNode* Step(const WideNode* node, const std::uint32_t* keys, const CategoryView& view) {
  if ((node->left & WideNode::kCategorical) == 0) {
    return node + (node->left + static_cast<unsigned>(node->key < keys[node->slot]));
  }
  const bool default_right = node->slot > view.used;
  const float value = view.values[node->slot - 1 - (default_right ? view.used : 0)];
  const bool right = std::isnan(value) ? default_right : InSet(view.sets[node->key], view.words, value);
  return node + (node->left & ~WideNode::kCategorical) + (right ? 1 : 0);
}

constexpr std::size_t kLanes = 8;

// Walks kLanes trees from `at` down `depth` steps; `at` then points to their leaves.
template <class Node>
inline void Walk(const Node* (&at)[kLanes], int depth, const std::uint32_t* keys, const CategoryView& view) {
  const Node* n0 = at[0];
  const Node* n1 = at[1];
  const Node* n2 = at[2];
  const Node* n3 = at[3];
  const Node* n4 = at[4];
  const Node* n5 = at[5];
  const Node* n6 = at[6];
  const Node* n7 = at[7];
  while (depth > 0) {
    for (int step = std::min(depth, 8); step > 0; --step) {
      n0 = Step(n0, keys, view);
      n1 = Step(n1, keys, view);
      n2 = Step(n2, keys, view);
      n3 = Step(n3, keys, view);
      n4 = Step(n4, keys, view);
      n5 = Step(n5, keys, view);
      n6 = Step(n6, keys, view);
      n7 = Step(n7, keys, view);
    }
    // Deep, lopsided trees: stop when every walk stands on its leaf.
    if ((n0->left | n1->left | n2->left | n3->left | n4->left | n5->left | n6->left | n7->left) == 0) break;
    depth -= 8;
  }
  at[0] = n0;
  at[1] = n1;
  at[2] = n2;
  at[3] = n3;
  at[4] = n4;
  at[5] = n5;
  at[6] = n6;
  at[7] = n7;
}

}  // namespace mlean::infer

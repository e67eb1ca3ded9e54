#include "infer/forest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <string_view>
#include <tuple>

#include "infer/forest_file.hpp"
#include "infer/forest_kernel.hpp"
#include "os/files.hpp"

namespace mlean::infer {
namespace {

// kLanes trees that walk together.
struct Bundle {
  std::array<std::uint32_t, kLanes> roots{};   // unused lanes stand on a leaf
  std::array<std::uint32_t, kLanes> groups{};  // margin of each
  std::uint32_t trees = 0;
  int depth = 0;  // of the deepest
};

constexpr std::size_t kMaxTests = 512;    // of a forest; each costs a row about as much as a step of a walk
constexpr std::size_t kTestsPerTree = 4;  // with more, the few sets that a walk meets are cheaper to ask as it meets them
constexpr std::size_t kStackInts = 2 * Forest::kStackFeatures + 1 + kMaxTests;
constexpr std::size_t kBlockInts = 4096;  // keys of a block of rows: 16 KiB, half of a first-level cache
constexpr std::size_t kBlockRows = 64;

}  // namespace

struct Forest::State {
  Info info;
  std::vector<NarrowNode> narrow;  // one of the two is used
  std::vector<WideNode> wide;
  std::vector<Bundle> bundles;
  std::vector<std::uint32_t> used;  // features that some split looks at, ascending
  std::vector<CategorySet> sets;
  std::vector<std::uint32_t> set_words;
  std::vector<CategoryTest> tests;  // all categorical splits, or empty
  std::vector<float> linear;

  bool walks_sets() const { return tests.empty() && !sets.empty(); }
  // Of a row: the smallest integer, each used feature with missing low and with missing high, the tests' answers.
  std::size_t key_count() const { return 1 + 2 * used.size() + tests.size(); }

  void Lay(ForestFile&& file);
  std::vector<std::uint32_t> LayTests(const ForestFile& file, const std::vector<std::uint32_t>& rank);
  template <class Node>
  Node LaySplit(const FlatNode& flat, const std::vector<std::uint32_t>& rank, const std::vector<std::uint32_t>& test_of) const;
  template <class Node>
  void LayNodes(const ForestFile& file, const std::vector<std::uint32_t>& rank, const std::vector<std::uint32_t>& test_of,
                std::vector<Node>& out) const;
  void FillKeys(const float* row, std::uint32_t* keys, float* values) const;
  template <class Node>
  void AddTrees(const std::vector<Node>& nodes, const std::uint32_t* keys, const float* values, std::size_t rows,
                float* margins) const;
  void PredictTrees(std::span<const float> rows, std::size_t count, float* margins) const;
  void PredictLinear(std::span<const float> rows, std::size_t count, float* margins) const;
};

// Fills `tests` unless they are too many; by set, which test it is.
std::vector<std::uint32_t> Forest::State::LayTests(const ForestFile& file, const std::vector<std::uint32_t>& rank) {
  std::map<std::tuple<std::uint32_t, bool, std::string_view>, std::uint32_t> known;
  std::vector<std::uint32_t> test_of(sets.size(), 0);
  const std::size_t most = std::min(kMaxTests, kTestsPerTree * file.trees.size());
  for (const FlatNode& node : file.nodes) {
    if (node.left == 0 || node.set < 0) continue;
    const auto set = static_cast<std::uint32_t>(node.set);
    const std::string_view words(reinterpret_cast<const char*>(set_words.data() + sets[set].first), sets[set].words * 4UL);
    const auto [at, added] =
        known.try_emplace({rank[node.feature], node.default_left, words}, static_cast<std::uint32_t>(tests.size()));
    if (added) tests.push_back({rank[node.feature], set, !node.default_left});
    if (tests.size() > most) break;
    test_of[set] = at->second;
  }
  if (tests.size() > most) tests.clear();
  return test_of;
}

template <class Node>
Node Forest::State::LaySplit(const FlatNode& flat, const std::vector<std::uint32_t>& rank,
                             const std::vector<std::uint32_t>& test_of) const {
  Node node{};
  std::size_t slot = 1 + rank[flat.feature] + (flat.default_left ? 0 : used.size());
  node.key = OrderKey(flat.value) - 1;
  node.left = static_cast<decltype(node.left)>(flat.left);
  if (flat.set >= 0 && !tests.empty()) {
    slot = 1 + 2 * used.size() + test_of[static_cast<std::size_t>(flat.set)];
    node.key = 0;
  } else if (flat.set >= 0) {
    if constexpr (std::is_same_v<Node, WideNode>) {
      node.key = static_cast<std::uint32_t>(flat.set);
      node.left |= WideNode::kCategorical;
    }
  }
  node.slot = static_cast<decltype(node.slot)>(slot);
  return node;
}

template <class Node>
void Forest::State::LayNodes(const ForestFile& file, const std::vector<std::uint32_t>& rank,
                             const std::vector<std::uint32_t>& test_of, std::vector<Node>& out) const {
  out.reserve(file.nodes.size() + 1);
  for (const FlatNode& flat : file.nodes) {
    Node node{};
    if (flat.left == 0) {
      node.key = std::bit_cast<std::uint32_t>(flat.value);
    } else {
      node = LaySplit<Node>(flat, rank, test_of);
    }
    out.push_back(node);
  }
  out.push_back(Node{});  // the leaf for unused lanes
}

void Forest::State::Lay(ForestFile&& file) {
  info = std::move(file.info);
  sets = std::move(file.sets);
  set_words = std::move(file.set_words);
  linear = std::move(file.linear);
  std::vector<std::uint32_t> rank(info.features, 0);
  std::uint32_t farthest = 0;
  for (const FlatNode& node : file.nodes) {
    if (node.left != 0) rank[node.feature] = 1;
    farthest = std::max(farthest, node.left);
  }
  for (std::uint32_t feature = 0; feature < info.features; ++feature) {
    if (rank[feature] == 0) continue;
    rank[feature] = static_cast<std::uint32_t>(used.size());
    used.push_back(feature);
  }
  const std::vector<std::uint32_t> test_of = LayTests(file, rank);
  if (walks_sets() || key_count() > 65536 || farthest > 65535) {
    LayNodes(file, rank, test_of, wide);
  } else {
    LayNodes(file, rank, test_of, narrow);
  }
  const auto idle = static_cast<std::uint32_t>(file.nodes.size());
  for (std::size_t i = 0; i < file.trees.size(); ++i) {
    if (i % kLanes == 0) bundles.emplace_back().roots.fill(idle);
    Bundle& bundle = bundles.back();
    bundle.roots[bundle.trees] = file.trees[i].root;
    bundle.groups[bundle.trees] = file.trees[i].group;
    bundle.depth = std::max(bundle.depth, file.trees[i].depth);
    ++bundle.trees;
  }
}

void Forest::State::FillKeys(const float* row, std::uint32_t* keys, float* values) const {
  const std::size_t count = used.size();
  keys[0] = kLowest;
  std::uint32_t* const low = keys + 1;
  std::uint32_t* const high = low + count;
  for (std::size_t i = 0; i < count; ++i) {
    const float value = row[used[i]];
    const std::uint32_t key = OrderKey(value);
    const bool missing = std::isnan(value);
    low[i] = missing ? kLowest : key;
    high[i] = missing ? kHighest : key;
  }
  std::uint32_t* const answers = high + count;
  for (std::size_t i = 0; i < tests.size(); ++i) {
    const CategoryTest& test = tests[i];
    const float value = row[used[test.used]];
    const bool right = std::isnan(value) ? test.default_right : InSet(sets[test.set], set_words.data(), value);
    answers[i] = right ? 1 : 0;
  }
  if (values == nullptr) return;
  for (std::size_t i = 0; i < count; ++i) values[i] = row[used[i]];
}

// Bundle by bundle over a block of rows, so that trees stay in the cache; every margin still sums its leaves in tree order.
template <class Node>
void Forest::State::AddTrees(const std::vector<Node>& nodes, const std::uint32_t* keys, const float* values, std::size_t rows,
                             float* margins) const {
  const std::size_t stride = key_count();
  for (const Bundle& bundle : bundles) {
    for (std::size_t row = 0; row < rows; ++row) {
      const CategoryView view{sets.data(), set_words.data(), values == nullptr ? nullptr : values + row * used.size(),
                              static_cast<std::uint32_t>(used.size())};
      const Node* at[kLanes];
      for (std::size_t lane = 0; lane < kLanes; ++lane) at[lane] = nodes.data() + bundle.roots[lane];
      Walk(at, bundle.depth, keys + row * stride, view);
      float* const out = margins + row * info.groups;
      if (info.groups == 1) {
        float sum = *out;
        for (std::size_t lane = 0; lane < bundle.trees; ++lane) sum += std::bit_cast<float>(at[lane]->key);
        *out = sum;
      } else {
        for (std::size_t lane = 0; lane < bundle.trees; ++lane) out[bundle.groups[lane]] += std::bit_cast<float>(at[lane]->key);
      }
    }
  }
}

void Forest::State::PredictTrees(std::span<const float> rows, std::size_t count, float* margins) const {
  const std::size_t block =
      std::clamp<std::size_t>(kBlockInts / key_count(), 1, std::min(kBlockRows, std::max<std::size_t>(count, 1)));
  std::array<std::uint32_t, kStackInts> stack_keys;
  std::vector<std::uint32_t> heap_keys;
  std::array<float, kStackFeatures> stack_values;
  std::vector<float> heap_values;
  std::uint32_t* keys = stack_keys.data();
  float* values = walks_sets() ? stack_values.data() : nullptr;
  if (block > 1 || used.size() > kStackFeatures) {
    heap_keys.resize(block * key_count());
    keys = heap_keys.data();
    if (walks_sets()) {
      heap_values.resize(block * used.size());
      values = heap_values.data();
    }
  }
  for (std::size_t start = 0; start < count; start += block) {
    const std::size_t size = std::min(block, count - start);
    for (std::size_t i = 0; i < size; ++i) {
      FillKeys(rows.data() + (start + i) * info.features, keys + i * key_count(),
               values == nullptr ? nullptr : values + i * used.size());
    }
    float* const out = margins + start * info.groups;
    if (narrow.empty()) {
      AddTrees(wide, keys, values, size, out);
    } else {
      AddTrees(narrow, keys, values, size, out);
    }
  }
}

void Forest::State::PredictLinear(std::span<const float> rows, std::size_t count, float* margins) const {
  const float* const bias = linear.data() + info.features * info.groups;
  for (std::size_t row = 0; row < count; ++row) {
    const float* const values = rows.data() + row * info.features;
    for (std::size_t group = 0; group < info.groups; ++group) {
      float sum = bias[group] + info.base_margins[group];
      for (std::size_t i = 0; i < info.features; ++i) {
        if (!std::isnan(values[i])) sum += values[i] * linear[i * info.groups + group];
      }
      margins[row * info.groups + group] = sum;
    }
  }
}

Forest::Forest(std::unique_ptr<const State> state) : state_(std::move(state)) {}
Forest::Forest(Forest&&) noexcept = default;
Forest& Forest::operator=(Forest&&) noexcept = default;
Forest::~Forest() = default;

const Forest::Info& Forest::info() const { return state_->info; }

const std::string* Forest::Attribute(std::string_view name) const {
  for (const auto& [key, value] : info().attributes) {
    if (key == name) return &value;
  }
  return nullptr;
}

Result<Forest> Forest::Load(const std::string& path, const ForestOptions& options) {
  Result<std::string> bytes = os::ReadFile(path, options.max_bytes);
  if (!bytes) return std::move(bytes).error().With("cannot load model");
  return Parse(*bytes, path, options);
}

Result<Forest> Forest::Parse(std::string_view bytes, std::string_view name, const ForestOptions& options) {
  TRY(ForestFile file, ReadForestFile(bytes, name, options));
  auto state = std::make_unique<State>();
  state->Lay(std::move(file));
  return Forest(std::move(state));
}

void Forest::PredictMargins(std::span<const float> rows, std::size_t count, std::span<float> margins) const {
  CHECK_BUG(rows.size() == count * features() && margins.size() == count * groups());
  if (info().booster == "gblinear") return state_->PredictLinear(rows, count, margins.data());
  for (std::size_t row = 0; row < count; ++row)
    std::copy(info().base_margins.begin(), info().base_margins.end(),
              margins.begin() + static_cast<std::ptrdiff_t>(row * groups()));
  state_->PredictTrees(rows, count, margins.data());
}

}  // namespace mlean::infer

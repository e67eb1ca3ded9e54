#include "infer/forest_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/text.hpp"
#include "infer/model_reader.hpp"

namespace mlean::infer {
namespace {

// Reads the tree of keys. Members may come in any order, so what depends on several is checked at the end.
class FileParser {
 public:
  FileParser(std::string_view bytes, std::string_view name, const ForestOptions& options)
      : name_(name), options_(options), reader_(OpenModelReader(bytes)) {}

  Result<ForestFile> Run();

 private:
  void Top();
  void Learner();
  void Attributes();
  void ModelParam();
  void Booster();
  void Objective();
  void Model();
  void Trees();
  bool Tree();
  void TreeParam();
  void Categories();
  void CategoryNames(std::vector<std::string>& out);
  void Strings(std::vector<std::string>& out);
  // A number written as text ("17"), as the parameter objects do, or as a number.
  std::int64_t Number(std::string_view what);
  Result<void> CheckAll();
  void CheckCategories();
  Result<void> CheckTrees();
  Result<void> CheckLinear();
  Result<void> LimitTrees();
  std::size_t TreesOf(std::int64_t iterations) const;
  Error Wrong(std::string cause, Code code = Code::kCorrupt) const {
    return mlean::Fail(code, fmt::format("cannot load model '{}': {}", name_, cause));
  }

  std::string_view name_;
  ForestOptions options_;
  std::unique_ptr<ModelReader> reader_;
  ForestFile file_;
  TreeFlattener flattener_;
  RawTree raw_;
  bool has_learner_ = false, has_trees_ = false, unsupported_ = false;
  std::int64_t features_ = -1, classes_ = 0, targets_ = 1, trees_ = -1, parallel_ = 1;
  std::size_t category_names_ = 0;
  std::string base_score_ = "0.5";
  std::vector<std::int32_t> tree_info_, indptr_, version_;
  std::vector<float> weights_;  // dart
};

std::int64_t FileParser::Number(std::string_view what) {
  if (reader_->Peek() != ModelReader::Type::kString) return reader_->Int();
  const std::string_view text = reader_->String();
  if (reader_->failed()) return 0;
  const std::optional<std::int64_t> value = ParseInt(text);
  if (!value) reader_->Fail(fmt::format("'{}' is not a whole number: '{}'", what, text.substr(0, 40)));
  return value.value_or(0);
}

void FileParser::Strings(std::vector<std::string>& out) {
  out.clear();
  reader_->BeginArray();
  while (reader_->NextItem()) {
    out.emplace_back(reader_->String());
    if (out.size() > Forest::kMaxFeatures) reader_->Fail(fmt::format("more than {} features", Forest::kMaxFeatures));
  }
}

void FileParser::Top() {
  reader_->BeginObject();
  for (std::string_view key; reader_->NextMember(key);) {
    if (key == "learner") {
      has_learner_ = true;
      Learner();
    } else if (key == "version") {
      reader_->Ints(version_);
    } else {
      reader_->Skip();
    }
  }
  reader_->Finish();
}

void FileParser::Learner() {
  reader_->BeginObject();
  for (std::string_view key; reader_->NextMember(key);) {
    if (key == "attributes") {
      Attributes();
    } else if (key == "feature_names") {
      Strings(file_.info.feature_names);
    } else if (key == "feature_types") {
      Strings(file_.info.feature_types);
    } else if (key == "gradient_booster") {
      Booster();
    } else if (key == "learner_model_param") {
      ModelParam();
    } else if (key == "objective") {
      Objective();
    } else {
      reader_->Skip();
    }
  }
}

void FileParser::Attributes() {
  file_.info.attributes.clear();
  reader_->BeginObject();
  for (std::string_view key; reader_->NextMember(key);) {
    std::string name(key);
    file_.info.attributes.emplace_back(std::move(name), reader_->String());
    if (file_.info.attributes.size() > ForestFile::kMaxAttributes) {
      reader_->Fail(fmt::format("more than {} attributes", ForestFile::kMaxAttributes));
    }
  }
}

void FileParser::ModelParam() {
  reader_->BeginObject();
  for (std::string_view key; reader_->NextMember(key);) {
    if (key == "base_score") {
      base_score_ = reader_->String();
    } else if (key == "num_feature") {
      features_ = Number("num_feature");
    } else if (key == "num_class") {
      classes_ = Number("num_class");
    } else if (key == "num_target") {
      targets_ = Number("num_target");
    } else {
      reader_->Skip();
    }
  }
}

void FileParser::Objective() {
  reader_->BeginObject();
  for (std::string_view key; reader_->NextMember(key);) {
    if (key == "name") {
      file_.info.objective = reader_->String();
    } else {
      reader_->Skip();
    }
  }
}

// gbtree and gblinear have "model"; dart wraps a whole gbtree and adds the weights of its trees.
void FileParser::Booster() {
  reader_->BeginObject();
  for (std::string_view key; reader_->NextMember(key);) {
    if (key == "name") {
      const std::string_view booster = reader_->String();
      if (file_.info.booster != "dart") file_.info.booster = booster;  // the inner name of dart is gbtree
    } else if (key == "gbtree") {
      file_.info.booster = "dart";
      Booster();
    } else if (key == "model") {
      Model();
    } else if (key == "weight_drop") {
      reader_->Floats(weights_);
    } else {
      reader_->Skip();
    }
  }
}

void FileParser::Model() {
  reader_->BeginObject();
  for (std::string_view key; reader_->NextMember(key);) {
    if (key == "trees") {
      Trees();
    } else if (key == "tree_info") {
      reader_->Ints(tree_info_);
    } else if (key == "iteration_indptr") {
      reader_->Ints(indptr_);
    } else if (key == "weights") {
      reader_->Floats(file_.linear);
    } else if (key == "weight_drop") {
      reader_->Floats(weights_);
    } else if (key == "cats") {
      Categories();
    } else if (key == "gbtree_model_param") {
      reader_->BeginObject();
      for (std::string_view member; reader_->NextMember(member);) {
        if (member == "num_trees") {
          trees_ = Number("num_trees");
        } else if (member == "num_parallel_tree") {
          parallel_ = Number("num_parallel_tree");
        } else {
          reader_->Skip();
        }
      }
    } else {
      reader_->Skip();
    }
  }
}

void FileParser::Trees() {
  if (has_trees_) return reader_->Fail("'trees' occurs twice");
  has_trees_ = true;
  reader_->BeginArray();
  while (reader_->NextItem()) {
    if (file_.trees.size() >= ForestFile::kMaxTrees || file_.nodes.size() > ForestFile::kMaxNodes) {
      return reader_->Fail(fmt::format("more than {} trees or {} nodes", ForestFile::kMaxTrees, ForestFile::kMaxNodes));
    }
    if (!Tree()) return;
  }
}

bool FileParser::Tree() {
  for (auto* array : {&raw_.left, &raw_.right, &raw_.feature, &raw_.default_left, &raw_.split_type, &raw_.categories,
                      &raw_.category_nodes, &raw_.category_segments, &raw_.category_sizes}) {
    array->clear();
  }
  raw_.condition.clear();
  raw_.nodes = -1;
  raw_.leaf_vector = 1;
  const std::pair<std::string_view, std::vector<std::int32_t>*> arrays[] = {{"left_children", &raw_.left},
                                                                            {"right_children", &raw_.right},
                                                                            {"split_indices", &raw_.feature},
                                                                            {"default_left", &raw_.default_left},
                                                                            {"split_type", &raw_.split_type},
                                                                            {"categories", &raw_.categories},
                                                                            {"categories_nodes", &raw_.category_nodes},
                                                                            {"categories_segments", &raw_.category_segments},
                                                                            {"categories_sizes", &raw_.category_sizes}};
  reader_->BeginObject();
  for (std::string_view key; reader_->NextMember(key);) {
    const auto* const array =
        std::find_if(std::begin(arrays), std::end(arrays), [&](const auto& entry) { return entry.first == key; });
    if (array != std::end(arrays)) {
      reader_->Ints(*array->second);
    } else if (key == "split_conditions") {
      reader_->Floats(raw_.condition);
    } else if (key == "tree_param") {
      TreeParam();
    } else {
      reader_->Skip();
    }
  }
  if (reader_->failed()) return false;
  if (raw_.leaf_vector > 1) {
    unsupported_ = true;
    reader_->Fail("trees with vector leaves (multi_strategy=multi_output_tree) are not supported");
    return false;
  }
  const std::size_t index = file_.trees.size();
  const std::string cause = flattener_.Append(raw_, file_);
  if (!cause.empty()) reader_->Fail(fmt::format("tree {}: {}", index, cause));
  return cause.empty();
}

void FileParser::TreeParam() {
  reader_->BeginObject();
  for (std::string_view key; reader_->NextMember(key);) {
    if (key == "num_nodes") {
      raw_.nodes = Number("num_nodes");
    } else if (key == "size_leaf_vector") {
      raw_.leaf_vector = Number("size_leaf_vector");
    } else {
      reader_->Skip();
    }
  }
}

// Since 3.1: {"enc": [per feature {} or {"offsets", "values"} of text or {"type", "values"} of integers], …}.
void FileParser::Categories() {
  reader_->BeginObject();
  for (std::string_view key; reader_->NextMember(key);) {
    if (key != "enc") {
      reader_->Skip();
      continue;
    }
    std::vector<std::vector<std::string>> all;
    reader_->BeginArray();
    category_names_ = 0;
    while (reader_->NextItem()) {
      CategoryNames(all.emplace_back());
      category_names_ += all.back().size();
      if (all.size() > Forest::kMaxFeatures) reader_->Fail("too many category lists");
    }
    file_.info.categories = std::move(all);
  }
}

void FileParser::CategoryNames(std::vector<std::string>& out) {
  std::vector<std::int32_t> offsets;
  std::vector<std::int32_t> values;
  bool text = false;
  reader_->BeginObject();
  for (std::string_view key; reader_->NextMember(key);) {
    if (key == "offsets") {
      text = true;
      reader_->Ints(offsets);
    } else if (key == "values") {
      reader_->Ints(values);
    } else {
      reader_->Skip();
    }
  }
  if (reader_->failed()) return;
  if (category_names_ + (text ? offsets.size() : values.size()) > ForestFile::kMaxCategoryNames) {
    return reader_->Fail(fmt::format("more than {} category names", ForestFile::kMaxCategoryNames));
  }
  if (!text) {
    for (const std::int32_t value : values) out.push_back(std::to_string(value));
    return;
  }
  for (std::size_t i = 0; i + 1 < offsets.size(); ++i) {
    const std::int32_t begin = offsets[i];
    const std::int32_t end = offsets[i + 1];
    if (begin < 0 || end < begin || end > static_cast<std::int64_t>(values.size()))
      return reader_->Fail("category names are past the end");
    std::string& name = out.emplace_back();
    for (std::int32_t at = begin; at < end; ++at) name += static_cast<char>(values[static_cast<std::size_t>(at)]);
  }
}

Result<void> FileParser::CheckTrees() {
  const Forest::Info& info = file_.info;
  if (!has_trees_) return Wrong("it has no 'trees'");
  if (trees_ >= 0 && file_.trees.size() != static_cast<std::size_t>(trees_)) {
    return Wrong(fmt::format("{} trees announced, {} found", trees_, file_.trees.size()));
  }
  if (tree_info_.size() != file_.trees.size())
    return Wrong(fmt::format("'tree_info' has {} values for {} trees", tree_info_.size(), file_.trees.size()));
  for (std::size_t i = 0; i < file_.trees.size(); ++i) {
    const std::int64_t group = tree_info_[i];
    if (group < 0 || group >= static_cast<std::int64_t>(info.groups))
      return Wrong(fmt::format("tree {}: class {} of {}", i, group, info.groups));
    file_.trees[i].group = static_cast<std::uint32_t>(group);
    const std::size_t end = i + 1 < file_.trees.size() ? file_.trees[i + 1].root : file_.nodes.size();
    const float weight = i < weights_.size() ? weights_[i] : 1.0F;
    if (!std::isfinite(weight)) return Wrong(fmt::format("tree {}: its weight is not finite", i));
    for (std::size_t n = file_.trees[i].root; n < end; ++n) {
      FlatNode& node = file_.nodes[n];
      if (node.left == 0) {
        node.value = i < weights_.size() ? node.value * weight : node.value;
      } else if (node.feature >= info.features) {
        return Wrong(fmt::format("tree {}: a split on feature {} of {}", i, node.feature, info.features));
      }
    }
  }
  if (weights_.size() > file_.trees.size() || (info.booster == "dart" && weights_.size() != file_.trees.size())) {
    return Wrong(fmt::format("'weight_drop' has {} values for {} trees", weights_.size(), file_.trees.size()));
  }
  return LimitTrees();
}

// Trees of the first `iterations` rounds.
std::size_t FileParser::TreesOf(std::int64_t iterations) const {
  if (indptr_.size() > 1) {
    const std::int64_t end =
        indptr_[static_cast<std::size_t>(std::min<std::int64_t>(iterations, static_cast<std::int64_t>(indptr_.size()) - 1))];
    return static_cast<std::size_t>(std::max<std::int64_t>(end, 0));
  }
  const std::int64_t layer = std::max<std::int64_t>(parallel_, 1) * static_cast<std::int64_t>(file_.info.groups);
  const auto count = static_cast<std::int64_t>(file_.trees.size());
  return static_cast<std::size_t>(layer > count || iterations > count / layer ? count : iterations * layer);
}

Result<void> FileParser::LimitTrees() {
  if (!options_.use_best_iteration || !file_.info.best_iteration || *file_.info.best_iteration < 0) return {};
  const std::int64_t rounds = std::min<std::int64_t>(*file_.info.best_iteration, ForestFile::kMaxTrees) + 1;
  file_.trees.resize(std::min(file_.trees.size(), TreesOf(rounds)));
  file_.info.trees = file_.trees.size();
  return {};
}

Result<void> FileParser::CheckLinear() {
  const std::size_t wanted = (file_.info.features + 1) * file_.info.groups;
  if (file_.linear.size() != wanted)
    return Wrong(
        fmt::format("{} weights for {} features and {} outputs", file_.linear.size(), file_.info.features, file_.info.groups));
  for (const float weight : file_.linear) {
    if (!std::isfinite(weight)) return Wrong("a weight is not finite");
  }
  return {};
}

// XGBoost before 3.4 counts characters where its format wants bytes, so names beyond ASCII are cut in the wrong places: such a
// list is as good as none (the category's codes remain).
void FileParser::CheckCategories() {
  Forest::Info& info = file_.info;
  if (info.categories.size() != info.features) info.categories.clear();  // not kept for this model
  const bool cuts = std::pair(info.version[0], info.version[1]) < std::pair(3, 4);
  for (std::vector<std::string>& names : info.categories) {
    const bool wrong = std::any_of(names.begin(), names.end(), [cuts](const std::string& name) {
      return !IsValidUtf8(name) ||
             (cuts && std::any_of(name.begin(), name.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x80; }));
    });
    if (wrong) names.clear();
  }
}

Result<void> FileParser::CheckAll() {
  Forest::Info& info = file_.info;
  if (features_ < 0) return Wrong("'num_feature' is missing");
  if (features_ > static_cast<std::int64_t>(Forest::kMaxFeatures))
    return Wrong(fmt::format("{} features, more than {}", features_, Forest::kMaxFeatures), Code::kTooLarge);
  const std::int64_t groups = std::max({classes_, targets_, std::int64_t{1}});
  if (groups > static_cast<std::int64_t>(Forest::kMaxGroups))
    return Wrong(fmt::format("{} outputs, more than {}", groups, Forest::kMaxGroups), Code::kTooLarge);
  info.features = static_cast<std::size_t>(features_);
  info.groups = static_cast<std::size_t>(groups);
  info.trees = file_.trees.size();
  std::copy_n(version_.begin(), std::min<std::size_t>(version_.size(), 3), info.version);
  for (const auto& [what, list] :
       {std::pair{"feature_names", info.feature_names.size()}, std::pair{"feature_types", info.feature_types.size()}}) {
    if (list != 0 && list != info.features)
      return Wrong(fmt::format("'{}' has {} entries for {} features", what, list, info.features));
  }
  CheckCategories();
  for (const auto& [name, value] : info.attributes) {
    if (name == "best_iteration") info.best_iteration = ParseInt(value);
  }
  if (const std::string cause = ResolveObjective(base_score_, info); !cause.empty()) {
    return Wrong(cause, cause.ends_with("not known") ? Code::kUnsupported : Code::kCorrupt);
  }
  if (info.booster == "gblinear") return CheckLinear();
  if (info.booster == "gbtree" || info.booster == "dart") return CheckTrees();
  return Wrong(fmt::format("the booster '{}' is not known", info.booster), Code::kUnsupported);
}

Result<ForestFile> FileParser::Run() {
  Top();
  if (reader_->failed()) return Wrong(reader_->error(), unsupported_ ? Code::kUnsupported : Code::kCorrupt);
  if (!has_learner_) return Wrong("it is no XGBoost model: no 'learner'", Code::kInvalid);
  TRYV(CheckAll());
  return std::move(file_);
}

}  // namespace

Result<ForestFile> ReadForestFile(std::string_view bytes, std::string_view name, const ForestOptions& options) {
  if (bytes.size() > options.max_bytes) {
    return Fail(Code::kTooLarge,
                fmt::format("cannot load model '{}': {} bytes, more than {}", name, bytes.size(), options.max_bytes));
  }
  return FileParser(bytes, name, options).Run();
}

}  // namespace mlean::infer

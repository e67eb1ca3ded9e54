#include "infer/forest.hpp"

#include <bit>
#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

#include "infer/golden_files_test.hpp"

namespace mlean::infer {
namespace {

std::uint32_t Bits(float value) { return std::bit_cast<std::uint32_t>(value); }

TEST(Forest, GoldenMarginsAreBitEqual) {
  std::size_t models = 0;
  std::size_t values = 0;
  for (const auto& path : GoldenModels()) {
    const std::vector<GoldenRow> rows = GoldenRows(path);
    if (rows.empty() || path.stem().string().ends_with("vector_leaf")) continue;
    SCOPED_TRACE(path.filename().string());
    const Result<Forest> forest = Forest::Load(path.string());
    ASSERT_TRUE(forest.ok()) << forest.error().what;
    ++models;
    std::vector<float> matrix;
    for (const GoldenRow& row : rows) matrix.insert(matrix.end(), row.features.begin(), row.features.end());
    std::vector<float> all(rows.size() * forest->groups());
    forest->PredictMargins(matrix, rows.size(), all);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      SCOPED_TRACE(i);
      ASSERT_EQ(rows[i].features.size(), forest->features());
      ASSERT_EQ(rows[i].margins.size(), forest->groups());
      std::vector<float> one(forest->groups());
      forest->PredictMargins(rows[i].features, 1, one);
      for (std::size_t g = 0; g < forest->groups(); ++g) {
        ASSERT_EQ(Bits(one[g]), Bits(rows[i].margins[g])) << one[g] << " " << rows[i].margins[g];
        ASSERT_EQ(Bits(one[g]), Bits(all[i * forest->groups() + g]));
        ++values;
      }
    }
  }
  EXPECT_GE(models, 45U);
  EXPECT_GE(values, 3000U);
}

TEST(Forest, GoldenOutputsAreEqual) {
  for (const auto& path : GoldenModels()) {
    const std::vector<GoldenRow> rows = GoldenRows(path);
    if (rows.empty() || path.stem().string().ends_with("vector_leaf")) continue;
    SCOPED_TRACE(path.filename().string());
    const Result<Forest> forest = Forest::Load(path.string());
    ASSERT_TRUE(forest.ok()) << forest.error().what;
    for (const GoldenRow& row : rows) {
      std::vector<float> outputs = row.margins;
      forest->ApplyLink(outputs);
      if (forest->info().objective == "multi:softmax") {
        const auto best = std::max_element(outputs.begin(), outputs.end()) - outputs.begin();
        ASSERT_EQ(static_cast<float>(best), row.outputs[0]);
        continue;
      }
      // expf belongs to the C library, whose last bit may differ from that of the machine the values come from.
      for (std::size_t i = 0; i < outputs.size(); ++i) ASSERT_FLOAT_EQ(outputs[i], row.outputs[i]);
    }
  }
}

TEST(Forest, KnowsWhatTheFileSays) {
  const Result<Forest> forest = Forest::Load((GoldenFolder() / "v32_category.json").string());
  ASSERT_TRUE(forest.ok()) << forest.error().what;
  const Forest::Info& info = forest->info();
  EXPECT_EQ(info.features, 6U);
  EXPECT_EQ(info.groups, 1U);
  EXPECT_EQ(info.trees, 8U);
  EXPECT_EQ(info.booster, "gbtree");
  EXPECT_EQ(info.objective, "binary:logistic");
  EXPECT_EQ(info.link, Link::kSigmoid);
  EXPECT_EQ(info.version[0], 3);
  EXPECT_EQ(info.version[1], 2);
  EXPECT_THAT(info.feature_names, testing::ElementsAre("hour", "day", "carrier", "origin", "wind", "distance"));
  EXPECT_THAT(info.feature_types, testing::ElementsAre("q", "int", "c", "c", "q", "float"));
  EXPECT_EQ(info.max_depth, 4);
  EXPECT_EQ(forest->Attribute("none"), nullptr);
}

TEST(Forest, JsonAndUbjsonOfOneModelAreTheSame) {
  const Result<Forest> json = Forest::Load((GoldenFolder() / "v32_frame.json").string());
  const Result<Forest> ubj = Forest::Load((GoldenFolder() / "v32_frame.ubj").string());
  ASSERT_TRUE(json.ok() && ubj.ok());
  EXPECT_EQ(json->info().categories, ubj->info().categories);
  EXPECT_THAT(ubj->info().categories[1], testing::ElementsAre("AA", "DL", "UA", "WN"));
  EXPECT_EQ(ubj->info().categories[2][3], "30");
  std::mt19937 random(3);
  for (int i = 0; i < 500; ++i) {
    const float row[] = {static_cast<float>(random() % 100) / 20 - 2.5F, static_cast<float>(random() % 5),
                         static_cast<float>(random() % 41), static_cast<float>(random() % 2)};
    float a = 0;
    float b = 1;
    json->PredictMargins(row, 1, {&a, 1});
    ubj->PredictMargins(row, 1, {&b, 1});
    ASSERT_EQ(Bits(a), Bits(b));
  }
}

TEST(Forest, BestIterationIsAnOption) {
  const std::string path = (GoldenFolder() / "v32_parallel.ubj").string();
  const Result<Forest> all = Forest::Load(path);
  const Result<Forest> best = Forest::Load(path, {.use_best_iteration = true});
  ASSERT_TRUE(all.ok() && best.ok());
  EXPECT_EQ(all->info().best_iteration, 0);
  EXPECT_EQ(all->info().trees, 18U);  // 2 rounds of 3 classes, 3 parallel trees each
  EXPECT_EQ(best->info().trees, 9U);
  const Result<Forest> old = Forest::Load((GoldenFolder() / "v17_parallel.ubj").string(), {.use_best_iteration = true});
  ASSERT_TRUE(old.ok());
  EXPECT_EQ(old->info().trees, 9U);
}

TEST(Forest, LimitsAndWhatIsNotSupported) {
  const Result<Forest> vector_leaf = Forest::Load((GoldenFolder() / "v32_vector_leaf.ubj").string());
  ASSERT_FALSE(vector_leaf.ok());
  EXPECT_EQ(vector_leaf.error().code, Code::kUnsupported);
  EXPECT_THAT(vector_leaf.error().what, testing::HasSubstr("vector leaves"));
  const Result<Forest> large = Forest::Load((GoldenFolder() / "v32_binary.json").string(), {.max_bytes = 100});
  ASSERT_FALSE(large.ok());
  EXPECT_EQ(large.error().code, Code::kTooLarge);
  const Result<Forest> none = Forest::Load((GoldenFolder() / "none.json").string());
  ASSERT_FALSE(none.ok());
  EXPECT_EQ(none.error().code, Code::kNotFound);
  EXPECT_TRUE(none.error().what.starts_with("cannot load model")) << none.error().what;
}

// A minimal file; the pieces that tests damage are arguments.
std::string File(std::string_view tree, std::string_view param = R"({"base_score":"0.5","num_feature":"2","num_class":"0"})",
                 std::string_view objective = "reg:squarederror", std::string_view tree_info = "[0]", int trees = 1) {
  return fmt::format(
      R"({{"learner":{{"attributes":{{}},"gradient_booster":{{"model":{{"gbtree_model_param":{{"num_trees":"{}"}},"tree_info":{},"trees":[{}]}},)"
      R"("name":"gbtree"}},"learner_model_param":{},"objective":{{"name":"{}"}}}},"version":[3,2,0]}})",
      trees, tree_info, tree, param, objective);
}
std::string Tree(std::string_view left, std::string_view right, std::string_view feature = "[0,0,0]",
                 std::string_view condition = "[0.5,1,2]", std::string_view more = "") {
  return fmt::format(
      R"({{"left_children":{},"right_children":{},"split_indices":{},"split_conditions":{},"default_left":[1,0,0]{}}})", left,
      right, feature, condition, more);
}

TEST(Forest, GoodMinimalFile) {
  const Result<Forest> forest = Forest::Parse(File(Tree("[1,-1,-1]", "[2,-1,-1]")), "x");
  ASSERT_TRUE(forest.ok()) << forest.error().what;
  const auto margin = [&](float value) {
    const float row[] = {value, NAN};
    float out = 0;
    forest->PredictMargins(row, 1, {&out, 1});
    return out;
  };
  EXPECT_EQ(margin(0.4F), 1.5F);
  EXPECT_EQ(margin(0.5F), 2.5F);
  EXPECT_EQ(margin(NAN), 1.5F);
  EXPECT_EQ(margin(INFINITY), 2.5F);
  EXPECT_EQ(margin(-INFINITY), 1.5F);
  EXPECT_EQ(margin(-0.0F), 1.5F);
}

// What the real packages make of base_score, in float32.
TEST(Forest, BaseMarginsAreBitEqual) {
  std::size_t compared = 0;
  for (const char* const name : {"v17_base_scores.csv", "v32_base_scores.csv"}) {
    std::ifstream in(GoldenFolder() / name);
    for (std::string line; std::getline(in, line);) {
      const std::size_t first = line.find(';');
      const std::size_t second = line.find(';', first + 1);
      const std::string param =
          fmt::format(R"({{"base_score":"{}","num_feature":"2"}})", line.substr(first + 1, second - first - 1));
      const Result<Forest> forest = Forest::Parse(File(Tree("[1,-1,-1]", "[2,-1,-1]"), param, line.substr(0, first)), "x");
      ASSERT_TRUE(forest.ok()) << forest.error().what;
      std::uint32_t bits = 0;
      std::from_chars(line.data() + second + 1, line.data() + line.size(), bits, 16);
      ASSERT_EQ(Bits(forest->info().base_margins[0]), bits) << line;
      ++compared;
    }
  }
  EXPECT_EQ(compared, 480U);
}

TEST(Forest, WrongFilesSayWhatIsWrong) {
  const std::string good = Tree("[1,-1,-1]", "[2,-1,-1]");
  const std::string param = R"({"base_score":"0.5","num_feature":"2"})";
  const struct {
    std::string file, what;
  } cases[] = {
      {File(Tree("[99,-1,-1]", "[2,-1,-1]")), "cannot load model 'x': tree 0: left child 99 is past the end"},
      {File(Tree("[1,-1,-1]", "[-7,-1,-1]")), "tree 0: right child -7 is past the end"},
      {File(Tree("[1,-1,-1]", "[1,-1,-1]")), "tree 0: node 1 is reached twice"},
      {File(Tree("[1,0,-1]", "[2,2,-1]")), "tree 0: node 0 is reached twice"},
      {File(Tree("[-1,-1,-1]", "[2,-1,-1]")), "tree 0: node 0 has a right child only"},
      {File(Tree("[]", "[]")), "tree 0: no nodes"},
      {File(Tree("[1,-1,-1]", "[2,-1]")), "'right_children' has 2 values for 3 nodes"},
      {File(Tree("[1,-1,-1]", "[2,-1,-1]", "[5,0,0]")), "tree 0: a split on feature 5 of 2"},
      {File(Tree("[1,-1,-1]", "[2,-1,-1]", "[-1,0,0]")), "node 0 splits on feature -1"},
      {File(Tree("[1,-1,-1]", "[2,-1,-1]", "[0,0,0]", "[NaN,1,2]")), "the threshold of node 0 is not a number"},
      {File(Tree("[1,-1,-1]", "[2,-1,-1]", "[0,0,0]", "[1,NaN,2]")), "the leaf 1 is not finite"},
      {File(Tree("[1,-1,-1]", "[2,-1,-1]", "[0,0,0]", "[1,2,Infinity]")), "the leaf 2 is not finite"},
      {File(Tree("[1,-1,-1]", "[2,-1,-1]", "[0,0,0]", "[1,2,3]", R"(,"tree_param":{"num_nodes":"4"})")),
       "'left_children' has 3 values for 4"},
      {File(Tree("[1,-1,-1]", "[2,-1,-1]", "[0,0,0]", "[1,2,3]", R"(,"split_type":[1,0,0])")), "node 0 has no categories"},
      {File(Tree(
           "[1,-1,-1]", "[2,-1,-1]", "[0,0,0]", "[1,2,3]",
           R"(,"split_type":[1,0,0],"categories":[3],"categories_nodes":[0],"categories_segments":[0],"categories_sizes":[2])")),
       "the categories of node 0 are past the end"},
      {File(Tree(
           "[1,-1,-1]", "[2,-1,-1]", "[0,0,0]", "[1,2,3]",
           R"(,"split_type":[1,0,0],"categories":[-3],"categories_nodes":[0],"categories_segments":[0],"categories_sizes":[1])")),
       "node 0 has the impossible category -3"},
      {File(Tree(
           "[1,-1,-1]", "[2,-1,-1]", "[0,0,0]", "[1,2,3]",
           R"(,"split_type":[1,1,0],"categories":[3],"categories_nodes":[0,1],"categories_segments":[0,0],"categories_sizes":[1,1])")),
       "its category sets overlap"},
      {File(good, R"({"base_score":"0.5"})"), "'num_feature' is missing"},
      {File(good, R"({"num_feature":"99999999"})"), "99999999 features, more than 1000000"},
      {File(good, R"({"num_feature":"2","num_class":"2000000"})"), "2000000 outputs, more than 10000"},
      {File(good, R"({"num_feature":"x"})"), "'num_feature' is not a whole number: 'x'"},
      {File(good, R"({"num_feature":"2","base_score":"[1,2]"})"), "base_score has 2 values for 1 outputs"},
      {File(good, R"({"num_feature":"2","base_score":"nan"})"), "base_score 'nan' is not a number"},
      {File(good, R"({"num_feature":"2","base_score":"1"})", "binary:logistic"),
       "base_score '1' is impossible for binary:logistic"},
      {File(good, param, "reg:magic"), "the objective 'reg:magic' is not known"},
      {File(good, param, "reg:squarederror", "[1]"), "tree 0: class 1 of 1"},
      {File(good, param, "reg:squarederror", "[0,0]"), "'tree_info' has 2 values for 1 trees"},
      {"{}", "it is no XGBoost model: no 'learner'"},
      {"", "byte 0: expected an object"},
      {"{\"learner\":[]}", "expected an object"},
      {"{\"learner\":{\"x\":" + std::string(1000, '['), "nested deeper than"},
      {File(good) + "x", "text after the end"},
  };
  for (const auto& [file, what] : cases) {
    const Result<Forest> forest = Forest::Parse(file, "x");
    ASSERT_FALSE(forest.ok()) << what;
    EXPECT_THAT(forest.error().what, testing::HasSubstr(what));
    EXPECT_TRUE(forest.error().what.starts_with("cannot load model 'x': ")) << forest.error().what;
  }
}

// Nodes that no path reaches are left over by pruning and may hold anything.
TEST(Forest, UnreachedNodesAreIgnored) {
  const Result<Forest> forest = Forest::Parse(
      File(
          R"({"left_children":[-1,7,-1],"right_children":[-1,-5,-1],"split_indices":[0,2147483647,0],"split_conditions":[3,NaN,2],"default_left":[0,0,0]})"),
      "x");
  ASSERT_TRUE(forest.ok()) << forest.error().what;
  const float row[] = {1, 2};
  float out = 0;
  forest->PredictMargins(row, 1, {&out, 1});
  EXPECT_EQ(out, 3.5F);
}

// Few different category sets are asked before the walk, many by it: one tree with 7 sets and the same tree twice must agree with
// a plain look into the sets.
TEST(Forest, FewAndManyCategorySetsDecideAlike) {
  std::mt19937 random(4);
  std::vector<std::vector<int>> sets(7);
  std::string categories;
  std::string segments;
  std::string sizes;
  int total = 0;
  for (std::size_t node = 0; node < sets.size(); ++node) {
    segments += fmt::format("{}{}", node == 0 ? "" : ",", total);
    for (int category = 0; category < 40; ++category) {
      if (random() % 2 == 0) continue;
      sets[node].push_back(category);
      categories += fmt::format("{}{}", total++ == 0 ? "" : ",", category);
    }
    sizes += fmt::format("{}{}", node == 0 ? "" : ",", sets[node].size());
  }
  const std::string tree = fmt::format(
      R"({{"left_children":[1,3,5,7,9,11,13,-1,-1,-1,-1,-1,-1,-1,-1],"right_children":[2,4,6,8,10,12,14,-1,-1,-1,-1,-1,-1,-1,-1],)"
      R"("split_indices":[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0],"split_conditions":[0,0,0,0,0,0,0,1,2,4,8,16,32,64,128],)"
      R"("default_left":[1,0,1,0,1,0,1,0,0,0,0,0,0,0,0],"split_type":[1,1,1,1,1,1,1,0,0,0,0,0,0,0,0],)"
      R"("categories":[{}],"categories_nodes":[0,1,2,3,4,5,6],"categories_segments":[{}],"categories_sizes":[{}]}})",
      categories, segments, sizes);
  constexpr std::string_view kParam = R"({"base_score":"0","num_feature":"1","num_class":"0"})";
  const Result<Forest> many = Forest::Parse(File(tree, kParam), "x");
  const Result<Forest> few = Forest::Parse(File(tree + "," + tree, kParam, "reg:squarederror", "[0,0]", 2), "x");
  ASSERT_TRUE(many.ok() && few.ok()) << (many.ok() ? few.error().what : many.error().what);
  for (int i = -2; i < 50; ++i) {
    const float value = i == -2 ? NAN : i == 45 ? 1e9F : i == 46 ? 2.7F : static_cast<float>(i);
    std::size_t node = 0;
    while (node < 7) {
      const bool in =
          value >= 0 && std::count(sets[node].begin(), sets[node].end(), static_cast<int>(std::fmin(value, 1e6F))) > 0;
      const bool right = std::isnan(value) ? node % 2 == 1 : in;
      node = 2 * node + (right ? 2 : 1);
    }
    const auto wanted = static_cast<float>(1 << (node - 7));
    float one = 0;
    float two = 0;
    many->PredictMargins({&value, 1}, 1, {&one, 1});
    few->PredictMargins({&value, 1}, 1, {&two, 1});
    EXPECT_EQ(one, wanted) << value;
    EXPECT_EQ(two, 2 * wanted) << value;
  }
}

// A file whose category sets would need far more memory than its bytes.
TEST(Forest, HugeCategorySetsAreRefused) {
  std::string left = "[", right = "[", feature = "[", condition = "[", type = "[", nodes = "[", segments = "[", sizes = "[",
              all = "[";
  const int splits = 100;
  for (int i = 0; i < 2 * splits + 1; ++i) {
    const std::string comma = i == 0 ? "" : ",";
    const bool split = i < splits;
    left += comma + std::to_string(split ? 2 * i + 1 : -1);
    right += comma + std::to_string(split ? 2 * i + 2 : -1);
    feature += comma + "0";
    condition += comma + "1";
    type += comma + (split ? "1" : "0");
    if (!split) continue;
    nodes += comma + std::to_string(i);
    segments += comma + std::to_string(i);
    all += comma + "16777215";
    sizes += comma + "1";
  }
  const std::string tree = fmt::format(
      R"({{"left_children":{}],"right_children":{}],"split_indices":{}],"split_conditions":{}],"default_left":{}],"split_type":{}],)"
      R"("categories":{}],"categories_nodes":{}],"categories_segments":{}],"categories_sizes":{}]}})",
      left, right, feature, condition, feature, type, all, nodes, segments, sizes);
  const Result<Forest> forest = Forest::Parse(File(tree), "x");
  ASSERT_FALSE(forest.ok());
  EXPECT_THAT(forest.error().what, testing::HasSubstr("category sets are too large"));
}

// Damaged golden files never crash: they load and predict, or give an error.
TEST(Forest, MutatedFilesNeverCrash) {
  std::mt19937 random(11);
  const std::vector<std::filesystem::path> models = GoldenModels();
  int loaded = 0;
  for (int i = 0; i < 5000; ++i) {
    std::string bytes = ReadBytes(models[random() % models.size()]);
    const int changes = 1 + static_cast<int>(random() % 4);
    for (int change = 0; change < changes; ++change) {
      const std::size_t at = random() % bytes.size();
      switch (random() % 5) {
        case 0: bytes[at] = static_cast<char>(random()); break;
        case 1: bytes[at] = static_cast<char>(bytes[at] ^ (1 << (random() % 8))); break;
        case 2: bytes.resize(std::max<std::size_t>(at, 1)); break;
        case 3: bytes.erase(at, 1 + random() % 8); break;
        case 4: bytes.insert(at, bytes.substr(random() % bytes.size(), 1 + random() % 16)); break;
      }
      if (bytes.empty()) bytes = "{";
    }
    const Result<Forest> forest = Forest::Parse(bytes, "x");
    if (!forest.ok()) continue;
    ++loaded;
    std::vector<float> rows(forest->features() * 3, NAN);
    for (std::size_t f = 0; f < forest->features() * 2; ++f) rows[f] = static_cast<float>(random() % 50) - 5;
    std::vector<float> margins(forest->groups() * 3);
    forest->PredictMargins(rows, 3, margins);
    forest->ApplyLink(margins);
  }
  EXPECT_GT(loaded, 500);
}

}  // namespace
}  // namespace mlean::infer

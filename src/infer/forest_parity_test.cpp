// Against the machine's own libxgboost, when it has one: random models trained on the spot, rows at thresholds and one ulp
// beside.
#include <bit>
#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

#include "infer/forest.hpp"
#include "infer/xgboost_library_test.hpp"

namespace mlean::infer {
namespace {

struct Case {
  const char* objective;
  const char* more;  // "key=value key=value"
  std::size_t classes;
};

// Rows of features that take few values, so that thresholds (midpoints or the values themselves) are hit often; then ulps are
// added.
std::vector<float> RandomRows(std::mt19937& random, std::size_t count, std::size_t features) {
  std::vector<float> rows(count * features);
  for (float& value : rows) {
    const std::uint32_t pick = random() % 20;
    value = static_cast<float>(random() % 16) / 7 - 1;
    if (pick == 0) value = NAN;
    if (pick == 1) value = -0.0F;
    if (pick == 2) value = 1e-42F;
    if (pick == 3) value = -3e38F;
  }
  return rows;
}

TEST(ForestParity, RandomModelsAgainstLibxgboost) {
  const XgboostLibrary* const library = XgboostLibrary::Open();
  if (library == nullptr) GTEST_SKIP() << "no libxgboost on this machine";
  const Case cases[] = {
      {"reg:squarederror", "max_depth=6", 1},
      {"binary:logistic", "max_depth=3 tree_method=exact", 1},
      {"multi:softprob", "max_depth=5 num_class=4", 4},
      {"count:poisson", "max_depth=4", 1},
      {"reg:squarederror", "tree_method=hist max_depth=0 grow_policy=lossguide max_leaves=200 min_child_weight=0", 1},
      {"binary:logistic", "max_depth=6 num_parallel_tree=3 subsample=0.6", 1},
      {"reg:squarederror", "booster=dart rate_drop=0.5 max_depth=4", 1}};
  std::mt19937 random(5);
  std::size_t compared = 0;
  for (const Case& c : cases) {
    for (const std::size_t features : {1, 7, 300}) {
      SCOPED_TRACE(fmt::format("{} {} {}", c.objective, c.more, features));
      constexpr std::size_t kRows = 400;
      const std::vector<float> rows = RandomRows(random, kRows, features);
      std::vector<float> labels(kRows);
      for (std::size_t i = 0; i < kRows; ++i) {
        const double x = std::isnan(rows[i * features]) ? 3 : static_cast<double>(rows[i * features]);
        labels[i] = c.classes > 1 ? static_cast<float>(random() % c.classes)
                                  : static_cast<float>(std::abs(std::fmod(x, 7)) > 0.6 ? 1 : random() % 2);
      }
      const std::string bytes =
          library->Train(rows, labels, features, fmt::format("objective={} {} seed=3 nthread=1", c.objective, c.more), 12, "ubj");
      const Result<Forest> forest = Forest::Parse(bytes, "random");
      ASSERT_TRUE(forest.ok()) << forest.error().what;
      std::vector<float> probes = RandomRows(random, kRows, features);
      for (float& value : probes) {
        if (random() % 3 == 0) value = std::nextafterf(value, random() % 2 == 0 ? 9.0F : -9.0F);
      }
      const std::vector<float> wanted = library->PredictMargins(bytes, probes, features);
      std::vector<float> margins(kRows * forest->groups());
      forest->PredictMargins(probes, kRows, margins);
      ASSERT_EQ(wanted.size(), margins.size());
      for (std::size_t i = 0; i < margins.size(); ++i) {
        ASSERT_EQ(std::bit_cast<std::uint32_t>(margins[i]), std::bit_cast<std::uint32_t>(wanted[i]))
            << i << ": " << margins[i] << " " << wanted[i];
        ++compared;
      }
    }
  }
  EXPECT_GT(compared, 8000U);
}

}  // namespace
}  // namespace mlean::infer

#include "rollout/split.hpp"

#include <fmt/core.h>

#include <fstream>
#include <string>

#include "base/text.hpp"

namespace mlean::rollout {
namespace {

TEST(Split, PlacesAreGrowthBooks) {
  std::ifstream file(MLEAN_SOURCE_DIR "/tests/golden/rollout/golden.tsv");
  ASSERT_TRUE(file.is_open());
  std::string line;
  int seen = 0;
  while (std::getline(file, line)) {
    const std::vector<std::string> fields = Split(line, '\t');
    if (fields[0] != "hash") continue;
    EXPECT_EQ(HashToUnit(fields[1], fields[2]), *ParseDouble(fields[3])) << line;
    ++seen;
  }
  EXPECT_GE(seen, 200);
}

TEST(Split, RaisingTheWeightOnlyAddsKeys) {
  for (int i = 0; i < 2000; ++i) {
    const std::string key = fmt::format("user-{}", i);
    bool was_candidate = false;
    for (const double weight : {0.0, 0.05, 0.25, 0.5, 1.0}) {
      const bool is_candidate = AssignVariant("seed", key, weight) == Variant::kCandidate;
      EXPECT_TRUE(is_candidate || !was_candidate) << key;
      was_candidate = is_candidate;
    }
    EXPECT_EQ(AssignVariant("seed", key, 0), Variant::kChampion);
    EXPECT_EQ(AssignVariant("seed", key, 1), Variant::kCandidate);
  }
}

TEST(Split, SharesAndIndependence) {
  constexpr int kKeys = 100'000;
  int first = 0;
  int both = 0;
  for (int i = 0; i < kKeys; ++i) {
    const std::string key = fmt::format("{}", i);
    const bool a = AssignVariant("rollout-a", key, 0.25) == Variant::kCandidate;
    const bool b = AssignVariant("rollout-b", key, 0.25) == Variant::kCandidate;
    first += a ? 1 : 0;
    both += a && b ? 1 : 0;
  }
  EXPECT_NEAR(first / static_cast<double>(kKeys), 0.25, 0.006);
  EXPECT_NEAR(both / static_cast<double>(kKeys), 0.0625, 0.004);
}

TEST(Split, Names) {
  EXPECT_EQ(VariantName(Variant::kChampion), "champion");
  EXPECT_EQ(VariantName(Variant::kCandidate), "candidate");
}

}  // namespace
}  // namespace mlean::rollout

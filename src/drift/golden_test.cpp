// Scores and verdicts against the real evidently 0.6.7 and scipy: tests/golden/drift, written by generate.py.
#include <algorithm>
#include <fstream>
#include <sstream>

#include "base/text.hpp"
#include "drift/column_drift.hpp"
#include "drift/dataset_drift.hpp"
#include "drift/test_samples.hpp"

namespace mlean::drift {
namespace {

std::vector<std::vector<std::string>> ReadWords(const std::string& file) {
  std::ifstream in(std::string(MLEAN_SOURCE_DIR) + "/tests/golden/drift/" + file);
  std::vector<std::vector<std::string>> lines;
  std::string line;
  while (std::getline(in, line)) {
    if (line.empty() || line[0] == '#') continue;
    lines.push_back(Split(line, ' '));
  }
  return lines;
}

// Distances near 0 are square roots of rounding errors.
void ExpectClose(double ours, double theirs, const std::string& what) {
  if (std::isnan(theirs)) {
    EXPECT_TRUE(std::isnan(ours)) << what << " ours " << ours;
    return;
  }
  EXPECT_NEAR(ours, theirs, 1e-10 + std::abs(theirs) * 1e-6) << what;
}

TEST(Golden, ScoresEqualEvidently) {
  const auto lines = ReadWords("scores.txt");
  ASSERT_GT(lines.size(), 40u);
  std::size_t scores = 0;
  for (const auto& line : lines) {
    const types::Column reference = MakeSample(line[1]);
    const types::Column current = MakeSample(line[2]);
    const std::string name = line[1] + " " + line[2] + " ";
    const ColumnType type = line[0] == "num" ? ColumnType::kNumeric : ColumnType::kCategorical;

    const Result<ColumnDrift> chosen = Compare(reference, current, {.type = type});
    ASSERT_TRUE(chosen.ok()) << name << chosen.error().what;
    EXPECT_EQ(Info(chosen->method).name, line[3]) << name;
    EXPECT_EQ(chosen->verdict == Verdict::kDrifted, line[4] == "True") << name;

    const ColumnProfile reference_profile = MakeColumnProfile(reference, type);
    const ColumnProfile current_profile = MakeColumnProfile(current, type);
    for (std::size_t i = 5; i < line.size(); ++i) {
      const std::vector<std::string> pair = Split(line[i], '=');
      const Result<Method> method = ParseMethod(pair[0]);
      ASSERT_TRUE(method.ok());
      const Result<double> ours = DriftScore(*method, reference_profile, current_profile);
      const std::string what = name + pair[0];
      if (pair[1] == "error") {
        EXPECT_FALSE(ours.ok()) << what;
        continue;
      }
      ASSERT_TRUE(ours.ok()) << what << ": " << ours.error().what;
      const double theirs = *ParseDouble(pair[1]);
      // Their permutations and ours are different draws of the same distribution.
      if (*method == Method::kTvd) {
        EXPECT_NEAR(*ours, theirs, 4 * std::sqrt(0.25 / 1000) * std::sqrt(2.0)) << what;
      } else {
        ExpectClose(*ours, theirs, what);
      }
      ++scores;
    }
  }
  EXPECT_GT(scores, 400u);
}

types::Frame ReportFrame(int side) {
  const int n = side == 0 ? 1500 : 1200;
  types::Frame frame;
  const auto add = [&](const char* name, const char* maker, int seed, double a, double b) {
    frame.columns.push_back(MakeSample(fmt::format("{}:{}:{}:{}:{}", maker, seed + side, n, a, b), name));
  };
  add("amount", "normal", 101, 10 + side, 2);
  add("age", "ints", 103, 18, 80);
  add("flag", "ints", 105, 0, 1);
  add("noise", "uniform", 107, 0, 1);
  add("carrier", "words", 109, 6, side);
  add("origin", "words", 111, 3, 0);
  return frame;
}

TEST(Golden, ReportEqualsEvidently) {
  const auto lines = ReadWords("report.txt");
  ASSERT_EQ(lines.size(), 1u + 6 * 3);
  const Result<DatasetDrift> drift = CompareFrames(ReportFrame(0), ReportFrame(1), EvidentlyOptions());
  ASSERT_TRUE(drift.ok()) << drift.error().what;
  EXPECT_EQ(std::to_string(drift->columns.size()), lines[0][1]);
  EXPECT_EQ(std::to_string(drift->drifted), lines[0][2]);
  EXPECT_DOUBLE_EQ(drift->share, *ParseDouble(lines[0][3]));
  EXPECT_EQ(drift->dataset_drift, lines[0][4] == "True");
  for (std::size_t at = 1; at < lines.size(); at += 3) {
    const auto& line = lines[at];
    const auto column =
        std::find_if(drift->columns.begin(), drift->columns.end(), [&](const auto& c) { return c.name == line[1]; });
    ASSERT_NE(column, drift->columns.end()) << line[1];
    EXPECT_EQ(ColumnTypeName(column->type), line[2]);
    ExpectClose(column->score, *ParseDouble(line[3]), line[1]);
    EXPECT_EQ(column->verdict == Verdict::kDrifted, line[4] == "True") << line[1];
    EXPECT_DOUBLE_EQ(column->threshold, *ParseDouble(line[5]));
    EXPECT_EQ(Info(column->method).display, Join({line.begin() + 6, line.end()}, " "));
    for (std::size_t side = 0; side < 2; ++side) {
      const std::vector<double>& y = (side == 0 ? column->small_reference : column->small_current).y;
      const auto& expected = lines[at + 1 + side];
      ASSERT_EQ(y.size() + 2, expected.size()) << line[1];
      for (std::size_t i = 0; i < y.size(); ++i) ExpectClose(y[i], *ParseDouble(expected[i + 2]), line[1]);
    }
  }
}

}  // namespace
}  // namespace mlean::drift

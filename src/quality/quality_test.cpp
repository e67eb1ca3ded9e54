#include <cmath>
#include <limits>
#include <random>

#include "quality/fairness.hpp"
#include "quality/multiclass.hpp"
#include "quality/paired.hpp"
#include "quality/regression.hpp"
#include "quality/report.hpp"

namespace mlean::quality {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

types::Column Text(std::vector<std::string> words, std::vector<std::int32_t> codes) {
  return {.name = "t", .kind = types::Kind::kText, .codes = std::move(codes), .words = std::move(words)};
}

// The definition itself: pairs of a positive and a negative.
double AucByPairs(Labels labels, Scores scores) {
  double won = 0;
  double pairs = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    for (std::size_t j = 0; j < labels.size(); ++j) {
      if (labels[i] == 0 || labels[j] != 0) continue;
      won += scores[i] > scores[j] ? 1 : scores[i] == scores[j] ? 0.5 : 0;
      ++pairs;
    }
  }
  return won / pairs;
}

TEST(Auc, EqualsItsDefinitionOnBothSortPaths) {
  std::mt19937_64 random(7);
  for (const std::size_t rows : {10u, 500u, 5000u}) {
    std::vector<std::uint8_t> labels;
    std::vector<double> scores;
    for (std::size_t i = 0; i < rows; ++i) {
      labels.push_back(random() % 3 == 0 ? 1 : 0);
      scores.push_back(static_cast<double>(static_cast<std::int64_t>(random() % 2000) - 1000) / 7 + 10 * labels.back());
    }
    for (std::size_t i = rows / 2; i < rows; ++i) scores[i] = 7 + static_cast<double>(random() % 100) * 1e-12;
    labels[0] = 1;
    scores[1] = -0.0;
    scores[2] = 0.0;
    scores[3] = -std::numeric_limits<double>::infinity();
    EXPECT_NEAR(Auc(labels, scores), AucByPairs(labels, scores), 1e-12) << rows;
  }
}

TEST(Auc, IsUndefinedForOneClassAndNoRows) {
  const std::vector<std::uint8_t> ones{1, 1};
  const std::vector<double> scores{0.1, 0.9};
  EXPECT_TRUE(std::isnan(Auc(ones, scores)));
  EXPECT_TRUE(std::isnan(Auc({}, {})));
  EXPECT_TRUE(std::isnan(LogLoss({}, {})));
  EXPECT_TRUE(std::isnan(Regression({}, {}).rmse));
}

TEST(Calibration, PutsTheEdgesIntoTheOuterBins) {
  const std::vector<std::uint8_t> labels{0, 1, 1, 0};
  const std::vector<double> scores{0.0, 1.0, 0.1, -0.2};
  const Calibration calibration = Calibrate(labels, scores);
  ASSERT_EQ(calibration.bins.size(), 10u);
  EXPECT_EQ(calibration.bins[0].count, 2u);
  EXPECT_EQ(calibration.bins[1].count, 1u);
  EXPECT_EQ(calibration.bins[9].count, 1u);
  EXPECT_TRUE(std::isnan(calibration.bins[5].observed_rate));
}

EvaluateInput Binary(const std::vector<double>& labels, const std::vector<double>& scores,
                     const std::vector<std::string>& classes) {
  return {.task = Task::kClassification, .labels = labels, .predictions = scores, .classes = classes};
}

const std::vector<std::string> kNoYes{"no", "yes"};

TEST(Evaluate, LeavesOutAndCountsRowsWithoutLabelOrPrediction) {
  const Result<MetricReport> report = Evaluate(Binary({0, 1, kNan, 1, 0}, {0.2, 0.7, 0.9, kNan, 0.6}, kNoYes));
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(report->rows, 3u);
  EXPECT_EQ(report->unlabelled, 1u);
  EXPECT_EQ(report->unpredicted, 1u);
  EXPECT_EQ(*report->Find("auc"), 1.0);
  EXPECT_EQ(*report->Find("confusion.fp"), 1.0);
  EXPECT_EQ(report->Find("nonsense"), nullptr);
}

TEST(Evaluate, TakesTwoColumnsForTwoClasses) {
  const Result<MetricReport> one = Evaluate(Binary({0, 1, 1}, {0.2, 0.7, 0.4}, kNoYes));
  const Result<MetricReport> two = Evaluate(Binary({0, 1, 1}, {0.8, 0.2, 0.3, 0.7, 0.6, 0.4}, kNoYes));
  ASSERT_TRUE(one.ok() && two.ok());
  EXPECT_EQ(*one->Find("log_loss"), *two->Find("log_loss"));
}

TEST(Evaluate, CutsSlices) {
  std::vector<double> labels;
  std::vector<double> scores;
  types::Column carrier = Text({"AA", "UA", "ZZ"}, {});
  types::Column distance{.name = "distance"};
  for (int i = 0; i < 200; ++i) {
    labels.push_back(i % 3 == 0 ? 1 : 0);
    scores.push_back((i * 37 % 100) / 100.0);
    carrier.codes.push_back(i < 100 ? 0 : i < 190 ? 1 : i < 195 ? 2 : types::kMissingCode);
    distance.reals.push_back(i);
  }
  const Result<MetricReport> report = Evaluate(
      Binary(labels, scores, kNoYes), {.slices = {{"carrier", &carrier}, {"distance", &distance}}, .min_slice_rows = 30});
  ASSERT_TRUE(report.ok()) << report.error().what;
  ASSERT_EQ(report->slices.size(), 8u);
  EXPECT_EQ(report->slices[0].value, "AA");
  EXPECT_EQ(report->slices[0].rows, 100u);
  EXPECT_EQ(report->slices[0].metrics.size(), report->metrics.size());
  EXPECT_EQ(report->slices[2].value, "(missing)");
  EXPECT_TRUE(report->slices[2].too_small);
  EXPECT_TRUE(report->slices[2].metrics.empty());
  EXPECT_EQ(report->slices[4].value, "[0, 50)");
  EXPECT_EQ(report->slices[4].rows, 50u);
  EXPECT_EQ(report->slices[7].value, "[150, 199]");
  EXPECT_EQ(report->slices[7].rows, 50u);

  const Result<MetricReport> few =
      Evaluate(Binary(labels, scores, kNoYes), {.slices = {{"carrier", &carrier}}, .max_slice_values = 1});
  ASSERT_TRUE(few.ok());
  ASSERT_EQ(few->slices.size(), 2u);
  EXPECT_EQ(few->slices[1].value, "(other)");
  EXPECT_EQ(few->slices[1].rows, 100u);
}

TEST(Evaluate, RefusesWhatDoesNotFit) {
  const types::Column short_column = Text({"a"}, {0});
  const std::vector<std::string> one{"only"};
  EXPECT_EQ(Evaluate(Binary({0, 1}, {0.1, 0.2, 0.3}, kNoYes)).error().what,
            "cannot evaluate predictions: 3 probabilities for 2 labels of 2 classes");
  EXPECT_EQ(Evaluate(Binary({0, 2}, {0.1, 0.2}, kNoYes)).error().what,
            "cannot evaluate predictions: label '2' of row 1 is no class index");
  EXPECT_EQ(Evaluate(Binary({0, 0.5}, {0.1, 0.2}, kNoYes)).error().code, Code::kInvalid);
  EXPECT_FALSE(Evaluate(Binary({0, 1}, {0.1, 0.2}, one)).ok());
  EXPECT_FALSE(Evaluate(Binary({0, 1}, {0.1, 0.2}, kNoYes), {.slices = {{"s", &short_column}}}).ok());
  EXPECT_FALSE(Evaluate(Binary({0, 1}, {0.1, 0.2}, kNoYes), {.slices = {{"s", nullptr}}}).ok());
  const std::vector<double> two{1, 2};
  const std::vector<double> three{1, 2, 3};
  EXPECT_FALSE(Evaluate({.task = Task::kRegression, .labels = two, .predictions = three}).ok());
}

TEST(Evaluate, GivesNanWithoutRows) {
  const Result<MetricReport> report = Evaluate(Binary({}, {}, kNoYes));
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(*report->Find("rows"), 0);
  for (const char* name : {"auc", "log_loss", "accuracy", "f1", "calibration.ece"})
    EXPECT_TRUE(std::isnan(*report->Find(name))) << name;
}

TEST(EncodeLabels, MatchesTextBoolsAndNumbers) {
  const std::vector<std::string> truth{"false", "true"};
  const std::vector<std::string> digits{"1", "5"};
  const types::Column text = Text({"yes", "no", "odd"}, {0, 1, types::kMissingCode, 2});
  const std::vector<double> from_text = EncodeLabels(text, kNoYes);
  EXPECT_EQ(from_text[0], 1);
  EXPECT_EQ(from_text[1], 0);
  EXPECT_TRUE(std::isnan(from_text[2]) && std::isnan(from_text[3]));
  const types::Column bits{.kind = types::Kind::kBool, .ints = {0, 1, types::kMissingInt}};
  EXPECT_EQ(EncodeLabels(bits, truth)[1], 1);
  EXPECT_TRUE(std::isnan(EncodeLabels(bits, truth)[2]));
  const types::Column numbers{.kind = types::Kind::kInt, .ints = {5, 1, 7}};
  EXPECT_EQ(EncodeLabels(numbers, digits)[0], 1);
  EXPECT_TRUE(std::isnan(EncodeLabels(numbers, digits)[2]));
  EXPECT_EQ(EncodeLabels(numbers, {})[2], 7);
}

TEST(Fairness, LeavesSmallGroupsOutAndSaysNanForOneGroup) {
  std::vector<std::uint8_t> labels;
  std::vector<std::uint8_t> selected;
  types::Column group = Text({"big", "tiny"}, {});
  for (int i = 0; i < 100; ++i) {
    labels.push_back(i % 2);
    selected.push_back(i % 4 == 0 ? 1 : 0);
    group.codes.push_back(i < 95 ? 0 : 1);
  }
  const FairnessReport report = Fairness(labels, selected, group);
  ASSERT_EQ(report.groups.size(), 2u);
  EXPECT_TRUE(report.groups[0].compared);
  EXPECT_FALSE(report.groups[1].compared);
  EXPECT_TRUE(std::isnan(report.dp_ratio));
  EXPECT_TRUE(std::isnan(report.eo_difference));
  EXPECT_FALSE(std::isnan(Fairness(labels, selected, group, {.min_group_rows = 2}).dp_ratio));
}

TEST(Paired, KnowsCertaintyAndIgnorance) {
  const std::vector<std::uint8_t> labels{0, 1, 0, 1, 1};
  const std::vector<double> scores{0.1, 0.9, 0.4, 0.3, 0.8};
  const PairedDifference same = CompareAuc(labels, scores, scores);
  EXPECT_EQ(same.p_value, 1);
  EXPECT_EQ(same.difference, 0);
  const std::vector<std::uint8_t> single{1};
  EXPECT_TRUE(std::isnan(CompareAuc(single, std::vector<double>{1.0}, std::vector<double>{1.0}).p_value));
  const std::vector<double> high{2, 3, 4, 5};
  const std::vector<double> low{1.1, 2, 2.9, 4};
  const PairedDifference losses = CompareLosses(high, low);
  EXPECT_NEAR(losses.difference, -1, 1e-12);
  EXPECT_LT(losses.p_value, 1e-6);
  EXPECT_LT(losses.high, 0);
}

}  // namespace
}  // namespace mlean::quality

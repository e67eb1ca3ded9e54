// Metrics against scikit-learn and fairlearn: tests/golden/quality, written by generate.py.
#include <cmath>
#include <fstream>
#include <limits>
#include <map>

#include "base/text.hpp"
#include "quality/fairness.hpp"
#include "quality/paired.hpp"
#include "quality/report.hpp"

namespace mlean::quality {
namespace {

struct Case {
  std::string kind;
  std::string name;
  std::vector<double> labels;
  std::vector<double> scores;
  types::Column groups;
  std::vector<std::pair<std::string, double>> expected;
};

std::vector<Case> ReadCases() {
  std::ifstream in(std::string(MLEAN_SOURCE_DIR) + "/tests/golden/quality/metrics.txt");
  std::vector<Case> cases;
  std::string line;
  while (std::getline(in, line)) {
    const std::vector<std::string> words = Split(line, ' ');
    if (words[0] == "case") {
      cases.push_back({words[1], words[2], {}, {}, {.name = "group", .kind = types::Kind::kText}, {}});
    } else if (words[0] == "expect") {
      cases.back().expected.emplace_back(words[1], *ParseDouble(words[2]));
    } else if (words[0] == "groups") {
      std::map<std::string, std::int32_t> index;
      types::Column& groups = cases.back().groups;
      for (std::size_t i = 1; i < words.size(); ++i) {
        const auto [found, added] = index.try_emplace(words[i], static_cast<std::int32_t>(groups.words.size()));
        if (added) groups.words.push_back(words[i]);
        groups.codes.push_back(found->second);
      }
    } else {
      std::vector<double>& values = words[0] == "labels" ? cases.back().labels : cases.back().scores;
      for (std::size_t i = 1; i < words.size(); ++i) values.push_back(*ParseDouble(words[i]));
    }
  }
  return cases;
}

std::vector<std::uint8_t> AsBits(const std::vector<double>& values) { return {values.begin(), values.end()}; }

double Ours(const Case& test, const std::string& metric) {
  const std::vector<std::uint8_t> labels = test.kind == "regression" ? std::vector<std::uint8_t>() : AsBits(test.labels);
  if (test.kind == "fairness") {
    const FairnessReport report = Fairness(labels, AsBits(test.scores), test.groups);
    const std::map<std::string, double> found{{"dp_difference", report.dp_difference},
                                              {"dp_ratio", report.dp_ratio},
                                              {"eo_difference", report.eo_difference},
                                              {"eo_ratio", report.eo_ratio},
                                              {"equal_opportunity_difference", report.equal_opportunity_difference}};
    return found.at(metric);
  }
  if (test.kind == "paired") {
    const std::span<const double> scores = test.scores;
    const PairedDifference paired = CompareAuc(labels, scores.first(labels.size()), scores.last(labels.size()));
    const std::map<std::string, double> found{{"champion", paired.champion},
                                              {"challenger", paired.challenger},
                                              {"std_error", paired.std_error},
                                              {"p_value", paired.p_value}};
    return found.at(metric);
  }
  std::vector<std::string> classes;
  if (test.kind == "binary") classes = {"no", "yes"};
  for (std::size_t i = 0; test.kind == "multiclass" && i < test.scores.size() / test.labels.size(); ++i) {
    classes.push_back("c" + std::to_string(i));
  }
  const Task task = test.kind == "regression" ? Task::kRegression : Task::kClassification;
  const Result<MetricReport> report =
      Evaluate({.task = task, .labels = test.labels, .predictions = test.scores, .classes = classes});
  if (!report || report->Find(metric) == nullptr) {
    ADD_FAILURE() << test.name << " " << metric;
    return 0;
  }
  return *report->Find(metric);
}

TEST(Golden, MetricsEqualScikitLearnAndFairlearn) {
  const std::vector<Case> cases = ReadCases();
  std::size_t checked = 0;
  for (const Case& test : cases) {
    for (const auto& [metric, theirs] : test.expected) {
      const double ours = Ours(test, metric);
      const std::string what = test.kind + " " + test.name + " " + metric;
      if (std::isnan(theirs)) {
        EXPECT_TRUE(std::isnan(ours)) << what << " ours " << ours;
      } else {
        EXPECT_NEAR(ours, theirs, 1e-12 + std::abs(theirs) * 1e-10) << what;
      }
      ++checked;
    }
  }
  EXPECT_GT(checked, 200u);
}

}  // namespace
}  // namespace mlean::quality

#include "rollout/evidence.hpp"

#include <fmt/core.h>

#include <cmath>
#include <fstream>
#include <random>

#include "base/text.hpp"

namespace mlean::rollout {
namespace {

std::vector<std::vector<std::string>> Golden(std::string_view kind) {
  std::ifstream file(MLEAN_SOURCE_DIR "/tests/golden/rollout/golden.tsv");
  std::vector<std::vector<std::string>> out;
  std::string line;
  while (std::getline(file, line)) {
    std::vector<std::string> fields = Split(line, '\t');
    if (fields[0] == kind) out.push_back(std::move(fields));
  }
  return out;
}

TEST(Evidence, SampleRatioIsSsrms) {
  const auto rows = Golden("ratio");
  ASSERT_GE(rows.size(), 10u);
  for (const auto& row : rows) {
    const double p = *ParseDouble(row[4]);
    const Finding finding = SampleRatio(*ParseInt(row[1]), *ParseInt(row[2]), *ParseDouble(row[3]));
    EXPECT_NEAR(finding.p_fail, p, 1e-6 * p + 1e-12) << Join(row, " ");
    EXPECT_EQ(finding.verdict, p <= 0.001 ? Verdict::kFail : Verdict::kPass);
  }
}

TEST(Evidence, LatencyIsGrowthBooksSequence) {
  const auto rows = Golden("latency");
  ASSERT_GE(rows.size(), 6u);
  for (const auto& row : rows) {
    const Moments candidate{*ParseInt(row[1]), *ParseDouble(row[2]), *ParseDouble(row[3])};
    const Moments champion{*ParseInt(row[4]), *ParseDouble(row[5]), *ParseDouble(row[6])};
    const Finding finding = CompareLatency(candidate, champion, 0, *ParseDouble(row[7]));
    EXPECT_NEAR(finding.lower, *ParseDouble(row[8]), 1e-9) << Join(row, " ");
    EXPECT_NEAR(finding.upper, *ParseDouble(row[9]), 1e-9);
    EXPECT_NEAR(std::min(finding.p_fail, finding.p_pass), *ParseDouble(row[10]), 1e-9);
    EXPECT_EQ(finding.verdict == Verdict::kNotEnoughEvidence, *ParseDouble(row[10]) > *ParseDouble(row[7]));
  }
}

// The formula of the header, summed directly: the mixture of Bernoulli likelihoods over the prior, by a fine grid.
TEST(Evidence, MixtureIsTheIntegralItClaimsToBe) {
  const double k = 3;
  const double n = 200;
  const double p = 0.004;
  double mixture = 0;
  constexpr int kCells = 200'000;
  const double small_scale =
      std::tgamma(20.5) / std::tgamma(20) / std::sqrt(M_PI) * M_PI;  // of Beta(1/2, 20) to the arcsine density
  for (int i = 0; i < kCells; ++i) {
    const double q = std::pow(std::sin((i + 0.5) / kCells * M_PI / 2), 2);  // equal arcsine mass in each cell
    const double prior = 0.5 + 0.5 * small_scale * std::pow(1 - q, 19.5);
    mixture += prior * std::exp(k * std::log(q / p) + (n - k) * std::log1p(-q) - (n - k) * std::log1p(-p)) / kCells;
  }
  ASSERT_GT(mixture, 1);
  EXPECT_NEAR(ErrorsAgainstLimit({200, 3}, p).p_fail, 1 / mixture, 1e-6);
}

TEST(Evidence, BoundsHoldTheEstimateAndShrink) {
  double width = 2;
  for (const std::int64_t n : {100, 1000, 10'000, 100'000}) {
    const Finding finding = CompareErrors({n, n / 50}, {n * 10, n / 10}, 0.005);
    EXPECT_LT(finding.lower, finding.estimate);
    EXPECT_GT(finding.upper, finding.estimate);
    EXPECT_LT(finding.upper - finding.lower, width);
    width = finding.upper - finding.lower;
  }
  EXPECT_LT(width, 0.006);
  const Finding one = ErrorsAgainstLimit({1000, 20}, 0.05);
  EXPECT_LT(one.lower, 0.02);
  EXPECT_GT(one.upper, 0.02);
  EXPECT_EQ(one.verdict, Verdict::kPass);
}

TEST(Evidence, EdgesGiveNoVerdictAndNoNumbersOutOfRange) {
  const Finding nothing = CompareErrors({0, 0}, {0, 0}, 0.01);
  EXPECT_EQ(nothing.verdict, Verdict::kNotEnoughEvidence);
  EXPECT_EQ(nothing.lower, -1);
  EXPECT_EQ(nothing.upper, 1);
  EXPECT_EQ(ErrorsAgainstLimit({0, 0}, 0.01).verdict, Verdict::kNotEnoughEvidence);
  EXPECT_EQ(ErrorsAgainstLimit({-5, -3}, 0.01).verdict, Verdict::kNotEnoughEvidence);
  EXPECT_EQ(ErrorsAgainstLimit({1000, 2000}, 0.01).estimate, 1);  // more errors than requests
  EXPECT_EQ(ErrorsAgainstLimit({1000, 1000}, 0.01).verdict, Verdict::kFail);
  EXPECT_EQ(CompareErrors({1000, 1000}, {1000, 0}, 0.01).verdict, Verdict::kFail);
  EXPECT_NEAR(CompareErrors({1000, 1000}, {1000, 0}, 0.01).upper, 1, 1e-9);
  EXPECT_EQ(CompareErrors({100'000, 0}, {100'000, 0}, 0.01).verdict, Verdict::kPass);
  EXPECT_EQ(CompareErrors({1000, 0}, {0, 0}, 0.01).verdict, Verdict::kNotEnoughEvidence);
  EXPECT_EQ(CompareLatency({}, {}, 1).verdict, Verdict::kNotEnoughEvidence);
  EXPECT_EQ(CompareLatency({1000, 5, 0}, {1000, 5, 0}, 1).verdict,
            Verdict::kNotEnoughEvidence);  // constant: no variance to judge by
}

TEST(Evidence, LooksBrokenNeedsEighteenFailures) {
  EXPECT_FALSE(LooksBroken({0, 0}));
  EXPECT_FALSE(LooksBroken({5, 5}));
  EXPECT_FALSE(LooksBroken({17, 17}));
  EXPECT_TRUE(LooksBroken({18, 18}));
  EXPECT_TRUE(LooksBroken({60, 50}));
  EXPECT_FALSE(LooksBroken({60, 35}));
  EXPECT_FALSE(LooksBroken({1000, 0}));
}

TEST(Evidence, CombineTakesTheWorst) {
  using V = Verdict;
  const auto combine = [](std::vector<V> verdicts) { return Combine(verdicts); };
  EXPECT_EQ(combine({}), V::kNotEnoughEvidence);
  EXPECT_EQ(combine({V::kPass, V::kPass}), V::kPass);
  EXPECT_EQ(combine({V::kPass, V::kNotEnoughEvidence}), V::kNotEnoughEvidence);
  EXPECT_EQ(combine({V::kFail, V::kNotEnoughEvidence, V::kPass}), V::kFail);
}

TEST(Evidence, FixedSampleSizeOfTheLiterature) {
  EXPECT_NEAR(static_cast<double>(FixedSampleSize(0.001, 0.005, 0.05)), 1943, 1);
  EXPECT_NEAR(static_cast<double>(FixedSampleSize(0.01, 0.02, 0.05)), 1244, 1);
  EXPECT_NEAR(static_cast<double>(FixedSampleSize(0.001, 0.002, 0.05)), 12665, 2);
  EXPECT_EQ(FixedSampleSize(0.01, 0.01, 0.05), 0);
}

// One rollout watched after every `look` requests of the candidate: the verdict it would have come to and when.
struct Watched {
  Verdict verdict = Verdict::kNotEnoughEvidence;
  std::int64_t requests = 0;
};

template <class Judge>
Watched Watch(std::mt19937& random, double candidate_rate, double champion_rate, std::int64_t up_to, int look, Judge&& judge) {
  constexpr int kChampionsPerCandidate = 4;
  std::binomial_distribution<std::int64_t> new_errors(look, candidate_rate);
  std::binomial_distribution<std::int64_t> old_errors(look * kChampionsPerCandidate, champion_rate);
  Counts candidate;
  Counts champion;
  while (candidate.requests < up_to) {
    candidate.requests += look;
    candidate.errors += new_errors(random);
    champion.requests += look * kChampionsPerCandidate;
    champion.errors += old_errors(random);
    const Verdict verdict = judge(candidate, champion);
    if (verdict != Verdict::kNotEnoughEvidence) return {verdict, candidate.requests};
  }
  return {Verdict::kNotEnoughEvidence, candidate.requests};
}

TEST(EvidenceSimulation, PeekingRaisesNoFalseAlarmsAboutErrors) {
  // At the border of the allowed, looked at 100 times: each false verdict at most alpha.
  std::mt19937 random(20130101);
  constexpr int kRollouts = 200;
  int fails = 0;
  int passes = 0;
  for (int i = 0; i < kRollouts; ++i) {
    const Watched watched = Watch(random, 0.02, 0.01, 5000, 50,
                                  [](const Counts& a, const Counts& b) { return CompareErrors(a, b, 0.01, 0.1).verdict; });
    fails += watched.verdict == Verdict::kFail ? 1 : 0;
    passes += watched.verdict == Verdict::kPass ? 1 : 0;
  }
  EXPECT_LE(fails, 0.1 * kRollouts);
  EXPECT_LE(passes, 0.1 * kRollouts);
}

TEST(EvidenceSimulation, PeekingRaisesNoFalseAlarmsAgainstALimit) {
  std::mt19937 random(20130102);
  constexpr int kRollouts = 600;
  int fails = 0;
  for (int i = 0; i < kRollouts; ++i) {
    fails += Watch(random, 0.02, 0.01, 5000, 20,
                   [](const Counts& a, const Counts&) {
                     return ErrorsAgainstLimit(a, 0.02, 0.05).verdict;
                   }).verdict == Verdict::kFail
                 ? 1
                 : 0;
  }
  EXPECT_LE(fails, 0.05 * kRollouts);
  EXPECT_GT(fails, 0);
}

TEST(EvidenceSimulation, FivePercentErrorsAgainstHalfAPercentAreSeenSoon) {
  std::mt19937 random(20130103);
  constexpr int kRollouts = 200;
  int seen = 0;
  std::int64_t requests = 0;
  for (int i = 0; i < kRollouts; ++i) {
    const Watched watched = Watch(random, 0.05, 0.005, 500, 10,
                                  [](const Counts& a, const Counts& b) { return CompareErrors(a, b, 0.005, 0.05).verdict; });
    seen += watched.verdict == Verdict::kFail ? 1 : 0;
    requests += watched.requests;
  }
  EXPECT_GE(seen, 0.95 * kRollouts);
  // A fixed test of the same difference at the same level, without any peeking, needs 188.
  EXPECT_LE(requests / kRollouts, 250);
}

TEST(EvidenceSimulation, TheEstimateOfRequestsNeededIsAboutRight) {
  const Finding early = CompareErrors({100, 4}, {1000, 10}, 0.01);
  ASSERT_EQ(early.verdict, Verdict::kNotEnoughEvidence);
  const std::int64_t n = early.requests_needed;
  EXPECT_GT(n, 100);
  EXPECT_EQ(CompareErrors({n * 11 / 10, n * 11 / 10 * 4 / 100}, {n * 11, n * 11 / 100}, 0.01).verdict, Verdict::kFail);
  EXPECT_EQ(CompareErrors({n * 8 / 10, n * 8 / 10 * 4 / 100}, {n * 8, n * 8 / 100}, 0.01).verdict, Verdict::kNotEnoughEvidence);
}

TEST(EvidenceSimulation, PeekingRaisesNoFalseAlarmsAboutLatency) {
  std::mt19937 random(20130104);
  std::lognormal_distribution<double> latency(1, 0.8);
  constexpr int kRollouts = 500;
  int wrong = 0;
  for (int i = 0; i < kRollouts; ++i) {
    Moments candidate, champion;
    Verdict verdict = Verdict::kNotEnoughEvidence;
    for (int look = 0; look < 300 && verdict == Verdict::kNotEnoughEvidence; ++look) {
      for (int r = 0; r < 10; ++r) candidate.Add(latency(random));
      for (int r = 0; r < 30; ++r) champion.Add(latency(random));
      verdict = CompareLatency(candidate, champion, 0, 0.05).verdict;
    }
    wrong += verdict != Verdict::kNotEnoughEvidence ? 1 : 0;
  }
  EXPECT_LE(wrong, 0.05 * kRollouts);
}

TEST(EvidenceSimulation, SampleRatioStaysQuietUntilItIsWrong) {
  std::mt19937 random(20130105);
  std::bernoulli_distribution planned(0.25);
  std::bernoulli_distribution broken(0.22);
  int alarms = 0;
  int found = 0;
  for (int i = 0; i < 100; ++i) {
    std::int64_t right[2] = {0, 0};
    std::int64_t wrong[2] = {0, 0};
    bool alarm = false;
    bool detected = false;
    for (int r = 1; r <= 20'000; ++r) {
      ++right[planned(random) ? 1 : 0];
      ++wrong[broken(random) ? 1 : 0];
      if (r % 50 != 0) continue;
      alarm = alarm || SampleRatio(right[1], right[0], 0.25, 0.01).verdict == Verdict::kFail;
      detected = detected || SampleRatio(wrong[1], wrong[0], 0.25, 0.01).verdict == Verdict::kFail;
    }
    alarms += alarm ? 1 : 0;
    found += detected ? 1 : 0;
  }
  EXPECT_LE(alarms, 2);
  EXPECT_GE(found, 95);
}

}  // namespace
}  // namespace mlean::rollout

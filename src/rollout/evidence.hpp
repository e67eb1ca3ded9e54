// Evidence: is the candidate worse than the champion? Tests that stay valid under continuous peeking: looked at after every
// request for ever, each raises a false alarm with probability at most `alpha` (Ville's inequality on a martingale that starts at
// 1). All functions are pure and take counts since the rollout (or the step) began, not a sliding window.
//
//  - ErrorsAgainstLimit, CompareErrors: exact for independent requests at any count. Beta-binomial mixture: for a rate p,
//      E(p) = ½ (M(½) + M(20)) / (p^k (1-p)^(n-k)),   M(b) = B(k + ½, n - k + b) / B(½, b),   k errors in n requests
//    (half of the prior for any rate, half for the small rates that services have),
//    is a martingale when p is true. For a difference d the two streams multiply, and the least favourable pair of rates with
//    that difference counts: E(d) = min over p of E_candidate(p + d) · E_champion(p). ln E is convex, so the minimum is found by
//    search and the set {d: E(d) < 1/alpha} is an interval: the confidence sequence.
//  - CompareLatency: asymptotic confidence sequence of a mean difference (Waudby-Smith et al.; the form that GrowthBook ships):
//      half-width = s sqrt(2 (n r² + 1) ln(sqrt(n r² + 1) / alpha)) / (n r),  r = sqrt((-2 ln alpha + ln(-2 ln alpha + 1)) /
//      5000),
//    with n the effective number of pairs s²/se². Below 100 requests a side: not enough evidence.
//  - SampleRatio: sequential Dirichlet-multinomial Bayes factor (Lindon & Malek 2020), concentration 10,000.
//
// Requests of one user are not independent and a heavy user can tip the ratio: give SampleRatio numbers of distinct keys where
// they are known.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "rollout/live_window.hpp"

namespace mlean::rollout {

enum class Verdict : std::uint8_t {
  kPass,               // shown to be within the limit or margin
  kFail,               // shown to be outside
  kNotEnoughEvidence,  // neither yet
};
std::string_view VerdictName(Verdict verdict);  // "pass", "fail", "not_enough_evidence"

struct Counts {
  std::int64_t requests = 0;
  std::int64_t errors = 0;  // at most requests; more counts as requests
};

struct Finding {
  Verdict verdict = Verdict::kNotEnoughEvidence;
  double estimate = 0;  // the rate or difference measured
  double lower = 0;     // always-valid bounds of it at 1 - alpha
  double upper = 0;
  double p_fail = 1;                 // always-valid p-value of "it is not worse than allowed": small means worse
  double p_pass = 1;                 // always-valid p-value of "it is worse than allowed": small means good
  std::int64_t requests = 0;         // of the candidate, so far
  std::int64_t requests_needed = 0;  // candidate requests that should decide if the measured rates stay; 0: decided or unknown
  std::string text;  // "errors 0.52 % against 0.48 %, difference 0.04 % (-0.3 % to 0.4 %), allowed 0.1 %: not_enough_evidence"
};

// Is the candidate's error rate over `limit` (0 < limit < 1)?
Finding ErrorsAgainstLimit(const Counts& candidate, double limit, double alpha = 0.05);

// Is the candidate's error rate over the champion's by more than `margin` (0 ≤ margin < 1)? kPass = non-inferior: the difference
// is below the margin; with margin 0 that takes a candidate that is better.
Finding CompareErrors(const Counts& candidate, const Counts& champion, double margin, double alpha = 0.05);

// Is the candidate's mean latency over the champion's by more than `margin_ms`?
Finding CompareLatency(const Moments& candidate_ms, const Moments& champion_ms, double margin_ms, double alpha = 0.05);

// Do the numbers of requests agree with the candidate's `weight` (0 < weight < 1)? kFail when they do not, else kPass: the
// absence of a mismatch is never proven, so this finding only ever blocks. Counts must come from one weight: start again at each
// step.
Finding SampleRatio(std::int64_t candidate, std::int64_t champion, double weight, double alpha = 0.001);

// Fast guard: the candidate fails so often (rate over one half, shown at 0.0001) that nobody should wait. 18 failures out of 18
// requests trigger it.
bool LooksBroken(const Counts& candidate);

// Any kFail gives kFail; else any kNotEnoughEvidence gives that; else kPass. An empty list has no evidence.
Verdict Combine(std::span<const Verdict> verdicts);

// Candidate requests after which a fixed one-sided test at `alpha` sees an error rate of `candidate_rate` instead of
// `champion_rate` with probability `power`, the candidate getting the share `weight` of traffic: (z_a + z_b)² (p1 q1 + p0 q0
// w/(1-w)) / (p1 - p0)². A test that may be watched needs about 2.4 times as many.
std::int64_t FixedSampleSize(double champion_rate, double candidate_rate, double weight, double alpha = 0.05, double power = 0.8);

}  // namespace mlean::rollout

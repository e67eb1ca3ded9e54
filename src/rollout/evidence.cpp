#include "rollout/evidence.hpp"

#include <fmt/core.h>
#include <math.h>  // NOLINT: lgamma_r is not in <cmath>

#include <algorithm>
#include <cmath>
#include <limits>

namespace mlean::rollout {
namespace {

constexpr double kSmallRates = 20;    // second parameter of the prior for small rates
constexpr double kTunedPairs = 5000;  // the number of pairs at which the latency sequence is tightest
constexpr std::int64_t kMinLatencies = 100;
constexpr double kRatioConcentration = 10'000;
constexpr double kMostRequests = 1e12;  // an estimate above this is no estimate

// std::lgamma writes the global signgam.
double LogGamma(double x) {
  int sign = 0;
  return ::lgamma_r(x, &sign);
}
double LogBeta(double a, double b) { return LogGamma(a) + LogGamma(b) - LogGamma(a + b); }

// k ln p with 0 ln 0 = 0.
double TimesLog(double k, double p) { return k == 0 ? 0 : k * std::log(p); }
double TimesLog1m(double k, double p) { return k == 0 ? 0 : k * std::log1p(-p); }

// ln E(p) of one stream (see the header). Counts are real so that larger samples can be imagined.
class Stream {
 public:
  Stream(double requests, double errors) : n_(requests), k_(errors) {
    // Both shares may underflow: they are added relative to the larger one.
    const double a = LogShare(0.5);
    const double b = LogShare(kSmallRates);
    log_mixture_ = std::max(a, b) + std::log1p(std::exp(-std::abs(a - b))) - std::log(2.0);
  }
  explicit Stream(const Counts& counts)
      : Stream(static_cast<double>(std::max<std::int64_t>(0, counts.requests)),
               static_cast<double>(std::clamp<std::int64_t>(counts.errors, 0, std::max<std::int64_t>(0, counts.requests)))) {}

  double LogE(double p) const { return log_mixture_ - TimesLog(k_, p) - TimesLog1m(n_ - k_, p); }
  double Rate() const { return n_ > 0 ? k_ / n_ : 0; }
  double requests() const { return n_; }
  Stream Scaled(double factor) const { return {n_ * factor, k_ * factor}; }

 private:
  // The likelihood under the prior Beta(1/2, b).
  double LogShare(double b) const { return LogBeta(k_ + 0.5, n_ - k_ + b) - LogBeta(0.5, b); }

  double n_;
  double k_;
  double log_mixture_ = 0;
};

// The least value of a convex function on [low, high], by golden section.
template <class F>
double Minimum(F&& f, double low, double high) {
  constexpr double kGolden = 0.6180339887498949;
  double a = high - kGolden * (high - low);
  double b = low + kGolden * (high - low);
  double fa = f(a);
  double fb = f(b);
  for (int i = 0; i < 45; ++i) {
    if (fa <= fb) {
      high = b;
      b = a;
      fb = fa;
      a = high - kGolden * (high - low);
      fa = f(a);
    } else {
      low = a;
      a = b;
      fa = fb;
      b = low + kGolden * (high - low);
      fb = f(b);
    }
  }
  return std::min({fa, fb, f(low), f(high)});
}

// ln E(d) of a difference d = candidate - champion. Each stream's own least value is at its measured rate, so that of the sum
// lies between.
double LogE(const Stream& candidate, const Stream& champion, double d) {
  const double low_end = std::max(0.0, -d);
  const double high_end = std::min(1.0, 1 - d);
  const double a = std::clamp(champion.Rate(), low_end, high_end);
  const double b = std::clamp(candidate.Rate() - d, low_end, high_end);
  return Minimum([&](double p) { return candidate.LogE(std::clamp(p + d, 0.0, 1.0)) + champion.LogE(p); }, std::min(a, b),
                 std::max(a, b));
}

// The point between `inside` (where f is below `limit`) and `outside` at which convex f reaches `limit`; `outside` when it never
// does.
template <class F>
double Crossing(F&& f, double inside, double outside, double limit) {
  if (f(outside) < limit) return outside;
  for (int i = 0; i < 40; ++i) {
    const double middle = (inside + outside) / 2;
    (f(middle) < limit ? inside : outside) = middle;
  }
  return outside;
}

// The smallest factor > 1 by which the samples must grow for `decided` to hold; 0 when none up to kMostRequests does.
template <class F>
double GrowthNeeded(F&& decided, double requests) {
  double high = 2;
  while (!decided(high)) {
    high *= 2;
    if (high * requests > kMostRequests) return 0;
  }
  double low = high / 2;
  for (int i = 0; i < 12; ++i) {
    const double middle = (low + high) / 2;
    (decided(middle) ? high : low) = middle;
  }
  return high;
}

double PValue(double log_e) { return std::min(1.0, std::exp(-log_e)); }

// Fills p-values and verdict from ln E at the border between good and bad.
void Judge(Finding& finding, double border, double log_e, double alpha) {
  if (finding.estimate > border) finding.p_fail = PValue(log_e);
  if (finding.estimate < border) finding.p_pass = PValue(log_e);
  if (finding.p_fail <= alpha) finding.verdict = Verdict::kFail;
  if (finding.p_pass <= alpha) finding.verdict = Verdict::kPass;
}

std::int64_t Needed(double growth, double requests) { return static_cast<std::int64_t>(std::ceil(growth * requests)); }

std::string Percent(double share) { return fmt::format("{:.3g} %", share * 100); }

double NormalQuantile(double p) {
  double low = -10;
  double high = 10;
  for (int i = 0; i < 80; ++i) {
    const double middle = (low + high) / 2;
    (0.5 * std::erfc(-middle / std::sqrt(2.0)) < p ? low : high) = middle;
  }
  return low;
}

// The asymptotic sequence of a mean difference with standard error `se` after `pairs` effective pairs.
struct MeanSequence {
  double se;
  double growth;  // n r² of the header

  MeanSequence(double standard_error, double pairs, double alpha)
      : se(standard_error), growth(pairs * (-2 * std::log(alpha) + std::log(-2 * std::log(alpha) + 1)) / kTunedPairs) {}

  double HalfWidth(double alpha) const {
    return se * std::sqrt(2 * (growth + 1) / growth * std::log(std::sqrt(growth + 1) / alpha));
  }
  // ln E of a true difference `distance` away from the one measured; HalfWidth is where it is ln(1/alpha).
  double LogE(double distance) const {
    const double z = distance / se;
    return growth * z * z / (2 * (growth + 1)) - std::log(growth + 1) / 2;
  }
};

}  // namespace

std::string_view VerdictName(Verdict verdict) {
  switch (verdict) {
    case Verdict::kPass: return "pass";
    case Verdict::kFail: return "fail";
    case Verdict::kNotEnoughEvidence: break;
  }
  return "not_enough_evidence";
}

Finding ErrorsAgainstLimit(const Counts& candidate, double limit, double alpha) {
  const Stream stream(candidate);
  const double threshold = -std::log(alpha);
  const auto log_e = [&](double p) { return stream.LogE(p); };
  Finding finding;
  finding.requests = candidate.requests;
  finding.estimate = stream.Rate();
  finding.lower = stream.requests() > 0 ? Crossing(log_e, finding.estimate, 0, threshold) : 0;
  finding.upper = stream.requests() > 0 ? Crossing(log_e, finding.estimate, 1, threshold) : 1;
  Judge(finding, limit, log_e(limit), alpha);
  if (finding.verdict == Verdict::kNotEnoughEvidence && stream.requests() > 0 && finding.estimate != limit) {
    const auto decided = [&](double factor) { return stream.Scaled(factor).LogE(limit) >= threshold; };
    finding.requests_needed = Needed(GrowthNeeded(decided, stream.requests()), stream.requests());
  }
  finding.text = fmt::format("errors {} ({} to {}), allowed {}: {}", Percent(finding.estimate), Percent(finding.lower),
                             Percent(finding.upper), Percent(limit), VerdictName(finding.verdict));
  return finding;
}

Finding CompareErrors(const Counts& candidate, const Counts& champion, double margin, double alpha) {
  const Stream new_stream(candidate);
  const Stream old_stream(champion);
  const double threshold = -std::log(alpha);
  const auto log_e = [&](double d) { return LogE(new_stream, old_stream, d); };
  Finding finding;
  finding.requests = candidate.requests;
  finding.estimate = new_stream.Rate() - old_stream.Rate();
  finding.lower = -1;
  finding.upper = 1;
  if (new_stream.requests() > 0 && old_stream.requests() > 0) {
    finding.lower = Crossing(log_e, finding.estimate, -1, threshold);
    finding.upper = Crossing(log_e, finding.estimate, 1, threshold);
    Judge(finding, margin, log_e(margin), alpha);
    if (finding.verdict == Verdict::kNotEnoughEvidence && finding.estimate != margin) {
      const auto decided = [&](double factor) {
        return LogE(new_stream.Scaled(factor), old_stream.Scaled(factor), margin) >= threshold;
      };
      finding.requests_needed = Needed(GrowthNeeded(decided, new_stream.requests()), new_stream.requests());
    }
  }
  finding.text = fmt::format("errors {} against {}, difference {} ({} to {}), allowed {}: {}", Percent(new_stream.Rate()),
                             Percent(old_stream.Rate()), Percent(finding.estimate), Percent(finding.lower),
                             Percent(finding.upper), Percent(margin), VerdictName(finding.verdict));
  return finding;
}

Finding CompareLatency(const Moments& candidate_ms, const Moments& champion_ms, double margin_ms, double alpha) {
  Finding finding;
  finding.requests = candidate_ms.count;
  finding.estimate = candidate_ms.mean - champion_ms.mean;
  finding.lower = -std::numeric_limits<double>::infinity();
  finding.upper = std::numeric_limits<double>::infinity();
  const auto n1 = static_cast<double>(candidate_ms.count);
  const auto n0 = static_cast<double>(champion_ms.count);
  const double se = std::sqrt(candidate_ms.Variance() / n1 + champion_ms.Variance() / n0);
  if (candidate_ms.count < kMinLatencies || champion_ms.count < kMinLatencies) {
    finding.requests_needed = kMinLatencies;
  } else if (se > 0) {
    const double pairs = 1 / (1 / n1 + 1 / n0);
    const MeanSequence sequence(se, pairs, alpha);
    const double half = sequence.HalfWidth(alpha);
    const double distance = finding.estimate - margin_ms;
    finding.lower = finding.estimate - half;
    finding.upper = finding.estimate + half;
    Judge(finding, margin_ms, sequence.LogE(distance), alpha);
    if (finding.verdict == Verdict::kNotEnoughEvidence && distance != 0) {
      const auto decided = [&](double factor) {
        return MeanSequence(se / std::sqrt(factor), pairs * factor, alpha).LogE(distance) >= -std::log(alpha);
      };
      finding.requests_needed = Needed(GrowthNeeded(decided, n1), n1);
    }
  }
  finding.text =
      fmt::format("mean latency {:.4g} ms against {:.4g} ms, difference {:.3g} ms ({:.3g} to {:.3g}), allowed {:.3g} ms: {}",
                  candidate_ms.mean, champion_ms.mean, finding.estimate, finding.lower, finding.upper, margin_ms,
                  VerdictName(finding.verdict));
  return finding;
}

Finding SampleRatio(std::int64_t candidate, std::int64_t champion, double weight, double alpha) {
  const auto n1 = static_cast<double>(std::max<std::int64_t>(0, candidate));
  const auto n0 = static_cast<double>(std::max<std::int64_t>(0, champion));
  const double a1 = kRatioConcentration * weight;
  const double a0 = kRatioConcentration * (1 - weight);
  const double log_bayes_factor = LogBeta(a1 + n1, a0 + n0) - LogBeta(a1, a0) - TimesLog(n1, weight) - TimesLog1m(n0, weight);
  Finding finding;
  finding.requests = candidate;
  finding.estimate = n1 + n0 > 0 ? n1 / (n1 + n0) : weight;
  finding.lower = 0;
  finding.upper = 1;
  finding.p_fail = PValue(log_bayes_factor);
  finding.verdict = finding.p_fail <= alpha ? Verdict::kFail : Verdict::kPass;
  finding.text = fmt::format("the candidate got {} of the requests, planned {}: {}", Percent(finding.estimate), Percent(weight),
                             finding.verdict == Verdict::kFail ? "sample ratio mismatch" : "as planned");
  return finding;
}

bool LooksBroken(const Counts& candidate) {
  const Stream stream(candidate);
  return stream.Rate() > 0.5 && stream.LogE(0.5) >= std::log(1e4);
}

Verdict Combine(std::span<const Verdict> verdicts) {
  const auto any = [&](Verdict wanted) { return std::find(verdicts.begin(), verdicts.end(), wanted) != verdicts.end(); };
  if (any(Verdict::kFail)) return Verdict::kFail;
  return verdicts.empty() || any(Verdict::kNotEnoughEvidence) ? Verdict::kNotEnoughEvidence : Verdict::kPass;
}

std::int64_t FixedSampleSize(double champion_rate, double candidate_rate, double weight, double alpha, double power) {
  const double difference = candidate_rate - champion_rate;
  if (difference == 0 || !(weight > 0 && weight < 1)) return 0;
  const double z = NormalQuantile(1 - alpha) + NormalQuantile(power);
  const double variance = candidate_rate * (1 - candidate_rate) + champion_rate * (1 - champion_rate) * weight / (1 - weight);
  return static_cast<std::int64_t>(std::ceil(z * z * variance / (difference * difference)));
}

}  // namespace mlean::rollout

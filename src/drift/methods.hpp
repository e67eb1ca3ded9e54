// The drift methods by name: the table of Evidently 0.6/0.7 (same names, display names, default thresholds and drift rules).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace mlean::drift {

enum class Method : std::uint8_t {
  kKs,              // two-sample Kolmogorov-Smirnov, p
  kChiSquare,       // current counts against reference shares, p
  kZ,               // two proportions, p; at most two values
  kTTest,           // Student's t with equal variances, p
  kMannWhitney,     // one-sided "less", asymptotic or exact as scipy, p
  kEppsSingleton,   // p
  kAnderson,        // k-sample Anderson-Darling, mid-rank, p from a table, 0.001 .. 0.25
  kCramerVonMises,  // p
  kG,               // log-likelihood ratio of counts, p
  kFisherExact,     // 2×2 table, two-sided p; two values
  kTvd,             // total variation distance, permutation p (1000 draws, fixed seed)
  kWasserstein,     // W1 / max(population std of reference, 0.001)
  kJensenShannon,   // distance, natural log: at most 0.8326
  kPsi,             // population stability index
  kKl,              // KL(reference ‖ current)
  kHellinger,       // 0 .. 1
  kEnergy,          // energy distance
};

// Which side of the threshold means drift. Scores of the first two are p-values, of the others distances.
enum class Rule : std::uint8_t { kPAtMost, kPBelow, kDistanceAtLeast, kDistanceAbove };

enum class ColumnType : std::uint8_t { kNumeric, kCategorical };

struct MethodInfo {
  Method method = Method::kKs;
  std::string_view name;     // "ks": in files and on the command line
  std::string_view display;  // "K-S p_value": in reports
  double threshold = 0;
  bool numeric = false;      // may be asked for numeric columns
  bool categorical = false;  // … for categorical ones
  Rule rule = Rule::kPAtMost;

  bool IsPValue() const { return rule == Rule::kPAtMost || rule == Rule::kPBelow; }
  bool Drifted(double score, double at_threshold) const;  // false for NaN
};

// All methods in the order of the enum.
std::span<const MethodInfo> Methods();
const MethodInfo& Info(Method method);
// By name or display name. kUsage with the nearest name as fix.
Result<Method> ParseMethod(std::string_view name);
std::string_view ColumnTypeName(ColumnType type);  // "num" | "cat", as Evidently writes them

}  // namespace mlean::drift

#include "drift/methods.hpp"

#include <fmt/format.h>

#include <array>
#include <vector>

#include "base/text.hpp"

namespace mlean::drift {

namespace {

constexpr bool kYes = true;
constexpr bool kNo = false;

constexpr std::array<MethodInfo, 17> kMethods{{
    {Method::kKs, "ks", "K-S p_value", 0.05, kYes, kNo, Rule::kPAtMost},
    {Method::kChiSquare, "chisquare", "chi-square p_value", 0.05, kNo, kYes, Rule::kPBelow},
    {Method::kZ, "z", "Z-test p_value", 0.05, kNo, kYes, Rule::kPBelow},
    {Method::kTTest, "t_test", "t_test", 0.05, kYes, kNo, Rule::kPBelow},
    {Method::kMannWhitney, "mannw", "Mann-Whitney U-rank test", 0.05, kYes, kNo, Rule::kPBelow},
    {Method::kEppsSingleton, "es", "Epps-Singleton", 0.05, kYes, kNo, Rule::kPBelow},
    {Method::kAnderson, "anderson", "Anderson-Darling", 0.1, kYes, kNo, Rule::kPBelow},
    {Method::kCramerVonMises, "cramer_von_mises", "Cramer-von Mises", 0.1, kYes, kNo, Rule::kPAtMost},
    {Method::kG, "g_test", "g_test", 0.1, kNo, kYes, Rule::kPBelow},
    {Method::kFisherExact, "fisher_exact", "Fisher's Exact test", 0.1, kNo, kYes, Rule::kPBelow},
    {Method::kTvd, "TVD", "Total-Variation-Distance", 0.1, kNo, kYes, Rule::kPBelow},
    {Method::kWasserstein, "wasserstein", "Wasserstein distance (normed)", 0.1, kYes, kNo, Rule::kDistanceAtLeast},
    {Method::kJensenShannon, "jensenshannon", "Jensen-Shannon distance", 0.1, kYes, kYes, Rule::kDistanceAtLeast},
    {Method::kPsi, "psi", "PSI", 0.1, kYes, kYes, Rule::kDistanceAtLeast},
    {Method::kKl, "kl_div", "Kullback-Leibler divergence", 0.1, kYes, kYes, Rule::kDistanceAtLeast},
    {Method::kHellinger, "hellinger", "Hellinger distance", 0.1, kYes, kYes, Rule::kDistanceAtLeast},
    {Method::kEnergy, "ed", "Energy-distance", 0.1, kYes, kNo, Rule::kDistanceAbove},
}};

}  // namespace

bool MethodInfo::Drifted(double score, double at_threshold) const {
  switch (rule) {
    case Rule::kPAtMost: return score <= at_threshold;
    case Rule::kPBelow: return score < at_threshold;
    case Rule::kDistanceAtLeast: return score >= at_threshold;
    case Rule::kDistanceAbove: return score > at_threshold;
  }
  return false;
}

std::span<const MethodInfo> Methods() { return kMethods; }

const MethodInfo& Info(Method method) {
  const MethodInfo& info = kMethods[static_cast<std::size_t>(method)];
  CHECK_BUG(info.method == method);
  return info;
}

Result<Method> ParseMethod(std::string_view name) {
  std::vector<std::string> names;
  for (const MethodInfo& info : kMethods) {
    if (info.name == name || info.display == name) return info.method;
    names.emplace_back(info.name);
  }
  const std::string near = Nearest(name, names);
  return Fail(Code::kUsage, fmt::format("cannot use drift method '{}': there is no such method", name),
              near.empty() ? "one of: " + Join(names, " ") : fmt::format("did you mean '{}'?", near));
}

std::string_view ColumnTypeName(ColumnType type) {
  switch (type) {
    case ColumnType::kNumeric: return "num";
    case ColumnType::kCategorical: return "cat";
  }
  return "num";
}

}  // namespace mlean::drift

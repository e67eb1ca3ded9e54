#include "drift/column_drift.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "drift/counts.hpp"
#include "drift/distances.hpp"
#include "drift/hypothesis_tests.hpp"

namespace mlean::drift {

namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr std::size_t kPictureBins = 10;
constexpr std::size_t kMaxNewCategories = 10;

std::vector<double> ToShares(std::vector<double> counts) {
  const double total = std::accumulate(counts.begin(), counts.end(), 0.0);
  for (double& count : counts) count = total > 0 ? count / total : 0;
  return counts;
}

std::vector<double> CountsOrZeros(const std::vector<double>& sorted, const std::vector<double>& edges) {
  return sorted.empty() ? std::vector<double>(edges.size() - 1, 0) : CountBins(sorted, edges);
}

Picture NumericPicture(const ColumnProfile& reference, const ColumnProfile& current) {
  double low = std::numeric_limits<double>::infinity();
  double high = -low;
  for (const ColumnProfile* side : {&reference, &current}) {
    if (side->sorted.empty()) continue;
    low = std::min(low, side->sorted.front());
    high = std::max(high, side->sorted.back());
  }
  if (low > high) return {};
  Picture picture{.edges = EqualEdges(low, high, kPictureBins)};
  picture.reference = ToShares(CountsOrZeros(reference.sorted, picture.edges));
  picture.current = ToShares(CountsOrZeros(current.sorted, picture.edges));
  return picture;
}

// The union of the values of both sides, as CountValues orders it.
std::vector<std::string> UnionOfValues(const ColumnProfile& reference, const ColumnProfile& current) {
  std::vector<std::string> values;
  for (const ColumnProfile* side : {&reference, &current}) {
    for (const CategoryCount& category : side->categories) values.push_back(category.value);
  }
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  return values;
}

Picture CategoricalPicture(const std::vector<std::string>& labels, const Counts& counts, std::size_t max_categories) {
  std::vector<std::size_t> order(labels.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return counts.reference[a] != counts.reference[b] ? counts.reference[a] > counts.reference[b]
                                                      : counts.current[a] > counts.current[b];
  });
  Picture picture;
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (i < max_categories) {
      picture.labels.push_back(labels[order[i]]);
      picture.reference.push_back(counts.reference[order[i]]);
      picture.current.push_back(counts.current[order[i]]);
      continue;
    }
    if (i == max_categories) {
      picture.labels.emplace_back("(other)");
      picture.reference.push_back(0);
      picture.current.push_back(0);
    }
    picture.reference.back() += counts.reference[order[i]];
    picture.current.back() += counts.current[order[i]];
  }
  picture.reference = ToShares(std::move(picture.reference));
  picture.current = ToShares(std::move(picture.current));
  return picture;
}

SmallDistribution NumericSmall(const ColumnProfile& side) {
  if (side.sorted.empty()) return {};
  SmallDistribution small{.x = EqualEdges(side.sorted.front(), side.sorted.back(), kPictureBins)};
  small.y = CountBins(side.sorted, small.x);
  const auto total = static_cast<double>(side.sorted.size());
  for (std::size_t i = 0; i < small.y.size(); ++i) small.y[i] = small.y[i] / (small.x[i + 1] - small.x[i]) / total;
  return small;
}

void Illustrate(const ColumnProfile& reference, const ColumnProfile& current, std::size_t max_categories, ColumnDrift& drift) {
  if (reference.type == ColumnType::kNumeric) {
    drift.picture = NumericPicture(reference, current);
    drift.small_reference = NumericSmall(reference);
    drift.small_current = NumericSmall(current);
    return;
  }
  const std::vector<std::string> labels = UnionOfValues(reference, current);
  const Counts counts = CountValues(reference, current);
  drift.picture = CategoricalPicture(labels, counts, max_categories);
  drift.small_reference = {.labels = labels, .y = counts.reference};
  drift.small_current = {.labels = labels, .y = counts.current};
  for (std::size_t i = 0; i < labels.size() && drift.new_categories.size() < kMaxNewCategories; ++i) {
    if (counts.reference[i] == 0) drift.new_categories.push_back(labels[i]);
  }
}

double MissingShare(const ColumnProfile& side) {
  return side.rows == 0 ? 0 : static_cast<double>(side.missing) / static_cast<double>(side.rows);
}

Result<void> CheckMethod(const ColumnProfile& reference, Method method) {
  const MethodInfo& info = Info(method);
  const bool numeric = reference.type == ColumnType::kNumeric;
  if (numeric ? info.numeric : info.categorical) return {};
  return Fail(Code::kInvalid, fmt::format("cannot compare column '{}' by '{}': the method needs a {} column", reference.name,
                                          info.name, numeric ? "categorical" : "numeric"));
}

}  // namespace

std::string_view VerdictName(Verdict verdict) {
  switch (verdict) {
    case Verdict::kStable: return "stable";
    case Verdict::kDrifted: return "drifted";
    case Verdict::kNotEnoughData: return "not_enough_data";
  }
  return "not_enough_data";
}

Method DefaultMethod(const ColumnProfile& reference, const ColumnProfile& current) {
  constexpr std::size_t kSmallReference = 1000;
  constexpr std::size_t kFewValues = 5;
  const std::size_t distinct = DistinctTogether(reference, current, kFewValues + 1);
  const bool as_number = reference.type == ColumnType::kNumeric && distinct > kFewValues;
  if (reference.count() > kSmallReference) return as_number ? Method::kWasserstein : Method::kJensenShannon;
  if (as_number) return Method::kKs;
  return distinct > 2 ? Method::kChiSquare : Method::kZ;
}

Result<double> DriftScore(Method method, const ColumnProfile& reference, const ColumnProfile& current) {
  switch (method) {
    case Method::kKs: return KsTest(reference, current);
    case Method::kChiSquare: return ChiSquare(reference, current);
    case Method::kZ: return ZTest(reference, current);
    case Method::kTTest: return TTest(reference, current);
    case Method::kMannWhitney: return MannWhitney(reference, current);
    case Method::kEppsSingleton: return EppsSingleton(reference, current);
    case Method::kAnderson: return AndersonDarling(reference, current);
    case Method::kCramerVonMises: return CramerVonMises(reference, current);
    case Method::kG: return GTest(reference, current);
    case Method::kFisherExact: return FisherExact(reference, current);
    case Method::kTvd: return TotalVariation(reference, current);
    case Method::kWasserstein: return WassersteinNormed(reference, current);
    case Method::kJensenShannon: return JensenShannon(reference, current);
    case Method::kPsi: return Psi(reference, current);
    case Method::kKl: return KullbackLeibler(reference, current);
    case Method::kHellinger: return Hellinger(reference, current);
    case Method::kEnergy: return EnergyDistance(reference, current);
  }
  return kNan;
}

Result<ColumnDrift> CompareColumnProfiles(const ColumnProfile& reference, const ColumnProfile& current,
                                          const ColumnOptions& options) {
  const bool enough = std::min(reference.count(), current.count()) >= std::max<std::size_t>(options.min_rows, 1);
  if (reference.type != current.type && reference.count() > 0 && current.count() > 0) {
    return Fail(Code::kInvalid, fmt::format("cannot compare column '{}': it is {} in the reference and {} in the current data",
                                            reference.name, ColumnTypeName(reference.type), ColumnTypeName(current.type)));
  }
  ColumnDrift drift{.name = reference.name, .type = reference.type, .score = kNan};
  drift.method = options.method ? *options.method : DefaultMethod(reference, current);
  if (options.method) TRYV(CheckMethod(reference, *options.method));
  drift.threshold = options.threshold.value_or(Info(drift.method).threshold);
  drift.reference_rows = reference.count();
  drift.current_rows = current.count();
  drift.reference_missing_share = MissingShare(reference);
  drift.current_missing_share = MissingShare(current);
  const bool numeric = reference.type == ColumnType::kNumeric;
  drift.reference_mean = numeric && reference.count() > 0 ? reference.mean : kNan;
  drift.current_mean = numeric && current.count() > 0 ? current.mean : kNan;
  Illustrate(reference, current, options.max_categories, drift);
  if (!enough) return drift;

  Result<double> score = DriftScore(drift.method, reference, current);
  if (!score) {
    return std::move(score).error().With(
        fmt::format("cannot compare column '{}' by '{}'", reference.name, Info(drift.method).name));
  }
  drift.score = *score;
  drift.verdict = Info(drift.method).Drifted(drift.score, drift.threshold) ? Verdict::kDrifted : Verdict::kStable;
  return drift;
}

Result<ColumnDrift> Compare(const types::Column& reference, const types::Column& current, const ColumnOptions& options) {
  if (reference.kind == types::Kind::kTime || current.kind == types::Kind::kTime) {
    return Fail(Code::kUnsupported,
                fmt::format("cannot compare column '{}': times only grow, so they always drift", reference.name));
  }
  const ColumnType type = options.type.value_or(DefaultType(reference));
  return CompareColumnProfiles(MakeColumnProfile(reference, type), MakeColumnProfile(current, type), options);
}

}  // namespace mlean::drift

#include "flows/drift_json.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>

#include "base/digest.hpp"
#include "base/text.hpp"
#include "codec/python_text.hpp"

namespace mlean::flows {
namespace {

using codec::Json;
using drift::ColumnDrift;
using drift::ColumnType;
using drift::Verdict;

constexpr std::string_view kLegacyVersion = "0.6.7";  // whose shape it is
constexpr double kEvidentlyShare = 0.5;

template <class Value>
Json Numbers(const std::vector<Value>& values) {
  return Json::Array(values.begin(), values.end());
}

// Our own.

Json SideJson(std::size_t rows, double missing_share, double mean) {
  Json side = Json::Object{{"rows", rows}, {"missing_share", missing_share}};
  if (std::isfinite(mean)) side.Set("mean", mean);
  return side;
}

Json PictureJson(const drift::Picture& picture) {
  Json out = Json::Object{};
  if (!picture.edges.empty()) out.Set("edges", Numbers(picture.edges));
  if (!picture.labels.empty()) out.Set("labels", Numbers(picture.labels));
  out.Set("reference", Numbers(picture.reference));
  out.Set("current", Numbers(picture.current));
  return out;
}

Json ColumnJson(const ColumnDrift& column) {
  Json out = Json::Object{{"name", column.name},
                          {"type", drift::ColumnTypeName(column.type)},
                          {"method", drift::Info(column.method).name},
                          {"display", drift::Info(column.method).display},
                          {"threshold", column.threshold},
                          {"verdict", drift::VerdictName(column.verdict)}};
  if (std::isfinite(column.score)) out.Set("score", column.score);
  if (column.adjusted_p) out.Set("adjusted_p", *column.adjusted_p);
  out.Set("reference", SideJson(column.reference_rows, column.reference_missing_share, column.reference_mean));
  out.Set("current", SideJson(column.current_rows, column.current_missing_share, column.current_mean));
  if (column.type == ColumnType::kCategorical) out.Set("new_categories", Numbers(column.new_categories));
  out.Set("picture", PictureJson(column.picture));
  return out;
}

// Evidently 0.6.

// A category as the value that pandas holds: 2, 2.5, true or text.
Json Label(const std::string& text, types::Kind kind) {
  switch (kind) {
    case types::Kind::kBool:
      if (text == "true" || text == "false") return text == "true";
      return text;
    case types::Kind::kInt:
      if (const auto whole = ParseInt(text)) return *whole;
      [[fallthrough]];
    case types::Kind::kReal:
      if (const auto real = ParseDouble(text)) return *real;
      return text;
    case types::Kind::kTime:
    case types::Kind::kText: return text;
  }
  return text;
}

Json SmallJson(const drift::SmallDistribution& small, ColumnType type, types::Kind kind) {
  Json x = Json::Array{};
  Json y = Json::Array{};
  if (type == ColumnType::kNumeric) {
    x = Numbers(small.x);
    y = Numbers(small.y);
  } else {
    for (const std::string& label : small.labels) x.Push(Label(label, kind));
    for (const double count : small.y) y.Push(static_cast<std::int64_t>(count));
  }
  return Json::Object{{"small_distribution", Json::Object{{"x", std::move(x)}, {"y", std::move(y)}}}};
}

// Evidently 0.7.

// What was asked for one column, against what was chosen for it.
template <class Value>
std::optional<Value> Asked(const std::map<std::string, Value>& by_column, const ColumnDrift& column,
                           const std::optional<Value>& numeric, const std::optional<Value>& categorical,
                           const std::optional<Value>& general) {
  const auto found = by_column.find(column.name);
  if (found != by_column.end()) return found->second;
  const std::optional<Value>& by_type = column.type == ColumnType::kNumeric ? numeric : categorical;
  return by_type ? by_type : general;
}

struct Part {
  std::string name;
  Json value;
};

std::string PartText(const Json& value) {
  if (value.IsDouble()) return codec::PythonFloat(value.AsDouble());
  if (value.IsString()) return value.AsString();
  std::vector<std::string> texts;
  for (const Json& one : value.AsArray()) texts.push_back(PartText(one));
  return Join(texts, ",");
}

// Name and configuration of a metric from its parts, as Evidently writes them: "ValueDrift(column=age,threshold=0.1)". Members
// that are objects are in the configuration only.
Json MetricJson(const std::string& metric, const std::vector<Part>& parts, Json value) {
  Json config = Json::Object{{"type", "evidently:metric_v2:" + metric}};
  std::vector<std::string> texts;
  for (const Part& part : parts) {
    config.Set(part.name, part.value);
    if (!part.value.IsObject()) texts.push_back(part.name + "=" + PartText(part.value));
  }
  const std::string name = metric + "(" + Join(texts, ",") + ")";
  return Json::Object{{"id", Md5Hex(name + config.Canonical())},
                      {"metric_name", name},
                      {"config", std::move(config)},
                      {"value", std::move(value)}};
}

Json MethodName(drift::Method method) { return drift::Info(method).name; }

Json CountJson(const DataDrift& result) {
  const drift::DatasetOptions& asked = result.query.settings;
  std::vector<Part> parts;
  if (!result.query.columns.empty()) parts.push_back({"columns", Numbers(result.query.columns)});
  parts.push_back({"drift_share", result.drift.share_limit});
  if (asked.method) parts.push_back({"method", MethodName(*asked.method)});
  if (asked.cat_method) parts.push_back({"cat_method", MethodName(*asked.cat_method)});
  if (asked.num_method) parts.push_back({"num_method", MethodName(*asked.num_method)});
  Json methods = Json::Object{};
  for (const auto& [name, method] : asked.column_methods) methods.Set(name, MethodName(method));
  if (!asked.column_methods.empty()) parts.push_back({"per_column_method", std::move(methods)});
  if (asked.threshold) parts.push_back({"threshold", *asked.threshold});
  Json thresholds = Json::Object{};
  for (const auto& [name, threshold] : asked.column_thresholds) thresholds.Set(name, threshold);
  if (!asked.column_thresholds.empty()) parts.push_back({"per_column_threshold", std::move(thresholds)});
  return MetricJson("DriftedColumnsCount", parts,
                    Json::Object{{"count", static_cast<double>(result.drift.drifted)}, {"share", result.drift.share}});
}

// A setting that was asked for comes before one that was chosen; a chosen method has its display name.
Json ValueDriftJson(const DataDrift& result, const ColumnDrift& column) {
  const drift::DatasetOptions& asked = result.query.settings;
  const auto method = Asked(asked.column_methods, column, asked.num_method, asked.cat_method, asked.method);
  const auto threshold = Asked(asked.column_thresholds, column, asked.num_threshold, asked.cat_threshold, asked.threshold);
  const bool own_method = method && *method == column.method;
  const drift::MethodInfo& info = drift::Info(column.method);
  std::vector<Part> parts = {
      {"column", column.name}, {"method", own_method ? info.name : info.display}, {"threshold", column.threshold}};
  if (!own_method && threshold) std::swap(parts[1], parts[2]);
  return MetricJson("ValueDrift", parts, column.score);
}

// JUnit, text.

// XML 1.0 knows no control characters but tab and line ends, not even escaped.
std::string Xml(std::string_view text) {
  std::string clean;
  for (const char c : text) clean += static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n' && c != '\r' ? '?' : c;
  return ReplaceAll(HtmlEscape(clean), "\n", "&#10;");
}

std::string CaseXml(std::string_view class_name, std::string_view name, std::string_view inner) {
  return fmt::format("  <testcase classname=\"{}\" name=\"{}\">{}</testcase>\n", Xml(class_name), Xml(name), inner);
}

// How far beyond its threshold: over 1 is drift, whichever way the score counts.
double Strength(const ColumnDrift& column) {
  if (column.verdict == Verdict::kNotEnoughData || std::isnan(column.score)) return -1;
  const double score = column.adjusted_p.value_or(column.score);
  const double tiny = std::numeric_limits<double>::min();
  return drift::Info(column.method).IsPValue() ? column.threshold / std::max(score, tiny)
                                               : score / std::max(column.threshold, tiny);
}

std::string ScoreText(double value) { return std::isfinite(value) ? fmt::format("{:.4g}", value) : "-"; }

}  // namespace

Json OwnDriftJson(const DataDrift& result) {
  const drift::DatasetDrift& drift = result.drift;
  Json columns = Json::Array{};
  for (const ColumnDrift& column : drift.columns) columns.Push(ColumnJson(column));
  const auto side = [](const std::filesystem::path& path, std::size_t rows) {
    return Json(Json::Object{{"path", path.string()}, {"rows", rows}});
  };
  return Json::Object{{"reference", side(result.query.reference, drift.reference_rows)},
                      {"current", side(result.query.current, drift.current_rows)},
                      {"dataset_drift", drift.dataset_drift},
                      {"share", drift.share},
                      {"share_limit", drift.share_limit},
                      {"drifted", drift.drifted},
                      {"judged", drift.judged},
                      {"missing", Numbers(drift.missing)},
                      {"columns", std::move(columns)}};
}

Json LegacyDriftJson(const DataDrift& result, TimeMs now) {
  const drift::DatasetDrift& drift = result.drift;
  Json by_column = Json::Object{};
  for (const ColumnDrift& column : drift.columns) {
    by_column.Set(
        column.name,
        Json::Object{{"column_name", column.name},
                     {"column_type", drift::ColumnTypeName(column.type)},
                     {"stattest_name", drift::Info(column.method).display},
                     {"stattest_threshold", column.threshold},
                     {"drift_score", column.score},
                     {"drift_detected", column.verdict == Verdict::kDrifted},
                     {"current", SmallJson(column.small_current, column.type, result.current_kinds.at(column.name))},
                     {"reference", SmallJson(column.small_reference, column.type, result.reference_kinds.at(column.name))}});
  }
  const auto counts = [&](Json::Object front, bool verdict) {
    Json out = std::move(front);
    out.Set("number_of_columns", drift.columns.size());
    out.Set("number_of_drifted_columns", drift.drifted);
    out.Set("share_of_drifted_columns", drift.share);
    out.Set("dataset_drift", verdict);
    return out;
  };
  Json table = counts({}, drift.share >= kEvidentlyShare);
  table.Set("drift_by_columns", std::move(by_column));
  table.Set("current_fi", nullptr);
  table.Set("reference_fi", nullptr);
  Json metrics = Json::Array{Json::Object{{"metric", "DatasetDriftMetric"},
                                          {"result", counts({{"drift_share", drift.share_limit}}, drift.dataset_drift)}},
                             Json::Object{{"metric", "DataDriftTable"}, {"result", std::move(table)}}};
  std::string time = FormatTime(now).substr(0, 19);
  std::replace(time.begin(), time.end(), 'T', ' ');
  return Json::Object{{"version", kLegacyVersion},
                      {"metrics", std::move(metrics)},
                      {"timestamp", fmt::format("{}.{:06}", time, now % 1000 * 1000)}};
}

Json EvidentlyDriftJson(const DataDrift& result) {
  Json metrics = Json::Array{CountJson(result)};
  for (const ColumnDrift& column : result.drift.columns) metrics.Push(ValueDriftJson(result, column));
  return Json::Object{{"metrics", std::move(metrics)}, {"tests", Json::Array{}}};
}

std::string DriftJunit(const DataDrift& result, TimeMs now) {
  const drift::DatasetDrift& drift = result.drift;
  const std::string sentence = DatasetSentence(result);
  std::size_t skipped = 0;
  std::string cases = CaseXml("dataset", "the data set has not drifted",
                              drift.dataset_drift ? fmt::format("<failure type=\"dataset_drift\" message=\"{}\"/>", Xml(sentence))
                                                  : fmt::format("<system-out>{}</system-out>", Xml(sentence)));
  for (const ColumnDrift& column : drift.columns) {
    const std::string inside = Xml(DriftSentence(column));
    std::string inner = fmt::format("<system-out>{}</system-out>", inside);
    if (column.verdict == Verdict::kDrifted) inner = fmt::format("<failure type=\"column_drift\" message=\"{}\"/>", inside);
    if (column.verdict == Verdict::kNotEnoughData) {
      inner = fmt::format("<skipped message=\"{}\"/>", inside);
      ++skipped;
    }
    cases += CaseXml("column." + column.name, "has not drifted", inner);
  }
  return fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n<testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" "
      "errors=\"0\" "
      "skipped=\"{}\" timestamp=\"{}\">\n{}</testsuite>\n</testsuites>\n",
      Xml("drift of " + result.query.current.string()), drift.columns.size() + 1, drift.drifted + (drift.dataset_drift ? 1 : 0),
      skipped, FormatTime(now).substr(0, 19), cases);
}

std::vector<std::size_t> DriftReadingOrder(const DataDrift& result) {
  const auto rank = [&](std::size_t i) {
    const std::string& name = result.drift.columns[i].name;
    return name == result.query.target ? 0 : name == result.query.prediction ? 1 : 2;
  };
  std::vector<std::size_t> order(result.drift.columns.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    if (rank(a) != rank(b)) return rank(a) < rank(b);
    return Strength(result.drift.columns[a]) > Strength(result.drift.columns[b]);
  });
  return order;
}

std::string DriftSentence(const ColumnDrift& column) {
  const std::string_view name = drift::Info(column.method).display;
  switch (column.verdict) {
    case Verdict::kNotEnoughData:
      return fmt::format("not enough data: {} values in the reference, {} in the current data", HumanCount(column.reference_rows),
                         HumanCount(column.current_rows));
    case Verdict::kDrifted:
    case Verdict::kStable: break;
  }
  std::string out = fmt::format("{} {}", name, ScoreText(column.score));
  if (column.adjusted_p) out += fmt::format(" ({} for all columns)", ScoreText(*column.adjusted_p));
  const bool drifted = column.verdict == Verdict::kDrifted;
  return out + fmt::format(", {} at {}", drifted ? "drifted" : "stable", FormatDouble(column.threshold));
}

std::string DatasetSentence(const DataDrift& result) {
  const drift::DatasetDrift& drift = result.drift;
  return fmt::format("{} of {} columns drifted, a share of {:.3g}; the limit is {}", drift.drifted, drift.columns.size(),
                     drift.share, FormatDouble(drift.share_limit));
}

std::string DriftText(const DataDrift& result) {
  const drift::DatasetDrift& drift = result.drift;
  std::size_t width = 6;
  for (const ColumnDrift& column : drift.columns) width = std::max(width, std::min<std::size_t>(column.name.size(), 40));
  std::string out = fmt::format("{}: {}\n",
                                drift.dataset_drift ? "drift"
                                : drift.judged == 0 ? "no verdict"
                                                    : "no drift",
                                DatasetSentence(result));
  out += fmt::format("{} rows against {} of the reference\n\n", HumanCount(drift.current_rows), HumanCount(drift.reference_rows));
  out += fmt::format("{:<{}}  type  {:<15}  {:>10}  {:>10}  {:>9}  {}\n", "column", width, "verdict", "score", "adjusted p",
                     "threshold", "method");
  for (const std::size_t i : DriftReadingOrder(result)) {
    const ColumnDrift& column = drift.columns[i];
    out += fmt::format("{:<{}}  {:<4}  {:<15}  {:>10}  {:>10}  {:>9}  {}\n", column.name, width,
                       drift::ColumnTypeName(column.type), drift::VerdictName(column.verdict), ScoreText(column.score),
                       column.adjusted_p ? ScoreText(*column.adjusted_p) : "", FormatDouble(column.threshold),
                       drift::Info(column.method).display);
  }
  for (const std::string& name : drift.missing) out += fmt::format("\nmissing in the current data: {}", name);
  if (!drift.missing.empty()) out += "\n";
  return out;
}

}  // namespace mlean::flows

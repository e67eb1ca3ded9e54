#include "check/result_json.hpp"

#include <algorithm>
#include <map>

#include "base/text.hpp"
#include "check/sentence.hpp"
#include "check/summary.hpp"

namespace mlean::check {

using codec::Json;

namespace {

// The release whose layout is written: readers look at it to choose a parser.
constexpr std::string_view kGe1Version = "1.24.1";
constexpr std::string_view kGe0Version = "0.18.21";

Json Percent(std::int64_t part, std::int64_t whole) {
  if (whole == 0) return {};
  return static_cast<double>(part) / static_cast<double>(whole) * 100;
}

// Smaller first, as Python sorts: numbers, texts, lists member by member.
bool Before(const Json& a, const Json& b) {
  if ((a.IsNumber() || a.IsBool()) && (b.IsNumber() || b.IsBool())) {
    const auto number = [](const Json& value) { return value.IsBool() ? (value.AsBool() ? 1.0 : 0.0) : value.AsDouble(); };
    return number(a) < number(b);
  }
  if (a.IsArray() && b.IsArray()) {
    return std::lexicographical_compare(a.AsArray().begin(), a.AsArray().end(), b.AsArray().begin(), b.AsArray().end(), Before);
  }
  if (a.IsString() && b.IsString()) return a.AsString() < b.AsString();
  return a.TypeName() < b.TypeName();
}

// The most frequent values among those listed, at most `limit`: by count, then by value. Rows of a column list count by values.
Json ValueCounts(const std::vector<Json>& values, std::size_t limit) {
  struct Entry {
    Json value;
    std::int64_t count = 0;
  };
  std::vector<Entry> entries;
  std::map<std::string, std::size_t> places;
  for (const Json& value : values) {
    Json key = value;
    if (value.IsObject()) {
      key = Json::Array{};
      for (const auto& member : value.AsObject()) key.Push(member.second);
    }
    const auto [at, is_new] = places.try_emplace(key.Dump(true), entries.size());
    if (is_new) entries.push_back({std::move(key), 0});
    ++entries[at->second].count;
  }
  // The cut is by count and first appearance, the order by count and value.
  std::stable_sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) { return a.count > b.count; });
  if (entries.size() > limit) entries.resize(limit);
  std::stable_sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
    return a.count != b.count ? a.count > b.count : Before(a.value, b.value);
  });
  Json list = Json::Array{};
  for (Entry& entry : entries) list.Push(Json::Object{{"value", std::move(entry.value)}, {"count", entry.count}});
  return list;
}

template <class T>
Json FirstOf(const std::vector<T>& list, std::size_t limit) {
  Json out = Json::Array{};
  for (std::size_t i = 0; i < std::min(list.size(), limit); ++i) out.Push(Json(list[i]));
  return out;
}

Json MapJson(const ItemResult& item, ResultFormat format, std::size_t partial) {
  const bool all_rows = item.shape == Shape::kMapAll;
  const std::int64_t elements = item.element_count, checked = all_rows ? elements : elements - item.missing_count;
  const Json of_checked = Percent(item.unexpected_count, checked);
  Json out = Json::Object{{"element_count", elements},
                          {"unexpected_count", item.unexpected_count},
                          {"unexpected_percent", of_checked},
                          {"partial_unexpected_list", FirstOf(item.unexpected, partial)}};
  if (!all_rows) {
    out.Set("missing_count", item.missing_count);
    out.Set("missing_percent", Percent(item.missing_count, elements));
    out.Set("unexpected_percent_total", Percent(item.unexpected_count, elements));
    out.Set("unexpected_percent_nonmissing", of_checked);
  }
  if (format == ResultFormat::kBasic) return out;
  if (partial > 0) {
    out.Set("partial_unexpected_counts", ValueCounts(item.unexpected, partial));
    out.Set("partial_unexpected_index_list", FirstOf(item.unexpected_rows, partial));
  }
  if (format == ResultFormat::kSummary) return out;
  out.Set("unexpected_list", FirstOf(item.unexpected, item.unexpected.size()));
  out.Set("unexpected_index_list", FirstOf(item.unexpected_rows, item.unexpected_rows.size()));
  std::string rows;
  for (const std::int64_t row : item.unexpected_rows) rows += (rows.empty() ? "" : ", ") + std::to_string(row);
  out.Set("unexpected_index_query", "df.filter(items=[" + rows + "], axis=0)");
  return out;
}

Json ExceptionInfo(const ItemResult& item, bool keyed) {
  const bool raised = !item.exception.empty();
  Json info = Json::Object{{"raised_exception", raised},
                           {"exception_traceback", Json()},
                           {"exception_message", raised ? Json(item.exception) : Json()}};
  // 1.x keys what was raised by the metric that raised it.
  return raised && keyed ? Json(Json::Object{{item.expectation.type, std::move(info)}}) : info;
}

Json ItemJson(const ItemResult& item, const ResultJsonOptions& options) {
  const bool is_new = options.layout == ResultJsonOptions::Layout::kGe1;
  const Expectation& expectation = item.expectation;
  Json config = Json::Object{{is_new ? "type" : "expectation_type", expectation.type},
                             {"kwargs", expectation.kwargs},
                             {"meta", expectation.meta.IsNull() ? Json(Json::Object{}) : expectation.meta}};
  if (!expectation.id.empty()) config.Set(is_new ? "id" : "ge_cloud_id", expectation.id);
  if (is_new) config.Set("severity", SeverityName(expectation.severity));
  if (is_new && !expectation.description.empty()) config.Set("description", expectation.description);
  if (is_new && !expectation.notes.IsNull()) config.Set("notes", expectation.notes);
  return Json::Object{{"success", item.success},
                      {"expectation_config", std::move(config)},
                      {"result", ItemResultJson(item, options.result_format, options.partial_unexpected_count)},
                      {"meta", Json::Object{}},
                      {"exception_info", ExceptionInfo(item, is_new)}};
}

Json Statistics(const SuiteResult& result) {
  const std::size_t all = result.items.size(), passed = result.Passed();
  return Json::Object{{"evaluated_expectations", all},
                      {"successful_expectations", passed},
                      {"unsuccessful_expectations", all - passed},
                      {"success_percent", Percent(static_cast<std::int64_t>(passed), static_cast<std::int64_t>(all))}};
}

// "2026-11-21T10:11:02.212+00:00", as Python's isoformat writes UTC.
std::string PythonTime(TimeMs now) {
  std::string text = FormatTime(now);
  text.pop_back();
  return text + "+00:00";
}

}  // namespace

Json ItemResultJson(const ItemResult& item, ResultFormat format, std::size_t partial_unexpected_count) {
  if (!item.exception.empty() || format == ResultFormat::kBooleanOnly) return Json::Object{};
  if (item.shape != Shape::kAggregate) return MapJson(item, format, partial_unexpected_count);
  Json out = Json::Object{};
  if (item.has_observed) out.Set("observed_value", item.observed);
  for (const auto& [name, value] : item.more) out.Set(name, value);
  return out;
}

Json ResultJson(const SuiteResult& result, const ResultJsonOptions& options) {
  const bool is_new = options.layout == ResultJsonOptions::Layout::kGe1;
  std::vector<const ItemResult*> order;
  for (const ItemResult& item : result.items) order.push_back(&item);
  // GE 1.x lists what raised first.
  if (is_new) std::stable_partition(order.begin(), order.end(), [](const ItemResult* item) { return !item->exception.empty(); });
  Json items = Json::Array{};
  for (const ItemResult* item : order) items.Push(ItemJson(*item, options));
  const std::string time = PythonTime(options.now);
  Json run_id = Json::Object{{"run_name", options.run_name.empty() ? Json() : Json(options.run_name)}, {"run_time", time}};
  Json meta = Json::Object{{"great_expectations_version", is_new ? kGe1Version : kGe0Version}, {"produced_by", "mlean"}};
  if (!is_new) meta.Set("expectation_suite_name", result.suite_name);
  meta.Set("run_id", std::move(run_id));
  meta.Set("batch_spec", Json::Object{});
  meta.Set("batch_markers", Json::Object{});
  meta.Set("validation_time", time);
  const Json parameters = result.parameters.IsNull() ? Json(Json::Object{}) : result.parameters;
  Json out = Json::Object{{"success", result.success}, {"results", std::move(items)}};
  if (is_new) {
    out.Set("suite_name", result.suite_name);
    out.Set("suite_parameters", parameters);
    out.Set("statistics", Statistics(result));
    out.Set("meta", std::move(meta));
    out.Set("id", Json());
  } else {
    out.Set("evaluation_parameters", parameters);
    out.Set("statistics", Statistics(result));
    out.Set("meta", std::move(meta));
  }
  return out;
}

Json OwnResultJson(const SuiteResult& result) {
  Json items = Json::Array{};
  for (const ItemResult& item : result.items) {
    const std::string column = item.expectation.Column();
    items.Push(Json::Object{{"type", item.expectation.type},
                            {"column", column.empty() ? Json() : Json(column)},
                            {"rule", Sentence(item.expectation)},
                            {"success", item.success},
                            {"vacuous", item.vacuous},
                            {"severity", SeverityName(item.expectation.severity)},
                            {"result", ItemResultJson(item, ResultFormat::kSummary, 20)},
                            {"exception", item.exception.empty() ? Json() : Json(item.exception)},
                            {"meta", item.expectation.meta}});
  }
  Json warnings = Json::Array{};
  for (const std::string& warning : result.warnings) warnings.Push(warning);
  return Json::Object{{"success", result.success},
                      {"suite", result.suite_name},
                      {"rows", result.rows},
                      {"passed", result.Passed()},
                      {"failed", result.items.size() - result.Passed()},
                      {"warnings", std::move(warnings)},
                      {"findings", SummaryJson(Summarize(result))},
                      {"items", std::move(items)}};
}

}  // namespace mlean::check

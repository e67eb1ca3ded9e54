#include "check/summary.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "base/text.hpp"
#include "check/sentence.hpp"

namespace mlean::check {

using codec::Json;

namespace {

constexpr std::size_t kMaxSamples = 5;

std::string Cause(const ItemResult& item) {
  if (!item.exception.empty()) return item.exception;
  if (item.vacuous) return "nothing was checked: no value is left";
  if (item.shape != Shape::kAggregate) {
    const std::int64_t checked = item.shape == Shape::kMapAll ? item.element_count : item.element_count - item.missing_count;
    const double percent = checked == 0 ? 0 : 100.0 * static_cast<double>(item.unexpected_count) / static_cast<double>(checked);
    return fmt::format("{} of {} values ({:.3g} %)", HumanCount(static_cast<std::uint64_t>(item.unexpected_count)),
                       HumanCount(static_cast<std::uint64_t>(checked)), percent);
  }
  if (item.has_observed && !item.observed.IsNull()) {
    std::string observed = item.observed.Dump();
    if (observed.size() > 200) observed = observed.substr(0, 200) + "…";
    return "is " + observed;
  }
  for (const auto& [name, value] : item.more) {
    if (name == "partial_missing_list" && value.IsArray() && !value.AsArray().empty()) return "missing: " + value.Dump();
    if (name == "partial_unexpected_list" && value.IsArray() && !value.AsArray().empty()) return "unexpected: " + value.Dump();
  }
  return item.has_observed ? "there is no value" : "does not hold";
}

Finding FindingOf(const ItemResult& item) {
  Finding finding;
  finding.column = item.expectation.Column();
  finding.rule = Sentence(item.expectation);
  finding.severity = item.expectation.severity;
  finding.vacuous = item.vacuous;
  finding.cause = Cause(item);
  finding.unexpected_count = item.unexpected_count;
  finding.element_count = item.element_count;
  for (const Json& value : item.unexpected) {
    if (finding.samples.size() == kMaxSamples) break;
    if (std::find(finding.samples.begin(), finding.samples.end(), value) == finding.samples.end())
      finding.samples.push_back(value);
  }
  return finding;
}

}  // namespace

std::vector<Finding> Summarize(const SuiteResult& result) {
  std::vector<Finding> findings;
  for (const ItemResult& item : result.items) {
    if (!item.success) findings.push_back(FindingOf(item));
  }
  for (const ItemResult& item : result.items) {
    if (item.success && item.vacuous) findings.push_back(FindingOf(item));
  }
  return findings;
}

Json SummaryJson(const std::vector<Finding>& findings) {
  Json list = Json::Array{};
  for (const Finding& finding : findings) {
    list.Push(Json::Object{{"column", finding.column.empty() ? Json() : Json(finding.column)},
                           {"rule", finding.rule},
                           {"severity", SeverityName(finding.severity)},
                           {"vacuous", finding.vacuous},
                           {"cause", finding.cause},
                           {"unexpected_count", finding.unexpected_count},
                           {"element_count", finding.element_count},
                           {"samples", Json::Array(finding.samples)}});
  }
  return list;
}

std::string SummaryText(const SuiteResult& result) {
  std::string text = fmt::format("{} of {} expectations hold over {} rows\n", result.Passed(), result.items.size(),
                                 HumanCount(static_cast<std::uint64_t>(std::max<std::int64_t>(result.rows, 0))));
  for (const Finding& finding : Summarize(result)) {
    text += fmt::format("  {} {}: {}",
                        finding.vacuous                           ? "warning"
                        : finding.severity == Severity::kCritical ? "FAILED "
                                                                  : SeverityName(finding.severity),
                        finding.rule, finding.cause);
    if (!finding.samples.empty()) text += fmt::format(", such as {}", Json(Json::Array(finding.samples)).Dump(true));
    text += '\n';
  }
  return text;
}

}  // namespace mlean::check

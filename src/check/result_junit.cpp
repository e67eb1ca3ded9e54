#include "check/result_junit.hpp"

#include <fmt/core.h>

#include "base/text.hpp"
#include "check/sentence.hpp"
#include "check/summary.hpp"

namespace mlean::check {
namespace {

// XML 1.0 knows no control characters but tab and line ends, not even escaped.
std::string Xml(std::string_view text) {
  std::string clean;
  for (const char c : text) clean += static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n' && c != '\r' ? '?' : c;
  std::string escaped = HtmlEscape(clean);
  return ReplaceAll(escaped, "\n", "&#10;");
}

}  // namespace

std::string ResultJunit(const SuiteResult& result, std::string_view subject, TimeMs now) {
  std::size_t failures = 0, errors = 0;
  std::string cases;
  for (const ItemResult& item : result.items) {
    const std::string column = item.expectation.Column();
    std::string inner;
    if (!item.exception.empty()) {
      ++errors;
      inner = fmt::format("<error type=\"{}\" message=\"{}\"/>", Xml(item.expectation.type), Xml(item.exception));
    } else if (!item.success) {
      ++failures;
      SuiteResult one;
      one.items = {item};
      const Finding finding = Summarize(one).at(0);
      inner = fmt::format(
          "<failure type=\"{}\" message=\"{}\">{}</failure>", Xml(item.expectation.type), Xml(finding.cause),
          finding.samples.empty() ? "" : Xml("such as " + codec::Json(codec::Json::Array(finding.samples)).Dump(true)));
    } else if (item.vacuous) {
      inner = "<system-out>nothing was checked: no value is left</system-out>";
    }
    cases += fmt::format("  <testcase classname=\"{}{}\" name=\"{}\">{}</testcase>\n",
                         Xml(result.suite_name.empty() ? "suite" : result.suite_name), column.empty() ? "" : "." + Xml(column),
                         Xml(Sentence(item.expectation)), inner);
  }
  return fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n<testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" "
      "errors=\"{}\" "
      "timestamp=\"{}\">\n{}</testsuite>\n</testsuites>\n",
      Xml(subject), result.items.size(), failures, errors, FormatTime(now).substr(0, 19), cases);
}

}  // namespace mlean::check

#include "check/result_html.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "base/text.hpp"
#include "check/sentence.hpp"
#include "check/summary.hpp"

namespace mlean::check {

using codec::Json;

namespace {

constexpr std::string_view kStyle =
    "body{font:15px/1.5 system-ui,sans-serif;max-width:70em;margin:2em auto;padding:0 1em;color:#1a1d21;background:#fff}"
    "h1{font-size:1.5em;margin-bottom:0}h2{font-size:1.1em;margin:1.6em 0 .4em}p{margin:.3em "
    "0}table{border-collapse:collapse;width:100%}"
    "td,th{text-align:left;vertical-align:top;padding:.35em .7em;border-bottom:1px solid "
    "#dfe3e8}td.s{width:6.5em;font-weight:600}"
    ".ok{color:#1a7f37}.bad{color:#b42318}.warn{color:#9a6700}code{background:#f3f4f6;padding:0 .3em;border-radius:3px;"
    "overflow-wrap:anywhere}small{color:#59636e}"
    "@media(prefers-color-scheme:dark){body{background:#14171a;color:#e6e8eb}td,th{border-color:#32383f}code{background:#262b31}"
    ".ok{color:#4ac26b}.bad{color:#ff8177}.warn{color:#d4a72c}small{color:#9198a1}}";
constexpr std::size_t kShown = 20;
constexpr std::size_t kMaxValueBytes = 200;

std::string Code(const Json& value) {
  std::string text = value.IsString() ? value.AsString() : value.Dump(true);
  if (text.size() > kMaxValueBytes) {
    std::size_t end = kMaxValueBytes;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
    text = text.substr(0, end) + "…";
  }
  return "<code>" + HtmlEscape(text) + "</code>";
}

std::string Status(const ItemResult& item) {
  if (item.success && item.vacuous) return "<td class=\"s warn\">! empty</td>";
  if (item.success) return "<td class=\"s ok\">✓ holds</td>";
  if (!item.exception.empty()) return "<td class=\"s bad\">✗ error</td>";
  return item.expectation.severity == Severity::kCritical
             ? "<td class=\"s bad\">✗ fails</td>"
             : fmt::format("<td class=\"s warn\">✗ {}</td>", SeverityName(item.expectation.severity));
}

std::string Observed(const ItemResult& item, const std::string& cause) {
  std::string out;
  if (!item.success || item.vacuous) {
    out = HtmlEscape(cause);
  } else if (item.shape != Shape::kAggregate) {
    out = item.unexpected_count == 0 ? "all values" : fmt::format("{} exceptions, within the limit", item.unexpected_count);
  } else if (item.has_observed && !item.observed.IsNull()) {
    out = Code(item.observed);
  }
  if (item.unexpected.empty()) return out;
  out += "<br><small>such as</small> ";
  for (std::size_t i = 0; i < std::min(item.unexpected.size(), kShown); ++i) {
    if (i > 0) out += ", ";
    out += Code(item.unexpected[i]);
    if (i < item.unexpected_rows.size() && item.unexpected_rows[i] >= 0) {
      out += fmt::format(" <small>row {}</small>", item.unexpected_rows[i]);
    }
  }
  return out;
}

}  // namespace

std::string ResultHtml(const SuiteResult& result, std::string_view subject, TimeMs now) {
  const std::size_t passed = result.Passed(), all = result.items.size();
  std::string html = fmt::format(
      "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
      "content=\"width=device-width,initial-scale=1\"><title>{0}: {1}</title><style>{2}</style></head><body>"
      "<h1>{0}</h1><p class=\"{3}\"><b>{4}</b> — {5} of {6} expectations hold over {7} rows</p>"
      "<p><small>suite {8}, {9}</small></p>",
      HtmlEscape(subject), result.success ? "passed" : "failed", kStyle, result.success ? "ok" : "bad",
      result.success ? "✓ Passed" : "✗ Failed", passed, all,
      HumanCount(static_cast<std::uint64_t>(std::max<std::int64_t>(0, result.rows))), HtmlEscape(result.suite_name),
      FormatTime(now));
  // Columns in order of first mention; the table itself first.
  std::vector<std::string> columns = {""};
  for (const ItemResult& item : result.items) {
    const std::string column = item.expectation.Column();
    if (std::find(columns.begin(), columns.end(), column) == columns.end()) columns.push_back(column);
  }
  for (const std::string& column : columns) {
    std::string rows;
    for (const ItemResult& item : result.items) {
      if (item.expectation.Column() != column) continue;
      SuiteResult one;
      one.items = {item};
      const std::vector<Finding> findings = Summarize(one);
      rows += fmt::format("<tr>{}<td>{}</td><td>{}</td></tr>", Status(item), HtmlEscape(Sentence(item.expectation)),
                          Observed(item, findings.empty() ? "" : findings[0].cause));
    }
    if (rows.empty()) continue;
    html += fmt::format("<h2>{}</h2><table><tr><th>Result</th><th>Expectation</th><th>Observed</th></tr>{}</table>",
                        column.empty() ? "Table" : HtmlEscape(column), rows);
  }
  return html + "</body></html>\n";
}

}  // namespace mlean::check

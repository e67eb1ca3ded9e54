// The year as one self-contained HTML file: a picture of the two AUCs, the months, every decision. No script, no network.
#include <fmt/core.h>

#include "base/text.hpp"
#include "verbs/demo/year_summary.hpp"

namespace mlean::verbs::demo {
namespace {

using codec::Json;

constexpr double kWidth = 900;
constexpr double kHeight = 300;
constexpr double kLow = 0.55;
constexpr double kHigh = 0.80;

double X(std::size_t i, std::size_t n) { return 60 + (kWidth - 90) * (n < 2 ? 0 : double(i) / double(n - 1)); }
double Y(double auc) { return 20 + (kHeight - 60) * (kHigh - std::min(kHigh, std::max(kLow, auc))) / (kHigh - kLow); }

std::string Line(const Json::Array& months, std::string_view key, std::string_view colour) {
  std::string points;
  for (std::size_t i = 0; i < months.size(); ++i) {
    const Json* value = months[i].Find(key);
    if (value != nullptr && value->IsNumber()) points += fmt::format("{:.1f},{:.1f} ", X(i, months.size()), Y(value->AsDouble()));
  }
  return fmt::format("<polyline fill='none' stroke='{}' stroke-width='2.5' points='{}'/>\n", colour, points);
}

std::string Picture(const Json::Array& months) {
  std::string out = fmt::format("<svg viewBox='0 0 {} {}' role='img' aria-label='AUC by month'>\n", kWidth, kHeight);
  for (double grid = kLow; grid <= kHigh + 1e-9; grid += 0.05) {
    out +=
        fmt::format("<line x1='60' x2='{:.0f}' y1='{:.1f}' y2='{:.1f}' stroke='#8884'/><text x='20' y='{:.1f}'>{:.2f}</text>\n",
                    kWidth - 30, Y(grid), Y(grid), Y(grid) + 4, grid);
  }
  for (std::size_t i = 0; i < months.size(); ++i) {
    out += fmt::format("<text x='{:.1f}' y='{:.0f}' text-anchor='middle'>{}</text>\n", X(i, months.size()), kHeight - 12,
                       months[i].Find("month")->AsString().substr(5));
    for (const Json& decision : months[i].Find("decisions")->AsArray()) {
      if (decision.Find("action")->AsString() != "version.promoted") continue;
      out += fmt::format("<line x1='{0:.1f}' x2='{0:.1f}' y1='20' y2='{1:.0f}' stroke='#1a7f37' stroke-dasharray='3 4'/>\n",
                         X(i, months.size()), kHeight - 40);
    }
  }
  out += Line(months, "auc_first_model", "#cf222e") + Line(months, "auc", "#0969da");
  return out +
         "</svg>\n<p><span style='color:#0969da'>━</span> the champion of the day &nbsp; <span style='color:#cf222e'>━</span> "
         "the first "
         "model, had it never been retrained &nbsp; <span style='color:#1a7f37'>┊</span> a version was promoted</p>\n";
}

std::string Cell(const Json& row, std::string_view key, int digits) {
  const Json* value = row.Find(key);
  if (value == nullptr || value->IsNull()) return "<td>–</td>";
  if (value->IsDouble()) return fmt::format("<td class=n>{:.{}f}</td>", value->AsDouble(), digits);
  if (value->IsInt()) return fmt::format("<td class=n>{}</td>", HumanCount(static_cast<std::uint64_t>(value->AsInt())));
  return "<td>" + HtmlEscape(value->AsString()) + "</td>";
}

}  // namespace

std::string YearHtml(const Json& summary) {
  const Json::Array& months = summary.Find("months")->AsArray();
  std::string out =
      "<!doctype html><html lang=en><meta charset=utf-8><title>A year of flights</title><style>"
      "body{font:15px/1.5 system-ui,sans-serif;max-width:64rem;margin:2rem auto;padding:0 "
      "1rem}table{border-collapse:collapse;width:100%}"
      "th,td{text-align:left;padding:.25rem .6rem;border-bottom:1px solid #8884;vertical-align:top}.n{text-align:right;"
      "font-variant-numeric:tabular-nums}.d{white-space:nowrap}svg{width:100%}svg text{font-size:12px;fill:#777}</style>"
      "<h1>A year of flights, lived by the loop</h1>\n";
  out += Picture(months);
  out +=
      "<table><tr><th>month<th class=n>requests<th class=n>labelled<th class=n>drift share<th class=n>AUC<th class=n>first "
      "model<th class=n>champion</tr>\n";
  for (const Json& row : months) {
    out += "<tr>" + Cell(row, "month", 0) + Cell(row, "requests", 0) + Cell(row, "labelled", 0) + Cell(row, "drift_share", 2) +
           Cell(row, "auc", 3) + Cell(row, "auc_first_model", 3) + Cell(row, "champion", 0) + "</tr>\n";
  }
  out += "</table>\n<h2>What the program decided</h2>\n<table>";
  for (const Json& row : months) {
    for (const Json& decision : row.Find("decisions")->AsArray()) {
      out += fmt::format("<tr><td class=d>{}</td><td>{}</td></tr>\n", HtmlEscape(decision.Find("time")->AsString().substr(0, 10)),
                         HtmlEscape(decision.Find("text")->AsString()));
    }
  }
  const Json* audit = summary.Find("audit");
  return out + fmt::format("</table>\n<p>Audit chain: {} over {} events.</p></html>\n",
                           audit->Find("intact")->AsBool() ? "intact" : "broken", audit->Find("events")->AsInt());
}

}  // namespace mlean::verbs::demo

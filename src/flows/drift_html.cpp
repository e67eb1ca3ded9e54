#include "flows/drift_html.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "base/text.hpp"
#include "flows/drift_json.hpp"

namespace mlean::flows {
namespace {

using drift::ColumnDrift;
using drift::Verdict;

constexpr std::string_view kStyle =
    ":root{color-scheme:light "
    "dark;--line:#8884;--soft:#8882;--ref:#7a8594;--cur:#0969da;--good:#1a7f37;--bad:#cf222e;--warn:#9a6700}"
    "@media(prefers-color-scheme:dark){:root{--ref:#8b949e;--cur:#4493f8;--good:#3fb950;--bad:#f85149;--warn:#d29922}}"
    "body{font:15px/1.5 system-ui,sans-serif;max-width:72rem;margin:2rem auto;padding:0 "
    "1rem}h1{font-size:1.4rem;margin-bottom:.2rem}"
    ".counters{display:flex;flex-wrap:wrap;gap:1rem;margin:1rem 0}.counters div{background:var(--soft);border-radius:6px;"
    "padding:.5rem 1rem;min-width:7rem}.counters b{display:block;font-size:1.4rem}"
    "table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.35rem .6rem;border-bottom:1px solid var(--line);"
    "vertical-align:top}td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}td.name{overflow-wrap:anywhere;min-width:"
    "8rem}"
    "svg{display:block}svg.ref{fill:var(--ref)}svg.cur{fill:var(--cur)}.good{color:var(--good)}.bad{color:var(--bad)}"
    ".warn{color:var(--warn)}.soft{opacity:.75}small{font-size:.85em}details table{width:auto;margin:.3rem 0}"
    "details td,details th{padding:.1rem .6rem}summary{cursor:pointer}";
constexpr double kWidth = 132;
constexpr double kHeight = 36;
constexpr std::size_t kMaxNameBytes = 120;

// Cut at a whole character, for names and values from the data.
std::string Shown(std::string_view text) {
  std::size_t end = std::min(text.size(), kMaxNameBytes);
  while (end > 0 && end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return HtmlEscape(text.substr(0, end)) + (end < text.size() ? "…" : "");
}

std::string Number(double value) { return std::isfinite(value) ? fmt::format("{:.4g}", value) : "–"; }

std::string BinName(const drift::Picture& picture, std::size_t i) {
  if (!picture.labels.empty()) return Shown(picture.labels[i]);
  const bool last = i + 2 == picture.edges.size();
  return fmt::format("{} … {}{}", Number(picture.edges[i]), last ? "" : "&lt;", Number(picture.edges[i + 1]));
}

// Bars of one side; both sides of a column have the same bins and the same scale, so they can be compared by eye.
std::string Bars(const std::vector<double>& shares, double highest, std::string_view side, std::string_view column) {
  if (shares.empty() || highest <= 0) return "";
  const double step = kWidth / static_cast<double>(shares.size());
  std::string bars;
  for (std::size_t i = 0; i < shares.size(); ++i) {
    if (shares[i] <= 0) continue;
    const double height = std::max(1.0, kHeight * shares[i] / highest);  // a rare value stays visible
    bars += fmt::format("<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\"/>", static_cast<double>(i) * step,
                        kHeight - height, step - 1, height);
  }
  return fmt::format("<svg class=\"{}\" width=\"{}\" height=\"{}\" role=\"img\" aria-label=\"{}, {}\">{}</svg>",
                     side == "reference" ? "ref" : "cur", kWidth, kHeight, Shown(column), side, bars);
}

std::string Details(const ColumnDrift& column) {
  const drift::Picture& picture = column.picture;
  std::string rows;
  for (std::size_t i = 0; i < picture.reference.size(); ++i) {
    rows += fmt::format("<tr><td>{}</td><td class=\"n\">{:.1f} %</td><td class=\"n\">{:.1f} %</td></tr>", BinName(picture, i),
                        100 * picture.reference[i], 100 * picture.current[i]);
  }
  if (column.type == drift::ColumnType::kNumeric) {
    rows += fmt::format("<tr><td>mean</td><td class=\"n\">{}</td><td class=\"n\">{}</td></tr>", Number(column.reference_mean),
                        Number(column.current_mean));
  }
  rows += fmt::format(
      "<tr><td>values</td><td class=\"n\">{}</td><td class=\"n\">{}</td></tr><tr><td>missing</td><td class=\"n\">{:.1f} %</td>"
      "<td class=\"n\">{:.1f} %</td></tr>",
      HumanCount(column.reference_rows), HumanCount(column.current_rows), 100 * column.reference_missing_share,
      100 * column.current_missing_share);
  std::string fresh;
  for (const std::string& value : column.new_categories) fresh += (fresh.empty() ? "" : ", ") + Shown(value);
  if (!fresh.empty()) fresh = "<small>new values: " + fresh + "</small>";
  return fmt::format(
      "<details><summary>distribution</summary><table><tr><th></th><th class=\"n\">reference</th><th "
      "class=\"n\">current</th></tr>"
      "{}</table>{}</details>",
      rows, fresh);
}

std::string VerdictCell(Verdict verdict) {
  switch (verdict) {
    case Verdict::kDrifted: return "<td class=\"bad\"><b>✗ drifted</b></td>";
    case Verdict::kStable: return "<td class=\"good\">✓ stable</td>";
    case Verdict::kNotEnoughData: return "<td class=\"warn\">not enough data</td>";
  }
  return "<td></td>";
}

std::string ScoreCell(const ColumnDrift& column) {
  std::string score = Number(column.score);
  if (column.adjusted_p) score += fmt::format("<br><small class=\"soft\">adjusted {}</small>", Number(*column.adjusted_p));
  return fmt::format("<td class=\"n\">{}</td><td class=\"n\">{}</td>", score, FormatDouble(column.threshold));
}

std::string Row(const ColumnDrift& column, const DriftQuery& query) {
  const drift::Picture& picture = column.picture;
  double highest = 0;
  for (const std::vector<double>* side : {&picture.reference, &picture.current}) {
    for (const double share : *side) highest = std::max(highest, share);
  }
  const std::string_view role = column.name == query.target ? "target" : column.name == query.prediction ? "prediction" : "";
  return fmt::format("<tr><td class=\"name\"><b>{}</b>{}{}</td><td>{}</td><td>{}</td><td>{}</td>{}<td>{}</td>{}</tr>\n",
                     Shown(column.name), role.empty() ? "" : fmt::format(" <small class=\"soft\">{}</small>", role),
                     Details(column), drift::ColumnTypeName(column.type),
                     Bars(picture.reference, highest, "reference", column.name),
                     Bars(picture.current, highest, "current", column.name), VerdictCell(column.verdict),
                     HtmlEscape(drift::Info(column.method).display), ScoreCell(column));
}

std::string Counters(const drift::DatasetDrift& drift) {
  std::string out = "<div class=\"counters\">";
  const auto add = [&](std::string_view value, std::string_view name) {
    out += fmt::format("<div><b>{}</b>{}</div>", value, name);
  };
  add(HumanCount(drift.columns.size()), "columns");
  add(HumanCount(drift.drifted), "drifted columns");
  add(fmt::format("{:.3g}", drift.share), "share of drifted columns");
  add(HumanCount(drift.reference_rows), "reference rows");
  add(HumanCount(drift.current_rows), "current rows");
  return out + "</div>";
}

}  // namespace

std::string DriftHtml(const DataDrift& result, TimeMs now) {
  const drift::DatasetDrift& drift = result.drift;
  const std::string current = Shown(result.query.current.filename().string());
  const std::string reference = Shown(result.query.reference.filename().string());
  std::string html = fmt::format(
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
      "content=\"width=device-width,initial-scale=1\"><title>drift of {0}</title><style>{2}</style></head><body>\n"
      "<h1>Drift of {0} against {1}</h1><p class=\"{3}\"><b>Data set drift is {4}</b> — {5}</p>\n{6}\n",
      current, reference, kStyle,
      drift.dataset_drift ? "bad"
      : drift.judged == 0 ? "warn"
                          : "good",
      drift.dataset_drift ? "detected"
      : drift.judged == 0 ? "unknown, there is not enough data"
                          : "not detected",
      DatasetSentence(result), Counters(drift));
  for (const std::string& name : drift.missing) {
    html += fmt::format("<p class=\"warn\">column <b>{}</b> is missing in the current data</p>\n", Shown(name));
  }
  html +=
      "<table><thead><tr><th>Column</th><th>Type</th><th>Reference</th><th>Current</th><th>Drift</th><th>Method</th>"
      "<th class=\"n\">Score</th><th class=\"n\">Threshold</th></tr></thead><tbody>\n";
  for (const std::size_t i : DriftReadingOrder(result)) html += Row(drift.columns[i], result.query);
  return html +
         fmt::format(
             "</tbody></table>\n<p class=\"soft\"><small>Sorted by how far the score is beyond its threshold. p-values count "
             "downwards, distances upwards. Both histograms of a column have the same bins and scale. {}</small></p>\n"
             "</body></html>\n",
             FormatTime(now));
}

}  // namespace mlean::flows

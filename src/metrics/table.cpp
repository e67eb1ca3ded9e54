#include "metrics/table.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace mlean::metrics {

namespace {

constexpr int kHeaderPadding = 2;

// Lines of a cell; an empty cell has one.
std::vector<std::string> Lines(std::string_view cell) {
  std::vector<std::string> lines = Split(cell, '\n');
  if (lines.size() > 1 && lines.back().empty()) lines.pop_back();
  for (std::string& line : lines) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
  }
  return lines;
}

using Cell = std::vector<std::string>;  // lines

struct Layout {
  std::vector<int> widths;
  bool markdown = false;
  bool right_first = false;
};

void AppendLine(std::string& out, const std::vector<std::string_view>& cells, const Layout& layout) {
  const std::size_t start = out.size();
  for (std::size_t i = 0; i < cells.size(); ++i) {
    out += layout.markdown ? (i == 0 ? "| " : " | ") : (i == 0 ? "" : "  ");
    const int blanks = layout.widths[i] - DisplayWidth(cells[i]);
    const std::string padding(static_cast<std::size_t>(std::max(blanks, 0)), ' ');
    const bool right = i == 0 && layout.right_first;
    if (right) out += padding;
    out += cells[i];
    if (!right) out += padding;
  }
  if (layout.markdown) out += " |";
  while (out.size() > start && out.back() == ' ') out.pop_back();
  out += '\n';
}

void AppendRow(std::string& out, const std::vector<Cell>& row, const Layout& layout) {
  std::size_t height = 1;
  for (const Cell& cell : row) height = std::max(height, cell.size());
  std::vector<std::string_view> line(row.size());
  for (std::size_t y = 0; y < height; ++y) {
    for (std::size_t i = 0; i < row.size(); ++i) line[i] = y < row[i].size() ? std::string_view(row[i][y]) : std::string_view();
    AppendLine(out, line, layout);
  }
}

void Widen(std::vector<int>& widths, const std::vector<Cell>& row, int padding) {
  if (widths.size() < row.size()) widths.resize(row.size());
  for (std::size_t i = 0; i < row.size(); ++i) {
    for (const std::string& line : row[i]) widths[i] = std::max(widths[i], DisplayWidth(line) + padding);
  }
}

std::string Rule(const std::vector<int>& widths) {
  std::string rule;
  for (const int width : widths) rule += "|" + std::string(static_cast<std::size_t>(width) + 2, '-');
  return rule + "|\n";
}

}  // namespace

void WriteTable(const std::vector<std::string>& headers, const TableRows& rows, const TableStyle& style, const TextSink& sink) {
  if (rows.empty() && !style.markdown) return;
  std::vector<Cell> titles;
  for (const std::string& header : headers) titles.push_back(Lines(header));
  Layout layout{std::vector<int>(headers.size(), 0), style.markdown, style.right_first};
  Widen(layout.widths, titles, kHeaderPadding);
  const auto row_at = [&](std::size_t index) {
    std::vector<Cell> cells;
    for (const std::string& cell : rows[index])
      cells.push_back(Lines(style.keep_whitespace ? std::string_view(cell) : Trim(cell)));
    // Short of a column that is known by now.
    if (cells.size() < layout.widths.size()) cells.resize(layout.widths.size(), Cell{"-"});
    return cells;
  };
  for (std::size_t i = 0; i < rows.size(); ++i) Widen(layout.widths, row_at(i), 0);

  TextPieces out(sink);
  std::string lines;
  const auto add_row = [&](const std::vector<Cell>& row) {
    lines.clear();
    AppendRow(lines, row, layout);
    out.Add(lines);
  };
  titles.resize(headers.empty() ? 0 : layout.widths.size(), Cell{""});
  if (!titles.empty()) add_row(titles);
  if (style.markdown) out.Add(Rule(layout.widths));
  for (std::size_t i = 0; i < rows.size(); ++i) add_row(row_at(i));
  if (style.markdown) out.Add("\n");
}

std::string TableText(const Table& table, const TableStyle& style) {
  std::string text;
  const TableRows rows(table.rows.size(), [&](std::size_t i) { return table.rows[i]; });
  WriteTable(table.headers, rows, style, [&](std::string_view piece) { text += piece; });
  return text;
}

}  // namespace mlean::metrics

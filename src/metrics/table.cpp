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
  for (std::size_t i = 0; i < row.size(); ++i) {
    for (const std::string& line : row[i]) widths[i] = std::max(widths[i], DisplayWidth(line) + padding);
  }
}

void AppendRule(std::string& out, const std::vector<int>& widths) {
  for (const int width : widths) out += "|" + std::string(static_cast<std::size_t>(width) + 2, '-');
  out += "|\n";
}

}  // namespace

std::string TableText(const Table& table, const TableStyle& style) {
  if (table.rows.empty() && !style.markdown) return "";
  std::size_t columns = table.headers.size();
  for (const auto& row : table.rows) columns = std::max(columns, row.size());
  std::vector<std::vector<Cell>> rows;
  rows.reserve(table.rows.size());
  for (const auto& row : table.rows) {
    std::vector<Cell>& cells = rows.emplace_back(columns, Cell{"-"});
    for (std::size_t i = 0; i < row.size(); ++i)
      cells[i] = Lines(style.keep_whitespace ? std::string_view(row[i]) : Trim(row[i]));
  }
  Layout layout{std::vector<int>(columns, 0), style.markdown, style.right_first};
  std::vector<Cell> headers;
  for (const std::string& header : table.headers) headers.push_back(Lines(header));
  Widen(layout.widths, headers, kHeaderPadding);
  for (const auto& row : rows) Widen(layout.widths, row, 0);

  std::string out;
  if (!headers.empty()) {
    headers.resize(columns, Cell{""});
    AppendRow(out, headers, layout);
  }
  if (style.markdown) AppendRule(out, layout.widths);
  for (const auto& row : rows) AppendRow(out, row, layout);
  if (style.markdown) out += '\n';
  return out;
}

}  // namespace mlean::metrics

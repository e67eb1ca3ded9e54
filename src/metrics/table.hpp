// Tables as DVC prints them when its output is no terminal: plain columns two blanks apart, or a GitHub Markdown table.
//
// Cells are text and are not parsed as numbers; blanks around a cell are cut off unless kept. Columns are as wide as their widest
// cell, a header at least its own width plus two. Cells with line breaks take several lines. Width counts terminal cells: wide
// characters are two, combining ones none, colour codes none. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "metrics/made_list.hpp"
#include "metrics/text_pieces.hpp"

namespace mlean::metrics {

struct Table {
  std::vector<std::string> headers;            // empty: no header line
  std::vector<std::vector<std::string>> rows;  // each as long as the first; shorter ones are filled with "-"
};

struct TableStyle {
  bool markdown = false;         // ends in an empty line, as DVC's
  bool right_first = false;      // first column flush right
  bool keep_whitespace = false;  // do not cut blanks around cells
};

// The lines, each ended by "\n". A plain table without rows is "" (DVC prints nothing at all).
std::string TableText(const Table& table, const TableStyle& style = {});
// The same of many rows, each of which is made twice, and in pieces.
using TableRows = MadeList<std::vector<std::string>>;
void WriteTable(const std::vector<std::string>& headers, const TableRows& rows, const TableStyle& style, const TextSink& sink);

// Terminal cells `text` takes; -1 when a control character makes it unknown (as wcswidth).
int DisplayWidth(std::string_view text);

}  // namespace mlean::metrics

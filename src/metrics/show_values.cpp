#include "metrics/show_values.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "codec/python_text.hpp"
#include "metrics/python_value.hpp"
#include "metrics/table.hpp"

namespace mlean::metrics {

using codec::Json;

namespace {

struct Row {
  const std::string* revision;
  const std::string* path;
  std::map<std::string, std::string> cells;  // by metric; keeps them sorted by name, as UTF-8 sorts by code point
};

std::vector<Row> Rows(const std::vector<RevisionValues>& revisions, int precision) {
  std::vector<Row> rows;
  for (const RevisionValues& revision : revisions) {
    for (const FileValues& file : revision.files) {
      Row& row = rows.emplace_back(Row{&revision.revision, &file.path, {}});
      std::vector<Json::Member> flat = Flatten(file.data);
      if (!file.error && !file.data.IsObject()) flat.emplace_back("", file.data);
      for (const auto& [name, value] : flat) {
        row.cells[name] = value.IsDouble() ? codec::PythonStr(PythonRound(value.AsDouble(), precision)) : codec::PythonStr(value);
      }
    }
  }
  return rows;
}

Json ErrorJson(const FileError& error) { return Json::Object{{"type", error.type}, {"msg", error.msg}}; }

}  // namespace

std::string ShowText(const std::vector<RevisionValues>& revisions, const ShowOptions& options) {
  const std::vector<Row> rows = Rows(revisions, options.precision == 0 ? kDefaultPrecision : options.precision);
  std::map<std::string, std::size_t> columns;
  for (const Row& row : rows) {
    for (const auto& [name, cell] : row.cells) columns.emplace(name, 0);
  }
  Table table;
  if (options.revision_column) table.headers.emplace_back("Revision");
  table.headers.emplace_back("Path");
  for (auto& [name, column] : columns) {
    column = table.headers.size();
    table.headers.push_back(name);
  }
  for (const Row& row : rows) {
    std::vector<std::string>& cells = table.rows.emplace_back(table.headers.size(), "-");
    std::size_t at = 0;
    if (options.revision_column) cells[at++] = *row.revision;
    cells[at] = *row.path;
    for (const auto& [name, cell] : row.cells) cells[columns.at(name)] = cell;
  }
  return TableText(table, {.markdown = options.markdown});
}

Json ShowJson(const std::vector<RevisionValues>& revisions) {
  Json::Object out;
  for (const RevisionValues& revision : revisions) {
    if (revision.error) {
      out.emplace_back(revision.revision, Json::Object{{"error", ErrorJson(*revision.error)}});
      continue;
    }
    Json::Object files;
    for (const FileValues& file : revision.files) {
      Json entry = file.error ? Json(Json::Object{{"error", ErrorJson(*file.error)}}) : Json(Json::Object{{"data", file.data}});
      files.emplace_back(file.path, std::move(entry));
    }
    out.emplace_back(revision.revision, Json::Object{{"data", std::move(files)}});
  }
  return out;
}

}  // namespace mlean::metrics

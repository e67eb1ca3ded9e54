#include "flows/data/exp_table.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <regex>
#include <set>
#include <utility>

#include "base/text.hpp"
#include "codec/python_text.hpp"
#include "flows/data/exp_time.hpp"
#include "metrics/table.hpp"

namespace mlean::flows {
namespace {

using codec::Json;
using metrics::FileValues;

constexpr int kDigits = 5;
constexpr std::size_t kShortId = 7;

// Members by dotted key, lists as they are, empty maps left out.
void Flatten(const Json& map, const std::string& prefix, std::vector<Json::Member>& out) {
  for (const auto& [key, value] : map.AsObject()) {
    if (value.IsObject()) {
      Flatten(value, prefix + key + ".", out);
    } else {
      out.emplace_back(prefix + key, value);
    }
  }
}

std::vector<Json::Member> Flat(const FileValues& file) {
  std::vector<Json::Member> out;
  if (file.error) return out;
  if (file.data.IsObject()) {
    Flatten(file.data, "", out);
  } else {
    out.emplace_back(file.path, file.data);
  }
  return out;
}

// The names in each file, in the order in which they were met.
using Names = std::vector<std::pair<std::string, std::vector<std::string>>>;

void AddNames(const std::vector<FileValues>& files, Names& names) {
  for (const FileValues& file : files) {
    // A file that is a single value gives no column, as in DVC.
    if (!file.error && !file.data.IsObject()) continue;
    auto known = std::find_if(names.begin(), names.end(), [&](const auto& one) { return one.first == file.path; });
    if (known == names.end()) known = names.insert(names.end(), {file.path, {}});
    for (const Json::Member& member : Flat(file)) {
      std::vector<std::string>& list = known->second;
      if (std::find(list.begin(), list.end(), member.first) == list.end()) list.push_back(member.first);
    }
  }
}

struct Column {
  enum class Kind : std::uint8_t { kFixed, kMetric, kParam, kDep };
  Kind kind = Kind::kFixed;
  std::string header;
  std::string file;  // of a metric or parameter
  std::string name;
  bool keep = false;
  std::vector<std::string> cells;
};

class Builder {
 public:
  Builder(std::vector<ExpState> states, const ExpTableOptions& options)
      : states_(std::move(states)),
        options_(options),
        fill_(options.style == ExpTableStyle::kCsv ? "" : "-"),
        precision_(options.style == ExpTableStyle::kCsv ? options.precision : std::optional(kDigits)) {}

  Result<std::vector<Column>> Build() {
    for (const ExpState& state : states_) Collect(state);
    MakeColumns();
    if (!options_.sort_by.empty()) TRYV(Sort());
    for (const ExpState& state : states_) {
      AddRow(state, nullptr, "baseline");
      for (std::size_t i = 0; i < state.experiments.size(); ++i) {
        const ExpRange& range = state.experiments[i];
        if (!range.revisions.empty()) {
          AddRow(range.revisions.front(), &range, i + 1 == state.experiments.size() ? "branch_base" : "branch_commit");
        }
      }
    }
    return std::move(columns_);
  }

 private:
  void Collect(const ExpState& state) {
    if (state.data) {
      AddNames(state.data->metrics, metrics_);
      AddNames(state.data->params, params_);
      for (const ExpContent& dep : state.data->deps) deps_.insert(dep.path);
    }
    for (const ExpRange& range : state.experiments) {
      for (const ExpState& one : range.revisions) Collect(one);
    }
  }

  void MakeColumns() {
    const std::vector<std::string> fixed = {"Experiment", "rev", "typ", "Created", "parent", "State", "Executor"};
    // A name that occurs more than once gets its file in front. Of a file with both, its parameters count.
    std::map<std::string, int> count;
    for (const std::string& name : fixed) ++count[name];
    std::map<std::string, const std::vector<std::string>*> files;
    for (const Names* names : {&metrics_, &params_}) {
      for (const auto& [file, list] : *names) files[file] = &list;
    }
    for (const auto& [file, list] : files) {
      for (const std::string& name : *list) ++count[name];
    }
    for (const std::string& name : fixed) columns_.push_back({Column::Kind::kFixed, name, "", name, false, {}});
    const auto add = [&](const Names& names, Column::Kind kind) {
      for (const auto& [file, list] : names) {
        for (const std::string& name : list) {
          columns_.push_back({kind, count[name] == 1 ? name : file + ":" + name, file, name, false, {}});
        }
      }
    };
    add(metrics_, Column::Kind::kMetric);
    add(params_, Column::Kind::kParam);
    for (const std::string& dep : deps_) columns_.push_back({Column::Kind::kDep, dep, "", dep, false, {}});
  }

  // ---- sorting
  static const Json* ValueOf(const ExpRange& range, const Column& column, std::vector<Json::Member>& flat) {
    if (range.revisions.empty() || !range.revisions.front().data) return nullptr;
    const ExpData& data = *range.revisions.front().data;
    for (const FileValues& file : column.kind == Column::Kind::kMetric ? data.metrics : data.params) {
      if (file.path != column.file) continue;
      flat = Flat(file);
      for (const Json::Member& member : flat) {
        if (member.first == column.name && !member.second.IsNull()) return &member.second;
      }
    }
    return nullptr;
  }

  static bool Less(const Json& a, const Json& b) {
    const auto number = [](const Json& value) { return value.IsBool() ? (value.AsBool() ? 1.0 : 0.0) : value.AsDouble(); };
    const auto is_number = [](const Json& value) { return value.IsNumber() || value.IsBool(); };
    if (is_number(a) && is_number(b)) return number(a) < number(b);
    return codec::PythonLess(codec::PythonStr(a), codec::PythonStr(b));
  }

  Result<const Column*> SortColumn() const {
    const std::string& wanted = options_.sort_by;
    std::vector<const Column*> matches;
    const auto is_value = [](const Column& column) {
      return column.kind == Column::Kind::kMetric || column.kind == Column::Kind::kParam;
    };
    for (const Column& column : columns_) {
      if (is_value(column) && column.file + ":" + column.name == wanted) matches.push_back(&column);
    }
    const std::string bare = wanted.starts_with(':') ? wanted.substr(1) : wanted;
    for (const Column& column : columns_) {
      if (matches.empty() || matches[0]->name == bare) {
        if (is_value(column) && column.name == bare) matches.push_back(&column);
      }
    }
    if (matches.empty()) return Fail(Code::kInvalid, fmt::format("Unknown sort column '{}'", wanted));
    if (matches.size() > 1) {
      std::vector<std::string> names;
      for (const Column* one : matches) names.push_back(one->file + ":" + one->name);
      return Fail(Code::kInvalid, fmt::format("Ambiguous sort column '{}' matched '{}'", wanted, Join(names, ", ")));
    }
    return matches[0];
  }

  Result<void> Sort() {
    TRY(const Column* const column, SortColumn());
    for (ExpState& state : states_) {
      // What has no value comes last, or first when the order is descending.
      std::stable_sort(state.experiments.begin(), state.experiments.end(), [&](const ExpRange& a, const ExpRange& b) {
        std::vector<Json::Member> flat_a, flat_b;
        const Json* const value_a = ValueOf(a, *column, flat_a);
        const Json* const value_b = ValueOf(b, *column, flat_b);
        if (value_a == nullptr || value_b == nullptr) {
          return options_.descending ? value_a == nullptr && value_b != nullptr : value_a != nullptr && value_b == nullptr;
        }
        return options_.descending ? Less(*value_b, *value_a) : Less(*value_a, *value_b);
      });
    }
    return {};
  }

  // ---- rows
  std::string Revision(const ExpState& state, bool named) const {
    if (named && !state.name.empty()) return state.name;
    return state.revision == "workspace" ? state.revision : state.revision.substr(0, kShortId);
  }

  std::string Time(const ExpState& state) const {
    if (!state.data || !state.data->time) return fill_;
    return options_.style == ExpTableStyle::kCsv ? IsoTime(*state.data->time) : ShortTime(*state.data->time, options_.now);
  }

  std::string FixedCell(const std::string& name, const ExpState& state, const ExpRange* range, const std::string& type) const {
    if (name == "Experiment") return range == nullptr ? "" : state.name;
    if (name == "rev") return Revision(state, range == nullptr);
    if (name == "typ") return type;
    if (name == "Created") return Time(state);
    if (name == "parent") return "";
    if (range == nullptr || !range->executor) return fill_;
    std::string text = name == "State" ? range->executor->state : range->executor->name;
    if (!text.empty() && text[0] >= 'a' && text[0] <= 'z') text[0] = static_cast<char>(text[0] - 'a' + 'A');
    return text.empty() ? fill_ : text;
  }

  std::string ValueCell(const Column& column, const std::vector<FileValues>& files) const {
    for (const FileValues& file : files) {
      if (file.path != column.file) continue;
      for (const Json::Member& member : Flat(file)) {
        if (member.first == column.name && !member.second.IsNull()) return CellText(member.second, precision_);
      }
      return file.error ? "!" : fill_;
    }
    return fill_;
  }

  void AddRow(const ExpState& state, const ExpRange* range, const std::string& type) {
    for (Column& column : columns_) {
      std::string cell = fill_;
      if (column.kind == Column::Kind::kFixed) {
        cell = FixedCell(column.name, state, range, type);
      } else if (state.data && column.kind == Column::Kind::kDep) {
        for (const ExpContent& dep : state.data->deps) {
          if (dep.path == column.name && !dep.hash.empty()) cell = dep.hash;
        }
      } else if (state.data) {
        cell = ValueCell(column, column.kind == Column::Kind::kMetric ? state.data->metrics : state.data->params);
      }
      column.cells.push_back(std::move(cell));
    }
  }

  std::vector<ExpState> states_;
  const ExpTableOptions& options_;
  const std::string fill_;
  const std::optional<int> precision_;
  Names metrics_;
  Names params_;
  std::set<std::string> deps_;
  std::vector<Column> columns_;
};

// ---- which columns stay
Result<void> Mark(const std::vector<std::string>& patterns, std::vector<Column>& columns,
                  const std::function<void(Column&)>& marked) {
  if (patterns.empty()) return {};
  try {
    const std::regex pattern(Join(patterns, "|"));
    for (Column& column : columns) {
      if (std::regex_search(column.header, pattern, std::regex_constants::match_continuous)) marked(column);
    }
  } catch (const std::regex_error& error) {
    return Fail(Code::kInvalid, fmt::format("cannot use the pattern '{}': {}", Join(patterns, "|"), error.what()));
  }
  return {};
}

bool AllAre(const Column& column, const std::string& text) {
  return std::all_of(column.cells.begin(), column.cells.end(), [&](const std::string& cell) { return cell == text; });
}

// The cells of the first column of a table for people: "├── 1234567 [name]".
void JoinNames(std::vector<Column>& columns) {
  Column& experiment = columns[0];
  for (std::size_t row = 0; row < experiment.cells.size(); ++row) {
    std::string& name = experiment.cells[row];
    const std::string& revision = columns[1].cells[row];
    const std::string& type = columns[2].cells[row];
    const std::string text =
        type == "baseline" || name.empty() ? (name.empty() ? revision : name) : fmt::format("{} [{}]", revision, name);
    name = (type == "branch_commit" ? "├── " : type == "branch_base" ? "└── " : "") + text;
  }
}

// ---- texts
std::string CsvCell(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == text.npos) return text;
  return "\"" + ReplaceAll(text, "\"", "\"\"") + "\"";
}

std::string CsvText(const std::vector<Column>& columns) {
  std::string out;
  const std::size_t rows = columns.empty() ? 0 : columns[0].cells.size();
  for (std::size_t row = 0; row <= rows; ++row) {
    for (std::size_t i = 0; i < columns.size(); ++i) {
      if (i > 0) out += ',';
      out += CsvCell(row == 0 ? columns[i].header : columns[i].cells[row - 1]);
    }
    out += "\r\n";
  }
  return out;
}

std::string MarkdownText(const std::vector<Column>& columns) {
  metrics::Table table;
  for (const Column& column : columns) {
    table.headers.push_back(column.header);
    table.rows.resize(column.cells.size());
    for (std::size_t row = 0; row < column.cells.size(); ++row) table.rows[row].push_back(column.cells[row]);
  }
  return metrics::TableText(table, {.markdown = true});
}

// As the library rich lays a table out with horizontal lines only.
std::string PlainText(const std::vector<Column>& columns) {
  std::vector<std::size_t> widths;
  const auto width = [](const std::string& text) { return static_cast<std::size_t>(std::max(metrics::DisplayWidth(text), 0)); };
  std::string rule = " ";
  for (const Column& column : columns) {
    std::size_t widest = width(column.header);
    for (const std::string& cell : column.cells) widest = std::max(widest, width(cell));
    widths.push_back(widest);
    for (std::size_t i = 0; i < widest + (widths.size() > 1 ? 3 : 2); ++i) rule += "─";
  }
  rule += " \n";
  const auto line = [&](const std::function<const std::string&(const Column&)>& cell) {
    std::string out = " ";
    for (std::size_t i = 0; i < columns.size(); ++i) {
      const std::string& text = cell(columns[i]);
      const std::string blanks(widths[i] - width(text), ' ');
      const bool right = columns[i].kind == Column::Kind::kMetric;
      out += (i > 0 ? "  " : " ") + (right ? blanks + text : text + blanks) + " ";
    }
    return out + " \n";
  };
  std::string out = rule + line([](const Column& column) -> const std::string& { return column.header; }) + rule;
  const std::size_t rows = columns.empty() ? 0 : columns[0].cells.size();
  for (std::size_t row = 0; row < rows; ++row) {
    out += line([row](const Column& column) -> const std::string& { return column.cells[row]; });
  }
  return out + rule;
}

}  // namespace

std::string CellText(const Json& value, std::optional<int> precision) {
  if (!precision) return codec::PythonStr(value);
  // Inside of lists and maps a rounded number is a text, in quotes.
  const std::function<Json(const Json&)> rounded = [&](const Json& one) -> Json {
    if (one.IsDouble())
      return std::isfinite(one.AsDouble()) ? Json(fmt::format("{:.{}g}", one.AsDouble(), *precision))
                                           : Json(codec::PythonStr(one));
    if (one.IsArray()) {
      Json::Array out;
      for (const Json& item : one.AsArray()) out.push_back(rounded(item));
      return out;
    }
    if (!one.IsObject()) return one;
    Json::Object out;
    for (const auto& [key, member] : one.AsObject()) out.emplace_back(key, rounded(member));
    return out;
  };
  return codec::PythonStr(rounded(value));
}

Result<std::string> ExperimentsTable(std::vector<ExpState> states, const ExpTableOptions& options) {
  if (states.empty() && options.style == ExpTableStyle::kText) return std::string();
  TRY(std::vector<Column> columns, Builder(std::move(states), options).Build());
  TRYV(Mark(options.keep, columns, [](Column& column) { column.keep = true; }));
  const std::string fill = options.style == ExpTableStyle::kCsv ? "" : "-";
  std::erase_if(columns, [&](const Column& column) {
    return (column.header == "State" || column.header == "Executor") && !column.keep && AllAre(column, fill);
  });
  if (options.style != ExpTableStyle::kCsv) {
    JoinNames(columns);
    std::erase_if(columns, [](const Column& column) {
      return !column.keep && (column.header == "rev" || column.header == "typ" || column.header == "parent");
    });
  }
  if (options.only_changed) {
    std::erase_if(columns, [](const Column& column) {
      return !column.keep && !column.cells.empty() && AllAre(column, column.cells.front());
    });
  }
  std::vector<std::string> dropped;
  TRYV(Mark(options.drop, columns, [&](Column& column) { dropped.push_back(column.header); }));
  std::erase_if(columns, [&](const Column& column) {
    return !column.keep && std::find(dropped.begin(), dropped.end(), column.header) != dropped.end();
  });
  switch (options.style) {
    case ExpTableStyle::kCsv: return CsvText(columns);
    case ExpTableStyle::kMarkdown: return MarkdownText(columns);
    case ExpTableStyle::kText: return PlainText(columns);
  }
  return std::string();
}

}  // namespace mlean::flows

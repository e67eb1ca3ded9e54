#include "metrics/diff_values.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <map>
#include <set>
#include <utility>

#include "codec/python_text.hpp"
#include "metrics/python_value.hpp"
#include "metrics/table.hpp"

namespace mlean::metrics {

using codec::Json;

namespace {

const std::string kUnparsed = "unable to parse";

Json Difference(const Json& now, const Json& before) {
  if (now.IsDouble() || before.IsDouble()) {
    const auto number = [](const Json& value) { return value.IsBool() ? (value.AsBool() ? 1.0 : 0.0) : value.AsDouble(); };
    return number(now) - number(before);
  }
  const auto whole = [](const Json& value) { return value.IsBool() ? static_cast<std::int64_t>(value.AsBool()) : value.AsInt(); };
  std::int64_t difference = 0;
  if (!__builtin_sub_overflow(whole(now), whole(before), &difference)) return difference;
  return static_cast<double>(whole(now)) - static_cast<double>(whole(before));
}

bool IsPythonNumber(const Json& value) { return value.IsNumber() || value.IsBool(); }

void Compare(std::string name, const Json& before, const Json& now, bool all, std::vector<ValueChange>& changes) {
  if (before.IsArray() && now.IsArray() && before.AsArray().size() == 1 && now.AsArray().size() == 1) {
    return Compare(std::move(name), before.AsArray()[0], now.AsArray()[0], all, changes);
  }
  if (!all && PythonEqual(before, now)) return;
  std::optional<Json> difference;
  if (IsPythonNumber(before) && IsPythonNumber(now)) difference = Difference(now, before);
  changes.push_back({std::move(name), before, now, std::move(difference)});
}

// Of a file that is a single value: DVC looks once more whether a text is JSON (a list has become text before).
Json Reparsed(const Json& value) {
  if (!value.IsString() && !value.IsArray()) return value;
  Result<Json> parsed = Json::Parse(codec::PythonStr(value), {.allow_nan = true});
  return parsed ? *std::move(parsed) : Json(codec::PythonStr(value));
}

// Values by dotted key on one side, and what a key that is not there counts as.
struct Side {
  std::map<std::string, Json> values;
  Json absent;
};

Side FlatSide(const Json& value) {
  Side side;
  if (!PythonTruth(value)) return side;
  if (!value.IsObject()) side.absent = kUnparsed;
  for (Json::Member& member : Flatten(value)) side.values.emplace(std::move(member.first), std::move(member.second));
  return side;
}

std::vector<ValueChange> CompareFiles(const Json& before, const Json& now, bool all) {
  std::vector<ValueChange> changes;
  if (!before.IsObject() && !now.IsObject()) {
    Compare("", before, now, all, changes);
    return changes;
  }
  const Side old_side = FlatSide(before), new_side = FlatSide(now);
  std::set<std::string_view> names;
  for (const auto& [name, value] : old_side.values) names.insert(name);
  for (const auto& [name, value] : new_side.values) names.insert(name);
  const auto at = [](const Side& side, std::string_view name) -> const Json& {
    const auto found = side.values.find(std::string(name));
    return found == side.values.end() ? side.absent : found->second;
  };
  for (const std::string_view name : names) Compare(std::string(name), at(old_side, name), at(new_side, name), all, changes);
  return changes;
}

std::map<std::string_view, const FileValues*> ByPath(const RevisionValues& revision) {
  std::map<std::string_view, const FileValues*> files;
  for (const FileValues& file : revision.files) files[file.path] = &file;
  return files;
}

Json DataAt(const std::map<std::string_view, const FileValues*>& files, std::string_view path) {
  const auto found = files.find(path);
  if (found == files.end() || found->second->error) return Json::Object{};
  return Reparsed(found->second->data);
}

std::string Cell(const std::optional<Json>& value, const std::optional<int>& precision) {
  if (!value || value->IsNull()) return "-";
  if (value->IsDouble() && precision) return codec::PythonStr(PythonRound(value->AsDouble(), *precision));
  return codec::PythonStr(*value);
}

}  // namespace

std::vector<FileDiff> DiffValues(const RevisionValues& old_values, const RevisionValues& new_values, bool all) {
  const auto old_files = ByPath(old_values), new_files = ByPath(new_values);
  std::set<std::string_view> paths;
  for (const auto& [path, file] : old_files) paths.insert(path);
  for (const auto& [path, file] : new_files) paths.insert(path);
  std::vector<FileDiff> diff;
  for (const std::string_view path : paths) {
    std::vector<ValueChange> changes = CompareFiles(DataAt(old_files, path), DataAt(new_files, path), all);
    if (!changes.empty()) diff.push_back({std::string(path), std::move(changes)});
  }
  return diff;
}

std::string DiffText(const std::vector<FileDiff>& diff, const DiffOptions& options) {
  Table table;
  if (!options.no_path) table.headers.emplace_back("Path");
  table.headers.insert(table.headers.end(), {options.title, options.old_name, options.new_name});
  if (options.change_column) table.headers.emplace_back("Change");
  for (const FileDiff& file : diff) {
    for (const ValueChange& change : file.changes) {
      std::vector<std::string>& row = table.rows.emplace_back();
      if (!options.no_path) row.push_back(file.path);
      row.push_back(change.name);
      row.push_back(Cell(change.old_value, options.precision));
      row.push_back(Cell(change.new_value, options.precision));
      if (options.change_column) row.push_back(Cell(change.diff, options.precision));
    }
  }
  return TableText(table, {.markdown = options.markdown});
}

Json DiffJson(const std::vector<FileDiff>& diff) {
  Json::Object out;
  for (const FileDiff& file : diff) {
    Json::Object changes;
    for (const ValueChange& change : file.changes) {
      Json::Object entry{{"old", change.old_value}, {"new", change.new_value}};
      if (change.diff) entry.emplace_back("diff", *change.diff);
      changes.emplace_back(change.name, std::move(entry));
    }
    out.emplace_back(file.path, std::move(changes));
  }
  return out;
}

}  // namespace mlean::metrics

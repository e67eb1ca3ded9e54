#include "metrics/plot_data.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/text.hpp"
#include "codec/yaml.hpp"
#include "metrics/python_value.hpp"

namespace mlean::metrics {

using codec::Json;

namespace {

constexpr std::size_t kMaxField = 131'072;  // Python's csv limit
constexpr std::size_t kMaxColumns = 100'000;
constexpr std::size_t kMaxValues = 20'000'000;  // of a file; short rows count in full, as their points have all fields
constexpr std::string_view kExtraKey = "null";  // what Python's None is as a key of JSON

// Python's pathlib suffix: "" for ".png" and "a." alike.
std::string_view Suffix(std::string_view path) {
  const std::string_view name = path.substr(path.rfind('/') + 1);
  const std::size_t dot = name.rfind('.');
  return dot == std::string_view::npos || dot == 0 || dot + 1 == name.size() ? std::string_view() : name.substr(dot);
}

// Rows of a csv text in Python's "excel" dialect: a quote counts only at the start of a field, in it two stand for one; what
// follows the closing quote is taken as it is; a text that ends inside quotes is a field all the same.
class Rows {
 public:
  Rows(std::string_view text, char separator) : text_(text), separator_(separator) {}

  bool AtEnd() const { return at_ >= text_.size(); }

  // An empty line gives no field at all.
  Result<std::vector<std::string>> Next() {
    std::vector<std::string> row;
    if (SkipLineEnd()) return row;
    while (true) {
      if (row.size() >= kMaxColumns) return Fail(Code::kTooLarge, fmt::format("more than {} fields in a row", kMaxColumns));
      TRY(std::string field, Field());
      row.push_back(std::move(field));
      if (AtEnd() || SkipLineEnd()) return row;
      ++at_;  // the separator
    }
  }

 private:
  bool SkipLineEnd() {
    if (text_[at_] != '\n' && text_[at_] != '\r') return false;
    at_ += text_.substr(at_, 2) == "\r\n" ? 2 : 1;
    return true;
  }

  Result<std::string> Field() {
    std::string field;
    bool quoted = !AtEnd() && text_[at_] == '"';
    if (quoted) ++at_;
    for (; !AtEnd(); ++at_) {
      const char c = text_[at_];
      if (quoted && c == '"') {
        if (text_.substr(at_ + 1, 1) == "\"") {
          ++at_;
        } else {
          quoted = false;
          continue;
        }
      } else if (!quoted && (c == separator_ || c == '\n' || c == '\r')) {
        break;
      }
      field += c;
      if (field.size() > kMaxField) return Fail(Code::kTooLarge, fmt::format("field larger than field limit ({})", kMaxField));
    }
    return field;
  }

  std::string_view text_;
  char separator_;
  std::size_t at_ = 0;
};

// Names of columns, and for each column the place of its name among the different ones: a name that occurs twice is one field.
struct Columns {
  std::vector<std::string> names;
  std::vector<std::size_t> place;

  explicit Columns(const std::vector<std::string>& all) {
    std::unordered_map<std::string_view, std::size_t> known;
    for (const std::string& name : all) {
      const auto [at, fresh] = known.emplace(name, names.size());
      if (fresh) names.push_back(name);
      place.push_back(at->second);
    }
  }

  Json Point(std::vector<std::string> row) const {
    Json::Object point;
    point.reserve(names.size());
    for (const std::string& name : names) point.emplace_back(name, Json());
    for (std::size_t i = 0; i < place.size(); ++i) point[place[i]].second = i < row.size() ? Json(std::move(row[i])) : Json();
    if (row.size() > place.size()) {
      Json::Array extra;
      for (std::size_t i = place.size(); i < row.size(); ++i) extra.emplace_back(std::move(row[i]));
      point.emplace_back(std::string(kExtraKey), std::move(extra));
    }
    return point;
  }
};

FileError Corrupted(std::string_view path, std::string_view kind) {
  return {fmt::format("{}FileCorruptedError", kind),
          fmt::format("unable to read: '{}', {} file structure is corrupted", path, kind)};
}

Result<Json> Content(std::string_view path, std::string_view suffix, std::string_view text, bool header,
                     const ValueParsers& parsers) {
  if (suffix == ".csv" || suffix == ".tsv") return ParseSeparated(text, suffix == ".tsv" ? '\t' : ',', header);
  if (suffix == ".json") return Json::Parse(text, {.allow_nan = true});
  if (suffix == ".toml") return parsers.toml ? parsers.toml(text, path) : Fail(Code::kUnsupported, "no parser");
  if (suffix == ".py") return parsers.python ? parsers.python(text, path) : Fail(Code::kUnsupported, "no parser");
  TRY(const codec::YamlDocument document, codec::YamlDocument::Parse(text, path));
  return document.root().ToJson();
}

// The lists that may hold points.
void FindLists(const Json& content, std::vector<const Json::Array*>& lists) {
  if (content.IsArray()) {
    lists.push_back(&content.AsArray());
    return;
  }
  if (!content.IsObject()) return;
  for (const auto& [key, value] : content.AsObject()) FindLists(value, lists);
}

bool SameKeys(const Json::Object& a, const Json::Object& b) {
  if (a.size() != b.size()) return false;
  // Nearly always in the same order.
  const auto same = [](const Json::Member& l, const Json::Member& r) { return l.first == r.first; };
  if (std::equal(a.begin(), a.end(), b.begin(), same)) return true;
  const auto keys = [](const Json::Object& object) {
    std::vector<std::string_view> out;
    for (const auto& [key, value] : object) out.push_back(key);
    std::sort(out.begin(), out.end());
    return out;
  };
  return keys(a) == keys(b);
}

// Sets all members of `more`. (Json::Set one by one would be quadratic.)
void Overlay(Json::Object& point, const Json::Object& more) {
  std::unordered_map<std::string, std::size_t> places;
  for (std::size_t i = 0; i < point.size(); ++i) places.emplace(point[i].first, i);
  for (const auto& [key, value] : more) {
    const auto [at, fresh] = places.emplace(key, point.size());
    if (fresh) {
      point.emplace_back(key, value);
    } else {
      point[at->second].second = value;
    }
  }
}

bool ArePoints(const Json::Array& list) {
  return !list.empty() && std::all_of(list.begin(), list.end(), [&](const Json& item) {
    return item.IsObject() && SameKeys(list[0].AsObject(), item.AsObject());
  });
}

}  // namespace

bool IsPlotImage(std::string_view path) {
  constexpr std::array<std::string_view, 5> kSuffixes = {".jpg", ".jpeg", ".gif", ".png", ".svg"};
  return std::find(kSuffixes.begin(), kSuffixes.end(), Suffix(path)) != kSuffixes.end();
}

PlotSource ReadPlotSource(std::string path, Result<std::string> bytes, bool header, const ValueParsers& parsers) {
  PlotSource source;
  source.path = std::move(path);
  const std::string& name = source.path;
  const std::string_view suffix = Suffix(name);
  const bool image = IsPlotImage(name);
  constexpr std::array<std::string_view, 7> kKnown = {".csv", ".tsv", ".json", ".yaml", ".yml", ".toml", ".py"};
  if (!image && std::find(kKnown.begin(), kKnown.end(), suffix) == kKnown.end()) {
    source.error = {"PlotMetricTypeError",
                    fmt::format("'{}' - file type error\nOnly JSON, YAML, CSV and TSV formats are supported.", name)};
  } else if (!bytes && bytes.error().code == Code::kNotFound) {
    source.error = MissingFile(name).error;
  } else if (!bytes) {
    source.error = {"OSError", bytes.error().what};
  } else if (image) {
    source.image = *std::move(bytes);
  } else if (!IsValidUtf8(*bytes)) {
    source.error = {"EncodingError", fmt::format("unable to read: '{}', is not valid utf8", name)};
  } else if (Result<Json> content = Content(name, suffix, *bytes, header, parsers)) {
    source.data = *std::move(content);
  } else if (suffix == ".csv" || suffix == ".tsv") {
    source.error = {"Error", content.error().what};
  } else {
    source.error = Corrupted(name, suffix == ".json" ? "JSON" : suffix == ".toml" ? "TOML" : suffix == ".py" ? "Python" : "YAML");
  }
  return source;
}

Json::Array DataPoints(const Json& content) {
  std::vector<const Json::Array*> lists;
  FindLists(content, lists);
  Json::Array points;
  for (const Json::Array* list : lists) {
    if (!ArePoints(*list)) continue;
    if (points.empty()) {
      points = *list;
      continue;
    }
    if (points.size() < list->size()) points.resize(list->size(), Json(Json::Object{}));
    for (std::size_t i = 0; i < list->size(); ++i) Overlay(points[i].AsObject(), (*list)[i].AsObject());
  }
  return points;
}

Result<Json> ParseSeparated(std::string_view text, char separator, bool header) {
  Rows rows(text, separator);
  std::optional<Columns> columns;
  Json::Array points;
  while (!rows.AtEnd()) {
    TRY(std::vector<std::string> row, rows.Next());
    if (!columns && header) {
      columns.emplace(row);  // even of an empty line
      continue;
    }
    if (!columns) {
      std::vector<std::string> numbers;
      for (std::size_t i = 0; i < row.size(); ++i) numbers.push_back(std::to_string(i));
      columns.emplace(numbers);
    }
    if (row.empty()) continue;
    if (points.size() * columns->names.size() > kMaxValues)
      return Fail(Code::kTooLarge, fmt::format("more than {} values", kMaxValues));
    points.push_back(columns->Point(std::move(row)));
  }
  return Json(std::move(points));
}

}  // namespace mlean::metrics

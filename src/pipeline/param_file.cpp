#include "pipeline/param_file.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <optional>

#include "base/text.hpp"
#include "codec/python_text.hpp"
#include "codec/yaml_tree.hpp"
#include "pipeline/entry.hpp"
#include "pipeline/param_python.hpp"
#include "pipeline/param_toml.hpp"

namespace mlean::pipeline {
namespace {

using codec::Json;

constexpr std::uint64_t kMaxBytes = std::uint64_t{64} << 20;

std::string EndingOf(std::string_view name) {
  const std::size_t slash = name.rfind('/');
  if (slash != name.npos) name.remove_prefix(slash + 1);
  const std::size_t dot = name.rfind('.');
  return dot == name.npos || dot == 0 ? std::string() : ToLower(name.substr(dot));
}

Error Corrupted(std::string_view shown, std::string_view format) {
  return Fail(Code::kInvalid, fmt::format("unable to read: '{}', {} file structure is corrupted", shown, format));
}

bool IsNumber(const Json& value) { return value.IsBool() || value.IsNumber(); }

constexpr std::string_view kDateKey = "\x1f";

// A YAML value with its dates as objects of kDateKey.
Json WithDates(const codec::YamlValue& value) {
  if (value.type() == codec::YamlValue::Type::kTime) return Json::Object{{std::string(kDateKey), value.Text()}};
  if (value.IsList()) {
    Json list = Json::Array{};
    for (std::size_t i = 0; i < value.size(); ++i) list.Push(WithDates(value.Item(i)));
    return list;
  }
  if (!value.IsMap()) return value.ToJson();
  Json map = Json::Object{};
  for (std::size_t i = 0; i < value.size(); ++i) {
    map.Set(codec::PythonStr(value.Key(i).ToJson()), WithDates(value.Value(i)));
  }
  return map;
}

std::string DateType(const Json& value) {
  if (value.IsArray()) {
    for (const Json& item : value.AsArray()) {
      if (std::string type = DateType(item); !type.empty()) return type;
    }
  }
  if (!value.IsObject()) return {};
  if (const Json* const date = value.Find(kDateKey)) {
    const bool day = date->AsString().find('-') != std::string::npos;
    return date->AsString().find(':') == std::string::npos ? "date" : day ? "datetime" : "time";
  }
  for (const Json::Member& member : value.AsObject()) {
    if (std::string type = DateType(member.second); !type.empty()) return type;
  }
  return {};
}

// Null where a file of that kind has none.
Json ValuesWithDates(std::string_view text, std::string_view shown) {
  const std::string ending = EndingOf(shown);
  if (ending == ".json" || ending == ".py") return {};
  if (ending == ".toml") {
    Result<Json> parsed = ParseToml(text, kDateKey);
    return parsed ? *std::move(parsed) : Json();
  }
  const Result<codec::YamlTree> tree = codec::YamlTree::Parse(text);
  return tree && !tree->FirstDate().empty() ? WithDates(tree->root()) : Json();
}

void AddDates(const Json& map, const std::string& prefix, std::map<std::string, std::string>& dates) {
  for (const Json::Member& member : map.AsObject()) {
    if (!member.second.IsObject()) continue;
    if (member.second.Find(kDateKey) != nullptr) {
      dates.emplace(prefix + member.first, DateType(member.second));
    } else {
      AddDates(member.second, prefix + member.first + ".", dates);
    }
  }
}

constexpr std::string_view kTupleKey = "\x1f";

bool HasTuple(const Json& value) {
  if (value.Find(kTupleKey) != nullptr) return true;
  if (value.IsArray()) return std::any_of(value.AsArray().begin(), value.AsArray().end(), HasTuple);
  if (!value.IsObject()) return false;
  return std::any_of(value.AsObject().begin(), value.AsObject().end(),
                     [](const Json::Member& member) { return HasTuple(member.second); });
}

}  // namespace

Result<Json> ParseParamText(std::string_view text, std::string_view shown) {
  if (!IsValidUtf8(text)) return Fail(Code::kInvalid, fmt::format("unable to read: '{}', is not valid utf-8", shown));
  const std::string ending = EndingOf(shown);
  Json values;
  if (ending == ".json") {
    Result<Json> parsed = Json::Parse(text, {.allow_nan = true});
    if (!parsed) return Corrupted(shown, "JSON");
    values = *std::move(parsed);
  } else if (ending == ".toml") {
    Result<Json> parsed = ParseToml(text);
    if (!parsed) return Corrupted(shown, "TOML");
    values = *std::move(parsed);
  } else if (ending == ".py") {
    Result<Json> parsed = ParsePythonParams(text);
    if (!parsed) return Corrupted(shown, "Python");
    values = *std::move(parsed);
  } else {
    codec::YamlProblem problem;
    const Result<codec::YamlTree> tree = codec::YamlTree::Parse(text, &problem);
    if (!tree) {
      Error error = Corrupted(shown, "YAML");
      const std::string report = problem.Report(text);
      if (!report.empty()) error.what += ": " + report;
      return error;
    }
    values = tree->ToJson();
  }
  return Truthy(values) ? values : Json(Json::Object{});
}

Result<Json> ReadParamFile(Source& source, const std::string& location, std::string_view shown) {
  TRY(const std::string text, source.Read(location));
  if (text.size() > kMaxBytes) return Fail(Code::kTooLarge, fmt::format("cannot read '{}': it is over 64 MiB", shown));
  return ParseParamText(text, shown);
}

std::string FindDate(std::string_view yaml_text) {
  const Result<codec::YamlTree> tree = codec::YamlTree::Parse(yaml_text);
  return tree ? Join(tree->FirstDate(), ".") : std::string();
}

std::string DateAmong(std::string_view text, std::string_view shown, const std::vector<std::string>& keys) {
  const Json values = ValuesWithDates(text, shown);
  return values.IsObject() ? DateType(SelectParams(values, keys)) : std::string();
}

std::map<std::string, std::string> DatesByKey(std::string_view text, std::string_view shown) {
  std::map<std::string, std::string> dates;
  const Json values = ValuesWithDates(text, shown);
  if (values.IsObject()) AddDates(values, "", dates);
  return dates;
}

bool HasTupleInside(std::string_view text, std::string_view shown, const std::string& key) {
  if (EndingOf(shown) != ".py") return false;
  const Result<Json> values = ParsePythonParams(text, kTupleKey);
  const Json* value = values ? values->Find(key) : nullptr;
  if (values && value == nullptr) value = FindParam(*values, key);
  if (value == nullptr) return false;
  const Json* const outermost = value->Find(kTupleKey);
  return HasTuple(outermost == nullptr ? *value : *outermost);
}

const Json* FindParam(const Json& values, std::string_view key) {
  const Json* at = &values;
  for (const std::string& step : Split(key, '.')) {
    const Json* next = at->Find(step);
    if (at->IsArray()) {
      const std::optional<std::int64_t> index = ParseInt(step);
      if (index && *index >= 0 && static_cast<std::size_t>(*index) < at->AsArray().size())
        next = &at->AsArray()[static_cast<std::size_t>(*index)];
    }
    if (next == nullptr) return nullptr;
    at = next;
  }
  return at;
}

Json SelectParams(const Json& values, const std::vector<std::string>& keys) {
  if (keys.empty()) return values;
  Json chosen = Json::Object{};
  for (const std::string& key : keys) {
    if (const Json* const value = FindParam(values, key)) chosen.Set(key, *value);
  }
  return chosen;
}

bool PythonEqual(const Json& a, const Json& b) {
  if (IsNumber(a) || IsNumber(b)) return IsNumber(a) && IsNumber(b) && codec::PythonSameNumber(a, b);
  if (a.IsArray() && b.IsArray())
    return std::equal(a.AsArray().begin(), a.AsArray().end(), b.AsArray().begin(), b.AsArray().end(), PythonEqual);
  if (a.IsObject() && b.IsObject()) {
    if (a.AsObject().size() != b.AsObject().size()) return false;
    return std::all_of(a.AsObject().begin(), a.AsObject().end(), [&](const Json::Member& member) {
      const Json* const other = b.Find(member.first);
      return other != nullptr && PythonEqual(member.second, *other);
    });
  }
  return a == b;
}

}  // namespace mlean::pipeline

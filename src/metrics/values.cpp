#include "metrics/values.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cstdint>
#include <utility>

#include "base/text.hpp"
#include "codec/python_text.hpp"
#include "codec/yaml.hpp"
#include "metrics/python_value.hpp"

namespace mlean::metrics {

using codec::Json;

namespace {

constexpr std::int64_t kMaxListIndex = 10'000;

std::string Extension(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  const std::string_view name = slash == std::string_view::npos ? path : path.substr(slash + 1);
  const std::size_t dot = name.rfind('.');
  return dot == std::string_view::npos || dot == 0 ? "" : ToLower(name.substr(dot));
}

// DVC's reader makes date objects of plain dates; these are no metric, so they become null here.
Json WithoutDates(const codec::YamlNode& node) {
  if (node.IsScalar()) {
    const bool date = node.style == codec::YamlStyle::kPlain && !node.tagged_string && codec::LooksLikeYamlDate(node.text);
    return date ? Json() : node.ToJson();
  }
  if (!node.IsMapping()) return node.ToJson();
  Json::Object object;
  object.reserve(node.members.size());
  for (const codec::YamlMember& member : node.members) object.emplace_back(member.key.text, WithoutDates(member.value));
  return object;
}

FileValues Broken(std::string path, std::string_view kind) {
  FileError error{fmt::format("{}FileCorruptedError", kind),
                  fmt::format("unable to read: '{}', {} file structure is corrupted", path, kind)};
  return {std::move(path), {}, std::move(error)};
}

FileValues Parsed(std::string path, Result<Json> value, std::string_view kind) {
  if (!value) return Broken(std::move(path), kind);
  // What is false for Python (0, "", [], nothing) counts as an empty file.
  if (!PythonTruth(*value)) return {std::move(path), Json(Json::Object{}), {}};
  return {std::move(path), *std::move(value), {}};
}

FileValues ParsedBy(const ValueParser& parser, std::string path, std::string_view bytes, std::string_view kind) {
  Result<Json> value = parser ? parser(bytes, path) : Result<Json>(Fail(Code::kUnsupported, "no parser"));
  return Parsed(std::move(path), std::move(value), kind);
}

FileValues Read(std::string path, std::string_view bytes, const ValueParsers& parsers, bool drop_dates) {
  if (!IsValidUtf8(bytes)) {
    FileError error{"EncodingError", fmt::format("unable to read: '{}', is not valid utf-8", path)};
    return {std::move(path), {}, std::move(error)};
  }
  const std::string extension = Extension(path);
  if (extension == ".json") return Parsed(std::move(path), Json::Parse(bytes, {.allow_nan = true}), "JSON");
  if (extension == ".toml") return ParsedBy(parsers.toml, std::move(path), bytes, "TOML");
  if (extension == ".py") return ParsedBy(parsers.python, std::move(path), bytes, "Python");
  Result<codec::YamlDocument> document = codec::YamlDocument::Parse(bytes, path);
  if (!document) return Broken(std::move(path), "YAML");
  return Parsed(std::move(path), drop_dates ? WithoutDates(document->root()) : document->root().ToJson(), "YAML");
}

// The value at segments[at…] under the keys that lead to it; a list up to the index, filled with null, as DVC picks it.
std::optional<Json> Pick(const Json& value, const std::vector<std::string>& segments, std::size_t at) {
  if (at == segments.size()) return value;
  if (value.IsObject()) {
    const Json* member = value.Find(segments[at]);
    std::optional<Json> picked = member == nullptr ? std::nullopt : Pick(*member, segments, at + 1);
    if (!picked) return std::nullopt;
    return Json(Json::Object{{segments[at], *std::move(picked)}});
  }
  if (!value.IsArray()) return std::nullopt;
  const std::optional<std::int64_t> index = ParseInt(segments[at]);
  const auto size = static_cast<std::int64_t>(value.AsArray().size());
  if (!index || *index < 0 || *index >= std::min(size, kMaxListIndex)) return std::nullopt;
  std::optional<Json> picked = Pick(value.AsArray()[static_cast<std::size_t>(*index)], segments, at + 1);
  if (!picked) return std::nullopt;
  Json::Array list(static_cast<std::size_t>(*index));
  list.push_back(*std::move(picked));
  return Json(std::move(list));
}

// Maps merge, lists are appended, all else is replaced.
void Merge(Json& into, Json from) {
  if (into.IsArray() && from.IsArray()) {
    for (Json& item : from.AsArray()) into.Push(std::move(item));
  } else if (into.IsObject() && from.IsObject()) {
    for (Json::Member& member : from.AsObject()) {
      if (Json* there = into.Find(member.first)) {
        Merge(*there, std::move(member.second));
      } else {
        into.AsObject().push_back(std::move(member));
      }
    }
  } else {
    into = std::move(from);
  }
}

void AppendFlat(std::vector<Json::Member>& out, const Json& map, const std::string& prefix) {
  for (const auto& [key, value] : map.AsObject()) {
    const std::string name = prefix + key;
    if (value.IsObject()) {
      AppendFlat(out, value, name + ".");
    } else {
      out.emplace_back(name, value.IsArray() ? Json(codec::PythonRepr(value)) : value);
    }
  }
}

}  // namespace

FileValues ReadMetrics(std::string path, std::string_view bytes, const ValueParsers& parsers) {
  FileValues file = Read(std::move(path), bytes, parsers, true);
  if (!file.error) file.data = ExtractMetrics(file.data);
  if (!file.error && !PythonTruth(file.data)) file.data = Json(Json::Object{});
  return file;
}

FileValues ReadParams(std::string path, std::string_view bytes, const std::vector<std::string>& keys,
                      const ValueParsers& parsers) {
  FileValues file = Read(std::move(path), bytes, parsers, false);
  if (!file.error) file.data = SelectParams(file.data, keys);
  return file;
}

FileValues MissingFile(std::string path) {
  FileError error{"FileNotFoundError", fmt::format("[Errno 2] No such file or directory: '{}'", path)};
  return {std::move(path), {}, std::move(error)};
}

Json ExtractMetrics(const Json& value) {
  if (value.IsNumber() || value.IsBool() || value.IsString()) return value;
  if (!value.IsObject()) return {};
  Json::Object kept;
  for (const auto& [key, member] : value.AsObject()) {
    Json metric = ExtractMetrics(member);
    if (!metric.IsNull() && !(metric.IsObject() && metric.AsObject().empty())) kept.emplace_back(key, std::move(metric));
  }
  return kept;
}

Json SelectParams(const Json& value, const std::vector<std::string>& keys) {
  if (keys.empty()) return value;
  Json selected = Json::Object{};
  for (auto key = keys.begin(); key != keys.end(); ++key) {
    if (std::find(keys.begin(), key, *key) != key) continue;
    if (std::optional<Json> picked = Pick(value, Split(*key, '.'), 0)) Merge(selected, *std::move(picked));
  }
  return selected;
}

std::vector<Json::Member> Flatten(const Json& map) {
  std::vector<Json::Member> flat;
  if (map.IsObject()) AppendFlat(flat, map, "");
  return flat;
}

std::vector<std::string> ErroredRevisions(const std::vector<RevisionValues>& revisions) {
  std::vector<std::string> names;
  for (const RevisionValues& revision : revisions) {
    const bool file_error =
        std::any_of(revision.files.begin(), revision.files.end(), [](const FileValues& file) { return file.error.has_value(); });
    if (revision.error || file_error) names.push_back(revision.revision);
  }
  return names;
}

std::string ErroredLine(const std::vector<RevisionValues>& revisions) {
  const std::vector<std::string> names = ErroredRevisions(revisions);
  if (names.empty()) return "";
  return fmt::format("DVC failed to load some metrics for following revisions: '{}'.\n", Join(names, ", "));
}

bool SameValues(const RevisionValues& a, const RevisionValues& b) {
  if (a.error || b.error || a.files.size() != b.files.size()) return false;
  return std::all_of(a.files.begin(), a.files.end(), [&](const FileValues& file) {
    const auto other = std::find_if(b.files.begin(), b.files.end(), [&](const FileValues& f) { return f.path == file.path; });
    return other != b.files.end() && !file.error && !other->error && PythonEqual(file.data, other->data);
  });
}

}  // namespace mlean::metrics

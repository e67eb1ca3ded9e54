#include "pipeline/template.hpp"

#include <fmt/core.h>

#include "base/text.hpp"
#include "codec/python_text.hpp"

namespace mlean::pipeline {
namespace {

using codec::Json;

Result<void> MergeInto(Json& target, const Json& values, const std::string& path) {
  for (const Json::Member& member : values.AsObject()) {
    const std::string name = path.empty() ? member.first : path + "." + member.first;
    Json* const there = target.Find(member.first);
    if (there == nullptr) {
      target.Set(member.first, member.second);
    } else if (there->IsObject() && member.second.IsObject()) {
      TRYV(MergeInto(*there, member.second, name));
    } else {
      return Fail(Code::kInvalid, fmt::format("cannot redefine '{}'", name));
    }
  }
  return {};
}

// The value at "a.b[0].c"; nullptr when there is none.
const Json* Lookup(const Json& values, std::string_view name) {
  const Json* at = &values;
  for (const std::string& step : Split(ReplaceAll(ReplaceAll(name, "[", "."), "]", ""), '.')) {
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

// As Python's str(), but for booleans, which DVC writes in lower case.
std::string EmbeddedText(const Json& value) {
  if (value.IsNull()) return "None";
  if (value.IsString()) return value.AsString();
  return value.IsDouble() ? codec::PythonFloat(value.AsDouble()) : value.Dump();
}

}  // namespace

Result<void> TemplateContext::Merge(const Json& values) { return MergeInto(values_, values, ""); }

Result<Json> TemplateContext::Resolve(std::string_view text) const {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t open = text.find("${", at);
    if (open == text.npos) {
      out += text.substr(at);
      break;
    }
    if (open > 0 && text[open - 1] == '\\') {
      out.append(text.substr(at, open - 1 - at)).append("${");
      at = open + 2;
      continue;
    }
    const std::size_t close = text.find('}', open);
    if (close == text.npos) {
      out += text.substr(at);
      break;
    }
    const std::string_view name = Trim(text.substr(open + 2, close - open - 2));
    const Json* const value = Lookup(values_, name);
    if (value == nullptr) return Fail(Code::kInvalid, fmt::format("could not find '{}' in params.yaml or vars", name));
    if (value->IsObject() || value->IsArray()) {
      return Fail(Code::kUnsupported,
                  fmt::format("'${{{}}}' is {}: only single values can be inserted", name, value->TypeName()));
    }
    if (open == 0 && close + 1 == text.size()) return *value;
    out.append(text.substr(at, open - at)).append(EmbeddedText(*value));
    at = close + 1;
  }
  return Json(std::move(out));
}

}  // namespace mlean::pipeline

#include "repo/params.hpp"

#include <fmt/core.h>

#include "base/text.hpp"
#include "codec/yaml.hpp"
#include "os/files.hpp"

namespace mlean::repo {

using codec::Json;

Result<Params> Params::Load(const std::filesystem::path& file) {
  if (!os::Exists(file)) return Params();
  TRY(const std::string text, os::ReadFile(file, std::uint64_t{64} << 20));
  TRY(const codec::YamlDocument document, codec::YamlDocument::Parse(text, file.filename().string()));
  if (document.root().IsNull()) return Params();
  if (!document.root().IsMapping()) return document.At(document.root(), "params must be a mapping");
  return Params(document.root().ToJson());
}

const Json* Params::Find(std::string_view dotted_key) const {
  const Json* at = &values_;
  for (const std::string& step : Split(dotted_key, '.')) {
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

namespace {

Error WrongType(std::string_view key, std::string_view wanted, const Json& found) {
  return Fail(Code::kInvalid, fmt::format("cannot use params key '{}': it must be {}, not {}", key, wanted, found.TypeName()));
}

void Flatten(const std::string& prefix, const Json& value, std::vector<std::pair<std::string, Json>>& out) {
  if (!value.IsObject()) {
    out.emplace_back(prefix, value);
    return;
  }
  for (const Json::Member& member : value.AsObject())
    Flatten(prefix.empty() ? member.first : prefix + "." + member.first, member.second, out);
}

}  // namespace

Result<double> Params::Double(std::string_view key, double otherwise) const {
  const Json* const found = Find(key);
  if (found == nullptr || found->IsNull()) return otherwise;
  if (!found->IsNumber()) return WrongType(key, "a number", *found);
  return found->AsDouble();
}
Result<std::int64_t> Params::Int(std::string_view key, std::int64_t otherwise) const {
  const Json* const found = Find(key);
  if (found == nullptr || found->IsNull()) return otherwise;
  if (!found->IsInt()) return WrongType(key, "an integer", *found);
  return found->AsInt();
}
Result<std::string> Params::String(std::string_view key, std::string_view otherwise) const {
  const Json* const found = Find(key);
  if (found == nullptr || found->IsNull()) return std::string(otherwise);
  if (!found->IsString()) return WrongType(key, "a string", *found);
  return found->AsString();
}
Result<bool> Params::Bool(std::string_view key, bool otherwise) const {
  const Json* const found = Find(key);
  if (found == nullptr || found->IsNull()) return otherwise;
  if (!found->IsBool()) return WrongType(key, "a bool", *found);
  return found->AsBool();
}

std::vector<std::pair<std::string, Json>> Params::Flat() const {
  std::vector<std::pair<std::string, Json>> out;
  for (const Json::Member& member : values_.AsObject()) Flatten(member.first, member.second, out);
  return out;
}

}  // namespace mlean::repo

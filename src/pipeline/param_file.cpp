#include "pipeline/param_file.hpp"

#include <fmt/core.h>

#include "base/text.hpp"
#include "codec/yaml.hpp"
#include "os/files.hpp"

namespace mlean::pipeline {

using codec::Json;

Result<Json> ReadParamFile(const std::filesystem::path& file) {
  const std::string extension = ToLower(file.extension().string());
  if (extension == ".toml" || extension == ".py") {
    return Fail(Code::kUnsupported,
                fmt::format("cannot read params of '{}': {} files are not supported yet", file.string(), extension));
  }
  TRY(const std::string text, os::ReadFile(file, std::uint64_t{64} << 20));
  Json values;
  if (extension == ".json") {
    Result<Json> parsed = Json::Parse(text, {.allow_nan = true});
    if (!parsed) return std::move(parsed).error().With(fmt::format("cannot read '{}'", file.string()));
    values = *std::move(parsed);
  } else {
    TRY(const codec::YamlDocument document, codec::YamlDocument::Parse(text, file.filename().string()));
    values = document.root().ToJson();
  }
  if (values.IsNull()) values = Json::Object{};
  if (!values.IsObject())
    return Fail(Code::kInvalid, fmt::format("cannot read params of '{}': it holds no mapping", file.string()));
  return values;
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

}  // namespace mlean::pipeline

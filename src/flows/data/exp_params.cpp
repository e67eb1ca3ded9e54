#include "flows/data/exp_params.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "base/text.hpp"
#include "experiments/apply_override.hpp"
#include "experiments/param_text.hpp"
#include "os/files.hpp"
#include "pipeline/param_file.hpp"
#include "repo/dvc_error.hpp"

namespace mlean::flows {
namespace {

using codec::Json;

Error Invalid(std::string_view cause) { return Fail(Code::kInvalid, fmt::format("Invalid `--set-param` value: {}", cause)); }

std::string Extension(const std::string& location) {
  const std::size_t dot = location.rfind('.');
  return dot == location.npos ? "" : ToLower(location.substr(dot));
}

Result<std::string> Rewritten(const std::string& location, const std::string& shown, std::string_view text, const Json& before,
                              const Json& after) {
  const std::string extension = Extension(location);
  if (extension == ".json") return experiments::RewriteJson(after);
  if (extension != ".toml" && extension != ".py") return experiments::RewriteYaml(text, before, after);
  std::string changed =
      extension == ".toml" ? experiments::RewriteToml(text, before, after) : experiments::RewritePython(text, before, after);
  const Result<Json> read = pipeline::ParseParamText(changed, shown);
  if (!read || !(*read == after)) return Invalid(fmt::format("cannot change '{}' in its text; edit it by hand", shown));
  return changed;
}

}  // namespace

Result<std::vector<ParamOverrides>> ParseParams(const std::vector<std::string>& typed) {
  std::vector<ParamOverrides> params;
  for (const experiments::FileOverrides& file : experiments::GroupByFile(typed)) {
    ParamOverrides& out = params.emplace_back();
    out.file = file.file;
    for (const std::string& text : file.overrides) {
      Result<experiments::Override> parsed = experiments::Override::Parse(text);
      if (!parsed) return repo::UnexpectedFailure(parsed.error().what);
      out.overrides.push_back(*std::move(parsed));
    }
  }
  return params;
}

bool HasSweep(const std::vector<ParamOverrides>& params) {
  return std::any_of(params.begin(), params.end(), [](const ParamOverrides& file) {
    return std::any_of(file.overrides.begin(), file.overrides.end(), [](const auto& one) { return one.is_sweep; });
  });
}

Result<std::vector<ParamText>> NewParamTexts(Repository& repository, const std::vector<ParamOverrides>& params) {
  std::vector<ParamText> texts;
  for (const ParamOverrides& file : params) {
    const std::string location = repository.place().Typed(file.file);
    const std::string shown = repository.place().Shown(location);
    Result<std::string> text = os::ReadFile(repository.place().Disk(location));
    if (!text && text.error().code != Code::kNotFound) return std::move(text).error();
    if (!text) text = std::string();
    Json before = Json::Object{};
    if (!Trim(*text).empty()) {
      TRY(before, pipeline::ParseParamText(*text, shown));
    }
    if (!before.IsObject()) return Invalid(fmt::format("'{}' does not hold a map", shown));
    const Result<Json> after = experiments::Apply(before, file.overrides);
    if (!after) return Invalid(after.error().what);
    TRY(std::string changed, Rewritten(location, shown, *text, before, *after));
    texts.push_back({location, std::move(changed)});
  }
  return texts;
}

Result<void> WriteParams(const Repository& repository, const std::vector<ParamText>& texts) {
  for (const ParamText& file : texts) {
    const Result<std::string> there = os::ReadFile(repository.place().Disk(file.location));
    if (!there || *there != file.text) TRYV(repository.place().Write(file.location, file.text));
  }
  return {};
}

}  // namespace mlean::flows

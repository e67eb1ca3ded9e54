#include <fmt/format.h>

#include "base/text.hpp"
#include "registry/model_store.hpp"
#include "registry/version_store.hpp"

namespace mlean::registry {
namespace {

std::optional<int> ParseVersion(std::string_view text) {
  const auto number = ParseInt(text);
  if (!number || *number < 1 || *number > 2147483647 || text.front() == '+') return std::nullopt;
  return static_cast<int>(*number);
}

Error NothingIs(std::string_view model, std::string_view what) {
  return Fail(Code::kNotFound, fmt::format("cannot find a version of model '{}': no {}", model, what),
              fmt::format("mlean models show {}", model));
}

Result<ModelVersion> ByAlias(sql::Conn& conn, std::string_view model, std::string_view alias) {
  const Result<int> version = ResolveAlias(conn, model, alias);
  if (!version && version.error().code == Code::kInvalid) {
    Error error = NothingIs(model, fmt::format("alias '{}'", alias));
    error.fix = fmt::format("mlean models alias {} {} VERSION", model, alias);
    return error;
  }
  if (!version) return version.error();
  return GetVersion(conn, model, *version);
}

}  // namespace

Result<ModelVersion> Resolve(sql::Conn& conn, std::string_view reference) {
  std::string_view rest = reference;
  for (const std::string_view prefix : {"models:/", "models:"}) {
    if (rest.starts_with(prefix)) {
      rest.remove_prefix(prefix.size());
      break;
    }
  }
  if (rest.empty() || rest.size() > 1024)
    return Fail(Code::kInvalid, fmt::format("cannot find model '{}': empty or too long", reference.substr(0, 64)));
  // '@' may be part of a model's name; an alias has none. '/' never is.
  const std::size_t at = rest.rfind('@');
  const std::size_t slash = rest.find('/');
  if (at != std::string_view::npos && slash == std::string_view::npos)
    return ByAlias(conn, rest.substr(0, at), rest.substr(at + 1));
  if (slash == std::string_view::npos) return ByAlias(conn, rest, "champion");

  const std::string_view model = rest.substr(0, slash);
  std::string_view which = rest.substr(slash + 1);
  const bool spelled = which.starts_with("versions/");
  if (spelled) which.remove_prefix(9);
  if (const auto version = ParseVersion(which)) return GetVersion(conn, model, *version);
  if (spelled) return NothingIs(model, fmt::format("version '{}'", which));
  if (ToLower(which) == "latest") {
    TRY(std::vector<ModelVersion> versions, ListVersions(conn, model));
    if (versions.empty()) return NothingIs(model, "version at all");
    return std::move(versions.front());
  }
  const auto stage = ParseStage(which);
  if (!stage) return NothingIs(model, fmt::format("version, stage or 'latest' '{}'", which));
  TRY(std::vector<ModelVersion> versions, LatestVersions(conn, model, {*stage}));
  if (versions.empty()) return NothingIs(model, fmt::format("version in stage {}", StageName(*stage)));
  return std::move(versions.front());
}

}  // namespace mlean::registry

#include "api/model_reference.hpp"

#include <fmt/core.h>

#include "base/text.hpp"

namespace mlean::api {

Result<ModelReference> FindLive(const serving::LiveModels& models, std::string_view name, std::string_view version) {
  const std::size_t at = name.find('@');
  const std::string_view base = name.substr(0, at);
  ModelReference reference;
  reference.live = models.Find(base);
  if (reference.live == nullptr) {
    const std::string near = Nearest(base, models.Names());
    return Fail(Code::kNotFound, near.empty() ? fmt::format("cannot find model '{}'", base)
                                              : fmt::format("cannot find model '{}'; did you mean '{}'?", base, near));
  }
  if (!version.empty()) {
    const auto number = ParseInt(version);
    if (!number || *number < 1 || *number > 1'000'000'000) {
      return Fail(Code::kNotFound, fmt::format("cannot find version '{}' of model '{}'", version, base));
    }
    reference.version = static_cast<int>(*number);
    return reference;
  }
  if (at == name.npos) return reference;
  const std::string_view alias = name.substr(at + 1);
  if (alias == "champion") return reference;
  for (const auto& [known, number] : reference.live->route()->aliases) {
    if (known == alias) {
      reference.version = number;
      return reference;
    }
  }
  return Fail(Code::kNotFound, fmt::format("cannot find alias '{}' of model '{}'", alias, base));
}

std::string VersionText(const serving::Answer& answer) { return std::to_string(answer.version); }

}  // namespace mlean::api

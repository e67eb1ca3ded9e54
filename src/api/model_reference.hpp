// Which live model and version a URL means: NAME, NAME@ALIAS, or NAME with a version of its own segment.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "serving/live_models.hpp"

namespace mlean::api {

struct ModelReference {
  serving::LiveModel* live = nullptr;
  std::optional<int> version;  // none: the champion, or the candidate by its share
};
// kNotFound for an unknown name, alias or version text.
Result<ModelReference> FindLive(const serving::LiveModels& models, std::string_view name, std::string_view version = {});

// The value of the reply header mlean-model-version.
std::string VersionText(const serving::Answer& answer);

}  // namespace mlean::api

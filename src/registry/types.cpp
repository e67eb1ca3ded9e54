#include "registry/types.hpp"

#include "base/text.hpp"

namespace mlean::registry {

std::string_view StageName(Stage stage) {
  switch (stage) {
    case Stage::kNone: return "None";
    case Stage::kStaging: return "Staging";
    case Stage::kProduction: return "Production";
    case Stage::kArchived: return "Archived";
  }
  return "None";
}

std::optional<Stage> ParseStage(std::string_view name) {
  for (const Stage stage : {Stage::kNone, Stage::kStaging, Stage::kProduction, Stage::kArchived}) {
    if (ToLower(name) == ToLower(StageName(stage))) return stage;
  }
  return std::nullopt;
}

std::string_view LoggedModelOf(std::string_view source) {
  if (!source.starts_with("models:/")) return {};
  const std::string_view name = source.substr(8);
  return name.find_first_of("/@") == name.npos ? name : std::string_view();
}

bool NamesVersion(std::string_view source) {
  return source.starts_with("models:/") && source.substr(8).find_first_of("/@") != source.npos;
}

}  // namespace mlean::registry

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

}  // namespace mlean::registry

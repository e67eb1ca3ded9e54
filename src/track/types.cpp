#include "track/types.hpp"

#include "base/text.hpp"

namespace mlean::track {

std::string_view StageName(Stage stage) { return stage == Stage::kActive ? "active" : "deleted"; }

std::string_view RunStatusName(RunStatus status) {
  switch (status) {
    case RunStatus::kRunning: return "RUNNING";
    case RunStatus::kScheduled: return "SCHEDULED";
    case RunStatus::kFinished: return "FINISHED";
    case RunStatus::kFailed: return "FAILED";
    case RunStatus::kKilled: return "KILLED";
  }
  return "RUNNING";
}

std::optional<RunStatus> ParseRunStatus(std::string_view name) {
  for (int number = 1; number <= 5; ++number) {
    const auto status = static_cast<RunStatus>(number);
    if (name == RunStatusName(status) || ParseInt(name) == number) return status;
  }
  return std::nullopt;
}

std::string_view ModelStatusName(ModelStatus status) {
  switch (status) {
    case ModelStatus::kPending: return "LOGGED_MODEL_PENDING";
    case ModelStatus::kReady: return "LOGGED_MODEL_READY";
    case ModelStatus::kUploadFailed: return "LOGGED_MODEL_UPLOAD_FAILED";
  }
  return "LOGGED_MODEL_PENDING";
}

std::optional<ModelStatus> ParseModelStatus(std::string_view name) {
  constexpr std::string_view kPrefix = "LOGGED_MODEL_";
  for (int number = 1; number <= 3; ++number) {
    const auto status = static_cast<ModelStatus>(number);
    const std::string_view full = ModelStatusName(status);
    if (name == full || name == full.substr(kPrefix.size()) || ParseInt(name) == number) return status;
  }
  if (name == "FAILED") return ModelStatus::kUploadFailed;
  return std::nullopt;
}

}  // namespace mlean::track

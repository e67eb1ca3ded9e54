#include "flows/check_config.hpp"

#include <initializer_list>

#include "codec/yaml.hpp"
#include "drift/methods.hpp"
#include "flows/triggers.hpp"
#include "policy/program.hpp"
#include "sched/cron.hpp"

namespace mlean::flows {
namespace {

Result<void> CheckExpressions(const std::vector<repo::Expression>& expressions) {
  for (const repo::Expression& expression : expressions) {
    Result<policy::Program> program = policy::Program::Compile(expression.text);
    if (!program) return std::move(program).error().With(expression.place.Text());
  }
  return {};
}

// The error with the place of models.NAME.<keys> in front, which the configuration's plain texts do not keep.
Error AtKey(const repo::LoopConfig& config, const std::string& model, std::initializer_list<std::string_view> keys, Error error) {
  error.code = Code::kInvalid;  // of the file, not of a command line
  const Result<codec::YamlDocument> document = codec::YamlDocument::Parse(config.text, config.file);
  const codec::YamlNode* node = document ? document->root().Find("models") : nullptr;
  if (node != nullptr) node = node->Find(model);
  for (const std::string_view key : keys) {
    if (node != nullptr) node = node->Find(key);
  }
  if (node == nullptr) return std::move(error).With(config.file);
  return std::move(error).With(repo::Place{config.file, node->start.line, node->start.column}.Text());
}

Result<void> CheckModel(const repo::LoopConfig& config, const repo::ModelConfig& model) {
  TRYV(CheckExpressions(model.gate));
  if (model.rollout) TRYV(CheckExpressions(model.rollout->abort_if));
  if (model.monitor) {
    TRYV(CheckExpressions(model.monitor->performance));
    const std::string& method = model.monitor->drift_method;
    if (!method.empty()) {
      const Result<drift::Method> known = drift::ParseMethod(method);
      if (!known) return AtKey(config, model.name, {"monitor", "drift", "method"}, known.error());
    }
  }
  if (!model.retrain) return {};
  TRYV(CheckExpressions(model.retrain->when));
  if (model.retrain->schedule.empty()) return {};
  const Result<sched::Cron> cron = sched::Cron::Parse(model.retrain->schedule, {.hash_id = ScheduleName(model.name)});
  if (!cron) return AtKey(config, model.name, {"retrain", "schedule"}, cron.error());
  return {};
}

}  // namespace

Result<void> CheckConfig(const repo::LoopConfig& config) {
  for (const repo::ModelConfig& model : config.models) TRYV(CheckModel(config, model));
  return {};
}

Result<repo::LoopConfig> LoadCheckedConfig(const repo::Project& project) {
  TRY(repo::LoopConfig config, repo::LoadLoopConfig(project));
  TRYV(CheckConfig(config));
  return config;
}

std::string ReloadOrKeepConfig(Workspace& workspace) {
  const Result<void> read = ReloadConfig(workspace);
  return read ? std::string() : read.error().what + " (going on with the last sound mlean.yaml)";
}

}  // namespace mlean::flows

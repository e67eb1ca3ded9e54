// Step evaluate: challenger and champion on the same newest labelled data. A challenger that is the champion's very file ends the
// turn.
#include <fmt/core.h>

#include "cas/file_hash.hpp"
#include "flows/champion.hpp"
#include "flows/evaluate_model.hpp"
#include "flows/turn/engine.hpp"
#include "os/files.hpp"

namespace mlean::flows {
namespace {

// Every number of a metrics file, under dotted names.
void FlattenNumbers(const codec::Json& json, const std::string& prefix, codec::Json& out) {
  if (json.IsNumber()) out.Set(prefix, json.AsDouble());
  if (!json.IsObject()) return;
  for (const auto& [key, value] : json.AsObject()) FlattenNumbers(value, prefix.empty() ? key : prefix + "." + key, out);
}

Result<codec::Json> ReadMetricsFile(const std::filesystem::path& file) {
  codec::Json out = codec::Json::Object{};
  TRY(const std::string text, os::ReadFile(file, 16 << 20));
  Result<codec::Json> parsed = codec::Json::Parse(text, {.allow_nan = true});
  if (!parsed) return std::move(parsed).error().With(file.string());
  FlattenNumbers(*parsed, "", out);
  return out;
}

std::string AucText(const codec::Json& report) {
  const codec::Json* metrics = report.Find("metrics");
  if (metrics == nullptr) return "?";
  for (const std::string_view name : {"auc", "macro_auc", "accuracy", "rmse"}) {
    if (const codec::Json* value = metrics->Find(name)) return fmt::format("{} {:.4f}", name, value->AsDouble());
  }
  return "no metric";
}

}  // namespace

Result<StepResult> EvaluateStep(TurnContext& context) {
  const Workspace& workspace = context.workspace;
  const repo::ModelConfig& config = context.model;
  const std::filesystem::path file = workspace.project.root / config.model;
  TRY(const auto challenger, infer::Model::Load(file.string()));
  TRY(const auto champion, workspace.db->Read([&](sql::Conn& conn) { return FindChampion(conn, config.name); }));

  StepResult result;
  result.outputs = codec::Json::Object{{"digest", challenger->digest()}};
  if (champion && champion->digest == challenger->digest()) {
    result.kind = StepResult::Kind::kEnd;
    result.turn_status = "unchanged";
    result.action = "turn.unchanged";
    result.message = fmt::format("the trained model is the champion, version {}: nothing to do", champion->version);
    return result;
  }
  if (!config.metrics.empty() && os::Exists(workspace.project.root / config.metrics)) {
    TRY(codec::Json own, ReadMetricsFile(workspace.project.root / config.metrics));
    result.outputs.Set("training_metrics", std::move(own));
  }
  if (config.evaluate.empty()) {
    const codec::Json* own = result.outputs.Find("training_metrics");
    result.outputs.Set("challenger", codec::Json::Object{{"metrics", own == nullptr ? codec::Json::Object{} : *own}});
    result.message = "no evaluation data; the metrics are the stage's own";
    return result;
  }
  const std::filesystem::path data = workspace.project.root / config.evaluate;
  TRY(const types::Frame frame, ReadLabelled(data));
  TRY(const cas::ObjectInfo info, cas::HashPath(data));
  result.outputs.Set("data", codec::Json::Object{{"path", config.evaluate}, {"md5", info.md5}, {"rows", frame.rows()}});
  TRY(Evaluation mine, EvaluateModel(*challenger, frame, config));
  result.message = fmt::format("challenger {} on {} rows", AucText(mine.report), frame.rows());
  if (champion && !champion->path.empty()) {
    TRY(const auto model, LoadVersion(*champion));
    TRY(Evaluation theirs, EvaluateModel(*model, frame, config));
    result.message += fmt::format(", champion (version {}) {}", champion->version, AucText(theirs.report));
    if (codec::Json paired = ComparePaired(theirs, mine); !paired.IsNull()) result.outputs.Set("paired", std::move(paired));
    theirs.report.Set("version", champion->version);
    result.outputs.Set("champion", std::move(theirs.report));
  }
  result.outputs.Set("challenger", std::move(mine.report));
  return result;
}

}  // namespace mlean::flows

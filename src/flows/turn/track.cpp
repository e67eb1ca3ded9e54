// Step track: the turn as a run in the tracking store: params, metrics, data hashes, commit, environment, artifacts.
#include <fmt/core.h>

#include "base/text.hpp"
#include "flows/run_facts.hpp"
#include "flows/run_files.hpp"
#include "flows/turn/engine.hpp"
#include "os/files.hpp"
#include "repo/params.hpp"
#include "track/experiment_store.hpp"
#include "track/input_store.hpp"
#include "track/limits.hpp"
#include "track/metric_store.hpp"
#include "track/param_store.hpp"
#include "track/run_store.hpp"
#include "track/tag_store.hpp"

namespace mlean::flows {
namespace {

std::string TextOf(const codec::Json& value) { return value.IsString() ? value.AsString() : value.Dump(); }

// Columns and classes are part of some names, "training.importance.sepal length (cm)"; MLflow's keys take fewer characters than
// they.
std::string KeyOf(std::string name) {
  for (char& c : name) {
    const bool letter =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || static_cast<unsigned char>(c) >= 0x80;
    if (!letter && std::string_view("_-. :").find(c) == std::string_view::npos) c = '_';
  }
  return std::string(track::CutTo(name, track::kMaxKey));
}

std::vector<track::Metric> MetricsOf(const codec::Json& evaluation, TimeMs now) {
  std::vector<track::Metric> out;
  const auto add = [&](const std::string& prefix, const codec::Json* metrics) {
    if (metrics == nullptr || !metrics->IsObject()) return;
    for (const auto& [key, value] : metrics->AsObject()) {
      if (value.IsNumber()) out.push_back({.key = KeyOf(prefix + key), .value = value.AsDouble(), .timestamp = now});
    }
  };
  if (const codec::Json* mine = evaluation.Find("challenger")) add("", mine->Find("metrics"));
  if (const codec::Json* champion = evaluation.Find("champion")) add("champion.", champion->Find("metrics"));
  add("training.", evaluation.Find("training_metrics"));
  return out;
}

std::vector<track::Tag> TagsOf(const TurnContext& context, const codec::Json& pull) {
  std::vector<track::Tag> tags = {{"mlflow.source.name", "mlean loop"},
                                  {"mlflow.source.type", "JOB"},
                                  {"mlean.turn", context.turn.id},
                                  {"mlean.model", context.model.name},
                                  {"mlean.cause", context.turn.cause}};
  for (track::Tag& tag : MachineTags()) tags.push_back(std::move(tag));
  if (const codec::Json* git = pull.Find("git")) {
    const auto text = [&](std::string_view key) { return git->Find(key) == nullptr ? std::string() : TextOf(*git->Find(key)); };
    tags.push_back({"mlflow.source.git.commit", text("commit")});
    tags.push_back({"mlflow.source.git.branch", text("branch")});
    tags.push_back({"mlean.git.dirty", text("dirty")});
  }
  return tags;
}

// The run's files, as they are now; gathering them again is harmless.
Result<Waiting> Gather(const TurnContext& context, const codec::Json& evaluation) {
  const Workspace& workspace = context.workspace;
  const std::filesystem::path& root = workspace.project.root;
  const std::filesystem::path folder = WaitingFiles(workspace, context.turn.run_id);
  TRYV(os::RemoveTree(folder));
  TRYV(WriteModelFolder(folder, root / context.model.model, context.turn.run_id, workspace.Now()));
  for (const std::string& name : {context.model.metrics, std::string("params.yaml"), std::string("dvc.lock")}) {
    if (!name.empty() && os::Exists(root / name) && !os::IsDir(root / name)) {
      TRYV(os::CopyFile(root / name, folder / std::filesystem::path(name).filename(), {.sync = false}));
    }
  }
  TRYV(os::WriteFileAtomic(folder / "evaluation.json", evaluation.Pretty(), {.sync = false}));
  return ListWaiting(workspace, context.turn.run_id);
}

}  // namespace

Result<StepResult> TrackStep(TurnContext& context) {
  Workspace& workspace = context.workspace;
  const codec::Json& evaluation = context.outputs["evaluate"];
  const codec::Json& pull = context.outputs["pull"];
  TRY(const repo::Params params, repo::Params::Load(workspace.project.root / "params.yaml"));
  const std::string project = workspace.config.project.empty() ? "Default" : workspace.config.project;
  TRY(const Waiting files, Gather(context, evaluation));

  StepResult result;
  result.outputs = codec::Json::Object{{"run_id", context.turn.run_id}};
  result.action = "run.tracked";
  result.message = fmt::format("run {}", context.turn.run_id);
  const loop::Turn turn = context.turn;
  const std::vector<track::Tag> tags = TagsOf(context, pull);
  const std::vector<track::Metric> metrics = MetricsOf(evaluation, workspace.Now());
  std::vector<track::Param> logged;
  for (const auto& [key, value] : params.Flat()) logged.push_back({KeyOf(key), TextOf(value)});
  std::vector<track::DatasetInput> inputs;
  if (const codec::Json* data = pull.Find("data")) {
    for (const auto& [name, entry] : data->AsObject()) {
      track::DatasetInput input;
      input.dataset.name = name;
      input.dataset.digest = TextOf(*entry.Find("md5"));
      input.dataset.source_type = "local";
      input.dataset.source = TextOf(*entry.Find("path"));
      input.tags = {{"mlflow.data.context", "training"}};
      inputs.push_back(std::move(input));
    }
  }
  const TimeMs now = workspace.Now();
  result.effects = [=, &workspace](sql::Txn& txn) -> Result<void> {
    TRY(const std::string experiment, track::EnsureExperiment(txn, {.name = project}, now));
    track::NewRun run;
    run.experiment_id = experiment;
    run.run_id = turn.run_id;
    run.name = fmt::format("turn-{}", turn.number);
    run.user_id = "mlean";
    run.start_time = turn.created;
    run.tags = tags;
    TRY(const track::Run made, track::CreateRun(txn, run, now));
    static_cast<void>(made);
    TRYV(track::LogParams(txn, turn.run_id, logged));
    TRYV(track::LogMetrics(txn, turn.run_id, metrics));
    TRYV(track::LogInputs(txn, turn.run_id, inputs));
    TRY(const track::RunInfo info, track::UpdateRun(txn, turn.run_id, {.status = track::RunStatus::kFinished, .end_time = now}));
    TRYV(TakeWaiting(txn, workspace, info, files));
    return ForgetWaiting(workspace, info);  // when the transaction fails the step gathers them again
  };
  return result;
}

}  // namespace mlean::flows

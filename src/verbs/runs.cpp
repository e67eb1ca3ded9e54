// mlean runs list, mlean runs show, mlean version.
#include <fmt/core.h>

#include <utility>

#include "flows/workspace.hpp"
#include "repo/dvc_error.hpp"
#include "track/experiment_store.hpp"
#include "track/run_store.hpp"
#include "verbs/verbs.hpp"

namespace mlean::verbs {
namespace {

using codec::Json;

Json RunJson(const track::Run& run) {
  Json metrics = Json::Object{};
  for (const track::Metric& metric : run.metrics) metrics.Set(metric.key, metric.value);
  Json params = Json::Object{};
  for (const track::Param& param : run.params) params.Set(param.key, param.value);
  Json tags = Json::Object{};
  for (const track::Tag& tag : run.tags) tags.Set(tag.key, tag.value);
  Json inputs = Json::Array{};
  for (const track::DatasetInput& input : run.datasets) {
    inputs.Push(Json::Object{{"name", input.dataset.name}, {"digest", input.dataset.digest}, {"source", input.dataset.source}});
  }
  return Json::Object{{"run_id", run.info.run_id},
                      {"name", run.info.name},
                      {"experiment_id", run.info.experiment_id},
                      {"status", track::RunStatusName(run.info.status)},
                      {"start_time", FormatTime(run.info.start_time)},
                      {"metrics", std::move(metrics)},
                      {"params", std::move(params)},
                      {"tags", std::move(tags)},
                      {"inputs", std::move(inputs)}};
}

// The newest of all experiments.
Result<std::vector<track::Run>> NewestRuns(sql::Conn& conn) {
  TRY(const auto experiments, track::ListExperiments(conn, {}));
  track::Query query;
  for (const track::Experiment& experiment : experiments) query.experiment_ids.push_back(experiment.id);
  return track::ListRuns(conn, query);
}

Result<int> RunsList(const Arguments&, Context& context) {
  TRY(flows::Workspace workspace, flows::OpenWorkspace(context.directory, *context.clock, flows::CliActor()));
  TRY(const auto runs, workspace.db->Read(NewestRuns));
  Json list = Json::Array{};
  for (const track::Run& run : runs) {
    list.Push(RunJson(run));
    if (context.json) continue;
    std::string metrics;
    for (const track::Metric& metric : run.metrics) {
      if (metric.key == "auc" || metric.key == "accuracy" || metric.key == "rmse")
        metrics += fmt::format("  {} {:.4f}", metric.key, metric.value);
    }
    PrintLine(fmt::format("{}  {}  {:<14} {:<9}{}", run.info.run_id, FormatTime(run.info.start_time).substr(0, 16), run.info.name,
                          track::RunStatusName(run.info.status), metrics));
  }
  if (context.json) PrintJson(list);
  return 0;
}

Result<int> RunsShow(const Arguments& arguments, Context& context) {
  TRY(flows::Workspace workspace, flows::OpenWorkspace(context.directory, *context.clock, flows::CliActor()));
  const std::string id = arguments.Text("RUN");
  TRY(const track::Run run, workspace.db->Read([&](sql::Conn& conn) { return track::GetRun(conn, id); }));
  if (context.json) {
    PrintJson(RunJson(run));
    return 0;
  }
  PrintLine(fmt::format("{}  {}  {}", run.info.run_id, run.info.name, track::RunStatusName(run.info.status)));
  for (const track::DatasetInput& input : run.datasets)
    PrintLine(fmt::format("  data    {:<28} {}", input.dataset.name, input.dataset.digest));
  for (const track::Param& param : run.params) PrintLine(fmt::format("  param   {:<28} {}", param.key, param.value));
  for (const track::Metric& metric : run.metrics) PrintLine(fmt::format("  metric  {:<28} {:.6g}", metric.key, metric.value));
  for (const track::Tag& tag : run.tags) PrintLine(fmt::format("  tag     {:<28} {}", tag.key, tag.value));
  return 0;
}

}  // namespace

VerbSpec RunsListVerb() {
  return {.words = {"runs", "list"},
          .summary = "list tracked runs, newest first",
          .examples = {"mlean runs list --json"},
          .run = RunsList};
}
VerbSpec RunsShowVerb() {
  return {.words = {"runs", "show"},
          .summary = "show a run: data, params, metrics, tags",
          .options = {Positional("RUN", "its 32 hex digits")},
          .examples = {"mlean runs show 0123456789abcdef0123456789abcdef"},
          .exit_codes = "0 done · 1 failed · 4 no such run",
          .run = RunsShow};
}
VerbSpec VersionVerb(std::string version) {
  return {.words = {"version"},
          .summary = "print the version",
          .examples = {"mlean version"},
          .run = [version](const Arguments&, Context& context) -> Result<int> {
            if (context.json) PrintJson(Json::Object{{"version", version}, {"dvc", repo::kDvcVersion}});
            if (!context.json) PrintLine(version);
            return 0;
          }};
}

VerbSpec DoctorVerb(std::string version) {
  VerbSpec spec = VersionVerb(std::move(version));
  spec.words = {"doctor"};
  spec.summary = "the same, by its other name in DVC";
  spec.examples = {"mlean doctor"};
  return spec;
}

}  // namespace mlean::verbs

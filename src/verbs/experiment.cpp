// mlean experiment list, show, create, rename, delete, restore: MLflow's. `experiments` is another name of `exp`, as in DVC.
#include "track/experiment_store.hpp"

#include <fmt/core.h>

#include "base/text.hpp"
#include "flows/workspace.hpp"
#include "metrics/table.hpp"
#include "track/filter.hpp"
#include "track/run_store.hpp"
#include "verbs/verbs.hpp"

namespace mlean::verbs {
namespace {

using codec::Json;

Result<flows::Workspace> Open(Context& context) {
  return flows::OpenWorkspace(context.directory, *context.clock, flows::CliActor());
}

// By name, else by id.
Result<track::Experiment> Find(sql::Conn& conn, const std::string& typed) {
  Result<track::Experiment> found = track::GetExperimentByName(conn, typed);
  if (!found && found.error().code == Code::kNotFound && ParseInt(typed)) found = track::GetExperiment(conn, typed);
  if (!found && found.error().code == Code::kNotFound) return Fail(Code::kNotFound, found.error().what, "mlean experiment list");
  return found;
}

Json ExperimentJson(const track::Experiment& experiment) {
  Json tags = Json::Object{};
  for (const track::Tag& tag : experiment.tags) tags.Set(tag.key, tag.value);
  return Json::Object{{"id", experiment.id},
                      {"name", experiment.name},
                      {"stage", track::StageName(experiment.stage)},
                      {"artifact_location", experiment.artifact_location},
                      {"created", FormatTime(experiment.created)},
                      {"updated", FormatTime(experiment.updated)},
                      {"tags", std::move(tags)}};
}

void PrintExperiment(const track::Experiment& experiment, const Context& context, std::string_view done) {
  if (context.json) PrintJson(ExperimentJson(experiment));
  if (!context.json) PrintLine(fmt::format("{} experiment {} '{}'", done, experiment.id, OneLine(experiment.name)));
}

Result<int> List(const Arguments& arguments, Context& context) {
  TRY(const flows::Workspace workspace, Open(context));
  track::Query query;
  if (arguments.Has("deleted")) query.view = track::View::kDeletedOnly;
  query.limit = 50'000;
  TRY(query.where, track::ParseFilter(arguments.Text("filter"), track::ExperimentGrammar()));
  TRY(const auto experiments, workspace.db->Read([&](sql::Conn& conn) { return track::ListExperiments(conn, query); }));
  metrics::Table table{{"id", "name", "created", "updated"}, {}};
  Json list = Json::Array{};
  for (const track::Experiment& experiment : experiments) {
    list.Push(ExperimentJson(experiment));
    table.rows.push_back({experiment.id, OneLine(experiment.name), FormatTime(experiment.created).substr(0, 16),
                          FormatTime(experiment.updated).substr(0, 16)});
  }
  if (context.json) PrintJson(list);
  if (!context.json) Print(metrics::TableText(table));
  return 0;
}

Result<int> Show(const Arguments& arguments, Context& context) {
  TRY(const flows::Workspace workspace, Open(context));
  return workspace.db->Read([&](sql::Conn& conn) -> Result<int> {
    TRY(const track::Experiment experiment, Find(conn, arguments.Text("EXPERIMENT")));
    track::Query query{.view = track::View::kAll, .experiment_ids = {experiment.id}};
    query.limit = 50'000;
    TRY(const auto runs, track::ListRunInfos(conn, query));
    if (context.json) {
      Json out = ExperimentJson(experiment);
      out.Set("runs", static_cast<std::int64_t>(runs.size()));
      PrintJson(out);
      return 0;
    }
    PrintLine(fmt::format("{}  {}  {}", experiment.id, OneLine(experiment.name), track::StageName(experiment.stage)));
    PrintLine(fmt::format("  created    {}", FormatTime(experiment.created)));
    PrintLine(fmt::format("  updated    {}", FormatTime(experiment.updated)));
    PrintLine(fmt::format("  artifacts  {}", OneLine(experiment.artifact_location)));
    PrintLine(fmt::format("  runs       {}{}", runs.size(), runs.size() == query.limit ? " or more" : ""));
    for (const track::Tag& tag : experiment.tags)
      PrintLine(fmt::format("  tag        {:<24} {}", OneLine(tag.key), OneLine(tag.value)));
    return 0;
  });
}

Result<int> Create(const Arguments& arguments, Context& context) {
  TRY(const flows::Workspace workspace, Open(context));
  const track::NewExperiment spec{.name = arguments.Text("NAME"), .artifact_location = arguments.Text("artifact-location")};
  TRY(const track::Experiment made, workspace.db->Write([&](sql::Txn& txn) -> Result<track::Experiment> {
    TRY(const std::string id, track::CreateExperiment(txn, spec, workspace.Now()));
    return track::GetExperiment(txn, id);
  }));
  PrintExperiment(made, context, "made");
  return 0;
}

// `change` is made to the experiment that the command line names.
template <class Change>
Result<int> Alter(const Arguments& arguments, Context& context, std::string_view done, const Change& change) {
  TRY(const flows::Workspace workspace, Open(context));
  TRY(const track::Experiment after, workspace.db->Write([&](sql::Txn& txn) -> Result<track::Experiment> {
    TRY(const track::Experiment found, Find(txn, arguments.Text("EXPERIMENT")));
    TRYV(change(txn, found.id, workspace.Now()));
    return track::GetExperiment(txn, found.id);
  }));
  PrintExperiment(after, context, done);
  return 0;
}

constexpr const char* kExitCodes = "0 done · 1 failed · 2 usage · 4 no such experiment";

OptionSpec Which() { return Positional("EXPERIMENT", "its name or id"); }

}  // namespace

VerbSpec ExperimentListVerb() {
  return {.words = {"experiment", "list"},
          .summary = "list experiments, newest first",
          .options = {ValueOption("--filter", "TEXT", "MLflow's filter string"), Flag("--deleted", "those that were deleted")},
          .examples = {"mlean experiment list", "mlean experiment list --filter \"name LIKE 'night%'\" --json"},
          .run = List};
}
VerbSpec ExperimentShowVerb() {
  return {.words = {"experiment", "show"},
          .summary = "show an experiment",
          .options = {Which()},
          .examples = {"mlean experiment show Default"},
          .exit_codes = kExitCodes,
          .run = Show};
}
VerbSpec ExperimentCreateVerb() {
  return {.words = {"experiment", "create"},
          .summary = "make an experiment",
          .options = {Positional("NAME", "its name"),
                      ValueOption("--artifact-location", "URI", "where its runs keep their files; else in this project's store")},
          .examples = {"mlean experiment create night"},
          .exit_codes = "0 done · 1 failed, also of a name that is taken · 2 usage",
          .run = Create};
}
VerbSpec ExperimentRenameVerb() {
  return {.words = {"experiment", "rename"},
          .summary = "give an experiment another name",
          .options = {Which(), Positional("NEW_NAME", "its new name")},
          .examples = {"mlean experiment rename night 'night runs'"},
          .exit_codes = kExitCodes,
          .run = [](const Arguments& arguments, Context& context) {
            return Alter(arguments, context, "renamed", [&](sql::Txn& txn, const std::string& id, TimeMs now) {
              return track::RenameExperiment(txn, id, arguments.Text("NEW_NAME"), now);
            });
          }};
}
VerbSpec ExperimentDeleteVerb() {
  return {.words = {"experiment", "delete"},
          .summary = "mark an experiment and its runs deleted; they can be restored",
          .options = {Which()},
          .examples = {"mlean experiment delete night"},
          .exit_codes = kExitCodes,
          .run = [](const Arguments& arguments, Context& context) {
            return Alter(arguments, context, "deleted", track::DeleteExperiment);
          }};
}
VerbSpec ExperimentRestoreVerb() {
  return {.words = {"experiment", "restore"},
          .summary = "bring a deleted experiment and its runs back",
          .options = {Which()},
          .examples = {"mlean experiment restore night"},
          .exit_codes = kExitCodes,
          .run = [](const Arguments& arguments, Context& context) {
            return Alter(arguments, context, "restored", track::RestoreExperiment);
          }};
}

}  // namespace mlean::verbs

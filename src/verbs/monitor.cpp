// mlean monitor status, mlean rollout status, mlean rollout abort.
#include <fmt/core.h>

#include "base/text.hpp"
#include "flows/progress_rollout.hpp"
#include "flows/render.hpp"
#include "flows/server_link.hpp"
#include "verbs/verbs.hpp"

namespace mlean::verbs {
namespace {

std::string Number(const codec::Json* object, std::string_view key) {
  const codec::Json* value = object == nullptr ? nullptr : object->Find(key);
  return value == nullptr || !value->IsNumber() ? "–" : fmt::format("{:.3f}", value->AsDouble());
}

Result<int> MonitorStatus(const Arguments& arguments, Context& context) {
  TRY(flows::Workspace workspace, flows::OpenWorkspace(context.directory, *context.clock, flows::CliActor()));
  TRY(const std::int64_t limit, arguments.Int("limit", 12));
  codec::Json list = codec::Json::Array{};
  for (const repo::ModelConfig& model : workspace.config.models) {
    TRY(const auto windows, workspace.db->Read([&](sql::Conn& conn) { return loop::ListWindows(conn, model.name, limit); }));
    for (const loop::Window& window : windows) {
      list.Push(flows::WindowJson(window));
      if (context.json) continue;
      const codec::Json* drift = window.report.Find("drift");
      const codec::Json* performance = window.report.Find("performance");
      const char* metric = performance != nullptr && performance->Find("auc") != nullptr  ? "auc"
                           : performance != nullptr && performance->Find("r2") != nullptr ? "r2"
                                                                                          : "accuracy";
      PrintLine(fmt::format("{:<20} {} – {}  {:>9} requests  {:>9} labels  drift {}  {} {}", model.name, FormatDate(window.start),
                            FormatDate(window.stop), window.report.Find("requests")->AsInt(),
                            window.report.Find("labelled")->AsInt(), Number(drift, "share"), metric,
                            Number(performance, metric)));
    }
  }
  if (context.json) PrintJson(list);
  return 0;
}

Result<int> RolloutStatus(const Arguments& arguments, Context& context) {
  TRY(flows::Workspace workspace, flows::OpenWorkspace(context.directory, *context.clock, flows::CliActor()));
  rollout::ListFilter filter;
  if (arguments.Has("MODEL")) filter.model = arguments.Text("MODEL");
  filter.limit = 20;
  TRY(const auto rollouts, workspace.db->Read([&](sql::Conn& conn) { return rollout::List(conn, filter); }));
  codec::Json list = codec::Json::Array{};
  for (const rollout::Rollout& one : rollouts) {
    list.Push(flows::RolloutJson(one));
    if (!context.json) {
      PrintLine(fmt::format("{}  {:<20} version {:<4} {:<22} {:>3.0f} %  {}", one.id, one.model, one.candidate_version,
                            rollout::StatusName(one.state.status), one.state.weight * 100, one.reason));
    }
  }
  if (context.json) PrintJson(list);
  return 0;
}

Result<int> RolloutAbort(const Arguments& arguments, Context& context) {
  TRY(flows::Workspace workspace, flows::OpenWorkspace(context.directory, *context.clock, flows::CliActor()));
  const std::string model = arguments.Text("MODEL");
  TRY(const auto running, workspace.db->Read([&](sql::Conn& conn) { return rollout::FindRunning(conn, model); }));
  if (!running)
    return Fail(Code::kNotFound, fmt::format("cannot abort the rollout of '{}': none is running", model), "mlean rollout status");
  TRYV(flows::AbortRollout(workspace, running->id, arguments.Text("reason", "aborted by hand"), workspace.Now()));
  flows::SyncServer(workspace);
  if (context.json) PrintJson(codec::Json::Object{{"model", model}, {"aborted", running->candidate_version}});
  if (!context.json) PrintLine(fmt::format("version {} of {} was taken back", running->candidate_version, model));
  return 0;
}

}  // namespace

VerbSpec MonitorStatusVerb() {
  return {.words = {"monitor", "status"},
          .summary = "show the closed windows: traffic, labels, drift, performance",
          .options = {ValueOption("--limit", "N", "windows a model", "12")},
          .examples = {"mlean monitor status"},
          .run = MonitorStatus};
}
VerbSpec RolloutStatusVerb() {
  return {.words = {"rollout", "status"},
          .summary = "list rollouts, newest first",
          .options = {Positional("MODEL", "of this model only", false)},
          .examples = {"mlean rollout status arrival-delay"},
          .run = RolloutStatus};
}
VerbSpec RolloutAbortVerb() {
  return {.words = {"rollout", "abort"},
          .summary = "take the candidate back from live traffic now",
          .options = {Positional("MODEL", "the model's name"), ValueOption("--reason", "TEXT", "for the record")},
          .examples = {"mlean rollout abort arrival-delay --reason 'wrong data'"},
          .exit_codes = "0 done · 1 failed · 2 usage · 4 no rollout is running",
          .run = RolloutAbort};
}

}  // namespace mlean::verbs

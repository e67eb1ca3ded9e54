// mlean loop run, loop status, loop history.
#include <fmt/core.h>

#include <chrono>

#include "base/text.hpp"
#include "flows/alert_sender.hpp"
#include "flows/render.hpp"
#include "flows/server_link.hpp"
#include "flows/turn/engine.hpp"
#include "os/lock.hpp"
#include "verbs/verbs.hpp"

namespace mlean::verbs {
namespace {

constexpr std::int64_t kLockPatienceMs = 3000;

Result<std::string> ModelName(const flows::Workspace& workspace, const Arguments& arguments) {
  if (arguments.Has("model")) {
    TRY(const repo::ModelConfig* model, workspace.config.Model(arguments.Text("model")));
    return model->name;
  }
  if (workspace.config.models.size() == 1) return workspace.config.models.front().name;
  if (workspace.config.models.empty()) {
    return Fail(Code::kNotFound, "cannot run the loop: mlean.yaml lists no model", "mlean init --data FILE --label COLUMN");
  }
  return Fail(Code::kUsage, "cannot run the loop: mlean.yaml lists several models; name one with --model");
}

// Exit 6 when a check or the gate said no, 1 when something could not be done.
Result<void> Ended(const loop::Turn& turn) {
  const bool denied = turn.status == "denied" || turn.status == "stopped";
  const bool failed = turn.status == "failed";
  if (!denied && !failed && turn.status != "rolled_back") return {};
  return Fail(
      denied ? Code::kDenied : Code::kInternal,
      fmt::format("cannot finish turn {} of '{}': {}{}", turn.number, turn.model, failed ? "" : turn.status + ": ", turn.outcome),
      "mlean loop status");
}

void PrintStep(const loop::TurnStep& step) {
  PrintLine(fmt::format("  {:<10} {:<8} {:>7} ms  {}", step.name, step.status, step.wall_ms, step.message));
}

Result<int> LoopRun(const Arguments& arguments, Context& context) {
  TRY(flows::Workspace workspace, flows::OpenWorkspace(context.directory, *context.clock, flows::CliActor()));
  TRY(const std::string model, ModelName(workspace, arguments));
  TRY(const os::FileLock lock, os::FileLock::Acquire(workspace.project.LockFile(), "mlean loop run", kLockPatienceMs));
  TRY(auto turn, workspace.db->Read([&](sql::Conn& conn) { return loop::FindTurnUnderWay(conn, model); }));
  if (turn) {
    Note(context, fmt::format("going on with turn {}", turn->number));
  } else {
    TRY(turn, flows::StartTurn(workspace, model, "manual", arguments.Text("reason")));
  }
  if (!context.json) PrintLine(fmt::format("turn {} of {} ({})", turn->number, model, turn->cause));
  flows::TurnOptions options;
  if (!context.json) options.on_step = PrintStep;
  TRY(const loop::Turn after, flows::RunTurn(workspace, turn->id, options));
  TRYV(flows::DeliverAlerts(workspace));
  flows::SyncServer(workspace);
  if (context.json) PrintJson(flows::TurnJson(after));
  TRYV(Ended(after));
  if (context.json) return 0;
  PrintLine(fmt::format("{}: {}", after.status, after.outcome.empty() ? "see the last step" : after.outcome));
  if (after.status == "waiting" && !flows::ServerUrl(workspace)) {
    PrintLine("no server is running; traffic for the rollout: mlean server");
  }
  return 0;
}

Result<int> LoopHistory(const Arguments& arguments, Context& context) {
  TRY(flows::Workspace workspace, flows::OpenWorkspace(context.directory, *context.clock, flows::CliActor()));
  TRY(const std::int64_t limit, arguments.Int("limit", 20));
  TRY(const auto turns,
      workspace.db->Read([&](sql::Conn& conn) { return loop::ListTurns(conn, arguments.Text("model"), limit); }));
  if (context.json) {
    codec::Json list = codec::Json::Array{};
    for (const loop::Turn& turn : turns) list.Push(flows::TurnJson(turn));
    PrintJson(list);
    return 0;
  }
  for (const loop::Turn& turn : turns) {
    PrintLine(fmt::format("{:>4}  {}  {:<16} {:<12} {:<12} {}", turn.number, FormatTime(turn.created).substr(0, 16), turn.model,
                          turn.cause, turn.status, turn.outcome));
  }
  return 0;
}

Result<int> LoopStatus(const Arguments& arguments, Context& context) {
  TRY(flows::Workspace workspace, flows::OpenWorkspace(context.directory, *context.clock, flows::CliActor()));
  TRY(const auto turns, workspace.db->Read([&](sql::Conn& conn) { return loop::ListTurns(conn, arguments.Text("model"), 1); }));
  if (turns.empty()) {
    if (context.json) PrintJson(codec::Json());
    if (!context.json) PrintLine("no turn yet; start one with: mlean loop run");
    return 0;
  }
  const loop::Turn& turn = turns.front();
  TRY(const auto steps, workspace.db->Read([&](sql::Conn& conn) { return loop::ListSteps(conn, turn.id); }));
  if (context.json) {
    codec::Json out = flows::TurnJson(turn);
    codec::Json list = codec::Json::Array{};
    for (const loop::TurnStep& step : steps) list.Push(flows::StepJson(step));
    out.Set("steps", std::move(list));
    PrintJson(out);
    return 0;
  }
  PrintLine(fmt::format("turn {} of {} ({}{}): {}", turn.number, turn.model, turn.cause,
                        turn.detail.empty() ? "" : ": " + turn.detail, turn.status));
  for (const loop::TurnStep& step : steps) PrintStep(step);
  if (!turn.outcome.empty()) PrintLine(turn.outcome);
  return 0;
}

}  // namespace

VerbSpec LoopRunVerb() {
  VerbSpec spec;
  spec.words = {"loop", "run"};
  spec.summary = "run one turn: validate, train, gate, register, roll out";
  spec.description =
      "Goes on with a turn that was interrupted, else starts one. A turn that waits for live traffic or an approval is left "
      "waiting: a "
      "running server goes on with it.";
  spec.options = {ValueOption("--model", "NAME", "which model; default: the only one"),
                  ValueOption("--reason", "TEXT", "why, for the record")};
  spec.examples = {"mlean loop run", "mlean loop run --model arrival-delay --reason 'new labels'"};
  spec.exit_codes =
      "0 done or waiting · 1 failed or rolled back · 2 usage · 4 no project · 5 another run holds the lock · 6 denied by checks "
      "or gate";
  spec.run = LoopRun;
  return spec;
}

VerbSpec LoopStatusVerb() {
  VerbSpec spec;
  spec.words = {"loop", "status"};
  spec.summary = "show the newest turn and its steps";
  spec.options = {ValueOption("--model", "NAME", "of this model only")};
  spec.examples = {"mlean loop status", "mlean loop status --json"};
  spec.run = LoopStatus;
  return spec;
}

VerbSpec LoopHistoryVerb() {
  VerbSpec spec;
  spec.words = {"loop", "history"};
  spec.summary = "list turns, newest first";
  spec.options = {ValueOption("--model", "NAME", "of this model only"), ValueOption("--limit", "N", "how many", "20")};
  spec.examples = {"mlean loop history --limit 5"};
  spec.run = LoopHistory;
  return spec;
}

}  // namespace mlean::verbs

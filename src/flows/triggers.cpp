#include "flows/triggers.hpp"

#include <fmt/core.h>

#include "flows/policy_values.hpp"
#include "loop/turn_store.hpp"
#include "policy/program.hpp"
#include "sched/schedule_store.hpp"
#include "tables/reader.hpp"

namespace mlean::flows {
namespace {

constexpr std::int64_t kSlotLeaseMs = 10 * kMinuteMs;

// data.NAME.rows_added_ratio; only when an expression asks, for it reads the files.
Result<codec::Json> DataGrowth(Workspace& workspace, const repo::ModelConfig& model) {
  codec::Json out = codec::Json::Object{};
  TRY(const auto turns, workspace.db->Read([&](sql::Conn& conn) { return loop::ListTurns(conn, model.name, 20); }));
  codec::Json before;
  for (const loop::Turn& turn : turns) {
    if (turn.status != "promoted" && turn.status != "denied" && turn.status != "unchanged") continue;
    TRY(const auto steps, workspace.db->Read([&](sql::Conn& conn) { return loop::ListSteps(conn, turn.id); }));
    for (const loop::TurnStep& step : steps) {
      if (step.name == "pull" && step.outputs.Find("data") != nullptr) before = *step.outputs.Find("data");
    }
    break;
  }
  TRY(const auto engine, tables::Engine::Open());
  for (const repo::DataConfig& entry : workspace.config.data) {
    const codec::Json* old = before.Find(entry.name);
    const Result<std::int64_t> rows = tables::CountRows(*engine, {.path = (workspace.project.root / entry.path).string()});
    if (old == nullptr || !rows) continue;
    const double old_rows = old->Find("rows")->AsDouble();
    if (old_rows > 0) out.Set(entry.name, codec::Json::Object{{"rows_added_ratio", (double(*rows) - old_rows) / old_rows}});
  }
  return out;
}

bool Mentions(const policy::Program& program, std::string_view name) {
  for (const std::string& path : program.References()) {
    if (path == name || path.rfind(std::string(name) + ".", 0) == 0) return true;
  }
  return false;
}

std::string KindOf(const policy::Program& program) {
  for (const std::string_view kind : {"performance", "drift", "data"}) {
    if (Mentions(program, kind)) return std::string(kind);
  }
  return "rule";
}

Result<std::optional<TimeMs>> CooldownEnd(Workspace& workspace, const repo::ModelConfig& model) {
  TRY(const auto turns, workspace.db->Read([&](sql::Conn& conn) { return loop::ListTurns(conn, model.name, 1); }));
  if (turns.empty()) return std::optional<TimeMs>{};
  return std::optional<TimeMs>(turns.front().created + model.retrain->cooldown_ms);
}

// The first expression of retrain.when that the window makes true.
Result<std::optional<Cause>> FirstTrue(Workspace& workspace, const repo::ModelConfig& model, const loop::Window& window) {
  codec::Json variables = window.report;
  for (const repo::Expression& expression : model.retrain->when) {
    Result<policy::Program> program = policy::Program::Compile(expression.text);
    if (!program) return std::move(program).error().With(expression.place.Text());
    if (Mentions(*program, "data") && variables.Find("data") == nullptr) {
      TRY(codec::Json growth, DataGrowth(workspace, model));
      variables.Set("data", std::move(growth));
    }
    const policy::Decision decision = program->Decide(ToPolicyValue(variables));
    if (decision.allowed) return std::optional<Cause>(Cause{KindOf(*program), decision.reason, {}});
  }
  return std::optional<Cause>{};
}

}  // namespace

std::string ScheduleName(const std::string& model) { return "retrain/" + model; }

Result<std::optional<Cause>> TriggerByWindow(Workspace& workspace, const repo::ModelConfig& model) {
  if (!model.retrain) return std::optional<Cause>{};
  TRY(const auto windows, workspace.db->Read([&](sql::Conn& conn) { return loop::ListUnconsidered(conn, model.name); }));
  if (windows.empty()) return std::optional<Cause>{};
  const TimeMs newest = windows.back().start;
  TRY(std::optional<Cause> cause, FirstTrue(workspace, model, windows.back()));
  TRY(const auto until, CooldownEnd(workspace, model));
  const bool cooling = cause && until && workspace.Now() < *until;
  if (cause && !cooling) {
    cause->taken = [name = model.name, newest](sql::Txn& txn) { return loop::MarkConsidered(txn, name, newest); };
    return cause;
  }
  TRYV(workspace.db->Write([&](sql::Txn& txn) -> Result<void> {
    if (cooling) {
      TRYV(Record(txn, workspace, "trigger.cooldown", "models/" + model.name,
                  codec::Json::Object{{"reason", cause->detail}, {"until", FormatTime(*until)}}));
    }
    return loop::MarkConsidered(txn, model.name, newest);
  }));
  return std::optional<Cause>{};
}

Result<std::optional<Cause>> TriggerBySchedule(Workspace& workspace, const repo::ModelConfig& model) {
  if (!model.retrain || model.retrain->schedule.empty()) return std::optional<Cause>{};
  const std::string name = ScheduleName(model.name);
  const TimeMs now = workspace.Now();
  return workspace.db->Write([&](sql::Txn& txn) -> Result<std::optional<Cause>> {
    TRY(const sched::Schedule schedule, sched::PutSchedule(txn, name, model.retrain->schedule, "UTC", true, now));
    static_cast<void>(schedule);
    TRY(const std::vector<sched::Slot> due, sched::DueSlots(txn, now));
    for (const sched::Slot& slot : due) {
      if (slot.name != name) continue;
      TRY(const bool mine, sched::ClaimSlot(txn, name, slot.time, workspace.actor, now + kSlotLeaseMs, now));
      if (!mine) continue;
      Cause cause{"schedule", fmt::format("{} at {}", model.retrain->schedule, FormatTime(slot.time)), {}};
      cause.taken = [name, slot, owner = workspace.actor, now](sql::Txn& inner) -> Result<void> {
        TRY(const bool finished, sched::FinishSlot(inner, name, slot.time, owner, now));
        static_cast<void>(finished);
        return {};
      };
      return std::optional<Cause>(std::move(cause));
    }
    return std::optional<Cause>{};
  });
}

}  // namespace mlean::flows

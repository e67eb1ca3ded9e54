#include "flows/tick.hpp"

#include <fmt/core.h>

#include "flows/alert_sender.hpp"
#include "flows/check_config.hpp"
#include "flows/monitor.hpp"
#include "flows/progress_rollout.hpp"
#include "flows/triggers.hpp"
#include "flows/turn/engine.hpp"
#include "os/lock.hpp"
#include "predictions/log.hpp"

namespace mlean::flows {
namespace {

class Ticker {
 public:
  Ticker(Workspace& workspace, serving::LiveModels& live, AbortInbox& aborts, const std::atomic<bool>* cancel)
      : workspace_(workspace), live_(live), aborts_(aborts), cancel_(cancel) {}

  Result<TickReport> Run() {
    if (std::string problem = ReloadOrKeepConfig(workspace_); !problem.empty()) report_.problems.push_back(std::move(problem));
    // Before serving follows the registry: else it would give a candidate that was just pulled its traffic back.
    for (const AbortInbox::Item& item : aborts_.Take()) Note(AbortRollout(workspace_, item.rollout_id, item.reason, item.at));
    Note(Sync());
    for (const std::string& name : live_.Names()) {
      serving::LiveModel* const live = live_.Find(name);
      if (live == nullptr) continue;  // deleted through the API since
      Result<bool> moved = ProgressRollout(workspace_, *live);
      if (!moved) Note(moved.error());
    }
    Note(Sync());
    Result<os::FileLock> lock = os::FileLock::TryAcquire(workspace_.project.LockFile(), workspace_.actor);
    if (lock) {
      RunLoop();
    } else if (lock.error().code == Code::kBusy) {
      report_.busy = true;
    } else {
      Note(lock.error());
    }
    Note(Sync());
    Note(DeliverAlerts(workspace_));
    return std::move(report_);
  }

 private:
  void Note(const Error& error) { report_.problems.push_back(error.what); }
  void Note(const Result<void>& result) {
    if (!result) Note(result.error());
  }
  Result<void> Sync() { return live_.Sync(*workspace_.db, ServingSettings(workspace_.config)); }

  // By name: a turn's model is looked up where it is used.
  void RunLoop() {
    std::vector<std::string> names;
    for (const repo::ModelConfig& model : workspace_.config.models) names.push_back(model.name);
    for (const std::string& name : names) Note(RunModel(name));
  }

  Result<void> RunModel(const std::string& name) {
    TRYV(ResumeTurn(name));
    TRY(const repo::ModelConfig* config, workspace_.config.Model(name));
    const repo::ModelConfig model = *config;
    TRY(const std::uint64_t freed,
        predictions::DropSegments(workspace_.PredictionLogs() / name, workspace_.Now() - model.serve.retention_ms));
    static_cast<void>(freed);
    TRY(const std::vector<loop::Window> windows, CloseWindows(workspace_, model));
    report_.windows += static_cast<int>(windows.size());
    TRY(std::optional<Cause> cause, TriggerBySchedule(workspace_, model));
    if (!cause) {
      TRY(cause, TriggerByWindow(workspace_, model));
    }
    if (!cause) return {};
    Result<loop::Turn> turn = StartTurn(workspace_, name, cause->kind, cause->detail, cause->taken);
    // One is under way: it sees the newest data anyway, so the trigger is used up.
    if (!turn && turn.error().code == Code::kConflict)
      return workspace_.db->Write([&](sql::Txn& txn) { return cause->taken(txn); });
    if (!turn) return std::move(turn).error();
    return ResumeTurn(name);
  }

  Result<void> ResumeTurn(const std::string& name) {
    TRY(const auto turn, workspace_.db->Read([&](sql::Conn& conn) { return loop::FindTurnUnderWay(conn, name); }));
    if (!turn) return {};
    ++report_.turns_run;
    TurnOptions options;
    options.cancel = cancel_;
    TRY(const loop::Turn after, RunTurn(workspace_, turn->id, options));
    static_cast<void>(after);
    return {};
  }

  Workspace& workspace_;
  serving::LiveModels& live_;
  AbortInbox& aborts_;
  const std::atomic<bool>* cancel_;
  TickReport report_;
};

}  // namespace

void AbortInbox::Put(Item item) {
  const std::lock_guard lock(mutex_);
  items_.push_back(std::move(item));
}

std::vector<AbortInbox::Item> AbortInbox::Take() {
  const std::lock_guard lock(mutex_);
  return std::exchange(items_, {});
}

Result<TickReport> Tick(Workspace& workspace, serving::LiveModels& live, AbortInbox& aborts, const std::atomic<bool>* cancel) {
  return Ticker(workspace, live, aborts, cancel).Run();
}

}  // namespace mlean::flows

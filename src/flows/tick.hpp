// Tick: what the server does every few seconds, and after every advance of a simulated clock: keep serving in step with the
// registry, move rollouts, go on with turns, close monitor windows, fire triggers, deliver alerts. Everything it decides is
// recorded; doing it again at the same instant changes nothing.
#pragma once

#include <atomic>
#include <mutex>
#include <string>
#include <vector>

#include "flows/workspace.hpp"
#include "serving/live_models.hpp"

namespace mlean::flows {

// Aborts that the guards called on request threads, to be written down by the next tick. Thread-safe.
class AbortInbox {
 public:
  struct Item {
    std::string model;
    std::string rollout_id;
    std::string reason;
    TimeMs at = 0;
  };
  void Put(Item item);
  std::vector<Item> Take();

 private:
  std::mutex mutex_;
  std::vector<Item> items_;  // guarded by mutex_
};

struct TickReport {
  std::vector<std::string> problems;  // errors of single models; the others were served
  int windows = 0;
  int turns_run = 0;
  bool busy = false;  // somebody else holds the project's lock: turns were left to them
};

// One caller at a time. `cancel` stops a running stage; the turn goes on with the next tick or start.
Result<TickReport> Tick(Workspace& workspace, serving::LiveModels& live, AbortInbox& aborts, const std::atomic<bool>* cancel);

}  // namespace mlean::flows

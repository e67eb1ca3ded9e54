// LiveModels: every name that answers, kept in step with the registry. Sync() reads the registry and the running rollouts, loads
// model files that are not loaded yet, and swaps routes; Find() is lock-free and may be called by any thread at any time.
// Registered models without a file of ours (MLflow's Python models) are not served: no route, no log, no counters.
#pragma once

#include <array>
#include <atomic>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/metrics.hpp"
#include "rollout/rollout_store.hpp"
#include "serving/live_model.hpp"
#include "sql/database.hpp"

namespace mlean::serving {

// What mlean.yaml says about serving a model; a registered model without an entry gets the defaults.
struct ModelSettings {
  GuardSettings guard;
  bool log = true;           // keep a prediction log
  bool log_features = true;  // with the features, not only the outputs
  bool previous = false;     // answer with the alias previous when the champion's file cannot be loaded
  std::optional<float> constant;
};

class LiveModels {
 public:
  // Prediction logs go to `log_root`/MODEL. `metrics` and what `on_abort` captures must outlive this.
  LiveModels(std::filesystem::path log_root, Metrics& metrics, OnAbort on_abort);

  // Brings routes in line with the registry. A version whose file is unsound keeps the route it had, and is reported in the error
  // after all the others were served. One caller at a time (a mutex); requests never wait for it.
  Result<void> Sync(sql::Database& db, const std::map<std::string, ModelSettings>& settings);

  // The model that a name means; nullptr when there is none to serve. The pointer is valid as long as this object.
  LiveModel* Find(std::string_view name) const;
  std::vector<std::string> Names() const;
  // The registry's change counter at the last Sync.
  std::int64_t synced() const { return synced_.load(std::memory_order_acquire); }

 private:
  // The models by a hash of their names. Only grows: a node is whole before its list's head shows it, and never changes, so
  // readers need no lock and count no references.
  struct Node {
    std::unique_ptr<LiveModel> model;
    const Node* next = nullptr;
  };
  static constexpr std::size_t kLists = 256;
  static std::size_t ListOf(std::string_view name) { return std::hash<std::string_view>()(name) % kLists; }

  LiveModel* FindOrRetired(std::string_view name) const;
  Result<LiveModel*> Ensure(const std::string& name, const ModelSettings& settings);
  Result<Loaded> Load(LiveModel& live, const ModelSettings& settings, int version, const std::string& path,
                      const std::string& digest);
  void Retire(const std::vector<std::string>& servable);  // all others; `servable` is sorted
  Result<void> SyncModel(sql::Database& db, const std::string& name, const ModelSettings& settings);
  Result<void> Recount(LiveModel& live, const rollout::Rollout& rollout);

  std::filesystem::path log_root_;
  Metrics& metrics_;
  OnAbort on_abort_;
  mutable std::mutex mutex_;                                          // of Sync
  std::vector<std::unique_ptr<const Node>> models_;                   // guarded by mutex_; owns what the lists show
  std::map<std::string, std::shared_ptr<const infer::Model>> files_;  // by digest, guarded by mutex_; shared with the routes
  std::array<std::atomic<const Node*>, kLists> lists_{};
  std::atomic<std::int64_t> synced_{-1};
};

}  // namespace mlean::serving

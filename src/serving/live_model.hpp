// LiveModel: one name that answers predictions: the champion, during a rollout a candidate that takes a share of the requests,
// and the fallback. The routing is one immutable Route behind an atomic pointer: a change of champion is a pointer swap, and
// requests under way finish on the model they began with. Any thread may call Ask at any time.
//
//   TRY(const Answer answer, live.Ask({.id = "f-1", .encode = [&](const infer::Model& m, std::vector<float>& rows) { … }}, now));
//
// A candidate that fails never hurts a caller: the champion answers in its place, and the failure counts against the candidate.
// After each of its answers the guard may pull it: the route is swapped back at once, and `on_abort` tells the owner, who writes
// it down.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/metrics.hpp"
#include "base/result.hpp"
#include "infer/model.hpp"
#include "predictions/log.hpp"
#include "rollout/live_window.hpp"
#include "serving/guard.hpp"
#include "serving/recent_ids.hpp"

namespace mlean::serving {

// A version ready to answer.
struct Loaded {
  int version = 0;
  std::shared_ptr<const infer::Model> model;  // shared: requests under way keep it alive after a swap
  int log_schema = -1;                        // of LogWriter; -1: predictions are not logged
};

struct Route {
  std::shared_ptr<const Guard> guard;  // shared: requests under way keep it after a swap
  std::optional<Loaded> champion;
  std::optional<Loaded> candidate;
  std::vector<Loaded> others;  // versions asked for by number
  std::string rollout_id;      // of the candidate's rollout
  std::string seed;
  double weight = 0;                                 // the candidate's share
  std::optional<float> constant;                     // answered when no model can
  int constant_schema = -1;                          // of LogWriter, for those answers
  std::vector<std::pair<std::string, int>> aliases;  // name@alias → version
};

// Turns the request into rows for this model: appends k × model.features() floats.
using EncodeRows = std::function<Result<void>(const infer::Model& model, std::vector<float>& rows)>;

struct Question {
  std::string_view id;         // the request's id: sticky key of the split, joins labels
  bool id_given = false;       // by the client: then a repeat is counted once
  std::optional<int> version;  // ask this version, bypassing the rollout
  const EncodeRows* encode = nullptr;
};

struct Answer {
  const infer::Model* model = nullptr;  // null when the constant answered; lives as long as `route`
  std::shared_ptr<const Route> route;
  int version = 0;
  predictions::Variant variant = predictions::Variant::kChampion;
  std::size_t rows = 1;
  std::vector<float> outputs;  // rows × model->outputs()
};

struct LiveModelOptions {
  std::string name;
  bool log_features = true;
  std::int64_t window_ms = 60'000;  // of the guard's sliding window, in the clock's time
};

// Told on the request's thread, at most once per rollout: must only note it and return. `at` is the time of the request that
// decided.
using OnAbort =
    std::function<void(const std::string& model, const std::string& rollout_id, const std::string& reason, TimeMs at)>;

class LiveModel {
 public:
  LiveModel(LiveModelOptions options, std::unique_ptr<predictions::LogWriter> log, Metrics& metrics, OnAbort on_abort);

  Result<Answer> Ask(const Question& question, TimeMs now);

  std::shared_ptr<const Route> route() const { return route_.load(std::memory_order_acquire); }
  // Takes effect for the next request. A new rollout id starts new evidence.
  void SetRoute(std::shared_ptr<const Route> route);
  // Counts a request that the log holds of a rollout that began before this process did. In log order this decides what it
  // decided then, so an abort that was not written down before a kill is found again at the same request.
  void Recount(const rollout::Request& request, predictions::Variant variant, std::string_view id);
  // Whether the guard has pulled the candidate of this rollout, be it written down yet or not.
  bool Aborted(std::string_view rollout_id) const;

  // The registry has no version to serve any more: nobody finds the model by its name until it has one again.
  bool retired() const { return retired_.load(std::memory_order_acquire); }
  void SetRetired(bool retired) { retired_.store(retired, std::memory_order_release); }

  const std::string& name() const { return options_.name; }
  rollout::LiveWindow& champion_window() { return champion_window_; }
  rollout::LiveWindow& candidate_window() { return candidate_window_; }
  predictions::LogWriter* log() { return log_.get(); }

 private:
  struct Attempt {
    Answer answer;
    std::vector<float> rows;
    std::int64_t latency_us = 0;
  };
  Result<Attempt> Try(const Loaded& loaded, predictions::Variant variant, const Question& question) const;
  Result<Answer> AskRoute(const Route& route, const Question& question, TimeMs now);
  Result<Answer> AskVersion(const Route& route, int version, const Question& question) const;
  Result<Answer> AskCandidate(const Route& route, const Question& question, TimeMs now, bool fresh);
  Result<Answer> AskConstant(const Route& route, const Question& question, TimeMs now, bool fresh);
  Result<Answer> AskChampion(const Route& route, const Question& question, TimeMs now, bool fresh, predictions::Variant variant);
  void Log(int schema, const Attempt& attempt, const Question& question, TimeMs now, int status);
  void CountCandidate(const Route& route, TimeMs now, std::int64_t latency_us, bool error);

  LiveModelOptions options_;
  std::unique_ptr<predictions::LogWriter> log_;  // null: not logged
  OnAbort on_abort_;
  std::atomic<std::shared_ptr<const Route>> route_;
  std::atomic<bool> retired_ = false;
  rollout::LiveWindow champion_window_;
  rollout::LiveWindow candidate_window_;
  RecentIds recent_;
  mutable std::mutex aborted_mutex_;
  std::string aborted_;  // rollout id, guarded by aborted_mutex_
  Counter& answered_champion_;
  Counter& answered_candidate_;
  Counter& answered_fallback_;
  Counter& failed_champion_;
  Counter& failed_candidate_;
  Counter& unlogged_;
  Histogram& seconds_;
};

}  // namespace mlean::serving

// Guard: decides, while a candidate answers live requests, whether to pull it at once. Three reasons, in this order:
//  1. it looks broken: more than half of its requests fail, shown beyond doubt (18 of 18 are enough);
//  2. its errors are shown to exceed the champion's by more than `margin` (a test that may be looked at after every request);
//  3. an abort_if expression is true on its sliding window, once the window holds `min_requests`.
// Expressions see errors.rate, errors.count, requests, latency.p50|p95|p99|mean (durations), and the same under champion.…
// An expression that cannot be decided aborts nothing: it is reported by Evidence.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "policy/program.hpp"
#include "rollout/evidence.hpp"
#include "rollout/live_window.hpp"

namespace mlean::serving {

struct GuardSettings {
  std::vector<std::string> abort_if;
  std::int64_t min_requests = 100;
  double margin = 0.01;  // by which the candidate's error rate may exceed the champion's
};

class Guard {
 public:
  static Result<Guard> Make(const GuardSettings& settings);

  // The reason to abort, if there is one. A few microseconds.
  std::optional<std::string> Check(const rollout::Snapshot& candidate_window, const rollout::Snapshot& candidate_total,
                                   const rollout::Snapshot& champion_total) const;

  // What the traffic so far says about promotion: pass when the candidate is shown not to fail more often than the champion by
  // more than the margin.
  rollout::Finding Evidence(const rollout::Snapshot& candidate_total, const rollout::Snapshot& champion_total) const;

 private:
  GuardSettings settings_;
  std::vector<policy::Program> abort_if_;
};

}  // namespace mlean::serving

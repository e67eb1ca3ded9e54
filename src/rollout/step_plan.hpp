// StepPlan: how a rollout moves. A pure state machine: the caller brings the time, the evidence and any reason to abort, and
// stores and applies what comes back. Calling it again with the same input gives the same state, so a crash between steps loses
// nothing.
//
//   canary      weight goes through `steps`; each is held for step_for_ms and min_requests. The last one needs Verdict::kPass to
//   promote. ab          one weight (the first step, default 50 %) until the verdict is in; at least step_for_ms. shadow weight
//   0, requests are mirrored; after step_for_ms and a pass the candidate is promoted. blue_green  weight 1 at once, watched for
//   step_for_ms and min_requests with the champion kept warm; promoted unless it fails. instant     promoted at once.
//
// A fail verdict or an abort reason ends any strategy at once: weight 0, aborted. Between steps a canary goes on without proof
// when there is no evidence against it and min_requests were seen; without them, or without a pass at the last step, it waits
// (waiting_for_evidence) at its weight for as long as it takes: a person may promote or abort.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "rollout/evidence.hpp"

namespace mlean::rollout {

enum class Strategy : std::uint8_t { kCanary, kBlueGreen, kShadow, kAb, kInstant };
enum class Status : std::uint8_t { kRunning, kWaitingForEvidence, kPromoted, kAborted };

std::string_view StrategyName(Strategy strategy);  // "canary", "blue_green", "shadow", "ab", "instant"
std::string_view StatusName(Status status);        // "running", "waiting_for_evidence", "promoted", "aborted"
Result<Strategy> ParseStrategy(std::string_view name);
Result<Status> ParseStatus(std::string_view name);

struct Plan {
  Strategy strategy = Strategy::kCanary;
  std::vector<double> steps = {0.05, 0.25, 0.5};  // weights of the candidate, rising, in (0, 1]; canary and ab only
  std::int64_t step_for_ms = 10 * kMinuteMs;
  std::int64_t min_requests = 100;  // of the candidate, in each step
};

// Errors: kInvalid for weights outside (0, 1] or not rising, no or over 100 steps, negative times or numbers.
Result<void> CheckPlan(const Plan& plan);

struct State {
  int step = 0;
  double weight = 0;  // the candidate's share of traffic now
  TimeMs step_started = 0;
  Status status = Status::kRunning;

  bool Ended() const { return status == Status::kPromoted || status == Status::kAborted; }
  friend bool operator==(const State&, const State&) = default;
};

struct StepEvidence {
  Verdict verdict = Verdict::kNotEnoughEvidence;
  std::int64_t step_requests = 0;  // of the candidate since the step began (mirrored ones for shadow)
  std::string text;                // quoted in reasons
};

struct Advanced {
  State state;
  bool changed = false;  // the state differs from the one given
  std::string reason;    // why it is where it is: "step 2 of 3: 25 % after 10m and 1204 requests"
};

// The first state of a rollout; `plan` has passed CheckPlan.
Advanced Begin(const Plan& plan, TimeMs now);
// The next state. An ended rollout stays as it is.
Advanced Advance(const State& state, const Plan& plan, TimeMs now, const StepEvidence& evidence,
                 const std::optional<std::string>& abort_reason);

}  // namespace mlean::rollout

#include "rollout/step_plan.hpp"

#include <fmt/core.h>

#include <array>
#include <utility>

#include "base/text.hpp"

namespace mlean::rollout {
namespace {

constexpr std::array<std::pair<Strategy, std::string_view>, 5> kStrategies = {{{Strategy::kCanary, "canary"},
                                                                               {Strategy::kBlueGreen, "blue_green"},
                                                                               {Strategy::kShadow, "shadow"},
                                                                               {Strategy::kAb, "ab"},
                                                                               {Strategy::kInstant, "instant"}}};
constexpr std::array<std::pair<Status, std::string_view>, 4> kStatuses = {{{Status::kRunning, "running"},
                                                                           {Status::kWaitingForEvidence, "waiting_for_evidence"},
                                                                           {Status::kPromoted, "promoted"},
                                                                           {Status::kAborted, "aborted"}}};

template <class Table, class Key>
std::string_view NameIn(const Table& table, Key wanted) {
  for (const auto& [key, name] : table) {
    if (key == wanted) return name;
  }
  return "";
}

std::string Percent(double weight) { return FormatDouble(weight * 100) + " %"; }

std::string Because(const StepEvidence& evidence) { return evidence.text.empty() ? "" : ": " + evidence.text; }

Advanced To(const State& before, State after, std::string reason) { return {after, !(after == before), std::move(reason)}; }

Advanced End(const State& before, Status status, std::string reason) {
  State after = before;
  after.status = status;
  after.weight = status == Status::kPromoted ? 1 : 0;
  return To(before, after, std::move(reason));
}

Advanced Hold(const State& before, Status status, std::string reason) {
  State after = before;
  after.status = status;
  return To(before, after, std::move(reason));
}

// Only canary and ab divide the traffic by their steps.
int LastStep(const Plan& plan) { return plan.strategy == Strategy::kCanary ? static_cast<int>(plan.steps.size()) - 1 : 0; }

std::string StepText(const Plan& plan, const State& state) {
  return fmt::format("step {} of {} at {}", state.step + 1, LastStep(plan) + 1, Percent(state.weight));
}

}  // namespace

std::string_view StrategyName(Strategy strategy) { return NameIn(kStrategies, strategy); }
std::string_view StatusName(Status status) { return NameIn(kStatuses, status); }

Result<Strategy> ParseStrategy(std::string_view wanted) {
  std::vector<std::string> names;
  for (const auto& [strategy, name] : kStrategies) {
    if (name == wanted) return strategy;
    names.emplace_back(name);
  }
  return Fail(Code::kInvalid, fmt::format("cannot read rollout strategy '{}': expected one of {}", wanted, Join(names, ", ")));
}

Result<Status> ParseStatus(std::string_view wanted) {
  for (const auto& [status, name] : kStatuses) {
    if (name == wanted) return status;
  }
  return Fail(Code::kInvalid, fmt::format("cannot read rollout status '{}': unknown", wanted));
}

Result<void> CheckPlan(const Plan& plan) {
  const auto bad = [](std::string_view cause) { return Fail(Code::kInvalid, fmt::format("cannot use rollout plan: {}", cause)); };
  if (plan.step_for_ms < 0) return bad("step_for is negative");
  if (plan.min_requests < 0) return bad("min_requests is negative");
  if (plan.strategy != Strategy::kCanary && plan.strategy != Strategy::kAb) return {};
  if (plan.steps.empty()) return bad("steps is empty");
  if (plan.steps.size() > 100) return bad("steps has over 100 entries");
  double before = 0;
  for (const double weight : plan.steps) {
    if (!(weight > before && weight <= 1)) return bad("steps must rise within 0 % to 100 %");
    before = weight;
  }
  return {};
}

Advanced Begin(const Plan& plan, TimeMs now) {
  State state{.step = 0, .weight = 0, .step_started = now, .status = Status::kRunning};
  const auto started = [&](double weight, std::string reason) {
    state.weight = weight;
    return Advanced{state, true, std::move(reason)};
  };
  switch (plan.strategy) {
    case Strategy::kInstant: state.status = Status::kPromoted; return started(1, "promoted at once");
    case Strategy::kBlueGreen: return started(1, "all requests go to the candidate, the champion is kept warm");
    case Strategy::kShadow: return started(0, "requests are mirrored to the candidate");
    case Strategy::kCanary:
    case Strategy::kAb: break;
  }
  CHECK_BUG(!plan.steps.empty());
  state.weight = plan.steps.front();
  return {state, true, StepText(plan, state)};
}

Advanced Advance(const State& state, const Plan& plan, TimeMs now, const StepEvidence& evidence,
                 const std::optional<std::string>& abort_reason) {
  if (state.Ended()) return {state, false, std::string(StatusName(state.status))};
  if (abort_reason) return End(state, Status::kAborted, *abort_reason);
  if (evidence.verdict == Verdict::kFail)
    return End(state, Status::kAborted, "the evidence is against the candidate" + Because(evidence));

  const std::string step = StepText(plan, state);
  if (now - state.step_started < plan.step_for_ms) {
    return Hold(state, Status::kRunning, fmt::format("{} for {}", step, FormatDuration(plan.step_for_ms)));
  }
  if (evidence.step_requests < plan.min_requests) {
    return Hold(state, Status::kWaitingForEvidence,
                fmt::format("{}: {} of {} requests", step, evidence.step_requests, plan.min_requests));
  }
  if (state.step < LastStep(plan)) {
    State after = state;
    ++after.step;
    after.weight = plan.steps[static_cast<std::size_t>(after.step)];
    after.step_started = now;
    after.status = Status::kRunning;
    return To(state, after, fmt::format("{} after {} requests", StepText(plan, after), evidence.step_requests));
  }
  // A switch of all traffic leaves no champion to compare with, so for blue_green the absence of evidence against it is enough.
  if (evidence.verdict == Verdict::kPass || plan.strategy == Strategy::kBlueGreen) {
    return End(state, Status::kPromoted, "promoted" + Because(evidence));
  }
  return Hold(state, Status::kWaitingForEvidence, step + ": not enough evidence to promote" + Because(evidence));
}

}  // namespace mlean::rollout

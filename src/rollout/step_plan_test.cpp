#include "rollout/step_plan.hpp"

#include <fmt/core.h>

#include <cmath>

namespace mlean::rollout {
namespace {

const StepEvidence kPassing{.verdict = Verdict::kPass, .step_requests = 1000};
const StepEvidence kUnsure{.verdict = Verdict::kNotEnoughEvidence, .step_requests = 1000};
const StepEvidence kFew{.verdict = Verdict::kPass, .step_requests = 3};
const StepEvidence kFailing{.verdict = Verdict::kFail, .step_requests = 1000};

Plan Canary() {
  return {.strategy = Strategy::kCanary, .steps = {0.05, 0.25, 0.5}, .step_for_ms = kMinuteMs, .min_requests = 100};
}

TEST(StepPlan, CanaryGoesThroughItsStepsAndPromotes) {
  const Plan plan = Canary();
  Advanced at = Begin(plan, 0);
  EXPECT_EQ(at.state.weight, 0.05);
  at = Advance(at.state, plan, kMinuteMs - 1, kPassing, {});
  EXPECT_FALSE(at.changed);
  EXPECT_EQ(at.reason, "step 1 of 3 at 5 % for 1m");
  at = Advance(at.state, plan, kMinuteMs, kUnsure, {});  // no proof is needed between steps
  EXPECT_TRUE(at.changed);
  EXPECT_EQ(at.state, (State{.step = 1, .weight = 0.25, .step_started = kMinuteMs, .status = Status::kRunning}));
  EXPECT_EQ(at.reason, "step 2 of 3 at 25 % after 1000 requests");
  at = Advance(at.state, plan, 2 * kMinuteMs, kPassing, {});
  EXPECT_EQ(at.state.weight, 0.5);
  at = Advance(at.state, plan, 3 * kMinuteMs, kUnsure, {});
  EXPECT_EQ(at.state.status, Status::kWaitingForEvidence);
  EXPECT_EQ(at.state.weight, 0.5);
  const Advanced again = Advance(at.state, plan, 4 * kMinuteMs, kUnsure, {});
  EXPECT_FALSE(again.changed);
  at = Advance(at.state, plan, 5 * kMinuteMs, kPassing, {});
  EXPECT_EQ(at.state.status, Status::kPromoted);
  EXPECT_EQ(at.state.weight, 1);
  EXPECT_FALSE(Advance(at.state, plan, 9 * kMinuteMs, kFailing, "late").changed);
}

TEST(StepPlan, FewRequestsWait) {
  const Plan plan = Canary();
  const State first = Begin(plan, 0).state;
  const Advanced at = Advance(first, plan, kMinuteMs, kFew, {});
  EXPECT_EQ(at.state.status, Status::kWaitingForEvidence);
  EXPECT_EQ(at.state.step, 0);
  EXPECT_EQ(at.reason, "step 1 of 3 at 5 %: 3 of 100 requests");
  EXPECT_EQ(Advance(at.state, plan, 2 * kMinuteMs, kPassing, {}).state.step, 1);
}

TEST(StepPlan, FailureOrAnAbortReasonEndsAtOnce) {
  for (const Strategy strategy : {Strategy::kCanary, Strategy::kAb, Strategy::kShadow, Strategy::kBlueGreen}) {
    Plan plan = Canary();
    plan.strategy = strategy;
    const State first = Begin(plan, 0).state;
    Advanced at = Advance(first, plan, 1, kFailing, {});
    EXPECT_EQ(at.state.status, Status::kAborted) << StrategyName(strategy);
    EXPECT_EQ(at.state.weight, 0);
    at = Advance(first, plan, 1, kPassing, "errors.rate > 0.005 is true");
    EXPECT_EQ(at.state.status, Status::kAborted);
    EXPECT_EQ(at.reason, "errors.rate > 0.005 is true");
  }
}

TEST(StepPlan, OtherStrategies) {
  Plan plan = Canary();
  plan.strategy = Strategy::kInstant;
  EXPECT_EQ(Begin(plan, 5).state, (State{.step = 0, .weight = 1, .step_started = 5, .status = Status::kPromoted}));

  plan.strategy = Strategy::kBlueGreen;
  State state = Begin(plan, 0).state;
  EXPECT_EQ(state.weight, 1);
  EXPECT_EQ(Advance(state, plan, kMinuteMs - 1, kPassing, {}).state.status, Status::kRunning);
  EXPECT_EQ(Advance(state, plan, kMinuteMs, kUnsure, {}).state.status, Status::kPromoted);

  plan.strategy = Strategy::kShadow;
  state = Begin(plan, 0).state;
  EXPECT_EQ(state.weight, 0);
  EXPECT_EQ(Advance(state, plan, kMinuteMs, kUnsure, {}).state.status, Status::kWaitingForEvidence);
  EXPECT_EQ(Advance(state, plan, kMinuteMs, kPassing, {}).state, (State{0, 1, 0, Status::kPromoted}));

  plan.strategy = Strategy::kAb;
  plan.steps = {0.5};
  state = Begin(plan, 0).state;
  EXPECT_EQ(state.weight, 0.5);
  EXPECT_EQ(Advance(state, plan, kMinuteMs, kUnsure, {}).state.status, Status::kWaitingForEvidence);
  EXPECT_EQ(Advance(state, plan, kMinuteMs, kPassing, {}).state.status, Status::kPromoted);
}

TEST(StepPlan, BadPlansAreRefused) {
  const auto check = [](std::vector<double> steps) {
    return CheckPlan({.strategy = Strategy::kCanary, .steps = std::move(steps)}).ok();
  };
  EXPECT_TRUE(check({0.05, 0.25, 1}));
  EXPECT_FALSE(check({}));
  EXPECT_FALSE(check({0}));
  EXPECT_FALSE(check({0.5, 0.25}));
  EXPECT_FALSE(check({0.5, 0.5}));
  EXPECT_FALSE(check({1.5}));
  EXPECT_FALSE(check({std::nan("")}));
  EXPECT_FALSE(check(std::vector<double>(101, 0.5)));
  EXPECT_FALSE(CheckPlan({.step_for_ms = -1}));
  EXPECT_FALSE(CheckPlan({.min_requests = -1}));
  EXPECT_TRUE(CheckPlan({.strategy = Strategy::kInstant, .steps = {}}));
}

TEST(StepPlan, NamesReadBack) {
  for (const Strategy strategy :
       {Strategy::kCanary, Strategy::kBlueGreen, Strategy::kShadow, Strategy::kAb, Strategy::kInstant}) {
    EXPECT_EQ(*ParseStrategy(StrategyName(strategy)), strategy);
  }
  for (const Status status : {Status::kRunning, Status::kWaitingForEvidence, Status::kPromoted, Status::kAborted}) {
    EXPECT_EQ(*ParseStatus(StatusName(status)), status);
  }
  EXPECT_EQ(ParseStrategy("cannary").error().what,
            "cannot read rollout strategy 'cannary': expected one of canary, blue_green, shadow, ab, instant");
  EXPECT_FALSE(ParseStatus("x"));
}

}  // namespace
}  // namespace mlean::rollout

#include "serving/guard.hpp"

#include <fmt/core.h>

namespace mlean::serving {
namespace {

policy::Value Milliseconds(double ms) { return policy::Duration{static_cast<std::int64_t>(ms * 1e6)}; }

policy::Value Describe(const rollout::Snapshot& snapshot) {
  return policy::Value::Object(
      {{"requests", policy::Value(snapshot.requests)},
       {"errors", policy::Value::Object({{"rate", snapshot.error_rate}, {"count", policy::Value(snapshot.errors)}})},
       {"latency", policy::Value::Object({{"mean", Milliseconds(snapshot.latency_ms.mean)},
                                          {"p50", Milliseconds(snapshot.p50_ms)},
                                          {"p95", Milliseconds(snapshot.p95_ms)},
                                          {"p99", Milliseconds(snapshot.p99_ms)}})}});
}

rollout::Counts CountsOf(const rollout::Snapshot& snapshot) { return {snapshot.requests, snapshot.errors}; }

}  // namespace

Result<Guard> Guard::Make(const GuardSettings& settings) {
  Guard guard;
  guard.settings_ = settings;
  for (const std::string& text : settings.abort_if) {
    TRY(policy::Program program, policy::Program::Compile(text));
    guard.abort_if_.push_back(std::move(program));
  }
  return guard;
}

std::optional<std::string> Guard::Check(const rollout::Snapshot& candidate_window, const rollout::Snapshot& candidate_total,
                                        const rollout::Snapshot& champion_total) const {
  if (rollout::LooksBroken(CountsOf(candidate_total))) {
    return fmt::format("{} of the candidate's {} requests failed", candidate_total.errors, candidate_total.requests);
  }
  if (candidate_total.errors > 0) {
    const rollout::Finding finding = Evidence(candidate_total, champion_total);
    if (finding.verdict == rollout::Verdict::kFail) return finding.text;
  }
  if (candidate_window.requests < settings_.min_requests) return std::nullopt;
  policy::Value root = Describe(candidate_window);
  policy::Value::Map members = root.AsMap();
  members.emplace_back("champion", Describe(champion_total));
  Result<policy::Value> whole = policy::Value::MapOf(std::move(members));
  if (!whole) return std::nullopt;
  for (const policy::Program& program : abort_if_) {
    const policy::Decision decision = program.Decide(*whole);
    if (decision.allowed) return decision.reason;
  }
  return std::nullopt;
}

rollout::Finding Guard::Evidence(const rollout::Snapshot& candidate_total, const rollout::Snapshot& champion_total) const {
  // Without a champion there is nothing to compare with: the margin itself is the limit.
  if (champion_total.requests == 0) return rollout::ErrorsAgainstLimit(CountsOf(candidate_total), settings_.margin);
  return rollout::CompareErrors(CountsOf(candidate_total), CountsOf(champion_total), settings_.margin);
}

}  // namespace mlean::serving

#include "flows/progress_rollout.hpp"

#include <fmt/core.h>

#include "flows/champion.hpp"
#include "flows/registry_events.hpp"
#include "notify/outbox_store.hpp"
#include "registry/model_store.hpp"

namespace mlean::flows {
namespace {

codec::Json EvidenceJson(const rollout::Snapshot& candidate, const rollout::Snapshot& champion, const rollout::Finding& finding) {
  const auto side = [](const rollout::Snapshot& s) {
    return codec::Json(codec::Json::Object{{"requests", s.requests},
                                           {"errors", s.errors},
                                           {"error_rate", s.error_rate},
                                           {"p50_ms", s.p50_ms},
                                           {"p99_ms", s.p99_ms}});
  };
  return codec::Json::Object{{"candidate", side(candidate)},
                             {"champion", side(champion)},
                             {"verdict", rollout::VerdictName(finding.verdict)},
                             {"text", finding.text}};
}

// The candidate's total when the present step began; kept with the evidence, for a change of status within a step also stores
// evidence.
std::int64_t StepBase(const rollout::Rollout& rollout) {
  const Result<codec::Json> before = codec::Json::Parse(rollout.evidence);
  const codec::Json* base = before ? before->Find("step_base") : nullptr;
  return base != nullptr && base->IsInt() ? base->AsInt() : 0;
}

std::string ObjectOf(const rollout::Rollout& rollout) { return "models/" + rollout.model + "/rollouts/" + rollout.id; }

Result<void> Store(sql::Txn& txn, const Workspace& workspace, const rollout::Rollout& rollout, const rollout::Advanced& next,
                   const rollout::Finding& finding, const codec::Json& evidence) {
  TRYV(rollout::UpdateState(txn, rollout.id,
                            {.state = next.state, .verdict = finding.verdict, .reason = next.reason, .evidence = evidence.Dump()},
                            workspace.Now()));
  const bool promoted = next.state.status == rollout::Status::kPromoted;
  codec::Json detail =
      codec::Json::Object{{"version", rollout.candidate_version}, {"weight", next.state.weight}, {"reason", next.reason}};
  TRYV(Record(txn, workspace, promoted ? "rollout.promoted" : "rollout.step", ObjectOf(rollout), std::move(detail)));
  if (!promoted) return registry::CountChange(txn);
  return PromoteVersion(txn, workspace, rollout.model, static_cast<int>(rollout.candidate_version), next.reason);
}

}  // namespace

Result<void> AbortRollout(Workspace& workspace, const std::string& rollout_id, const std::string& reason, TimeMs at) {
  return workspace.db->Write([&](sql::Txn& txn) -> Result<void> {
    TRY(const rollout::Rollout rollout, rollout::Get(txn, rollout_id));
    if (rollout.state.Ended()) return {};
    TRYV(rollout::Finish(txn, rollout_id, rollout::Status::kAborted, reason, at));
    const Result<int> candidate = registry::ResolveAlias(txn, rollout.model, "candidate");
    if (candidate && *candidate == rollout.candidate_version) {
      TRYV(RemoveAlias(txn, rollout.model, "candidate", workspace.Now()));
    }
    TRYV(registry::CountChange(txn));
    TRYV(Record(txn, workspace, "rollout.aborted", ObjectOf(rollout),
                codec::Json::Object{{"version", rollout.candidate_version}, {"reason", reason}}, at));
    notify::Alert alert;
    alert.kind = "rollout.aborted";
    alert.severity = notify::Severity::kCritical;
    alert.title = fmt::format("version {} of {} was taken back from live traffic", rollout.candidate_version, rollout.model);
    alert.text = reason;
    alert.fields = codec::Json::Object{{"model", rollout.model}, {"version", rollout.candidate_version}};
    alert.dedup_key = rollout_id + "/aborted";
    return RaiseAlert(txn, workspace, std::move(alert));
  });
}

Result<bool> ProgressRollout(Workspace& workspace, serving::LiveModel& live) {
  TRY(const auto running, workspace.db->Read([&](sql::Conn& conn) { return rollout::FindRunning(conn, live.name()); }));
  const std::shared_ptr<const serving::Route> route = live.route();
  if (!running || route->rollout_id != running->id) return false;
  const rollout::Snapshot candidate = live.candidate_window().Total();
  const rollout::Snapshot champion = live.champion_window().Total();
  const rollout::Snapshot window = live.candidate_window().Window(workspace.Now());
  if (const auto reason = route->guard->Check(window, candidate, champion)) {
    TRYV(AbortRollout(workspace, running->id, *reason, workspace.Now()));
    return true;
  }
  const rollout::Finding finding = route->guard->Evidence(candidate, champion);
  const rollout::StepEvidence evidence{finding.verdict, candidate.requests - StepBase(*running), finding.text};
  const rollout::Advanced next = rollout::Advance(running->state, running->plan, workspace.Now(), evidence, std::nullopt);
  if (!next.changed) return false;
  if (next.state.status == rollout::Status::kAborted) {
    TRYV(AbortRollout(workspace, running->id, next.reason, workspace.Now()));
    return true;
  }
  codec::Json json = EvidenceJson(candidate, champion, finding);
  json.Set("step_base", next.state.step == running->state.step ? StepBase(*running) : candidate.requests);
  TRYV(workspace.db->Write([&](sql::Txn& txn) { return Store(txn, workspace, *running, next, finding, json); }));
  return true;
}

}  // namespace mlean::flows

#include "flows/render.hpp"

namespace mlean::flows {
namespace {

using codec::Json;

Json MaybeTime(const std::optional<TimeMs>& time) { return time ? Json(FormatTime(*time)) : Json(); }

Json ParsedOrText(const std::string& text) {
  if (text.empty()) return {};
  Result<Json> parsed = Json::Parse(text);
  return parsed ? *std::move(parsed) : Json(text);
}

}  // namespace

Json TurnJson(const loop::Turn& turn) {
  Json out = Json::Object{{"id", turn.id},
                          {"number", turn.number},
                          {"model", turn.model},
                          {"cause", turn.cause},
                          {"detail", turn.detail},
                          {"status", turn.status},
                          {"outcome", turn.outcome},
                          {"created", FormatTime(turn.created)},
                          {"ended", MaybeTime(turn.ended)},
                          {"run_id", turn.run_id}};
  out.Set("version", turn.version ? Json(*turn.version) : Json());
  out.Set("rollout_id", turn.rollout_id ? Json(*turn.rollout_id) : Json());
  return out;
}

Json StepJson(const loop::TurnStep& step) {
  return Json::Object{{"name", step.name},
                      {"status", step.status},
                      {"started", FormatTime(step.started)},
                      {"ended", MaybeTime(step.ended)},
                      {"wall_ms", step.wall_ms},
                      {"attempts", step.attempts},
                      {"message", step.message},
                      {"outputs", step.outputs}};
}

Json WindowJson(const loop::Window& window) {
  return Json::Object{{"model", window.model},
                      {"from", FormatTime(window.start)},
                      {"to", FormatTime(window.stop)},
                      {"computed", FormatTime(window.time)},
                      {"report", window.report}};
}

Json RolloutJson(const rollout::Rollout& rollout) {
  Json out = Json::Object{{"id", rollout.id},
                          {"model", rollout.model},
                          {"candidate_version", rollout.candidate_version},
                          {"champion_version", rollout.champion_version ? Json(*rollout.champion_version) : Json()},
                          {"strategy", rollout::StrategyName(rollout.plan.strategy)},
                          {"status", rollout::StatusName(rollout.state.status)},
                          {"step", rollout.state.step},
                          {"weight", rollout.state.weight},
                          {"started", FormatTime(rollout.started)},
                          {"ended", MaybeTime(rollout.ended)},
                          {"reason", rollout.reason},
                          {"evidence", ParsedOrText(rollout.evidence)}};
  out.Set("verdict", rollout.verdict ? Json(rollout::VerdictName(*rollout.verdict)) : Json());
  return out;
}

Json VersionJson(const registry::ModelVersion& version) {
  Json aliases = Json::Array{};
  for (const std::string& alias : version.aliases) aliases.Push(alias);
  return Json::Object{{"model", version.model},
                      {"version", version.version},
                      {"stage", registry::StageName(version.stage)},
                      {"aliases", std::move(aliases)},
                      {"created", FormatTime(version.created)},
                      {"description", version.description},
                      {"source", version.source},
                      {"run_id", version.run_id},
                      {"digest", version.digest},
                      {"size", version.size},
                      {"gate_report", ParsedOrText(version.gate_report)}};
}

Json EventJson(const audit::Event& event) {
  return Json::Object{{"seq", event.seq},       {"time", FormatTime(event.time)}, {"actor", event.actor},
                      {"action", event.action}, {"object", event.object},         {"detail", event.detail},
                      {"hash", event.hash}};
}

}  // namespace mlean::flows

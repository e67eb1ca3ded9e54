#include "flows/lineage.hpp"

#include <algorithm>

#include <fmt/core.h>

#include "flows/render.hpp"
#include "predictions/reader.hpp"
#include "registry/version_store.hpp"
#include "rollout/rollout_store.hpp"
#include "track/experiment_store.hpp"
#include "track/run_store.hpp"

namespace mlean::flows {
namespace {

using codec::Json;

constexpr std::size_t kMaxRuns = 1000;
constexpr std::size_t kMaxVersions = 1000;
constexpr std::size_t kShortest = 8;  // of the beginning of a digest

// Tags under `prefix` as an object without it.
Json TagsUnder(const track::Run& run, std::string_view prefix) {
  Json out = Json::Object{};
  for (const track::Tag& tag : run.tags) {
    if (tag.key.starts_with(prefix)) out.Set(tag.key.substr(prefix.size()), tag.value);
  }
  return out;
}

void SetUnlessEmpty(Json& out, std::string_view key, Json value) {
  if (!value.AsObject().empty()) out.Set(key, std::move(value));
}

Json DataJson(const track::Run& run) {
  Json data = Json::Array{};
  for (const track::DatasetInput& input : run.datasets) {
    data.Push(Json::Object{{"name", input.dataset.name}, {"digest", input.dataset.digest}, {"source", input.dataset.source}});
  }
  return data;
}

Json RunJson(const track::Run& run) {
  Json out = Json::Object{{"run_id", run.info.run_id},
                          {"name", run.info.name},
                          {"status", track::RunStatusName(run.info.status)},
                          {"start_time", FormatTime(run.info.start_time)}};
  if (run.info.end_time) {
    out.Set("end_time", FormatTime(*run.info.end_time));
    out.Set("wall_seconds", static_cast<double>(*run.info.end_time - run.info.start_time) / 1000);
  }
  constexpr std::pair<std::string_view, std::string_view> kTags[] = {{"mlflow.source.name", "command"},
                                                                     {"mlflow.user", "user"},
                                                                     {"mlean.directory", "directory"},
                                                                     {"mlean.exit_code", "exit_code"},
                                                                     {"mlean.turn", "turn"}};
  for (const auto& [tag, key] : kTags) {
    const auto found =
        std::find_if(run.tags.begin(), run.tags.end(), [&, name = tag](const track::Tag& one) { return one.key == name; });
    if (found != run.tags.end()) out.Set(key, found->value);
  }
  for (const track::Metric& metric : run.metrics) {
    if (metric.key == "process/peak_memory_mb") out.Set("peak_memory_mb", metric.value);
    if (metric.key == "process/wall_seconds") out.Set("wall_seconds", metric.value);
  }
  Json git = TagsUnder(run, "mlflow.source.git.");
  const Json more = TagsUnder(run, "mlean.git.");
  for (const auto& [key, value] : more.AsObject()) git.Set(key, value);
  SetUnlessEmpty(out, "git", std::move(git));
  SetUnlessEmpty(out, "environment", TagsUnder(run, "mlean.env."));
  out.Set("data", DataJson(run));
  return out;
}

// Answered rows in the log of the model; a retry counts once.
Result<std::int64_t> CountPredictions(const Workspace& workspace, const std::string& model, int version) {
  std::int64_t count = 0;
  const predictions::Window window{.versions = {version}, .variants = {}, .ok = true, .features = false};
  TRYV(predictions::ScanWindow(workspace.PredictionLogs() / model, window, [&](const predictions::Predictions& chunk) {
    count += static_cast<std::int64_t>(chunk.size());
    return Result<bool>(true);
  }));
  return count;
}

// What came after the version: rollouts that tried it, predictions that it made.
Result<Json> VersionJsonWithUse(const Workspace& workspace, const registry::ModelVersion& version) {
  Json aliases = Json::Array{};
  for (const std::string& alias : version.aliases) aliases.Push(alias);
  Json out = Json::Object{{"model", version.model},
                          {"version", version.version},
                          {"created", FormatTime(version.created)},
                          {"stage", registry::StageName(version.stage)},
                          {"aliases", std::move(aliases)},
                          {"digest", version.digest},
                          {"source", version.source}};
  TRY(const auto rollouts, workspace.db->Read([&](sql::Conn& conn) {
    rollout::ListFilter filter;
    filter.model = version.model;
    filter.limit = 1000;
    return rollout::List(conn, filter);
  }));
  Json list = Json::Array{};
  for (const rollout::Rollout& rollout : rollouts) {
    if (rollout.candidate_version == version.version) list.Push(RolloutJson(rollout));
  }
  out.Set("rollouts", std::move(list));
  TRY(const std::int64_t count, CountPredictions(workspace, version.model, version.version));
  out.Set("predictions", count);
  return out;
}

using See = std::function<Result<bool>(sql::Conn& conn, const std::string& what)>;

Result<bool> Seen(sql::Conn& conn, const See& see, const std::string& what) {
  if (!see) return true;
  return see(conn, what);
}

Result<std::vector<registry::ModelVersion>> VersionsOfRun(sql::Conn& conn, const std::string& run_id, const Sight& sight) {
  registry::Query query;
  query.where = {{registry::Field::kAttribute, "run_id", sql::Op::kEq, run_id}};
  query.limit = kMaxVersions;
  TRY(std::vector<registry::ModelVersion> found, registry::SearchVersions(conn, query));
  std::vector<registry::ModelVersion> out;
  for (registry::ModelVersion& version : found) {
    TRY(const bool seen, Seen(conn, sight.model, version.model));
    if (seen) out.push_back(std::move(version));
  }
  return out;
}

Result<track::Run> SeenRun(sql::Conn& conn, const std::string& run_id, const Sight& sight) {
  TRY(track::Run run, track::GetRun(conn, run_id));
  TRY(const bool seen, Seen(conn, sight.experiment, run.info.experiment_id));
  if (!seen) return Fail(Code::kDenied, fmt::format("cannot show run '{}': it needs READ on its experiment", run_id));
  return run;
}

}  // namespace

Result<Json> RunLineage(const Workspace& workspace, const std::string& run_id, const Sight& sight) {
  TRY(const track::Run run, workspace.db->Read([&](sql::Conn& conn) { return SeenRun(conn, run_id, sight); }));
  TRY(const auto versions, workspace.db->Read([&](sql::Conn& conn) { return VersionsOfRun(conn, run_id, sight); }));
  Json list = Json::Array{};
  for (const registry::ModelVersion& version : versions) {
    TRY(Json one, VersionJsonWithUse(workspace, version));
    list.Push(std::move(one));
  }
  return Json(Json::Object{{"run", RunJson(run)}, {"versions", std::move(list)}});
}

Result<Json> VersionLineage(const Workspace& workspace, const std::string& model, int version, const Sight& sight) {
  TRY(const registry::ModelVersion known, workspace.db->Read([&](sql::Conn& conn) -> Result<registry::ModelVersion> {
    TRY(const bool seen, Seen(conn, sight.model, model));
    if (!seen) return Fail(Code::kDenied, fmt::format("cannot show model '{}': it needs READ", model));
    return registry::GetVersion(conn, model, version);
  }));
  TRY(Json out, VersionJsonWithUse(workspace, known));
  out.Set("run", Json());
  if (known.run_id.empty()) return out;
  // A version may name a run of another server.
  const Result<track::Run> run = workspace.db->Read([&](sql::Conn& conn) { return SeenRun(conn, known.run_id, sight); });
  out.Set("run", run ? RunJson(*run) : Json(Json::Object{{"run_id", known.run_id}}));
  return out;
}

Result<void> AddDataClause(track::Query& query, const std::string& digest) {
  const bool plain = std::all_of(digest.begin(), digest.end(), [](unsigned char c) { return std::isalnum(c) != 0 || c == '.'; });
  if (!plain || digest.size() < kShortest) {
    return Fail(Code::kInvalid,
                fmt::format("cannot search data '{}': expected a hash, at least {} characters of it", digest, kShortest));
  }
  query.where.push_back({track::Field::kDataset, "digest", track::Op::kLike, digest + "%"});
  return {};
}

Result<Json> DataLineage(const Workspace& workspace, const std::string& digest, const Sight& sight) {
  track::Query query;
  query.limit = kMaxRuns;
  TRYV(AddDataClause(query, digest));
  TRY(const auto runs, workspace.db->Read([&](sql::Conn& conn) -> Result<std::vector<track::Run>> {
    TRY(const std::vector<std::string> experiments, track::AllExperimentIds(conn));
    for (const std::string& id : experiments) {
      TRY(const bool seen, Seen(conn, sight.experiment, id));
      if (seen) query.experiment_ids.push_back(id);
    }
    return track::ListRuns(conn, query);
  }));
  Json list = Json::Array{};
  for (const track::Run& run : runs) {
    TRY(const auto versions, workspace.db->Read([&](sql::Conn& conn) { return VersionsOfRun(conn, run.info.run_id, sight); }));
    Json of_run = Json::Array{};
    for (const registry::ModelVersion& version : versions) {
      of_run.Push(Json::Object{{"model", version.model}, {"version", version.version}});
    }
    Json data = Json::Array{};
    for (const track::DatasetInput& input : run.datasets) {
      if (!input.dataset.digest.starts_with(digest)) continue;
      data.Push(Json::Object{{"name", input.dataset.name}, {"digest", input.dataset.digest}});
    }
    list.Push(Json::Object{{"run_id", run.info.run_id},
                           {"name", run.info.name},
                           {"status", track::RunStatusName(run.info.status)},
                           {"start_time", FormatTime(run.info.start_time)},
                           {"data", std::move(data)},
                           {"versions", std::move(of_run)}});
  }
  return Json(Json::Object{{"digest", digest}, {"runs", std::move(list)}});
}

}  // namespace mlean::flows

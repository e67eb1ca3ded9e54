#include "serving/live_models.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "predictions/reader.hpp"
#include "registry/model_store.hpp"
#include "registry/version_store.hpp"

namespace mlean::serving {
namespace {

constexpr std::size_t kPinnedVersions = 4;  // newest versions kept ready besides champion and candidate

std::optional<int> AliasOf(const registry::Model& model, std::string_view name) {
  for (const registry::Alias& alias : model.aliases) {
    if (alias.name == name) return alias.version;
  }
  return std::nullopt;
}

predictions::Schema LogSchema(const infer::Model& model, bool features) {
  predictions::Schema schema;
  if (features) {
    for (const infer::Feature& feature : model.schema().features) schema.features.push_back(feature.name);
  }
  if (model.outputs() == 1) {
    schema.outputs = {"prediction"};
  } else {
    for (std::size_t i = 0; i < model.outputs(); ++i) schema.outputs.push_back(fmt::format("prediction_{}", i));
  }
  return schema;
}

// The champion's file cannot be loaded: what answered before goes on answering; after a start, the previous champion if that is
// allowed.
void UseInstead(Route& route, const Route& before, const ModelSettings& settings, std::optional<int> previous) {
  route.champion = before.champion;
  if (route.champion || !settings.previous) return;
  for (const Loaded& other : route.others) {
    if (other.version == previous) route.champion = other;
  }
}

}  // namespace

LiveModels::LiveModels(std::filesystem::path log_root, Metrics& metrics, OnAbort on_abort)
    : log_root_(std::move(log_root)), metrics_(metrics), on_abort_(std::move(on_abort)) {}

LiveModel* LiveModels::Find(std::string_view name) const {
  LiveModel* const model = FindOrRetired(name);
  return model == nullptr || model->retired() ? nullptr : model;
}

LiveModel* LiveModels::FindOrRetired(std::string_view name) const {
  const Node* node = lists_[ListOf(name)].load(std::memory_order_acquire);
  while (node != nullptr && node->model->name() != name) node = node->next;
  return node == nullptr ? nullptr : node->model.get();
}

std::vector<std::string> LiveModels::Names() const {
  std::vector<std::string> names;
  for (const std::atomic<const Node*>& list : lists_) {
    for (const Node* node = list.load(std::memory_order_acquire); node != nullptr; node = node->next) {
      if (!node->model->retired()) names.push_back(node->model->name());
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

Result<void> LiveModels::Sync(sql::Database& db, const std::map<std::string, ModelSettings>& settings) {
  const std::lock_guard lock(mutex_);
  // The counter is read first: a change that comes while we read makes the next Sync run again.
  TRY(const std::int64_t counter, db.Read([](sql::Conn& conn) { return registry::ChangeCounter(conn); }));
  TRY(const std::vector<std::string> servable, db.Read([](sql::Conn& conn) { return registry::ServableModels(conn); }));
  std::optional<Error> first;
  for (const std::string& name : servable) {
    const auto found = settings.find(name);
    Result<void> done = SyncModel(db, name, found == settings.end() ? ModelSettings{} : found->second);
    if (!done && !first) first = done.error();
  }
  Retire(servable);
  synced_.store(counter, std::memory_order_release);
  if (first) return *std::move(first);
  return {};
}

// Of a model that was deleted or renamed, or whose last version was. Requests under way end on the route that they have.
void LiveModels::Retire(const std::vector<std::string>& servable) {
  for (const std::unique_ptr<const Node>& node : models_) {
    LiveModel& model = *node->model;
    if (model.retired() || std::binary_search(servable.begin(), servable.end(), model.name())) continue;
    model.SetRetired(true);
    model.SetRoute(std::make_shared<const Route>());
  }
}

Result<LiveModel*> LiveModels::Ensure(const std::string& name, const ModelSettings& settings) {
  if (LiveModel* const known = FindOrRetired(name); known != nullptr) {
    known->SetRetired(false);
    return known;
  }
  std::unique_ptr<predictions::LogWriter> log;
  if (settings.log) {
    TRY(log, predictions::LogWriter::Open({.folder = log_root_ / name, .model = name}));
  }
  LiveModelOptions options{.name = name, .log_features = settings.log_features};
  std::atomic<const Node*>& list = lists_[ListOf(name)];
  auto node = std::make_unique<Node>();
  node->model = std::make_unique<LiveModel>(std::move(options), std::move(log), metrics_, on_abort_);
  node->next = list.load(std::memory_order_relaxed);
  LiveModel* const model = node->model.get();
  models_.push_back(std::move(node));
  list.store(models_.back().get(), std::memory_order_release);
  return model;
}

Result<Loaded> LiveModels::Load(LiveModel& live, const ModelSettings& settings, int version, const std::string& path,
                                const std::string& digest) {
  Loaded loaded;
  loaded.version = version;
  std::shared_ptr<const infer::Model>& file = files_[digest.empty() ? path : digest];
  if (!file) {
    Result<std::shared_ptr<const infer::Model>> read = infer::Model::Load(path);
    if (!read) return std::move(read).error().With(fmt::format("cannot serve '{}' version {}", live.name(), version));
    if (!digest.empty() && (*read)->digest() != digest) {
      return Fail(Code::kCorrupt, fmt::format("cannot serve '{}' version {}: '{}' is not the file that was registered",
                                              live.name(), version, path));
    }
    file = *std::move(read);
  }
  loaded.model = file;
  if (live.log() != nullptr) {
    TRY(loaded.log_schema, live.log()->AddSchema(LogSchema(*file, settings.log_features)));
  }
  return loaded;
}

Result<void> LiveModels::SyncModel(sql::Database& db, const std::string& name, const ModelSettings& settings) {
  TRY(const registry::Model model, db.Read([&](sql::Conn& conn) { return registry::GetModel(conn, name); }));
  TRY(auto running, db.Read([&](sql::Conn& conn) { return rollout::FindRunning(conn, name); }));
  // Two more than are pinned: champion and candidate may be among the newest.
  TRY(const auto versions, db.Read([&](sql::Conn& conn) {
    return registry::ServableVersions(conn, name, running ? running->candidate_version : 0, kPinnedVersions + 2);
  }));
  TRY(LiveModel * live, Ensure(name, settings));
  if (running && live->Aborted(running->id)) running.reset();  // about to be written down
  const std::shared_ptr<const Route> before = live->route();

  auto route = std::make_shared<Route>();
  TRY(Guard guard, Guard::Make(settings.guard));
  route->guard = std::make_shared<const Guard>(std::move(guard));
  route->constant = settings.constant;
  if (route->constant && live->log() != nullptr) {
    TRY(route->constant_schema, live->log()->AddSchema({{}, {"prediction"}}));
  }
  for (const registry::Alias& alias : model.aliases) route->aliases.emplace_back(alias.name, alias.version);
  const std::optional<int> champion = AliasOf(model, "champion");
  std::size_t pinned = 0;
  std::optional<Error> unsound;  // the first file that cannot be loaded; its version is left out of the route
  bool champion_unsound = false;
  for (const registry::ModelVersion& version : versions) {
    const bool is_champion = champion == version.version;
    const bool is_candidate = running && running->candidate_version == version.version;
    const bool aliased = !version.aliases.empty();
    if (!is_champion && !is_candidate && !aliased && pinned >= kPinnedVersions) continue;
    Result<Loaded> read = Load(*live, settings, version.version, version.path, version.digest);
    if (!read) {
      if (!unsound) unsound = std::move(read).error();
      champion_unsound = champion_unsound || is_champion;
      continue;
    }
    Loaded loaded = *std::move(read);
    if (is_champion) {
      route->champion = std::move(loaded);
    } else if (is_candidate) {
      route->candidate = std::move(loaded);
    } else {
      route->others.push_back(std::move(loaded));
      ++pinned;
    }
  }
  if (champion_unsound) UseInstead(*route, *before, settings, AliasOf(model, "previous"));
  if (running && route->candidate) {
    route->rollout_id = running->id;
    route->seed = running->seed;
    route->weight = running->state.weight;
  }
  const bool new_rollout = !route->rollout_id.empty() && route->rollout_id != before->rollout_id;
  live->SetRoute(route);
  if (new_rollout) TRYV(Recount(*live, *running));
  if (unsound) return *std::move(unsound);
  return {};
}

// A rollout that began before this process did has its evidence in the prediction log.
Result<void> LiveModels::Recount(LiveModel& live, const rollout::Rollout& rollout) {
  predictions::Window window;
  window.from = rollout.started;
  window.features = false;
  TRY(const predictions::ReadStats stats,
      predictions::ScanWindow(log_root_ / live.name(), window, [&](const predictions::Predictions& chunk) -> Result<bool> {
        for (std::size_t i = 0; i < chunk.size(); ++i) {
          if (chunk.rows[i] != 0) continue;  // a request counts once, whatever its number of rows
          // What a constant answered in a first rollout counts as the champion's.
          const bool constant = chunk.variants[i] == predictions::Variant::kFallback && chunk.versions[i] == 0;
          live.Recount({.now_ms = chunk.times[i], .latency_us = chunk.latencies_us[i], .error = chunk.statuses[i] >= 400},
                       constant ? predictions::Variant::kChampion : chunk.variants[i], chunk.ids[i]);
        }
        return true;
      }));
  static_cast<void>(stats);
  return {};
}

}  // namespace mlean::serving

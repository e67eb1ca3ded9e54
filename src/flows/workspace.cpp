#include "flows/workspace.hpp"

#include <fmt/core.h>

#include "access/migrations.hpp"
#include "artifacts/artifact_store.hpp"
#include "audit/migrations.hpp"
#include "flows/blob_store.hpp"
#include "flows/check_config.hpp"
#include "loop/migrations.hpp"
#include "notify/migrations.hpp"
#include "notify/outbox_store.hpp"
#include "os/files.hpp"
#include "os/machine.hpp"
#include "predictions/migrations.hpp"
#include "registry/migrations.hpp"
#include "sched/migrations.hpp"
#include "track/migrations.hpp"

namespace mlean::flows {
namespace {

std::vector<sql::Migration> AllMigrations() {
  std::vector<sql::Migration> all;
  for (std::vector<sql::Migration> room :
       {track::Migrations(), artifacts::Migrations(), registry::Migrations(), audit::Migrations(), loop::Migrations(),
        predictions::Migrations(), notify::Migrations(), sched::Migrations(), rollout::Migrations(), access::Migrations()}) {
    for (sql::Migration& migration : room) all.push_back(std::move(migration));
  }
  return all;
}

}  // namespace

Result<Workspace> OpenWorkspace(const std::filesystem::path& directory, const Clock& clock, std::string actor, bool create,
                                sql::Sync sync) {
  Workspace workspace;
  Result<repo::Project> found = repo::FindProject(directory);
  if (!found && create && found.error().code == Code::kNotFound) found = repo::ProjectAt(directory);
  if (!found) return std::move(found).error();
  workspace.project = *std::move(found);
  workspace.clock = &clock;
  workspace.actor = std::move(actor);
  workspace.sync = sync;
  TRYV(ReloadConfig(workspace));
  TRYV(repo::EnsureStateDir(workspace.project));
  TRY(workspace.db, sql::Database::Open({.path = workspace.project.Database(), .sync = sync}, AllMigrations()));
  TRYV(OpenDestination(workspace));
  return workspace;
}

Result<void> ReloadConfig(Workspace& workspace) {
  if (!os::Exists(workspace.project.ConfigFile())) {
    workspace.config = {};
    workspace.config.file = "mlean.yaml";
    return {};
  }
  TRY(workspace.config, LoadCheckedConfig(workspace.project));
  return {};
}

std::map<std::string, serving::ModelSettings> ServingSettings(const repo::LoopConfig& config) {
  std::map<std::string, serving::ModelSettings> out;
  for (const repo::ModelConfig& model : config.models) {
    serving::ModelSettings settings;
    settings.log = model.serve.log != "none";
    settings.log_features = model.serve.log == "full";
    for (const repo::Fallback& fallback : model.serve.fallback) {
      if (fallback.kind == repo::Fallback::Kind::kPrevious) settings.previous = true;
      if (fallback.kind == repo::Fallback::Kind::kConstant && fallback.constant.IsNumber()) {
        settings.constant = static_cast<float>(fallback.constant.AsDouble());
      }
    }
    if (model.rollout) {
      settings.guard.min_requests = model.rollout->min_requests;
      for (const repo::Expression& expression : model.rollout->abort_if) settings.guard.abort_if.push_back(expression.text);
    }
    out[model.name] = std::move(settings);
  }
  return out;
}

std::vector<notify::Channel> AlertChannels(const Workspace& workspace) {
  std::vector<notify::Channel> channels;
  channels.push_back({"alerts.jsonl", notify::ChannelKind::kFile, (workspace.project.StateDir() / "alerts.jsonl").string(), {}});
  int number = 0;
  for (const repo::AlertConfig& alert : workspace.config.alerts) {
    ++number;
    notify::Channel channel;
    channel.name = fmt::format("{}-{}", alert.type, number);
    channel.on = alert.on;
    if (alert.type == "file") {
      channel.kind = notify::ChannelKind::kFile;
      channel.target = (workspace.project.root / alert.path).string();
    } else {
      Result<std::string> url = repo::ExpandEnv(alert.url);
      if (!url) continue;  // the file above keeps every alert
      channel.kind = alert.type == "slack" ? notify::ChannelKind::kSlack : notify::ChannelKind::kWebhook;
      channel.target = *std::move(url);
    }
    channels.push_back(std::move(channel));
  }
  return channels;
}

Result<void> Record(sql::Txn& txn, const Workspace& workspace, std::string action, std::string object, codec::Json detail,
                    std::optional<TimeMs> at) {
  audit::NewEvent event;
  event.time = at.value_or(workspace.Now());
  event.actor = workspace.actor;
  event.action = std::move(action);
  event.object = std::move(object);
  event.detail = std::move(detail);
  TRY(const std::int64_t seq, audit::Append(txn, event));
  static_cast<void>(seq);
  return {};
}

Result<void> RaiseAlert(sql::Txn& txn, const Workspace& workspace, notify::Alert alert) {
  alert.created = workspace.Now();
  const codec::Json detail = codec::Json::Object{{"kind", alert.kind}, {"title", alert.title}, {"text", alert.text}};
  TRY(const std::string id, notify::Enqueue(txn, alert, AlertChannels(workspace), workspace.Now()));
  return Record(txn, workspace, "alert.raised", "alerts/" + id, detail);
}

std::string CliActor() { return "cli:" + os::UserName(); }

}  // namespace mlean::flows

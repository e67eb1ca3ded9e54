#include "app/serve.hpp"

#include <fmt/core.h>

#include <atomic>
#include <condition_variable>
#include <thread>

#include "api/gate.hpp"
#include "api/health.hpp"
#include "api/mlean/bind.hpp"
#include "api/mlflow/bind.hpp"
#include "api/oip/v2.hpp"
#include "api/predict.hpp"
#include "app/access_watch.hpp"
#include "app/listen.hpp"
#include "app/mlflow_options.hpp"
#include "app/tls_files.hpp"
#include "artifacts/upload_parts.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "flows/artifact_uri.hpp"
#include "flows/blob_bucket.hpp"
#include "flows/blob_store.hpp"
#include "flows/check_config.hpp"
#include "flows/log_run.hpp"
#include "flows/run_files.hpp"
#include "flows/server_link.hpp"
#include "flows/webhook_sender.hpp"
#include "net/server.hpp"
#include "os/files.hpp"
#include "os/lock.hpp"
#include "os/machine.hpp"
#include "os/signals.hpp"
#include "registry/model_store.hpp"
#include "track/experiment_store.hpp"
#include "ui/pages.hpp"

namespace mlean::app {
namespace {

constexpr std::chrono::seconds kTickEvery{2};
constexpr std::chrono::milliseconds kPollEvery{100};
constexpr std::int64_t kTidyEveryMs = 2000;
constexpr std::chrono::milliseconds kJoinWait{10};
constexpr int kJoinTries = 3000;
constexpr std::int64_t kMaxCacheGib = 1 << 20;
constexpr std::size_t kBucketThreads = 64;  // those of handlers: most may wait for the bucket, and some must answer the others

// The loop thread: ticks every few seconds, sooner when woken, and follows the registry ten times a second. With a simulated
// clock it ticks only when asked: then whoever turns the clock says when.
class LoopThread {
 public:
  LoopThread(flows::Workspace& workspace, serving::LiveModels& models, flows::AbortInbox& aborts, bool simulated)
      : workspace_(workspace), models_(models), aborts_(aborts), simulated_(simulated), thread_([this] { Run(); }) {}
  ~LoopThread() { Stop(); }

  // A stage that runs is stopped; its turn goes on with the next start.
  void Cancel() { cancel_.store(true); }
  void Stop() {
    Cancel();
    {
      const std::lock_guard lock(mutex_);
      stop_ = true;
    }
    changed_.notify_all();
    if (thread_.joinable()) thread_.join();
  }
  void Wake() {
    {
      const std::lock_guard lock(mutex_);
      wanted_ = true;
    }
    changed_.notify_all();
  }
  // One tick on the caller's thread; ticks never overlap.
  Result<flows::TickReport> TickNow() {
    const std::lock_guard lock(tick_mutex_);
    Result<flows::TickReport> report = flows::Tick(workspace_, models_, aborts_, &cancel_);
    if (!report) {
      log::Failure("tick.failed", {{"error", report.error().what}});
    } else {
      for (const std::string& problem : report->problems) log::Warn("tick.problem", {{"error", problem}});
    }
    return report;
  }

 private:
  void Run() {
    auto next = std::chrono::steady_clock::now();
    std::unique_lock lock(mutex_);
    while (!stop_) {
      const bool wanted = std::exchange(wanted_, false);
      const auto now = std::chrono::steady_clock::now();
      lock.unlock();
      if (wanted || (!simulated_ && now >= next)) {
        static_cast<void>(TickNow());  // it has logged what went wrong
        next = now + kTickEvery;
      } else {
        FollowRegistry();
      }
      lock.lock();
      changed_.wait_for(lock, kPollEvery, [&] { return stop_ || wanted_; });
    }
  }
  void FollowRegistry() {
    const Result<std::int64_t> counter = workspace_.db->Read([](sql::Conn& conn) { return registry::ChangeCounter(conn); });
    if (!counter || *counter == models_.synced()) return;
    const std::lock_guard lock(tick_mutex_);
    Result<void> synced = models_.Sync(*workspace_.db, flows::ServingSettings(workspace_.config));
    if (!synced) log::Warn("sync.problem", {{"error", synced.error().what}});
  }

  flows::Workspace& workspace_;
  serving::LiveModels& models_;
  flows::AbortInbox& aborts_;
  const bool simulated_;
  std::atomic<bool> cancel_{false};
  std::mutex tick_mutex_;  // one tick or sync at a time; guards workspace_.config
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stop_ = false;    // guarded by mutex_
  bool wanted_ = false;  // guarded by mutex_
  std::thread thread_;   // last: starts when everything above is there
};

std::vector<std::string> ListFrom(const verbs::Arguments& arguments, std::string_view option, const char* variable) {
  const char* const kept = std::getenv(variable);
  std::vector<std::string> out;
  for (const std::string& word : Split(arguments.Text(option, kept == nullptr ? "" : kept), ',')) {
    if (const std::string_view trimmed = Trim(word); !trimmed.empty()) out.emplace_back(trimmed);
  }
  return out;
}

// What is asked of every request. The names of the variables are MLflow's.
api::GateOptions GateOptionsFor(const verbs::Arguments& arguments, const Listen& listen, const Clock& clock) {
  const char* const disabled = std::getenv("MLFLOW_SERVER_DISABLE_SECURITY_MIDDLEWARE");
  const bool checks = disabled == nullptr || std::string_view(disabled) != "true";
  api::GateOptions options;
  options.clock = &clock;
  options.hosts = ListFrom(arguments, "allowed-hosts", "MLFLOW_SERVER_ALLOWED_HOSTS");
  options.origins = ListFrom(arguments, "cors-allowed-origins", "MLFLOW_SERVER_CORS_ALLOWED_ORIGINS");
  options.check_hosts = checks && (!options.hosts.empty() || (listen.IsLoopback() && !arguments.Has("auth")));
  options.check_origins = checks;
  return options;
}

Result<sql::Sync> ParseSync(const std::string& text) {
  if (text == "normal") return sql::Sync::kNormal;
  if (text == "full") return sql::Sync::kFull;
  return Fail(Code::kUsage, fmt::format("cannot use --sync '{}': expected normal or full", text), "mlean server --sync full");
}

Result<access::Level> DefaultLevel(const verbs::Arguments& arguments) {
  const std::string text = arguments.Text("default-permission", "READ");
  const std::optional<access::Level> level = access::ParseLevel(text);
  if (!level) {
    return Fail(Code::kUsage,
                fmt::format("cannot use default permission '{}': expected READ, EDIT, MANAGE or NO_PERMISSIONS", text));
  }
  return *level;
}

Result<void> CheckUsers(const access::Authenticator& users, const flows::Workspace& workspace) {
  if (users.HasUsers()) return {};
  return Fail(Code::kDenied, "cannot serve with --auth: there is no user who could come in",
              fmt::format("mlean -C {} users add NAME --admin", workspace.project.root.string()));
}

Result<std::filesystem::path> PrepareRoot(const verbs::Arguments& arguments, const verbs::Context& context) {
  if (!arguments.Has("root")) return context.directory;
  // Exactly that folder, also inside of another project: its .mlean says so from now on, to the other verbs too.
  std::filesystem::path root = (context.directory / arguments.Text("root")).lexically_normal();
  if (!root.has_filename()) root = root.parent_path();
  const auto refuse = [&](const std::string& why, const std::string& fix) {
    return Fail(Code::kNotFound, fmt::format("cannot start server in '{}': {}", root.string(), why), fix);
  };
  if (os::Exists(root) && !os::IsDir(root)) return refuse("it is no folder", "");
  // The last folder is made, those above it are not: a word mistyped there, or a disk that is not mounted, would be an empty
  // server that takes writes.
  const std::filesystem::path above = root.parent_path();
  if (!os::IsDir(above)) return refuse(fmt::format("no folder '{}'", above.string()), fmt::format("mkdir -p {}", above.string()));
  TRYV(os::MakeDirs(root));
  TRY(const repo::Project project, repo::ProjectAt(root));
  TRYV(repo::EnsureStateDir(project));
  return root;
}

// Held with the other servers of this project, so that one that starts knows whether it is alone. Then it takes away what a
// killed server was given in part; beside another, that may be an upload under way.
Result<os::NumberLocks> JoinServers(const flows::Workspace& workspace) {
  TRY(os::NumberLocks locks, os::NumberLocks::Open(workspace.project.StateDir() / "server.lock"));
  TRY(const bool alone, locks.TryHoldAlone(0));
  if (alone && !flows::ServerUrl(workspace)) TRYV(artifacts::SweepUploads(workspace.UploadDir()));
  for (int tries = 0; tries < kJoinTries; ++tries) {  // only while another one is sweeping
    TRY(const bool joined, locks.TryShare(0));
    if (joined) return locks;
    std::this_thread::sleep_for(kJoinWait);
  }
  return Fail(Code::kBusy, "cannot start server: another one is starting on this project");
}

// Where artifacts are. The name of the variable is MLflow's.
Result<void> PrepareDestination(const verbs::Arguments& arguments, const std::filesystem::path& directory,
                                flows::Workspace& workspace) {
  const char* const kept = std::getenv("MLFLOW_ARTIFACTS_DESTINATION");
  TRYV(flows::UseDestination(workspace, arguments.Text("artifacts-destination", kept == nullptr ? "" : kept), directory));
  const std::string cache = arguments.Text("artifacts-cache", "10");
  const std::optional<std::int64_t> gib = ParseInt(cache);
  if (!gib || *gib < 0 || *gib > kMaxCacheGib) {
    return Fail(Code::kUsage, fmt::format("cannot use --artifacts-cache '{}': expected GiB, 0 to {}", cache, kMaxCacheGib),
                "mlean server --artifacts-cache 10");
  }
  if (workspace.bucket) workspace.bucket->SetCacheBytes(*gib << 30);
  return {};
}

// Where the files of new experiments are, for clients that write them by themselves. The name of the variable is MLflow's.
Result<std::string> ArtifactRoot(const verbs::Arguments& arguments, const std::filesystem::path& directory) {
  const char* const kept = std::getenv("MLFLOW_DEFAULT_ARTIFACT_ROOT");
  std::string root = arguments.Text("default-artifact-root", kept == nullptr ? "" : kept);
  while (root.size() > 1 && root.ends_with('/') && !root.ends_with(":/")) root.pop_back();
  if (root.empty()) return std::string("mlflow-artifacts:");
  if (root.find_first_of("#?") != root.npos) {
    return Fail(Code::kUsage, fmt::format("cannot use --default-artifact-root '{}': it has a '#' or '?'", root),
                "mlean server --default-artifact-root s3://BUCKET/PREFIX");
  }
  root = flows::AbsoluteLocation(root, directory);
  const flows::ArtifactPlace place = flows::ParseArtifactUri(root);
  if (place.kind == flows::ArtifactPlace::Kind::kFolder) TRYV(os::MakeDirs(place.path));
  return root;
}

void BindAll(net::Router& router, api::ApiContext& api, api::mlflow::Context& mlflow, Metrics& metrics, const Clock& clock) {
  api::BindHealth(router, api.models, metrics, kVersion);
  api::oip::BindV2(router, api.models, clock, kVersion);
  api::BindPredict(router, api.models, clock);
  api::BindTurns(router, api);
  api::BindRollouts(router, api);
  api::BindWindows(router, api);
  api::BindLabels(router, api);
  api::BindRuns(router, api);
  api::BindModels(router, api);
  api::BindLineage(router, api);
  api::BindAudit(router, api);
  api::BindControl(router, api);
  api::mlflow::BindMlflow(router, mlflow);
  ui::BindPages(router);
  api::BindOpenApi(router, kVersion);
}

void WarnWithoutTls(const Listen& listen, const TlsFiles& tls) {
  if (listen.IsLoopback() || !tls.cert.empty()) return;
  log::Warn("server.without_tls",
            {{"address", listen.address},
             {"why", "passwords and tokens are sent for everybody on the way to read; give --tls-cert and --tls-key"}});
}

// Until a stop signal; then lets open requests end. A second signal forces.
void ServeUntilStopped(os::StopSignals& stop, net::Server& server, LoopThread& loop_thread, flows::BlobBucket* bucket) {
  // Meanwhile this thread sees to it that the memory of a large answer is given back: the heap of its own keeps it for ever.
  while (stop.Wait(kTidyEveryMs) == 0) os::ReturnFreeMemory();
  log::Info("server.draining");
  loop_thread.Cancel();
  std::atomic<bool> drained{false};
  std::thread drain([&] {
    server.Drain();
    drained.store(true);
  });
  while (!drained.load() && stop.Wait(20) < 2) {
  }
  if (bucket != nullptr) bucket->Cancel();
  server.Stop();
  drain.join();
}

Result<int> RunServer(const verbs::Arguments& arguments, verbs::Context& context) {
  TRY(const Listen listen, ReadListen(arguments));
  const bool auth = arguments.Has("auth");
  TRYV(CheckListen(listen, auth));
  TRY(const access::Level by_default, DefaultLevel(arguments));
  TRY(const TlsFiles tls, ReadTlsFiles(arguments, context.directory));
  TRY(const sql::Sync sync, ParseSync(arguments.Text("sync", "normal")));
  TRY(const std::string artifact_root, ArtifactRoot(arguments, context.directory));
  log::SetLevel(log::Level::kInfo);
  WarnOfMlflowVariables();
  TRY(os::StopSignals stop, os::StopSignals::Block());
  TRY(const std::filesystem::path root, PrepareRoot(arguments, context));
  TRY(flows::Workspace workspace, flows::OpenWorkspace(root, *context.clock, "server", true, sync));
  TRYV(PrepareDestination(arguments, context.directory, workspace));
  TRY(flows::Workspace api_workspace, flows::OpenWorkspace(root, *context.clock, "server", true, sync));
  api_workspace.bucket = workspace.bucket;
  TRY(const os::NumberLocks joined, JoinServers(workspace));
  TRYV(os::MakeDirs(workspace.UploadDir()));
  TRYV(api_workspace.db->Write(
      [&](sql::Txn& txn) { return track::PrepareDefaultExperiment(txn, artifact_root, context.clock->Now()); }));
  if (Result<void> taken = flows::TakeForgotten(api_workspace); !taken) log::Warn("runs.files", {{"error", taken.error().what}});
  if (Result<int> lost = flows::EndLostRuns(api_workspace); !lost) log::Warn("runs.lost", {{"error", lost.error().what}});
  Metrics metrics;
  TRY(const std::int64_t synchronous, api_workspace.db->Synchronous());
  metrics.Gauges("mlean_database_synchronous", "What an answered write survives: 1 kill -9, 2 power loss too.")
      .Only()
      .Set(static_cast<double>(synchronous));
  access::Authenticator users(metrics);
  TRYV(users.Refresh(*api_workspace.db));
  if (auth) TRYV(CheckUsers(users, workspace));
  const api::Rules rules{auth ? &users : nullptr, by_default};
  api::GateOptions gate_options = GateOptionsFor(arguments, listen, *context.clock);
  gate_options.users = rules.users;
  api::Gate gate(std::move(gate_options));
  flows::AbortInbox aborts;
  LoopThread* loop = nullptr;
  serving::LiveModels models(workspace.PredictionLogs(), metrics,
                             [&](const std::string& model, const std::string& id, const std::string& why, TimeMs at) {
                               log::Warn("rollout.aborted", {{"model", model}, {"reason", why}});
                               aborts.Put({model, id, why, at});
                               if (loop != nullptr) loop->Wake();
                             });
  if (Result<void> synced = models.Sync(*workspace.db, flows::ServingSettings(workspace.config)); !synced) {
    log::Warn("sync.problem", {{"error", synced.error().what}});
  }
  const bool simulated = std::getenv("MLEAN_CLOCK") != nullptr;
  LoopThread loop_thread(workspace, models, aborts, simulated);
  loop = &loop_thread;
  flows::WebhookSender webhooks(*api_workspace.db, *context.clock);

  std::mutex config_mutex;
  api::ApiContext api{api_workspace, config_mutex, models, [&] { return loop_thread.TickNow(); }, [&] { loop_thread.Wake(); },
                      rules};
  // Its own handle: the config of the other one is read again while requests are served.
  flows::Workspace mlflow_workspace = api_workspace.As("server");
  mlflow_workspace.config = {};
  const std::function<void()> follow_registry = [&] {
    const std::lock_guard lock(config_mutex);
    Result<void> synced = models.Sync(*api_workspace.db, flows::ServingSettings(api_workspace.config));
    if (!synced) log::Warn("sync.problem", {{"error", synced.error().what}});
  };
  const std::function<repo::LoopConfig()> current_config = [&] {
    const std::lock_guard lock(config_mutex);
    static_cast<void>(flows::ReloadOrKeepConfig(api_workspace));  // the tick says what is wrong with it
    return api_workspace.config;
  };
  api::mlflow::Context mlflow{mlflow_workspace, rules, follow_registry, current_config, artifact_root};
  net::Router router;
  BindAll(router, api, mlflow, metrics, *context.clock);

  net::ServerOptions options;
  options.address = listen.address;
  options.port = listen.port;
  options.gate = &gate;
  if (workspace.bucket) options.pool_threads = kBucketThreads;
  options.tls_cert = tls.cert;
  options.tls_key = tls.key;
  TRY(const auto server, net::Server::Start(options, std::move(router), metrics));
  const auto tell_where = [&] {
    return flows::WriteServerFile(workspace, LocalUrl(server->url()), auth ? users.own_token() : "");
  };
  TRYV(tell_where());
  WarnWithoutTls(listen, tls);
  TlsWatch certificate(tls, [&] { return server->ReloadTls(); });
  AccessWatch watch([&]() -> Result<void> {
    certificate.Look();
    if (!flows::ServerUrl(workspace)) TRYV(tell_where());  // a newer server beside this one had told where it is, and has ended
    return auth ? users.Refresh(*api_workspace.db) : Result<void>();
  });
  verbs::PrintLine(fmt::format("mlean server {} at {}", workspace.project.root.string(), server->url()));
  std::fflush(stdout);

  ServeUntilStopped(stop, *server, loop_thread, workspace.bucket.get());
  watch.Stop();
  loop_thread.Stop();
  webhooks.Stop();
  TRYV(flows::RemoveServerFile(workspace));
  return 0;
}

}  // namespace

verbs::VerbSpec ServerVerb() {
  verbs::VerbSpec spec;
  spec.words = {"server"};
  spec.summary = "serve models, run the loop, monitor; everything in one process";
  spec.description =
      "When it is ready it prints one line with its URL. GET /health says OK from then on. SIGTERM drains, a second signal "
      "forces.";
  spec.options = {
      verbs::ValueOption("--root", "DIR", "the project, or an empty folder", "."),
      verbs::ValueOption("--listen", "ADDR:PORT", "where to listen; port 0 picks one", "127.0.0.1:5000"),
      verbs::ValueOption("--host", "ADDR", "the address of --listen alone, as mlflow server has it"),
      verbs::ValueOption("-p,--port", "PORT", "the port of --listen alone"),
      verbs::ValueOption("--tls-cert", "FILE",
                         "speak https with this certificate and its chain (PEM); read again when the file changes"),
      verbs::ValueOption("--tls-key", "FILE", "the certificate's key (PEM, without a passphrase)"),
      verbs::Flag("--auth", "ask everybody who he is: users and tokens (docs/access.md)"),
      verbs::ValueOption("--default-permission", "LEVEL",
                         "with --auth: what users may do with experiments and models on which they were granted nothing: "
                         "READ, EDIT, MANAGE or NO_PERMISSIONS",
                         "READ"),
      verbs::ValueOption("--allowed-hosts", "LIST",
                         "names under which the server may be asked, besides addresses; * is any text"),
      verbs::ValueOption("--cors-allowed-origins", "LIST", "other sites whose pages may send changes"),
      verbs::ValueOption("--sync", "normal|full",
                         "what an answered write survives: kill -9, or power loss too (an fsync for each group)", "normal"),
      verbs::ValueOption(
          "--artifacts-destination", "URL",
          "keep artifacts there from now on: s3://BUCKET/PREFIX, or a folder (under their own paths, as mlflow server does); "
          "else they stay where they are, below --root at first"),
      verbs::ValueOption("--default-artifact-root", "URL",
                         "s3://…, file:///… or a folder: where clients write the files of new experiments by themselves, past "
                         "this server; else it keeps them"),
      verbs::ValueOption("--artifacts-cache", "GIB", "with a bucket: how much of it is kept on the disk, too", "10")};
  spec.examples = {"mlean server", "mlean server --root /srv/models --listen 127.0.0.1:0",
                   "mlean users add ann --admin && mlean server --listen 0.0.0.0:5000 --auth --tls-cert ml.crt --tls-key ml.key"};
  spec.exit_codes = "0 stopped by a signal · 1 failed · 2 usage · 6 others could reach it, and nobody would be asked who he is";
  spec.run = RunServer;
  spec.foreign = MlflowOptions();
  return spec;
}

}  // namespace mlean::app

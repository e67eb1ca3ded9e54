#include "app/serve.hpp"

#include <fmt/core.h>

#include <atomic>
#include <condition_variable>
#include <thread>

#include "api/health.hpp"
#include "api/mlean/bind.hpp"
#include "api/mlflow/bind.hpp"
#include "api/oip/v2.hpp"
#include "api/predict.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "flows/webhook_sender.hpp"
#include "net/server.hpp"
#include "os/files.hpp"
#include "os/signals.hpp"
#include "registry/model_store.hpp"
#include "track/experiment_store.hpp"
#include "ui/status_page.hpp"

namespace mlean::app {
namespace {

constexpr std::chrono::seconds kTickEvery{2};
constexpr std::chrono::milliseconds kPollEvery{100};

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

Result<std::pair<std::string, std::uint16_t>> ParseListen(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  const auto port = colon == text.npos ? std::nullopt : ParseInt(text.substr(colon + 1));
  if (!port || *port < 0 || *port > 65535) {
    return Fail(Code::kUsage, fmt::format("cannot listen on '{}': expected ADDRESS:PORT", text),
                "mlean server --listen 127.0.0.1:5000");
  }
  return std::pair(text.substr(0, colon), static_cast<std::uint16_t>(*port));
}

bool IsLoopback(const std::string& address) {
  return address == "localhost" || address == "[::1]" || address == "::1" || address.rfind("127.", 0) == 0;
}

Result<void> WriteServerFile(const flows::Workspace& workspace, const std::string& url) {
  const codec::Json info = codec::Json::Object{{"url", url}, {"pid", static_cast<std::int64_t>(getpid())}};
  return os::WriteFileAtomic(workspace.ServerFile(), info.Dump(), {.sync = false});
}

Result<int> RunServer(const verbs::Arguments& arguments, verbs::Context& context) {
  TRY(const auto listen, ParseListen(arguments.Text("listen", "127.0.0.1:5000")));
  if (!IsLoopback(listen.first)) {
    return Fail(
        Code::kUnsupported,
        fmt::format("cannot listen on '{}': there is no authentication yet, so only loopback addresses are served", listen.first),
        "mlean server --listen 127.0.0.1:5000");
  }
  log::SetLevel(log::Level::kInfo);
  TRY(os::StopSignals stop, os::StopSignals::Block());
  const std::filesystem::path root = arguments.Has("root") ? context.directory / arguments.Text("root") : context.directory;
  TRYV(os::MakeDirs(root));
  if (arguments.Has("root")) {
    // Exactly that folder, also inside of another project: its .mlean says so from now on, to the other verbs too.
    TRY(const repo::Project project, repo::ProjectAt(root));
    TRYV(repo::EnsureStateDir(project));
  }
  TRY(flows::Workspace workspace, flows::OpenWorkspace(root, *context.clock, "server", true));
  TRY(flows::Workspace api_workspace, flows::OpenWorkspace(root, *context.clock, "server", true));
  TRYV(api_workspace.db->Write(
      [&](sql::Txn& txn) { return track::PrepareDefaultExperiment(txn, "mlflow-artifacts:", context.clock->Now()); }));
  Metrics metrics;
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
  api::ApiContext api{api_workspace, config_mutex, models, [&] { return loop_thread.TickNow(); }, [&] { loop_thread.Wake(); }};
  net::Router router;
  api::BindHealth(router, models, metrics, kVersion);
  api::oip::BindV2(router, models, *context.clock, kVersion);
  api::BindPredict(router, models, *context.clock);
  api::BindTurns(router, api);
  api::BindRollouts(router, api);
  api::BindWindows(router, api);
  api::BindLabels(router, api);
  api::BindModels(router, api);
  api::BindAudit(router, api);
  api::BindControl(router, api);
  const auto follow_registry = [&] {
    const std::lock_guard lock(config_mutex);
    Result<void> synced = models.Sync(*api_workspace.db, flows::ServingSettings(api_workspace.config));
    if (!synced) log::Warn("sync.problem", {{"error", synced.error().what}});
  };
  api::mlflow::Context mlflow{api_workspace, follow_registry};
  api::mlflow::BindMlflow(router, mlflow);
  ui::BindStatusPage(router);
  api::BindOpenApi(router, kVersion);

  net::ServerOptions options;
  options.address = listen.first;
  options.port = listen.second;
  TRY(const auto server, net::Server::Start(options, std::move(router), metrics));
  TRYV(WriteServerFile(workspace, server->url()));
  verbs::PrintLine(fmt::format("mlean server {} at {}", workspace.project.root.string(), server->url()));
  std::fflush(stdout);

  while (stop.Wait(-1) == 0) {
  }
  log::Info("server.draining");
  loop_thread.Cancel();
  std::atomic<bool> drained{false};
  std::thread drain([&] {
    server->Drain();
    drained.store(true);
  });
  while (!drained.load() && stop.Wait(20) < 2) {  // a second signal forces
  }
  server->Stop();
  drain.join();
  loop_thread.Stop();
  webhooks.Stop();
  TRYV(os::Remove(workspace.ServerFile()));
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
  spec.options = {verbs::ValueOption("--root", "DIR", "the project, or an empty folder", "."),
                  verbs::ValueOption("--listen", "ADDR:PORT", "where to listen; port 0 picks one", "127.0.0.1:5000")};
  spec.examples = {"mlean server", "mlean server --root /srv/models --listen 127.0.0.1:0"};
  spec.exit_codes = "0 stopped by a signal · 1 failed · 2 usage";
  spec.run = RunServer;
  return spec;
}

}  // namespace mlean::app

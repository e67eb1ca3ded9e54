#include "verbs/demo/world.hpp"

#include <fmt/core.h>

#include <csignal>

#include "base/text.hpp"
#include "codec/json.hpp"
#include "os/files.hpp"
#include "os/machine.hpp"
#include "os/terminal.hpp"
#include "repo/git.hpp"
#include "repo/project.hpp"
#include "verbs/demo/project_files.hpp"

namespace mlean::verbs::demo {
namespace {

constexpr int kServerRestarts = 50;  // in one world's life
constexpr std::int64_t kServerStartMs = 20'000;
constexpr std::string_view kAuthor = "Demo Team <team@example.org>";
// After the last day: the last month's labels and file arrive, its window closes.
constexpr std::int64_t kDaysAfter = 3;

enum Piece { kRequests, kLabels, kDelivery, kTick, kScenes, kPieces };

}  // namespace

World::World(WorldOptions options) : options_(std::move(options)), project_(options_.folder / "project") {}

World::~World() {
  if (server_) {
    server_->Kill(SIGTERM);
    static_cast<void>(server_->Wait(5000));
  }
}

Result<std::unique_ptr<World>> World::Open(const WorldOptions& options) {
  std::unique_ptr<World> world(new World(options));
  TRYV(os::MakeDirs(options.folder));
  const std::filesystem::path clock = options.folder / "clock";
  const std::filesystem::path progress = options.folder / "demo.json";
  world->day_ = DaysFromCivil(kFirstDay);
  if (os::Exists(progress)) {
    TRY(const std::string text, os::ReadFile(progress, 4096));
    TRY(const codec::Json saved, codec::Json::Parse(text));
    TRY(world->day_, saved.IntAt("day"));
    TRY(const std::int64_t piece, saved.IntAt("piece"));
    TRY(world->sent_, saved.IntAt("sent"));
    world->piece_ = static_cast<int>(piece);
    TRY(world->clock_, os::FileClock::Open(clock));
  } else {
    TRY(world->clock_, os::FileClock::Create(clock, world->day_ * kDayMs));
  }
  TRY(world->flights_, FlightYear::Load(FlightsFolder()));
  if (!os::Exists(progress)) {
    TRYV(world->LayOutProject());
    TRYV(world->SaveProgress());
  }
  TRYV(world->StartServer());
  return world;
}

Result<void> World::SaveProgress() {
  const codec::Json state = codec::Json::Object{{"day", day_}, {"piece", piece_}, {"sent", sent_}};
  return os::WriteFileAtomic(options_.folder / "demo.json", state.Dump(), {.sync = false});
}

Result<void> World::LayOutProject() {
  TRYV(os::RemoveTree(project_));
  TRYV(os::MakeDirs(project_ / "checks"));
  TRYV(os::MakeDirs(project_ / "features"));
  TRYV(repo::GitInit(project_));
  TRY(const auto added, repo::InitDvc(project_, {}));
  static_cast<void>(added);
  const std::pair<std::string_view, std::string_view> files[] = {{"mlean.yaml", kMleanYaml},
                                                                 {"dvc.yaml", kDvcYaml},
                                                                 {"params.yaml", kParamsYaml},
                                                                 {".gitignore", kGitIgnore},
                                                                 {"features/flights.sql", kFeaturesSql},
                                                                 {"checks/flights.json", kSuite}};
  for (const auto& [name, text] : files) TRYV(os::WriteFileAtomic(project_ / name, text));
  for (const int month : {1, 2}) {
    TRYV(flights_->DeliverMonth(month, false, project_ / fmt::format("data/months/2013-{:02}.parquet", month)));
  }
  TRYV(repo::GitAdd(project_, {"."}));
  TRY(const std::string commit, repo::GitCommit(project_, "Predict arrival delays", kAuthor, clock_->Now()));
  static_cast<void>(commit);
  return {};
}

os::ProcessSpec World::Spec(const std::vector<std::string>& arguments) const {
  os::ProcessSpec spec;
  spec.argv = {os::ExecutablePath().string(), "-C", project_.string()};
  spec.argv.insert(spec.argv.end(), arguments.begin(), arguments.end());
  spec.cwd = project_;
  spec.env = {{"MLEAN_CLOCK", (options_.folder / "clock").string()}};
  return spec;
}

Result<void> World::StartServer() {
  server_.reset();
  TRYV(os::Remove(project_ / ".mlean/server.json"));
  os::ProcessSpec spec = Spec({"server", "--listen", "127.0.0.1:0"});
  spec.log_file = options_.folder / "server.log";
  TRY(server_, os::Child::Start(spec));
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(kServerStartMs);
  while (std::chrono::steady_clock::now() < deadline) {
    if (server_->Wait(5)) break;  // it ended
    const Result<std::string> text = os::ReadFile(project_ / ".mlean/server.json", 4096);
    if (!text) continue;
    TRY(const codec::Json info, codec::Json::Parse(*text));
    TRY(url_, info.StringAt("url"));
    return {};
  }
  return Fail(Code::kTimeout, "cannot start the server of the demo",
              fmt::format("look into {}", (options_.folder / "server.log").string()));
}

Result<net::Response> World::Send(const std::string& method, const std::string& path, const std::string& body,
                                  const std::string& id, std::int64_t timeout_ms) {
  for (int attempt = 0;; ++attempt) {
    net::Request request;
    request.method = method;
    request.url = url_ + path;
    request.headers = {{"Content-Type", "application/json"}};
    if (!id.empty()) request.headers.emplace_back("X-Request-Id", id);
    request.body = body;
    request.timeout_ms = timeout_ms;
    Result<net::Response> response = client_.Send(request);
    if (response) return response;
    if (attempt >= kServerRestarts) return std::move(response).error();
    TRYV(StartServer());  // it was killed: the same request again, counted once by its id
  }
}

Result<void> World::Tick() {
  TRY(const net::Response response, Send("POST", "/api/mlean/v1/tick", "", "", 120'000));
  if (response.status == 200) return {};
  return Fail(Code::kInternal, fmt::format("cannot let the server work: status {}: {}", response.status, response.body));
}

Result<os::ProcessOutcome> World::RunMlean(const std::vector<std::string>& arguments) {
  os::ProcessSpec spec = Spec(arguments);
  spec.log_file = options_.folder / "team.log";
  spec.timeout_ms = 300'000;
  return os::RunProcess(spec);
}

Result<void> World::LiveTheYear() {
  const std::int64_t first = DaysFromCivil(kFirstDay);
  const std::int64_t last = DaysFromCivil(kLastDay) + kDaysAfter;
  os::Progress progress("a year of flights, days", options_.quiet ? 0 : last - first + 1);
  for (; day_ <= last; ++day_, piece_ = 0) {
    progress.Set(day_ - first);
    for (; piece_ < kPieces;) {
      const std::int64_t tomorrow = day_ + 1;
      if (piece_ != kRequests) clock_->Set(tomorrow * kDayMs);
      switch (static_cast<Piece>(piece_)) {
        case kRequests: TRYV(SendDay(day_)); break;
        case kLabels: TRYV(TellLabels(day_ - 2)); break;
        case kDelivery: TRYV(Deliver(tomorrow)); break;
        case kTick: TRYV(Tick()); break;
        case kScenes: TRYV(PlayScenes(tomorrow)); break;
        case kPieces: break;
      }
      ++piece_;
      TRYV(SaveProgress());
    }
  }
  progress.Finish();
  return {};
}

}  // namespace mlean::verbs::demo

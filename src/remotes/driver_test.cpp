// Not a test by itself: lets the integration tests in tests/remotes drive a remote of a real server. MLEAN_REMOTES_JOB names a
// JSON file {"remote": {"url", "options", "config_dir"}, "steps": [{"do": "push", …}, …], "out": "result.json"}; the answers of
// the steps are written to "out", in order, each {"ok": …} or {"error", "code": "denied"}. Without the variable it does nothing.
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <thread>

#include "codec/json.hpp"
#include "os/files.hpp"
#include "remotes/collect.hpp"
#include "remotes/download.hpp"
#include "remotes/fixture_test.hpp"
#include "remotes/remote.hpp"
#include "remotes/run_cache.hpp"
#include "remotes/transfer.hpp"

namespace mlean::remotes {
namespace {

using codec::Json;

// How the tests call an error.
const char* NameOf(Code code) {
  switch (code) {
    case Code::kNotFound: return "not_found";
    case Code::kExists: return "exists";
    case Code::kInvalid: return "invalid";
    case Code::kUsage: return "usage";
    case Code::kDenied: return "denied";
    case Code::kConflict: return "conflict";
    case Code::kBusy: return "busy";
    case Code::kTimeout: return "timeout";
    case Code::kIo: return "io";
    case Code::kFull: return "full";
    case Code::kCorrupt: return "corrupt";
    case Code::kUnsupported: return "unsupported";
    case Code::kTooLarge: return "too_large";
    case Code::kCancelled: return "cancelled";
    case Code::kInternal: return "internal";
  }
  return "";
}

Json ToJson(const Error& error) { return Json::Object{{"error", error.what}, {"code", NameOf(error.code)}}; }

Result<std::vector<ObjectId>> ReadTree(std::string_view body, bool legacy) {
  TRY(const Json list, Json::Parse(body));
  std::vector<ObjectId> ids;
  for (const Json& entry : list.AsArray()) {
    TRY(const std::string md5, entry.StringAt("md5"));
    ids.push_back(*ObjectId::Parse(md5, legacy));
  }
  return ids;
}

std::vector<std::string> Texts(const Json& step, std::string_view key) {
  std::vector<std::string> texts;
  if (const Json* const list = step.Find(key); list != nullptr) {
    for (const Json& item : list->AsArray()) texts.push_back(item.AsString());
  }
  return texts;
}

Json ReportOf(const TransferReport& report, std::uint64_t told) {
  Json::Array missing;
  Json::Array failed;
  Json::Array withheld;
  for (const ObjectId& id : report.missing) missing.emplace_back(id.Name());
  for (const ObjectId& id : report.withheld) withheld.emplace_back(id.Name());
  for (const auto& failure : report.failed) {
    Json one = ToJson(failure.error);
    one.Set("id", failure.id.Name());
    failed.push_back(std::move(one));
  }
  return Json::Object{{"objects", report.objects}, {"dirs", report.dirs},  {"bytes", report.bytes}, {"present", report.present},
                      {"missing", missing},        {"withheld", withheld}, {"failed", failed},      {"told", told}};
}

// "hold": a folder. The upload number "hold_at" and all after it make the file "reached" there and wait for the file "go"; from
// then on they are slow, so that whoever wants to disturb them is never too late.
void HoldPuts(FaultyRemote& remote, const Json& step) {
  const std::filesystem::path folder = step.StringAt("hold", "").value_or("");
  const std::int64_t number = step.IntAt("hold_at", 0).value_or(0);
  if (folder.empty()) return;
  const auto count = std::make_shared<std::atomic<std::int64_t>>(0);
  remote.before = [=](std::string_view verb, std::string_view) -> Result<void> {
    if (verb != "put" || ++*count < number) return {};
    TRYV(os::WriteFileAtomic(folder / "reached", ""));
    do {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    } while (!os::Exists(folder / "go"));
    return {};
  };
}

Result<Json> Transfer(Remote& remote, const Json& step, bool push) {
  std::uint64_t told = 0;
  TransferOptions options;
  options.read_tree = ReadTree;
  options.repair = step.BoolAt("repair", false).value_or(false);
  options.jobs = static_cast<int>(step.IntAt("jobs", 0).value_or(0));
  options.on_progress = [&](const TransferProgress& progress) { told = progress.bytes; };
  std::vector<WantedObject> wanted;
  for (const std::string& name : Texts(step, "wanted")) wanted.push_back({*ObjectId::Parse(name)});
  TRY(const std::string cache, step.StringAt("cache"));
  FaultyRemote held(remote, remote.traits());
  HoldPuts(held, step);
  Remote& used = held.before ? held : remote;
  TRY(const TransferReport report, push ? Push(used, cache, wanted, options) : Fetch(used, cache, wanted, options));
  return ReportOf(report, told);
}

Result<Json> Do(Remote& remote, const Json& step) {
  TRY(const std::string verb, step.StringAt("do"));
  const std::string key = step.StringAt("key", "").value_or("");
  const std::string file = step.StringAt("file", "").value_or("");
  if (verb == "push" || verb == "fetch") return Transfer(remote, step, verb == "push");
  if (verb == "stat") {
    TRY(const FileInfo info, remote.Stat(key));
    return Json(Json::Object{{"size", info.size}, {"etag", info.etag}, {"is_dir", info.is_dir}});
  }
  if (verb == "exists") {
    TRY(const std::vector<bool> found, remote.Exists(Texts(step, "keys")));
    Json::Array list;
    for (const bool there : found) list.emplace_back(there);
    return Json(list);
  }
  if (verb == "list") {
    Json::Array list;
    TRYV(remote.List(key, [&](const ListEntry& entry) {
      list.emplace_back(Json::Array{entry.key, entry.size});
      return true;
    }));
    return Json(list);
  }
  if (verb == "get") {
    TRY(const Downloaded done, Download(remote, key, file, {.md5 = step.StringAt("md5", "").value_or("")}));
    return Json(Json::Object{{"size", done.size}, {"md5", done.md5}});
  }
  if (verb == "put") {
    PutOptions options{.md5 = step.StringAt("md5", "").value_or(""),
                       .if_absent = step.BoolAt("if_absent", false).value_or(false)};
    TRYV(remote.Put(file, key, options));
    return Json(true);
  }
  if (verb == "remove") {
    const std::vector<std::string> keys = Texts(step, "keys");
    TRYV(remote.Remove(keys));
    return Json(true);
  }
  if (verb == "gc") {
    std::vector<ObjectId> used;
    for (const std::string& name : Texts(step, "used")) used.push_back(*ObjectId::Parse(name));
    std::sort(used.begin(), used.end());
    TRY(const CollectReport report, CollectRemote(remote, used));
    return Json(Json::Object{{"objects", report.objects}, {"bytes", report.bytes}});
  }
  TRY(const std::string cache, step.StringAt("cache"));
  TRY(const std::uint64_t moved, verb == "push_runs" ? PushRuns(remote, cache) : FetchRuns(remote, cache));
  return Json(moved);
}

Result<Json> RunJob(const Json& job) {
  const Json& place = *job.Find("remote");
  RemoteConfig config{.url = *place.StringAt("url"), .config_dir = place.StringAt("config_dir", "").value_or("")};
  if (const Json* const options = place.Find("options"); options != nullptr) {
    for (const auto& [name, value] : options->AsObject()) config.options[name] = value.AsString();
  }
  OpenOptions open;
  open.retry.attempts = static_cast<int>(job.IntAt("attempts", 3).value_or(3));
  open.retry.first_pause_ms = 20;
  TRY(const std::unique_ptr<Remote> remote, OpenRemote(config, open));
  Json::Array answers;
  for (const Json& step : job.Find("steps")->AsArray()) {
    const auto start = std::chrono::steady_clock::now();
    Result<Json> done = Do(*remote, step);
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    Json answer = done ? Json(Json::Object{{"ok", *done}}) : ToJson(done.error());
    answer.Set("seconds", seconds);
    answers.push_back(std::move(answer));
  }
  return Json(std::move(answers));
}

TEST(Driver, RunsTheJobOfTheIntegrationTests) {
  const char* const file = std::getenv("MLEAN_REMOTES_JOB");
  if (file == nullptr) return;
  const Json job = *Json::Parse(*os::ReadFile(file));
  Result<Json> done = RunJob(job);
  const Json out = done ? *done : ToJson(done.error());
  EXPECT_TRUE(os::WriteFileAtomic(*job.StringAt("out"), out.Dump()));
}

}  // namespace
}  // namespace mlean::remotes

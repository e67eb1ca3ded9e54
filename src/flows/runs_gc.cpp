#include "flows/runs_gc.hpp"

#include <unordered_map>

#include <fmt/format.h>

#include "access/grant_store.hpp"
#include "artifacts/artifact_store.hpp"
#include "base/text.hpp"
#include "flows/artifact_folder.hpp"
#include "flows/blob_store.hpp"
#include "registry/version_store.hpp"
#include "track/experiment_store.hpp"
#include "track/removal_store.hpp"
#include "track/run_store.hpp"

namespace mlean::flows {
namespace {

constexpr int kAtOnce = 100;  // runs or models of a transaction
constexpr std::size_t kMaxNamed = 1000;
constexpr std::string_view kOurs = "mlflow-artifacts:/";

using Referred = std::unordered_map<std::string, std::string>;

// The folder of its files in our store; none when they are elsewhere, or in a folder that is not its own.
std::optional<std::string> FolderOf(const track::Removable& one) {
  if (!one.artifact_uri.starts_with(kOurs)) return std::nullopt;
  std::string folder = one.artifact_uri.substr(kOurs.size());
  const bool own = fmt::format("/{}/", folder).find(fmt::format("/{}/", one.id)) != std::string::npos;
  return own ? std::optional(std::move(folder)) : std::nullopt;
}

class Collector {
 public:
  Collector(const Workspace& workspace, const RunsGcOptions& options)
      : workspace_(workspace), options_(options), until_(workspace.Now() - options.older_than) {}

  Result<RunsGcReport> Run();

 private:
  Result<std::vector<track::Removable>> NamedRuns();
  Result<void> Runs();
  Result<void> LoggedModels();
  Result<void> Experiments();
  Result<void> Take(const std::vector<track::Removable>& some, bool runs);
  Result<void> TakeOne(sql::Txn& txn, const track::Removable& one, bool run);
  Result<void> CountFiles(sql::Conn& conn, const track::Removable& one);
  Result<void> Sweep();
  bool IsKept(const Referred& referred, const track::Removable& one, bool run);
  void Note(std::vector<std::string>& names, std::int64_t& count, const std::string& id) {
    ++count;
    if (names.size() < kMaxNamed) names.push_back(id);
  }

  const Workspace& workspace_;
  const RunsGcOptions& options_;
  const TimeMs until_;
  RunsGcReport report_;
  std::unordered_map<std::string, std::int64_t> names_gone_;  // of a dry run: names of a blob that would go
};

Result<RunsGcReport> Collector::Run() {
  for (const std::string& id : options_.experiment_ids) {
    const auto found = workspace_.db->Read([&](sql::Conn& conn) { return track::GetExperiment(conn, id); });
    if (found) continue;
    const std::string what = fmt::format("cannot delete what is in experiment '{}' for good", id);
    const Code code = found.error().code;
    if (code != Code::kNotFound && code != Code::kInvalid) return Error(found.error()).With(what);
    return Fail(Code::kNotFound, what + ": no experiment has this id", "mlean experiment list");
  }
  if (options_.run_ids.empty()) {
    TRYV(Runs());
    TRYV(LoggedModels());
    TRYV(Experiments());
  } else {
    TRY(const std::vector<track::Removable> named, NamedRuns());
    TRYV(Take(named, true));
  }
  if (!options_.dry) TRYV(Sweep());
  return std::move(report_);
}

Result<std::vector<track::Removable>> Collector::NamedRuns() {
  std::vector<track::Removable> out;
  for (const std::string& id : options_.run_ids) {
    const auto found = workspace_.db->Read([&](sql::Conn& conn) { return track::GetRunInfo(conn, id); });
    if (!found) return Fail(found.error().code, fmt::format("cannot delete run '{}' for good: {}", id, found.error().what));
    const track::RunInfo& info = *found;
    if (info.stage != track::Stage::kDeleted) {
      return Fail(Code::kInvalid, fmt::format("cannot delete run '{}' for good: it is active, not deleted", id),
                  "delete it first: MlflowClient().delete_run(…)");
    }
    out.push_back({info.run_id, info.experiment_id, info.artifact_uri, 0});
  }
  return out;
}

Result<void> Collector::Runs() {
  for (std::string after;;) {
    TRY(const auto some, workspace_.db->Read([&](sql::Conn& conn) {
      return track::DeletedRuns(conn, until_, options_.experiment_ids, after, kAtOnce);
    }));
    if (some.empty()) return {};
    TRYV(Take(some, true));
    after = some.back().id;
  }
}

Result<void> Collector::LoggedModels() {
  for (std::string after;;) {
    TRY(const auto some, workspace_.db->Read([&](sql::Conn& conn) {
      return track::DeletedLoggedModels(conn, until_, options_.experiment_ids, after, kAtOnce);
    }));
    if (some.empty()) return {};
    TRYV(Take(some, false));
    after = some.back().id;
  }
}

Result<void> Collector::Experiments() {
  TRY(const auto all,
      workspace_.db->Read([&](sql::Conn& conn) { return track::DeletedExperiments(conn, until_, options_.experiment_ids); }));
  for (const track::Removable& one : all) {
    if (options_.dry) {
      Note(report_.experiments, report_.experiment_count, one.id);
      continue;
    }
    TRY(const bool gone, workspace_.db->Write([&](sql::Txn& txn) -> Result<bool> {
      TRY(const bool removed, track::RemoveExperiment(txn, one.id));
      if (!removed) return false;
      TRYV(access::RemoveGrantsOn(txn, {access::Kind::kExperiment, ParseInt(one.id).value_or(-1)}));
      TRYV(Record(txn, workspace_, "experiment.removed", "experiments/" + one.id, codec::Json::Object{}));
      return true;
    }));
    if (gone) Note(report_.experiments, report_.experiment_count, one.id);
  }
  return {};
}

bool Collector::IsKept(const Referred& referred, const track::Removable& one, bool run) {
  const auto found = referred.find(one.id);
  if (found == referred.end()) return false;
  Note(report_.kept, report_.kept_count,
       fmt::format("{} '{}': {} refers to it", run ? "run" : "logged model", one.id, found->second));
  return true;
}

// Looks and takes in one transaction, so that no version is made of a run that goes.
Result<void> Collector::Take(const std::vector<track::Removable>& some, bool runs) {
  const auto note = [&](const track::Removable& one) {
    if (!FolderOf(one)) ++report_.foreign_files;
    if (runs) Note(report_.runs, report_.run_count, one.id);
    if (!runs) Note(report_.logged_models, report_.logged_model_count, one.id);
  };
  if (options_.dry) {
    return workspace_.db->Read([&](sql::Conn& conn) -> Result<void> {
      TRY(const Referred referred, registry::Referred(conn));
      for (const track::Removable& one : some) {
        if (IsKept(referred, one, runs)) continue;
        TRYV(CountFiles(conn, one));
        note(one);
      }
      return {};
    });
  }
  return workspace_.db->Write([&](sql::Txn& txn) -> Result<void> {
    TRY(const Referred referred, registry::Referred(txn));
    for (const track::Removable& one : some) {
      if (IsKept(referred, one, runs)) continue;
      const Result<void> taken = TakeOne(txn, one, runs);
      if (!taken && taken.error().code == Code::kInvalid) continue;  // restored meanwhile
      if (!taken && taken.error().code == Code::kNotFound) continue;
      if (!taken) return taken;
      note(one);
    }
    return {};
  });
}

Result<void> Collector::TakeOne(sql::Txn& txn, const track::Removable& one, bool run) {
  TRYV(run ? track::RemoveRun(txn, one.id) : track::RemoveLoggedModel(txn, one.id));
  if (const auto folder = FolderOf(one)) {
    if (workspace_.folder.place.empty()) {
      TRYV(artifacts::Remove(txn, *folder));
    } else {
      TRYV(artifacts::NoteRemoved(txn, *folder));
    }
  }
  return Record(txn, workspace_, run ? "run.removed" : "logged_model.removed",
                fmt::format("{}/{}", run ? "runs" : "logged-models", one.id),
                codec::Json::Object{{"experiment", one.experiment_id}});
}

// A blob would go when all of its names do.
Result<void> Collector::CountFiles(sql::Conn& conn, const track::Removable& one) {
  const auto folder = FolderOf(one);
  if (!folder) return {};
  if (!workspace_.folder.place.empty()) {
    TRY(const artifacts::Swept files, MeasureInFolder(workspace_, *folder));
    report_.blobs += files.blobs;
    report_.bytes += files.bytes;
    return {};
  }
  TRY(const auto files, artifacts::ListBelow(conn, *folder));
  for (const artifacts::NamedBlob& file : files) {
    TRY(const std::int64_t names, artifacts::CountNames(conn, file.blob.digest));
    if (++names_gone_[file.blob.digest] != names) continue;
    ++report_.blobs;
    report_.bytes += file.blob.size;
  }
  return {};
}

Result<void> Collector::Sweep() {
  for (bool more = true; more;) {
    TRY(more, workspace_.db->Write([](sql::Txn& txn) { return track::SweepRemoved(txn); }));
  }
  TRY(const artifacts::Swept swept, SweepBlobs(workspace_, true));
  report_.blobs = swept.blobs;
  report_.bytes = swept.bytes;
  return {};
}

codec::Json List(const std::vector<std::string>& names) {
  codec::Json out = codec::Json::Array{};
  for (const std::string& name : names) out.Push(name);
  return out;
}

}  // namespace

Result<RunsGcReport> RunsGc(const Workspace& workspace, const RunsGcOptions& options) {
  return Collector(workspace, options).Run();
}

Result<TimeMs> ParseAge(const std::string& text) {
  TimeMs sum = 0;
  TimeMs number = 0;
  bool digits = false;
  const Error wrong = Fail(Code::kUsage, fmt::format("cannot read the age '{}': expected a number and d, h, m or s", text),
                           "mlean runs gc --older-than 30d");
  for (const char c : text) {
    if (c >= '0' && c <= '9') {
      number = number * 10 + (c - '0');
      digits = true;
      if (number > 100'000'000) return wrong;
      continue;
    }
    const TimeMs unit = c == 'd' ? 86'400'000 : c == 'h' ? 3'600'000 : c == 'm' ? 60'000 : c == 's' ? 1000 : 0;
    if (!digits || unit == 0) return wrong;
    sum += number * unit;
    number = 0;
    digits = false;
  }
  if (digits || text.empty()) return wrong;
  return sum;
}

codec::Json RunsGcJson(const RunsGcReport& report, bool dry) {
  return codec::Json::Object{{"dry_run", dry},
                             {"runs", report.run_count},
                             {"logged_models", report.logged_model_count},
                             {"experiments", report.experiment_count},
                             {"run_ids", List(report.runs)},
                             {"logged_model_ids", List(report.logged_models)},
                             {"experiment_ids", List(report.experiments)},
                             {"kept", List(report.kept)},
                             {"kept_count", report.kept_count},
                             {"foreign_files", report.foreign_files},
                             {"blobs", report.blobs},
                             {"bytes", report.bytes}};
}

}  // namespace mlean::flows

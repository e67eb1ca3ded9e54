#include "flows/export_mlflow/export.hpp"

#include <fmt/format.h>

#include "artifacts/artifact_store.hpp"
#include "flows/artifact_folder.hpp"
#include "flows/blob_store.hpp"
#include "flows/export_mlflow/mlflow_rows_store.hpp"
#include "flows/export_mlflow/mlflow_schema_store.hpp"
#include "os/files.hpp"
#include "registry/model_store.hpp"
#include "registry/version_store.hpp"
#include "sql/foreign.hpp"
#include "track/experiment_store.hpp"
#include "track/export_store.hpp"
#include "track/logged_model_store.hpp"
#include "track/run_store.hpp"

namespace mlean::flows::export_mlflow {
namespace {

constexpr int kAtOnce = 200;
constexpr std::string_view kOurs = "mlflow-artifacts:/";

class Exporter {
 public:
  Exporter(const Workspace& workspace, const Options& options, sql::Conn& out)
      : workspace_(workspace), options_(options), out_(out) {}

  Result<Report> Run();

 private:
  Result<void> Experiments(sql::Conn& in);
  Result<void> Runs(sql::Conn& in);
  Result<void> LoggedModels(sql::Conn& in);
  Result<void> Registry(sql::Conn& in);
  Result<void> Files();
  Result<void> FilesOfFolder();
  Result<void> KeepFile(const std::filesystem::path& from, const std::string& path, std::int64_t bytes);
  // An address of our store as one of the exported.
  std::string Moved(const std::string& uri) const {
    return uri.starts_with(kOurs) ? options_.artifact_root + "/" + uri.substr(kOurs.size()) : uri;
  }
  Result<std::string> LocationOf(sql::Conn& in, const registry::ModelVersion& version) const;
  Result<void> Continue() const {
    const bool stopped = options_.cancelled != nullptr && options_.cancelled->load();
    return stopped ? Result<void>(Fail(Code::kCancelled, "cannot finish the export: interrupted")) : Result<void>();
  }
  void Tell(std::string_view what, std::int64_t done) const {
    if (options_.progress) options_.progress(what, done);
  }

  const Workspace& workspace_;
  const Options& options_;
  sql::Conn& out_;
  Report report_;
};

Result<Report> Exporter::Run() {
  TRYV(out_.Exec("BEGIN"));
  TRYV(CreateTables(out_));
  // One snapshot for all rows.
  TRYV(workspace_.db->Read([&](sql::Conn& in) -> Result<void> {
    TRYV(Experiments(in));
    TRYV(Runs(in));
    TRYV(LoggedModels(in));
    return Registry(in);
  }));
  TRYV(CreateIndexes(out_));
  TRYV(out_.Exec("COMMIT"));
  TRYV(Files());
  return report_;
}

Result<void> Exporter::Experiments(sql::Conn& in) {
  track::Query query;
  query.view = track::View::kAll;
  query.limit = kAtOnce;
  for (sql::SortPlace next;;) {
    TRY(std::vector<track::Experiment> some, track::ListExperiments(in, query, &next));
    for (track::Experiment& experiment : some) {
      experiment.artifact_location = Moved(experiment.artifact_location);
      TRYV(WriteExperiment(out_, experiment));
      ++report_.experiments;
    }
    if (next.empty()) return {};
    query.after = next;
  }
}

Result<void> Exporter::Runs(sql::Conn& in) {
  for (std::int64_t after = -1;;) {
    TRY(std::vector<track::ExportedRun> some, track::RunsBehind(in, after, kAtOnce));
    if (some.empty()) return {};
    for (track::ExportedRun& one : some) {
      TRYV(Continue());
      one.run.info.artifact_uri = Moved(one.run.info.artifact_uri);
      TRYV(WriteRun(out_, one.run, one.deleted_time));
      TRYV(track::ForEachPoint(in, one.number, [&](const track::Metric& point) {
        ++report_.points;
        return WritePoint(out_, one.run.info.run_id, point);
      }));
      Tell("runs", ++report_.runs);
    }
    after = some.back().number;
  }
}

Result<void> Exporter::LoggedModels(sql::Conn& in) {
  for (std::int64_t after = -1;;) {
    TRY(std::vector<track::ExportedModel> some, track::LoggedModelsBehind(in, after, kAtOnce));
    if (some.empty()) return {};
    for (track::ExportedModel& one : some) {
      one.model.artifact_uri = Moved(one.model.artifact_uri);
      TRYV(WriteLoggedModel(out_, one.model, one.deleted));
      ++report_.logged_models;
    }
    after = some.back().number;
  }
}

// Where the files are that the source stands for; the source itself when that is not known.
Result<std::string> Exporter::LocationOf(sql::Conn& in, const registry::ModelVersion& version) const {
  const std::string& source = version.source;
  if (const std::string_view id = registry::LoggedModelOf(source); !id.empty()) {
    const Result<track::LoggedModel> model = track::GetLoggedModel(in, id);
    return model ? Moved(model->artifact_uri) : source;
  }
  if (source.starts_with("runs:/")) {
    const std::size_t slash = source.find('/', 6);
    const Result<track::RunInfo> run = track::GetRunInfo(in, source.substr(6, slash == source.npos ? slash : slash - 6));
    return run ? Moved(run->artifact_uri) + (slash == source.npos ? "" : source.substr(slash)) : source;
  }
  return Moved(source);
}

Result<void> Exporter::Registry(sql::Conn& in) {
  registry::Query query;
  query.limit = kAtOnce;
  for (sql::SortPlace next;;) {
    TRY(const std::vector<registry::Model> some, registry::ListModels(in, query, &next));
    for (const registry::Model& model : some) {
      TRYV(Continue());
      TRYV(WriteModel(out_, model));
      ++report_.registered_models;
      TRY(std::vector<registry::ModelVersion> versions, registry::ListVersions(in, model.name));
      for (registry::ModelVersion& version : versions) {
        TRY(const std::string location, LocationOf(in, version));
        version.source = Moved(version.source);
        TRYV(WriteVersion(out_, version, location));
        ++report_.versions;
      }
    }
    if (next.empty()) return {};
    query.after = next;
  }
}

Result<void> Exporter::KeepFile(const std::filesystem::path& from, const std::string& path, std::int64_t bytes) {
  TRYV(Continue());
  const std::filesystem::path file = options_.artifacts / path;
  TRYV(os::MakeDirs(file.parent_path()));
  TRYV(os::CopyFile(from, file, {.sync = false}));
  TRYV(os::Chmod(file, 0644));
  ++report_.files;
  report_.bytes += bytes;
  Tell("files", report_.files);
  return {};
}

Result<void> Exporter::FilesOfFolder() {
  TRYV(CheckFolder(workspace_));
  const std::filesystem::path& place = workspace_.folder.place;
  TRY(const std::vector<os::TreeEntry> files, os::ListTree(place, [](std::string_view path, bool) { return !IsOurs(path); }));
  for (const os::TreeEntry& one : files) {
    if (one.stat.kind != os::FileKind::kFile) continue;
    TRYV(KeepFile(place / one.path, one.path, static_cast<std::int64_t>(one.stat.size)));
  }
  return {};
}

Result<void> Exporter::Files() {
  TRYV(os::MakeDirs(options_.artifacts));
  if (!workspace_.folder.place.empty()) return FilesOfFolder();
  for (std::string after;;) {
    TRY(const auto some, workspace_.db->Read([&](sql::Conn& conn) { return artifacts::ListBehind(conn, after, kAtOnce); }));
    if (some.empty()) return {};
    for (const artifacts::NamedBlob& one : some) {
      TRY(const std::filesystem::path blob, BlobFile(workspace_, one.blob));
      TRYV(KeepFile(blob, one.path, one.blob.size));
    }
    after = some.back().path;
  }
}

}  // namespace

Result<Report> Export(const Workspace& workspace, const Options& options) {
  if (os::Exists(options.database)) {
    return Fail(Code::kExists, fmt::format("cannot export to '{}': it is there already", options.database.string()));
  }
  TRYV(os::MakeDirs(options.database.parent_path()));
  const std::filesystem::path part = options.database.string() + ".part";
  TRYV(os::Remove(part));
  TRYV(os::Remove(part.string() + "-journal"));
  Result<Report> report = Fail(Code::kInternal, "");
  {
    TRY(const std::unique_ptr<sql::Conn> out, sql::CreateForeign(part));
    report = Exporter(workspace, options, *out).Run();
  }
  if (!report) {
    static_cast<void>(os::Remove(part));  // the first failure is the one to tell
    return report;
  }
  TRYV(os::Rename(part, options.database));
  return report;
}

}  // namespace mlean::flows::export_mlflow

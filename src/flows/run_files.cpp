#include "flows/run_files.hpp"

#include <fmt/core.h>

#include "codec/json.hpp"
#include "flows/artifact_folder.hpp"
#include "flows/artifact_uri.hpp"
#include "os/files.hpp"
#include "track/run_store.hpp"

namespace mlean::flows {
namespace {

namespace fs = std::filesystem;

// Of the flavors `xgboost` and `python_function`; no version of Python or MLflow is named, as none was there.
constexpr const char* kMlModel = R"(artifact_path: model
flavors:
  python_function:
    data: {0}
    env: {{virtualenv: python_env.yaml}}
    loader_module: mlflow.xgboost
  xgboost:
    code: null
    data: {0}
    model_class: xgboost.core.Booster
run_id: {1}
utc_time_created: '{2}'
)";
constexpr const char* kRequirements = "mlflow\npandas\nxgboost\n";
constexpr const char* kPythonEnv = "dependencies:\n- -r requirements.txt\n";

fs::path WaitingRoot(const Workspace& workspace) { return workspace.project.ArtifactDir() / "runs"; }

// The store takes a file away. What waits stays until the transaction is done, under this other name of the same content.
Result<fs::path> SecondName(const fs::path& file, const fs::path& folder) {
  fs::path name = folder / "taken";
  TRYV(os::Remove(name));
  if (!os::Link(os::LinkKind::kHard, file, name)) TRYV(os::CopyFile(file, name));
  return name;
}

}  // namespace

fs::path WaitingFiles(const Workspace& workspace, const std::string& run_id) {
  return WaitingRoot(workspace) / run_id / "artifacts";
}

Result<void> WriteModelFolder(const fs::path& waiting, const fs::path& file, const std::string& run_id, TimeMs now) {
  const fs::path folder = waiting / kModelFolder;
  const std::string name = file.filename().string();
  TRYV(os::MakeDirs(folder));
  TRYV(os::CopyFile(file, folder / name, {.sync = false}));
  std::string created = FormatTime(now);
  if (created.ends_with('Z')) created.pop_back();
  TRYV(
      os::WriteFileAtomic(folder / "MLmodel", fmt::format(kMlModel, codec::Json(name).Dump(), run_id, created), {.sync = false}));
  TRYV(os::WriteFileAtomic(folder / "requirements.txt", kRequirements, {.sync = false}));
  return os::WriteFileAtomic(folder / "python_env.yaml", kPythonEnv, {.sync = false});
}

Result<Waiting> ListWaiting(const Workspace& workspace, const std::string& run_id) {
  const fs::path folder = WaitingFiles(workspace, run_id);
  TRY(const std::vector<os::TreeEntry> entries, os::ListTree(folder));
  Waiting out;
  std::vector<fs::path> paths;
  for (const os::TreeEntry& entry : entries) {
    if (entry.stat.kind != os::FileKind::kFile) continue;
    TRY(artifacts::Blob blob, artifacts::DigestFile(folder / entry.path));
    blob.modified = workspace.Now();
    out.files.push_back({entry.path, std::move(blob)});
    paths.push_back(folder / entry.path);
  }
  std::vector<NewBlob> blobs;
  for (std::size_t i = 0; i < paths.size(); ++i) blobs.push_back({out.files[i].blob, paths[i]});
  TRY(BlobHold hold, HoldBlobs(workspace, blobs));
  out.hold = std::make_shared<const BlobHold>(std::move(hold));
  return out;
}

Result<void> TakeWaiting(sql::Txn& txn, const Workspace& workspace, const track::RunInfo& run, const Waiting& waiting) {
  const ArtifactPlace place = ParseArtifactUri(run.artifact_uri);
  if (place.kind == ArtifactPlace::Kind::kElsewhere) return {};
  const fs::path folder = WaitingFiles(workspace, run.run_id);
  for (const artifacts::NamedBlob& one : waiting.files) {
    TRY(const fs::path file, SecondName(folder / one.path, folder.parent_path()));
    if (place.kind == ArtifactPlace::Kind::kFolder) {
      TRYV(PutInFolder(workspace, run.artifact_uri, one.path, file));
      continue;
    }
    const std::string path = place.path.empty() ? one.path : place.path + "/" + one.path;
    TRYV(PutHeld(txn, workspace, *waiting.hold, path, one.blob, file));
  }
  return {};
}

Result<void> ForgetWaiting(const Workspace& workspace, const track::RunInfo& run) {
  if (ParseArtifactUri(run.artifact_uri).kind == ArtifactPlace::Kind::kElsewhere) return {};
  return os::RemoveTree(WaitingRoot(workspace) / run.run_id);
}

Result<void> TakeForgotten(const Workspace& workspace) {
  if (!os::IsDir(WaitingRoot(workspace))) return {};
  TRY(const std::vector<std::string> ids, os::ListDir(WaitingRoot(workspace)));
  for (const std::string& id : ids) {
    const Result<track::RunInfo> run = workspace.db->Read([&](sql::Conn& conn) { return track::GetRunInfo(conn, id); });
    if (!run) continue;  // of a turn that is at it
    TRY(const Waiting waiting, ListWaiting(workspace, id));
    TRYV(workspace.db->Write([&](sql::Txn& txn) { return TakeWaiting(txn, workspace, *run, waiting); }));
    TRYV(ForgetWaiting(workspace, *run));
  }
  return {};
}

}  // namespace mlean::flows

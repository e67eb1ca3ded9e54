// `exp run --temp`: an experiment in a copy of the repository under .dvc/tmp/exps. The copy has its own git repository, which
// borrows the objects of the user's, and uses the user's cache.
#include <fmt/core.h>

#include <system_error>
#include <utility>

#include "base/text.hpp"
#include "experiments/refs.hpp"
#include "flows/data/exp_commit.hpp"
#include "flows/data/exp_run.hpp"
#include "flows/data/exp_running.hpp"
#include "flows/data/revision_index.hpp"
#include "os/files.hpp"
#include "repo/dvc_config_edit.hpp"

namespace mlean::flows {
namespace fs = std::filesystem;
namespace {

// The .dvc files of data, as they were.
class DataFiles {
 public:
  static Result<DataFiles> Read(Repository& repository) {
    DataFiles files;
    TRY(const std::vector<pipeline::Stage*>* const stages, repository.index().All());
    for (const pipeline::Stage* stage : *stages) {
      if (stage->InYaml()) continue;
      TRY(std::string text, os::ReadFile(repository.place().Disk(stage->file)));
      files.texts_.emplace_back(stage->file, std::move(text));
    }
    return files;
  }
  Result<void> PutBack(const pipeline::Place& place) const {
    for (const auto& [location, text] : texts_) {
      const Result<std::string> now = os::ReadFile(place.Disk(location));
      if (!now || *now != text) TRYV(place.Write(location, text));
    }
    return {};
  }

 private:
  std::vector<std::pair<std::string, std::string>> texts_;  // by location
};

// The copy: git with the tree checked out at the baseline, and a configuration that names the user's cache.
Result<void> MakeCopy(const Repository& repository, const ExpGit& git, const fs::path& copy, const std::string& baseline,
                      const std::string& tree) {
  const ExpGit made(copy);
  TRYV(made.Output("make the copy", {"init", "--quiet"}));
  TRY(const std::string objects, git.Output("find git's objects", {"rev-parse", "--git-path", "objects"}));
  const fs::path store = fs::weakly_canonical(git.root() / std::string(Trim(objects)));
  TRYV(os::WriteFileAtomic(copy / ".git/objects/info/alternates", store.string() + "\n", {.sync = false}));
  for (const char* name : {"config", "shallow"}) {
    const fs::path file = store.parent_path() / name;
    if (os::Exists(file)) TRYV(os::CopyFile(file, copy / ".git" / name));
  }
  TRYV(made.Output("make the copy", {"update-ref", "--no-deref", "HEAD", baseline}));
  TRYV(made.Output("make the copy", {"read-tree", "--reset", "-u", tree}));

  const fs::path dvc = copy / BelowGit(repository) / ".dvc";
  TRYV(os::MakeDirs(dvc));
  const fs::path local = repository.project().DvcDir() / "config.local";
  if (os::Exists(local)) TRYV(os::CopyFile(local, dvc / "config.local"));
  const fs::path root = copy / BelowGit(repository);
  const fs::path cache = repository.config().CacheDir(repository.project().DvcDir());
  TRY(std::vector<repo::ConfigFile> files, repo::ReadConfigFiles(dvc));
  const repo::ConfigScene scene{.files = std::move(files), .cwd = root, .root = root, .level = repo::ConfigLevel::kLocal};
  TRY(const repo::ConfigEdit edit, repo::RunConfig(scene, {.name = "cache.dir", .value = cache.string()}));
  if (edit.error) return *edit.error;
  return repo::WriteConfigEdit(edit);
}

Result<void> CopyExtra(const Repository& repository, const fs::path& copy, const std::vector<std::string>& paths) {
  for (const std::string& path : paths) {
    const fs::path from = repository.directory() / path;
    const fs::path to = copy / BelowGit(repository) / path;
    std::error_code error;
    if (!fs::exists(from, error)) {
      return Fail(Code::kNotFound, fmt::format("Unable to copy '{}'. It is not a file or directory.", from.string()));
    }
    fs::create_directories(to.parent_path(), error);
    fs::copy(from, to, fs::copy_options::recursive | fs::copy_options::overwrite_existing | fs::copy_options::copy_symlinks,
             error);
    if (error) return Fail(Code::kIo, fmt::format("Unable to copy '{}' to '{}'.", from.string(), to.string()));
  }
  return {};
}

void WarnUntracked(const Repository& repository, const ExpGit& git, const std::string& commit) {
  // The index of the copy, which nobody needs any more, says what is tracked.
  if (!repository.say() || !git.Output("read the experiment", {"read-tree", commit})) return;
  const Result<std::vector<std::string>> untracked = git.Untracked();
  if (!untracked || untracked->empty()) return;
  repository.say()(pipeline::Level::kWarning,
                   fmt::format("The following untracked files were present in the experiment directory after reproduction but "
                               "will not be included in experiment commits:\n\t{}",
                               Join(*untracked, ", ")));
}

Result<std::string> RunInCopy(Repository& repository, const ExpPlan& plan, const fs::path& copy) {
  const fs::path directory = copy / fs::path(repository.directory()).lexically_relative(repository.git_root());
  TRYV(os::MakeDirs(directory));
  TRY(const std::unique_ptr<Repository> there,
      Repository::Open(directory.lexically_normal(), {.say = repository.say(), .cancel = repository.cancel()}));
  const ExpGit git(there->git_root(), repository.cancel());
  TRY(std::string commit, ExecuteExperiment(*there, git, plan, repository.root().string()));
  WarnUntracked(repository, git, commit);
  return commit;
}

}  // namespace

Result<std::string> SnapshotTree(Repository& repository, const ExpGit& git, const ExpPlan& plan,
                                 const std::vector<ParamOverrides>& params) {
  TRY(const std::vector<ParamText> texts, NewParamTexts(repository, params));
  TRY(const IndexCopy index, IndexCopy::Make(git));
  TRY(const DataFiles files, DataFiles::Read(repository));
  Result<void> done = CommitChangedData(repository, plan.request.repro);
  if (done) done = index.AddTracked();
  TRYV(files.PutBack(repository.place()));
  repository.Reload();
  TRYV(std::move(done));
  TRY(const os::TempDir folder, os::TempDir::Make("mlean-exp"));
  for (const ParamText& param : texts) {
    const std::string path = PathInGit(repository, param.location);
    if (path.empty())
      return Fail(Code::kUnsupported, fmt::format("cannot set '{}' in a copy: it lies outside of git", param.location));
    const fs::path file = folder.path() / "params";
    TRYV(os::WriteFileAtomic(file, param.text, {.sync = false}));
    TRY(const std::string id, git.Output("store the parameters", {"hash-object", "-w", "--no-filters", "--", file.string()}));
    TRYV(git.Output("store the parameters", {"update-index", "--add", "--cacheinfo", fmt::format("100644,{},{}", Trim(id), path)},
                    index.env()));
  }
  return index.WriteTree();
}

Result<ExpRunReport> RunCopy(Repository& repository, const ExpGit& git, const ExpPlan& plan, const std::string& tree) {
  const fs::path copies = repository.project().DvcTempDir() / "exps" / "standalone";
  TRYV(os::MakeDirs(copies));
  SweepCopies(repository);
  TRY(const os::TempDir copy, os::TempDir::Make("tmp", copies));
  TRYV(MakeCopy(repository, git, copy.path(), plan.baseline, tree));
  TRYV(CopyExtra(repository, copy.path(), plan.request.copy_paths));
  TRY(const RunningExperiment running,
      RunningExperiment::Begin(
          repository, {.name = plan.name, .baseline = plan.baseline, .root = copy.path(), .id = copy.path().filename()}));
  // Others may use the repository meanwhile.
  if (repository.lock() != nullptr) repository.lock()->Release();
  Result<std::string> commit = RunInCopy(repository, plan, copy.path());
  if (repository.lock() != nullptr) TRYV(repository.lock()->Reacquire());
  if (!commit) return std::move(commit).error();
  if (commit->empty()) return ExpRunReport{plan.name, ""};
  const std::string ref = experiments::ExpRef{plan.baseline, plan.name}.Text();
  TRYV(git.Output("fetch the experiment from its copy", {"fetch", "--quiet", "--no-write-fetch-head", "--no-tags", "--",
                                                         copy.path().string(), fmt::format("+{0}:{0}", ref)}));
  return ExpRunReport{plan.name, *std::move(commit)};
}

}  // namespace mlean::flows

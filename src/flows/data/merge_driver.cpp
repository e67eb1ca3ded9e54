#include "flows/data/merge_driver.hpp"

#include <fmt/core.h>

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/text.hpp"
#include "flows/data/data_objects.hpp"
#include "os/files.hpp"
#include "pipeline/dvc_file.hpp"

namespace mlean::flows {
namespace {

using Files = std::map<std::string, cas::Md5>;

Error CannotMerge(std::string_view why) { return Fail(Code::kConflict, fmt::format("unable to auto-merge {}", why)); }

Result<pipeline::Stage> Load(Repository& repository, const std::filesystem::path& file) {
  TRY(const std::string text, os::ReadFile(file));
  if (Trim(text).empty()) return pipeline::Stage();  // the file is new in one branch
  return pipeline::ParseDvcFile(text, file.lexically_relative(repository.root()).generic_string(), repository.place());
}

Result<void> CheckStage(const pipeline::Stage& stage) {
  if (!stage.deps.empty() || !stage.cmd.IsNull() || stage.outs.size() > 1) {
    return CannotMerge("DVC files that weren't created by `dvc add`");
  }
  return {};
}

// An output as it is written, but for its content.
Result<std::string> Options(Repository& repository, const pipeline::Stage& stage) {
  pipeline::Stage bare;
  bare.file = stage.file;
  bare.outs = stage.outs;
  bare.outs[0].content = {.hash_name = stage.outs[0].content.hash_name};
  bare.outs[0].files.reset();
  return pipeline::WriteDvcFile(bare, repository.place());
}

Result<void> CheckOutputs(Repository& repository, const pipeline::Stage& our, const pipeline::Stage& other) {
  TRY(const std::string ours, Options(repository, our));
  TRY(const std::string others, Options(repository, other));
  if (ours != others) return CannotMerge("outputs with different options");
  if (!other.outs[0].content.IsDir()) return CannotMerge("outputs that are not directories");
  return {};
}

Result<Files> FilesOf(Repository& repository, const pipeline::Output& out) {
  TRY(const cas::Tree tree, repository.store().ReadTree(out.content.hash, out.content.IsLegacy()));
  Files files;
  for (const cas::TreeFile& file : tree) files.emplace(file.path, file.md5);
  return files;
}

std::optional<cas::Md5> At(const Files& files, const std::string& path) {
  const auto found = files.find(path);
  return found == files.end() ? std::nullopt : std::optional(found->second);
}

Result<Files> Merge(const Files& base, const Files& ours, const Files& theirs) {
  std::set<std::string> paths;
  for (const Files* files : {&base, &ours, &theirs}) {
    for (const auto& [path, md5] : *files) paths.insert(path);
  }
  Files merged;
  std::vector<std::string> conflicts;
  for (const std::string& path : paths) {
    const std::optional<cas::Md5> before = At(base, path);
    const std::optional<cas::Md5> our = At(ours, path);
    const std::optional<cas::Md5> their = At(theirs, path);
    if (our != their && our != before && their != before) conflicts.push_back(path);
    const std::optional<cas::Md5>& now = our == before ? their : our;
    if (now) merged.emplace(path, *now);
  }
  if (!conflicts.empty()) return CannotMerge("the following paths:\n" + Join(conflicts, "\n"));
  return merged;
}

std::uint64_t SizeOf(Repository& repository, const cas::Tree& tree) {
  std::uint64_t bytes = 0;
  for (const cas::TreeFile& file : tree) {
    const Result<os::FileStat> stat = os::Stat(repository.store().PathOf(cas::ObjectId{.md5 = file.md5}));
    if (stat) bytes += stat->size;
  }
  return bytes;
}

Result<void> Save(Repository& repository, const pipeline::Stage& our, const MergeRequest& request) {
  TRY(const std::string text, pipeline::WriteDvcFile(our, repository.place()));
  return os::WriteFileAtomic(request.our, text, {.temp_dir = repository.project().DvcTempDir()});
}

}  // namespace

Result<void> MergeDvcFiles(Repository& repository, const MergeRequest& request) {
  TRY(pipeline::Stage our, Load(repository, request.our));
  TRY(pipeline::Stage their, Load(repository, request.their));
  TRY(pipeline::Stage ancestor, Load(repository, request.ancestor));
  if (their.outs.empty()) return {};
  if (our.outs.empty()) {
    our.outs = std::move(their.outs);
    return Save(repository, our, request);
  }
  for (const pipeline::Stage* stage : {&ancestor, &our, &their}) {
    TRYV(CheckStage(*stage));
  }
  ancestor.file = their.file = our.file;
  Files base;
  if (!ancestor.outs.empty()) {
    TRYV(CheckOutputs(repository, our, ancestor));
    TRY(base, FilesOf(repository, ancestor.outs[0]));
  }
  TRYV(CheckOutputs(repository, our, our));
  TRYV(CheckOutputs(repository, our, their));
  TRY(const Files ours, FilesOf(repository, our.outs[0]));
  TRY(const Files theirs, FilesOf(repository, their.outs[0]));
  TRY(const Files merged, Merge(base, ours, theirs));
  cas::Tree tree;
  for (const auto& [path, md5] : merged) tree.Add(path, md5);
  tree.Seal();
  TRY(cas::ObjectInfo info, repository.store().PutDirObject(tree));
  info.size = SizeOf(repository, tree);
  info.nfiles = tree.size();
  our.outs[0].content = ToContent(info);
  our.outs[0].files.reset();
  return Save(repository, our, request);
}

}  // namespace mlean::flows

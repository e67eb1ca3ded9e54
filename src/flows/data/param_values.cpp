#include "flows/data/param_values.hpp"

#include <algorithm>
#include <utility>

#include "pipeline/param_file.hpp"

namespace mlean::flows {
namespace {

constexpr std::string_view kDefaultFile = "params.yaml";

// Which keys of which file are asked for; no keys mean all of it.
class Wanted {
 public:
  void Add(const std::string& file, const std::vector<std::string>& keys) {
    const auto found = std::find_if(files_.begin(), files_.end(), [&](const File& one) { return one.location == file; });
    File& entry = found != files_.end() ? *found : files_.emplace_back(File{file, {}, false});
    entry.whole = entry.whole || keys.empty();
    entry.keys.insert(entry.keys.end(), keys.begin(), keys.end());
  }
  struct File {
    std::string location;
    std::vector<std::string> keys;
    bool whole = false;
  };
  const std::vector<File>& files() const { return files_; }

 private:
  std::vector<File> files_;
};

Result<void> AddDeclared(RevisionView& view, bool deps_only, Wanted& wanted) {
  TRY(const std::vector<pipeline::Stage*>* const stages, view.index().All());
  for (const pipeline::Stage* stage : *stages) {
    for (const pipeline::Dependency& dependency : stage->deps) {
      if (dependency.kind == pipeline::Dependency::Kind::kParams) wanted.Add(dependency.location, dependency.keys);
    }
  }
  if (deps_only) return {};
  TRY(const auto* const top_levels, view.index().TopLevels());
  for (const auto& [file, top_level] : *top_levels) {
    if (!top_level.params.IsArray()) continue;
    for (const codec::Json& path : top_level.params.AsArray()) {
      if (path.IsString()) wanted.Add(view.repository().place().Locate(pipeline::FolderOf(file), path.AsString()), {});
    }
  }
  const std::string standard(kDefaultFile);
  if (view.Look(standard) != RevisionView::Kind::kNone) wanted.Add(standard, {});
  return {};
}

// What templates took from files that are not shown already.
Result<void> AddTracked(RevisionView& view, std::vector<metrics::FileValues>& values) {
  TRY(const std::vector<pipeline::Stage*>* const stages, view.index().All());
  std::vector<metrics::FileValues> tracked;
  for (const pipeline::Stage* stage : *stages) {
    if (!stage->tracked_vars.IsObject()) continue;
    for (const auto& [location, used] : stage->tracked_vars.AsObject()) {
      const std::string shown = view.repository().place().Shown(location);
      const auto same = [&](const metrics::FileValues& file) { return file.path == shown; };
      if (std::any_of(values.begin(), values.end(), same)) continue;
      const auto there = std::find_if(tracked.begin(), tracked.end(), same);
      metrics::FileValues& file = there != tracked.end() ? *there : tracked.emplace_back();
      file.path = shown;
      if (!file.data.IsObject()) file.data = codec::Json::Object{};
      for (const auto& [key, value] : used.AsObject()) file.data.Set(key, value);
    }
  }
  values.insert(values.end(), std::make_move_iterator(tracked.begin()), std::make_move_iterator(tracked.end()));
  return {};
}

}  // namespace

Result<std::vector<metrics::FileValues>> ParamsOf(RevisionView& view, const std::vector<std::string>& files, bool deps_only) {
  Wanted wanted;
  for (const std::string& file : files) wanted.Add(file, {});
  if (files.empty()) TRYV(AddDeclared(view, deps_only, wanted));
  std::vector<metrics::FileValues> values;
  for (const Wanted::File& file : wanted.files()) {
    Result<std::vector<std::string>> found = view.Files(file.location);
    if (!found) found = std::vector<std::string>{file.location};
    for (const std::string& location : *found) {
      const std::string shown = view.repository().place().Shown(location);
      const Result<std::string> text = view.Read(location);
      const std::vector<std::string> keys = file.whole ? std::vector<std::string>{} : file.keys;
      values.push_back(text ? metrics::ReadParams(shown, *text, keys, FileParsers()) : UnreadFile(shown, text.error()));
      if (text) values.back().dates = pipeline::DatesByKey(*text, shown);
    }
  }
  if (files.empty()) TRYV(AddTracked(view, values));
  return values;
}

Result<ValuesToCompare> ParamsToCompare(Repository& repository, const ValuesDiffRequest& request) {
  std::vector<std::string> files;
  for (const std::string& target : request.targets) files.push_back(repository.place().Locate(".", target));
  return ReadSides(repository, request, "params", [&](RevisionView& view) { return ParamsOf(view, files, request.deps_only); });
}

}  // namespace mlean::flows

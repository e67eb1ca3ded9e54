#include "pipeline/index.hpp"

#include <fmt/core.h>
#include <fnmatch.h>

#include <algorithm>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "base/text.hpp"
#include "pipeline/dvc_file.hpp"
#include "pipeline/stage_files.hpp"

namespace mlean::pipeline {
namespace {

using codec::Json;

constexpr std::string_view kDvcYaml = "dvc.yaml";

bool IsYamlName(std::string_view path) { return path.ends_with(".yaml") || path.ends_with(".yml"); }

}  // namespace

bool IsStageFileName(std::string_view path) { return path.ends_with(".dvc") || NameOf(path) == kDvcYaml; }

Result<ParsedTarget> ParseTarget(std::string_view target, bool glob) {
  ParsedTarget parsed;
  if (target.empty()) return parsed;
  if (glob) {
    const std::size_t colon = target.rfind(':');
    parsed.name = colon == target.npos ? target : target.substr(colon + 1);
    parsed.file = colon == target.npos || colon == 0 ? kDvcYaml : target.substr(0, colon);
    return parsed;
  }
  // Up to the first "@": a generated name may hold anything behind it.
  const std::size_t at = target.find('@');
  const std::string_view group = target.substr(0, at);
  const std::size_t colon = group.rfind(':');
  std::string_view path = group;
  if (colon != group.npos && group.find_first_of("/\\", colon) == group.npos) {
    path = group.substr(0, colon);
    parsed.name = group.substr(colon + 1);
  }
  if (!parsed.name.empty() && at != target.npos && at + 1 < target.size()) parsed.name += target.substr(at);
  if (!path.empty()) {
    if (NameOf(path) == "dvc.lock") {
      std::string meant(target);
      meant.replace(meant.find(".lock"), 5, ".yaml");
      return Fail(Code::kInvalid, fmt::format("Did you mean: `{}`?", meant));
    }
    if (parsed.name.empty()) {
      (IsStageFileName(target) ? parsed.file : parsed.name) = target;
      return parsed;
    }
  }
  parsed.file = path.empty() ? kDvcYaml : path;
  return parsed;
}

struct Index::Impl {
  // A dvc.yaml with its lock, or a `.dvc` file with its one stage. Stages are made when they are asked for.
  struct File {
    std::optional<DvcYaml> yaml;
    DvcLock lock;
    std::unordered_map<std::string, std::unique_ptr<Stage>> stages;
  };

  Impl(Source& files, IndexOptions options) : source(files), options(std::move(options)) {}

  Source& source;
  IndexOptions options;
  std::unordered_map<std::string, File> files;
  std::optional<std::vector<Stage*>> all;
  std::optional<StageGraph> graph;
  std::map<std::string, TopLevel> top_levels;
  bool mends_cut_locks = false;

  const Place& place() const { return options.place; }

  // ---- files
  // Refusals in DVC's order. `shown`: how DVC names the file.
  Result<void> CheckFile(const std::string& location, const std::string& shown) {
    const Source::Kind kind = source.Look(location);
    if (kind == Source::Kind::kNone) return Fail(Code::kNotFound, fmt::format("'{}' does not exist", shown));
    if (source.IsDvcIgnored(location)) return Fail(Code::kInvalid, fmt::format("'{}' is dvc-ignored", shown));
    if (!IsStageFileName(location)) {
      return Fail(Code::kInvalid,
                  fmt::format("bad DVC file name '{}'. DVC files should be named 'dvc.yaml' or have a '.dvc' suffix "
                              "(e.g. '{}.dvc').",
                              place().Shown(location), NameOf(location)));
    }
    if (source.IsGitIgnored(location)) {
      return Fail(Code::kInvalid, fmt::format("bad DVC file name '{}' is git-ignored.", place().Shown(location)));
    }
    if (kind == Source::Kind::kDir) {
      std::string text = fmt::format("'{}' is not a .dvc file", shown);
      if (source.Look(location + ".dvc") == Source::Kind::kFile) text += fmt::format(". Do you mean '{}.dvc'?", shown);
      return Fail(Code::kInvalid, std::move(text));
    }
    return {};
  }

  Result<DvcLock> LoadLock(const std::string& yaml) {
    const std::string location = LockOf(yaml);
    const Source::Kind kind = source.Look(location);
    if (source.IsGitIgnored(location)) {
      return Fail(Code::kInvalid, fmt::format("'{}' is git-ignored.", place().Disk(location).string()));
    }
    if (kind == Source::Kind::kNone || source.IsDvcIgnored(location)) return DvcLock();
    if (kind == Source::Kind::kDir) {
      return Fail(Code::kInvalid, fmt::format("'{}' is not a .dvc file", place().Disk(location).string()));
    }
    TRY(const std::string text, source.Read(location));
    if (!mends_cut_locks) return DvcLock::Parse(text, location, place());
    TRY(DvcLock lock, DvcLock::ParseCut(text, location, place()));
    if (lock.WasCut() && options.say) {
      options.say(Level::kWarning,
                  fmt::format("'{}' was cut off by a killed process; its end is made anew.", place().Shown(location)));
    }
    return lock;
  }

  Result<File*> Open(const std::string& location) {
    const auto found = files.find(location);
    if (found != files.end()) return &found->second;
    TRY(const std::string text, source.Read(location));
    File file;
    if (IsYamlName(location)) {
      TRY(file.yaml, DvcYaml::Parse(text, location, place(), source, options.parsing, options.say));
      TRY(file.lock, LoadLock(location));
    } else {
      TRY(Stage stage, ParseDvcFile(text, location, place()));
      file.stages.emplace("", std::make_unique<Stage>(std::move(stage)));
    }
    return &files.insert_or_assign(location, std::move(file)).first->second;
  }

  Result<Stage*> StageIn(File& file, const std::string& name) {
    const auto found = file.stages.find(name);
    if (found != file.stages.end()) return found->second.get();
    TRY(Stage stage, file.yaml->Resolve(name));
    FillFromLock(stage, file.lock.Find(name));
    stage.doubtful = file.lock.Doubtful(name);
    return file.stages.emplace(name, std::make_unique<Stage>(std::move(stage))).first->second.get();
  }

  Result<std::vector<Stage*>> StagesOf(File& file) {
    if (!file.yaml) return std::vector<Stage*>{file.stages.begin()->second.get()};
    TRY(const std::vector<std::string> names, file.yaml->Names());
    std::vector<Stage*> stages;
    for (const std::string& name : names) {
      TRY(Stage* const stage, StageIn(file, name));
      stages.push_back(stage);
    }
    return stages;
  }

  // ---- the whole project
  Result<TopLevel> ReadTopLevel(const File& file) {
    TopLevel top;
    TRY(top.metrics, file.yaml->Metrics());
    TRY(top.plots, file.yaml->Plots());
    TRY(top.params, file.yaml->Params());
    TRY(top.artifacts, file.yaml->Artifacts());
    TRY(top.datasets, file.yaml->Datasets());
    top.locked_datasets = file.lock.datasets();
    return top;
  }

  static bool Says(const TopLevel& top) {
    const auto any = [](const Json& value) {
      return (value.IsArray() && !value.AsArray().empty()) || (value.IsObject() && !value.AsObject().empty());
    };
    return any(top.metrics) || any(top.params) || any(top.plots) || any(top.artifacts) || any(top.datasets) ||
           any(top.locked_datasets);
  }

  Result<std::vector<Stage*>> ReadFile(const std::string& location, std::optional<TopLevel>& top) {
    TRY(File* const file, Open(location));
    TRY(std::vector<Stage*> stages, StagesOf(*file));
    if (file->yaml) {
      TRY(TopLevel found, ReadTopLevel(*file));
      if (Says(found)) top = std::move(found);
    }
    return stages;
  }

  Result<void> ReadAll() {
    if (all) return {};
    std::vector<Stage*> stages;
    std::unordered_set<std::string> outputs;
    const auto found = [&](const std::string& location) -> Result<void> {
      std::optional<TopLevel> top;
      Result<std::vector<Stage*>> own = ReadFile(location, top);
      if (!own) return options.on_error ? options.on_error(location, own.error()) : Result<void>(own.error());
      if (top) top_levels.insert_or_assign(location, *std::move(top));
      for (Stage* stage : *own) {
        stages.push_back(stage);
        for (const Output& out : stage->outs) outputs.insert(out.location);
      }
      return {};
    };
    TRYV(source.Walk(found, [&](const std::string& location) { return !outputs.contains(location); }));
    all = std::move(stages);
    return {};
  }

  Result<const StageGraph*> BuildGraph() {
    if (graph) return &*graph;
    TRYV(ReadAll());
    TRY(graph, StageGraph::Build({all->begin(), all->end()}, place()));
    return &*graph;
  }

  // ---- targets
  Result<std::vector<Stage*>> LoadAll(const std::string& path, const std::string& name, const CollectOptions& collect) {
    // DVC names a file of its own accord by a relative path, one of the user's by its full one.
    const std::string location = place().Typed(path.empty() ? kDvcYaml : path);
    const std::string shown = path.empty() ? std::string(kDvcYaml) : place().Disk(location).string();
    TRYV(CheckFile(location, shown));
    TRY(File* const file, Open(location));
    if (!file->yaml) {
      if (!name.empty() && options.say) {
        options.say(Level::kWarning,
                    fmt::format("Ignoring name '{}' for single stage in 'SingleStageFile: {}'.", name, place().Shown(location)));
      }
      return std::vector<Stage*>{file->stages.begin()->second.get()};
    }
    if (name.empty()) return StagesOf(*file);
    const bool group = collect.accept_group && file->yaml->IsGroup(name);
    if (!group && !collect.glob) {
      TRY(Stage* const stage, StageIn(*file, name));
      return std::vector<Stage*>{stage};
    }
    TRY(const std::vector<std::string> names, file->yaml->Names());
    std::vector<Stage*> stages;
    for (const std::string& one : names) {
      const bool wanted = group ? one.starts_with(name + "@") : ::fnmatch(name.c_str(), one.c_str(), 0) == 0;
      if (!wanted) continue;
      TRY(Stage* const stage, StageIn(*file, one));
      stages.push_back(stage);
    }
    return stages;
  }

  Result<std::vector<Stage*>> WithDeps(const std::vector<Stage*>& stages) {
    TRY(const StageGraph* const built, BuildGraph());
    std::vector<Stage*> out;
    std::unordered_set<const Stage*> seen;
    for (Stage* stage : stages) {
      const std::size_t index = built->IndexOf(*stage);
      if (index == built->size()) {
        return Fail(Code::kNotFound, fmt::format("Stage {} is not found in the project. Check that there are no symlinks in the "
                                                 "parents leading up to it within the project.",
                                                 Described(*stage, place())));
      }
      for (const std::size_t need : built->WithNeeds(index)) {
        if (seen.insert((*all)[need]).second) out.push_back((*all)[need]);
      }
    }
    return out;
  }

  bool IsFolder(const std::string& target) { return source.Look(place().Typed(target)) == Source::Kind::kDir; }

  Result<std::vector<Stage*>> InFolder(const std::string& target) {
    TRY(const StageGraph* const built, BuildGraph());
    const std::string folder = place().Typed(target);
    std::vector<Stage*> stages;
    for (const std::size_t index : built->Plan({}, {.cut_frozen = false})) {
      if (IsAtOrBelow((*all)[index]->file, folder)) stages.push_back((*all)[index]);
    }
    return stages;
  }

  Result<std::vector<Stage*>> Collect(const std::string& target, const CollectOptions& collect) {
    if (target.empty()) {
      TRYV(ReadAll());
      return *all;
    }
    if (collect.recursive && IsFolder(target)) return InFolder(target);
    TRY(const ParsedTarget parsed, ParseTarget(target, collect.glob));
    TRY(std::vector<Stage*> stages, LoadAll(parsed.file, parsed.name, collect));
    return collect.with_deps ? WithDeps(stages) : std::move(stages);
  }

  // What a target is before outputs are asked: a stage of dvc.yaml, or a file.
  Result<std::vector<Stage*>> CollectSpecific(const std::string& target, const CollectOptions& collect, std::string& file) {
    TRY(const ParsedTarget parsed, ParseTarget(target));
    file = parsed.file;
    if (file.empty()) {
      if (collect.recursive && IsFolder(target)) return std::vector<Stage*>();
      if (source.Look(place().Typed(kDvcYaml)) == Source::Kind::kNone) return std::vector<Stage*>();
      Result<std::vector<Stage*>> stages = LoadAll(std::string(kDvcYaml), target, {});
      if (!stages && stages.error().code == Code::kNotFound) return std::vector<Stage*>();
      if (!stages) return std::move(stages).error();
      return collect.with_deps ? WithDeps(*stages) : std::move(stages);
    }
    if (collect.with_deps || !IsStageFileName(file)) return std::vector<Stage*>();
    return LoadAll(file, parsed.name, {});
  }
};

Index::Index(Source& source, IndexOptions options) : impl_(std::make_unique<Impl>(source, std::move(options))) {}
Index::Index(Index&&) noexcept = default;
Index& Index::operator=(Index&&) noexcept = default;
Index::~Index() = default;

const Place& Index::place() const { return impl_->place(); }
void Index::MendCutLocks() { impl_->mends_cut_locks = true; }

Result<const std::vector<Stage*>*> Index::All() {
  TRYV(impl_->ReadAll());
  return &*impl_->all;
}

Result<const StageGraph*> Index::Graph() { return impl_->BuildGraph(); }

Result<void> Index::CheckWith(const Stage& stage) {
  TRYV(impl_->ReadAll());
  std::vector<const Stage*> stages;
  for (const Stage* one : *impl_->all) {
    if (one->file != stage.file || one->name != stage.name) stages.push_back(one);
  }
  stages.push_back(&stage);
  TRY(const StageGraph graph, StageGraph::Build(stages, impl_->place(), &stage));
  static_cast<void>(graph);
  return {};
}

Result<std::vector<Stage*>> Index::LoadFile(const std::string& location) {
  TRYV(impl_->CheckFile(location, impl_->place().Disk(location).string()));
  TRY(Impl::File* const file, impl_->Open(location));
  return impl_->StagesOf(*file);
}

Result<std::vector<Stage*>> Index::Collect(const std::string& target, const CollectOptions& options) {
  return impl_->Collect(target, options);
}

Result<std::vector<Target>> Index::CollectGranular(const std::string& typed, const CollectOptions& options) {
  std::vector<Target> targets;
  const std::string target = ReplaceAll(typed, "\\", "/");
  std::string file;
  std::vector<Stage*> stages;
  if (!target.empty()) {
    TRY(stages, impl_->CollectSpecific(target, options, file));
  }
  if (stages.empty() && !target.empty() && !(options.recursive && impl_->IsFolder(target))) {
    TRY(const StageGraph* const graph, impl_->BuildGraph());
    const std::string location = impl_->place().Typed(target);
    const Stage* owner = nullptr;
    if (graph->OutputAbove(location, &owner) != nullptr) {
      targets.push_back({(*impl_->all)[graph->IndexOf(*owner)], location});
      return targets;
    }
  }
  if (stages.empty()) {
    Result<std::vector<Stage*>> found = impl_->Collect(target, options);
    if (!found) {
      Error error = std::move(found).error();
      const bool is_file = !file.empty() && IsStageFileName(file);
      if (error.code != Code::kNotFound || (is_file && error.what.ends_with("does not exist"))) return error;
      const std::string shown = file.empty() ? std::string(kDvcYaml) : file;
      return std::move(error).With(fmt::format("'{}' does not exist as an output or a stage name in '{}'", target, shown));
    }
    stages = *std::move(found);
  }
  for (Stage* stage : stages) targets.push_back({stage, ""});
  return targets;
}

Result<const std::map<std::string, Index::TopLevel>*> Index::TopLevels() {
  TRYV(impl_->ReadAll());
  return &impl_->top_levels;
}

}  // namespace mlean::pipeline

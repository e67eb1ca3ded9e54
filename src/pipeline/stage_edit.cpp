#include "pipeline/stage_edit.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cctype>
#include <system_error>

#include "base/text.hpp"
#include "pipeline/stage_load.hpp"

namespace mlean::pipeline {
namespace {

using codec::Json;
namespace fs = std::filesystem;

constexpr std::string_view kDvcYaml = "dvc.yaml";

bool IsValidName(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return c == '-' || c == '_' || std::ispunct(static_cast<unsigned char>(c)) == 0;
  });
}

Result<void> CheckFolder(const Place& place, const std::string& location, std::string_view what) {
  const fs::path path = place.Disk(location);
  std::string cause;
  std::error_code ignored;
  const fs::file_status status = fs::status(path, ignored);
  if (!fs::exists(status)) {
    cause = "does not exist";
  } else if (!fs::is_directory(status)) {
    cause = "is not directory";
  } else if (!IsInside(location)) {
    cause = "is outside of DVC repo";
  }
  if (cause.empty()) return {};
  return Fail(Code::kInvalid, fmt::format("{} '{}' {}", what, path.string(), cause));
}

void AddOutputs(Stage& stage, const NewStage& wanted, const Place& place) {
  struct Kind {
    const std::vector<std::string>& paths;
    bool cache, persist, metric, plot;
  };
  const Kind kinds[] = {
      {wanted.outs_persist, true, true, false, false},    {wanted.outs_persist_no_cache, false, true, false, false},
      {wanted.metrics, true, false, true, false},         {wanted.metrics_no_cache, false, false, true, false},
      {wanted.plots, true, false, false, true},           {wanted.plots_no_cache, false, false, false, true},
      {wanted.outs_no_cache, false, false, false, false}, {wanted.outs, true, false, false, false}};
  for (const Kind& kind : kinds) {
    for (const std::string& path : kind.paths) {
      Output out = MakeOutput(path, stage.wdir, place);
      out.cache = kind.cache;
      out.persist = kind.persist;
      out.metric = kind.metric;
      out.plot = kind.plot;
      stage.outs.push_back(std::move(out));
    }
  }
}

// "file:a,b" and "a,b" as they stand in dvc.yaml.
Json ParamsJson(const std::vector<std::string>& params) {
  std::vector<std::pair<std::string, Json>> files;
  for (const std::string& param : params) {
    const std::size_t colon = param.rfind(':');
    std::string file = colon == param.npos ? std::string() : param.substr(0, colon);
    if (file.empty()) file = "params.yaml";
    auto there = std::find_if(files.begin(), files.end(), [&](const auto& one) { return one.first == file; });
    if (there == files.end()) there = files.insert(files.end(), {file, Json::Array{}});
    for (const std::string& key : Split(colon == param.npos ? param : param.substr(colon + 1), ',')) {
      if (!key.empty()) there->second.Push(key);
    }
  }
  Json list = Json::Array{};
  for (auto& [file, keys] : files) list.Push(Json::Object{{file, std::move(keys)}});
  return list;
}

Result<void> CheckPaths(const Stage& stage, const Place& place) {
  const auto disk = [&](const std::string& location) { return IsUrl(location) ? location : place.Disk(location).string(); };
  std::string outside;
  for (const Output& out : stage.outs) {
    if (!out.cache || out.Inside()) continue;
    outside += (outside.empty() ? "" : ", ") + place.Shown(out.location);
  }
  if (!outside.empty()) {
    return Fail(Code::kInvalid,
                fmt::format("Cached output(s) outside of DVC project: {}. See "
                            "<https://dvc.org/doc/user-guide/pipelines/external-dependencies-and-outputs> for more info.",
                            outside));
  }
  std::vector<std::string> paths;
  for (const Dependency& dep : stage.deps) {
    const bool is_out =
        std::any_of(stage.outs.begin(), stage.outs.end(), [&](const Output& out) { return out.location == dep.location; });
    if (is_out) {
      return Fail(Code::kInvalid, fmt::format("'{}' is specified as an output and as a dependency.", disk(dep.location)));
    }
    paths.push_back(dep.location);
  }
  for (const Output& out : stage.outs) paths.push_back(out.location);
  for (std::size_t i = 0; i < paths.size(); ++i) {
    if (std::find(paths.begin() + static_cast<std::ptrdiff_t>(i) + 1, paths.end(), paths[i]) != paths.end())
      return Fail(Code::kInvalid, fmt::format("file '{}' is specified more than once.", disk(paths[i])));
  }
  return {};
}

// What a person wrote by hand into the stage that is replaced.
void KeepNotes(Stage& stage, const Stage& old) {
  stage.meta = old.meta;
  stage.desc = old.desc;
  for (Output& out : stage.outs) {
    const Output* const before = old.FindOutput(out.path);
    if (before == nullptr) continue;
    out.desc = before->desc;
    out.type = before->type;
    out.labels = before->labels;
    out.meta = before->meta;
    out.remote = before->remote;
    out.push = before->push;
  }
}

}  // namespace

Result<Stage> MakeStage(const NewStage& wanted, Index& index, Source& source) {
  if (wanted.cmd.empty() || wanted.cmd.front().empty()) return Fail(Code::kInvalid, "command is not specified");
  if (wanted.name.empty()) return Fail(Code::kInvalid, "`-n|--name` is required");
  if (!IsValidName(wanted.name)) return Fail(Code::kInvalid, "Stage name cannot contain punctuation characters.");
  const Place& place = index.place();
  Stage stage;
  stage.name = wanted.name;
  stage.file = place.Typed(kDvcYaml);
  stage.wdir = wanted.wdir.empty() ? place.cwd : place.Typed(wanted.wdir);
  if (source.IsGitIgnored(stage.file))
    return Fail(Code::kInvalid, fmt::format("bad DVC file name '{}' is git-ignored.", kDvcYaml));
  TRYV(CheckFolder(place, stage.wdir, wanted.wdir.empty() ? "file path" : "stage working dir"));
  TRYV(CheckFolder(place, FolderOf(stage.file), "file path"));
  if (wanted.cmd.size() == 1) {
    stage.cmd = wanted.cmd.front();
  } else {
    for (const std::string& line : wanted.cmd) stage.cmd.Push(line);
  }
  stage.always_changed = wanted.always_changed;
  stage.desc = wanted.desc;
  AddOutputs(stage, wanted, place);
  for (const std::string& dep : wanted.deps) stage.deps.push_back(MakeDependency(dep, stage.wdir, place));
  TRYV(AddParams(stage, ParamsJson(wanted.params), place));
  TRYV(CheckPaths(stage, place));
  const Stage* old = nullptr;
  if (source.Look(stage.file) == Source::Kind::kFile) {
    const Result<std::vector<Stage*>> there = index.Collect(std::string(kDvcYaml) + ":" + wanted.name, {.accept_group = false});
    if (!there && there.error().code != Code::kNotFound) return there.error();
    if (there && !there->empty()) old = there->front();
    if (old != nullptr && !wanted.force) {
      return Fail(Code::kExists,
                  fmt::format("Stage '{}' already exists in '{}'. Use '--force' to overwrite.", stage.name, kDvcYaml));
    }
  }
  TRYV(index.CheckWith(stage));
  if (old != nullptr) KeepNotes(stage, *old);
  return stage;
}

}  // namespace mlean::pipeline

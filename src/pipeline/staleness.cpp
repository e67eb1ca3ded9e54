#include "pipeline/staleness.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <optional>

#include "os/files.hpp"
#include "pipeline/param_file.hpp"

namespace mlean::pipeline {
namespace {

namespace fs = std::filesystem;
using codec::Json;

const LockedPath* FindPath(const std::vector<LockedPath>& list, std::string_view path) {
  const auto found = std::find_if(list.begin(), list.end(), [&](const LockedPath& entry) { return entry.path == path; });
  return found == list.end() ? nullptr : &*found;
}

// "" when the path is what dvc.lock says.
Result<std::string> PathState(const fs::path& path, const LockedPath* locked, Objects& objects) {
  if (!os::Exists(path)) return std::string("deleted");
  if (locked == nullptr || locked->md5.empty()) return std::string("new");
  TRY(const ObjectInfo now, objects.HashPath(path));
  return std::string(now.md5 == locked->md5 ? "" : "modified");
}

std::string ParamState(const Json* now, const Json* locked) {
  if (now == nullptr) return locked == nullptr ? "new" : "deleted";
  if (locked == nullptr) return "new";
  return PythonEqual(*now, *locked) ? "" : "modified";
}

Result<void> AddParamReasons(const fs::path& root, const Stage& stage, const LockedStage& locked, std::vector<Reason>& reasons) {
  for (const StageParams& params : stage.params) {
    const fs::path file = root / stage.wdir / params.file;
    if (!os::Exists(file)) {
      reasons.push_back({Reason::Kind::kParam, params.file, "deleted"});
      continue;
    }
    TRY(const Json values, ReadParamFile(file));
    const auto entry =
        std::find_if(locked.params.begin(), locked.params.end(), [&](const auto& pair) { return pair.first == params.file; });
    if (entry == locked.params.end()) {
      reasons.push_back({Reason::Kind::kParam, params.file, "new"});
      continue;
    }
    std::vector<std::string> keys = params.keys;
    if (keys.empty()) {
      for (const Json::Member& member : values.AsObject()) keys.push_back(member.first);
      for (const Json::Member& member : entry->second.AsObject()) {
        if (values.Find(member.first) == nullptr) keys.push_back(member.first);
      }
    }
    for (const std::string& key : keys) {
      // dvc.lock keeps the keys flat, as written.
      std::string state = ParamState(FindParam(values, key), entry->second.Find(key));
      if (!state.empty()) reasons.push_back({Reason::Kind::kParam, params.file + ":" + key, std::move(state)});
    }
  }
  return {};
}

}  // namespace

bool PythonEqual(const Json& a, const Json& b) {
  const auto number = [](const Json& value) -> std::optional<double> {
    if (value.IsBool()) return value.AsBool() ? 1.0 : 0.0;
    if (value.IsNumber()) return value.AsDouble();
    return std::nullopt;
  };
  if (a.IsInt() && b.IsInt()) return a.AsInt() == b.AsInt();  // doubles would make large neighbours equal
  const std::optional<double> x = number(a);
  const std::optional<double> y = number(b);
  if (x && y) return *x == *y;
  if (a.IsArray() && b.IsArray())
    return std::equal(a.AsArray().begin(), a.AsArray().end(), b.AsArray().begin(), b.AsArray().end(), PythonEqual);
  if (a.IsObject() && b.IsObject()) {
    if (a.AsObject().size() != b.AsObject().size()) return false;
    for (const Json::Member& member : a.AsObject()) {
      const Json* const other = b.Find(member.first);
      if (other == nullptr || !PythonEqual(member.second, *other)) return false;
    }
    return true;
  }
  return a == b;
}

std::string Reason::Text() const {
  switch (kind) {
    case Kind::kNoEntry: return "never run";
    case Kind::kCommand: return "changed command";
    case Kind::kAlways: return "always changed";
    case Kind::kDep: return fmt::format("changed dep '{}': {}", what, state);
    case Kind::kParam: return fmt::format("changed param '{}': {}", what, state);
    case Kind::kOut: return fmt::format("changed out '{}': {}", what, state);
  }
  return {};
}

Result<std::vector<Reason>> WhyStale(const fs::path& root, const Stage& stage, const DvcLock& lock, Objects& objects) {
  std::vector<Reason> reasons;
  const LockedStage* const locked = lock.Find(stage.name);
  const bool callback = stage.deps.empty() && stage.params.empty() && stage.outs.empty();
  if ((stage.always_changed || callback) && !stage.frozen) reasons.push_back({Reason::Kind::kAlways, "", ""});
  if (locked == nullptr) {
    reasons.push_back({Reason::Kind::kNoEntry, "", ""});
    return reasons;
  }
  if (!PythonEqual(locked->cmd, stage.Command())) reasons.push_back({Reason::Kind::kCommand, "", ""});
  const fs::path folder = root / stage.wdir;
  if (!stage.frozen) {
    for (const std::string& dep : stage.deps) {
      TRY(std::string state, PathState(folder / dep, FindPath(locked->deps, dep), objects));
      if (!state.empty()) reasons.push_back({Reason::Kind::kDep, dep, std::move(state)});
    }
    TRYV(AddParamReasons(root, stage, *locked, reasons));
  }
  for (const StageOutput& out : stage.outs) {
    const LockedPath* const entry = FindPath(locked->outs, out.path);
    TRY(std::string state, PathState(folder / out.path, entry, objects));
    if (state.empty() && out.cache) {
      TRY(const bool kept, objects.Has(entry->md5));
      if (!kept) state = "not in cache";
    }
    if (!state.empty()) reasons.push_back({Reason::Kind::kOut, out.path, std::move(state)});
  }
  return reasons;
}

Result<CurrentParams> ReadParams(const fs::path& root, const Stage& stage) {
  CurrentParams current;
  for (const StageParams& params : stage.params) {
    Result<Json> values = ReadParamFile(root / stage.wdir / params.file);
    if (!values) return std::move(values).error();
    if (params.keys.empty()) {
      current.files.emplace_back(params.file, *std::move(values));
      continue;
    }
    Json chosen = Json::Object{};
    for (const std::string& key : params.keys) {
      if (const Json* const value = FindParam(*values, key)) {
        chosen.Set(key, *value);
      } else {
        current.missing.push_back(params.file + ":" + key);
      }
    }
    current.files.emplace_back(params.file, std::move(chosen));
  }
  return current;
}

}  // namespace mlean::pipeline

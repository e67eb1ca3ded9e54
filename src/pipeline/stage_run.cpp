#include "pipeline/stage_run.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "base/text.hpp"
#include "os/files.hpp"
#include "pipeline/dvc_file.hpp"
#include "pipeline/entry.hpp"
#include "pipeline/param_file.hpp"
#include "pipeline/stage_graph.hpp"

namespace mlean::pipeline {
namespace {

using codec::Json;
namespace fs = std::filesystem;

std::string Reason(std::string_view what, const PathChange& change) {
  return fmt::format("changed {} '{}': {}", what, change.path, change.state);
}

void AddReasons(std::string_view what, const std::vector<PathChange>& changes, std::vector<std::string>& reasons) {
  for (const PathChange& change : changes) {
    if (change.params.empty()) reasons.push_back(Reason(what, change));
    for (const auto& [key, state] : change.params) {
      reasons.push_back(fmt::format("changed param '{}:{}': {}", change.path, key, state));
    }
  }
}

}  // namespace

void StageRun::Tell(Level level, std::string_view text) {
  if (!context_.options.say) return;
  if (keeps_) {
    kept_.emplace_back(level, text);
  } else {
    context_.options.say(level, text);
  }
}

void StageRun::Flush(const CommandOutcome& command) {
  if (!keeps_ || !context_.options.say) return;
  // The output of a command stands behind its line.
  std::size_t commands = 0;
  for (std::size_t i = 0; i < kept_.size(); ++i) {
    if (kept_[i].second.starts_with("> ")) commands = i + 1;
  }
  for (std::size_t i = 0; i < kept_.size(); ++i) {
    context_.options.say(kept_[i].first, kept_[i].second);
    if (i + 1 != commands || command.output.empty()) continue;
    std::fflush(stdout);
    std::fwrite(command.output.data(), 1, command.output.size(), stdout);
    std::fflush(stdout);
  }
  kept_.clear();
}

// ---- what has changed

Result<bool> StageRun::ChangedDependencies(bool allow_missing, std::vector<std::string>& reasons) {
  if (stage_.frozen) return false;
  if (stage_.IsCallback() || stage_.always_changed) {
    reasons.emplace_back("always changed");
    return true;
  }
  TRY(std::vector<PathChange> changes, ChangedDeps(stage_, context_.place(), context_.source, context_.objects));
  if (allow_missing) {
    std::erase_if(changes, [&](PathChange& change) {
      if (change.state != "deleted") return false;
      // What a stage before has made anew counts as changed though it is not here.
      const auto dep = std::find_if(stage_.deps.begin(), stage_.deps.end(),
                                    [&](const Dependency& one) { return one.location == change.location; });
      for (const Stage* up : upstream_) {
        for (const Output& out : up->outs) {
          if (out.location != change.location || dep == stage_.deps.end() || out.content.SameAs(dep->content)) continue;
          change.state = "modified";
          return false;
        }
      }
      return true;
    });
  }
  AddReasons("dep", changes, reasons);
  return !changes.empty();
}

Result<bool> StageRun::Changed(bool allow_missing, std::vector<std::string>& reasons) {
  only_outs_changed_ = false;
  if (stage_.InYaml() && !stage_.locked) reasons.emplace_back("never run");
  if (ChangedStage(stage_, context_.place())) {
    reasons.emplace_back(stage_.InYaml() ? "changed command" : "changed checksum");
    return true;
  }
  TRY(const bool deps, ChangedDependencies(allow_missing, reasons));
  if (deps) return true;
  TRY(std::vector<PathChange> changes, ChangedOuts(stage_, context_.place(), context_.objects));
  if (allow_missing) {
    std::erase_if(changes, [](const PathChange& one) { return one.state == "not in cache" || one.state == "deleted"; });
  }
  AddReasons("out", changes, reasons);
  only_outs_changed_ = !changes.empty();
  return only_outs_changed_;
}

// ---- outputs and dependencies

Result<bool> StageRun::PullData() {
  Tell(Level::kInfo, fmt::format("Pulling data for {}", Described(stage_, context_.place())));
  std::vector<Content> contents;
  for (const Output& out : stage_.outs) {
    if (out.cache && out.content.Known()) contents.push_back(out.content);
  }
  TRYV(stage_.IsRepoImport() ? context_.objects.FetchImport(stage_) : context_.objects.Fetch(contents));
  for (const Output& out : stage_.outs) {
    if (!out.cache) continue;
    const fs::path path = context_.place().Disk(out.location);
    if (!out.content.Known()) {
      Tell(Level::kWarning, fmt::format("No file hash info found for '{}'. It won't be created.", path.string()));
    }
    const Result<void> done =
        out.content.Known() ? context_.objects.Checkout(out.content, path, false) : Fail(Code::kNotFound, "");
    if (done) continue;
    Tell(Level::kInfo, fmt::format("Unable to pull data for {}", Described(stage_, context_.place())));
    return false;
  }
  return true;
}

// Looked at before outputs are removed: a stage that cannot run must not cost what nobody has kept.
Result<void> StageRun::CheckDependencies() {
  if (!Truthy(stage_.cmd)) return {};
  const bool may_hash = !stage_.IsCallback() && !stage_.always_changed && !stage_.outs.empty() && !force_;
  for (const Dependency& dep : stage_.deps) {
    if (dep.kind != Dependency::Kind::kPath || IsUrl(dep.location)) continue;
    const fs::path path = context_.place().Disk(dep.location);
    if (context_.objects.Objects::Look(path) != Objects::Kind::kNone) continue;
    if (may_hash) return Fail(Code::kNotFound, fmt::format("[Errno 2] No such file or directory: '{}'", path.string()));
    // A dry run of a stage without outputs does not look.
    if (!context_.options.dry && !force_) {
      return Fail(Code::kNotFound, fmt::format("dependency '{}' does not exist", ShownDependency(dep, context_.place())));
    }
  }
  return {};
}

Result<void> StageRun::SaveDependencies() {
  if (deps_saved_) return {};
  deps_saved_ = true;
  return SaveDeps(stage_, context_.place(), context_.source, context_.objects, false,
                  [this](Level level, std::string_view text) { Tell(level, text); });
}

Result<void> StageRun::RemoveOutputs() {
  for (const Output& out : stage_.outs) {
    if (IsUrl(out.location)) continue;
    const fs::path path = context_.place().Disk(out.location);
    if (!out.persist) {
      TRYV(context_.objects.RemoveOutput(path));
    } else if (out.cache && context_.objects.Look(path) != Objects::Kind::kNone) {
      TRYV(context_.objects.Unprotect(path));
    }
  }
  return {};
}

// As DVC leaves a stage that cannot run, but for outputs that are not in the cache.
Result<void> StageRun::RemoveKeptOutputs() {
  TRY(const std::vector<PathChange> changes, ChangedOuts(stage_, context_.place(), context_.objects));
  for (const Output& out : stage_.outs) {
    const bool changed =
        std::any_of(changes.begin(), changes.end(), [&](const PathChange& change) { return change.location == out.location; });
    if (out.persist || !out.cache || changed || IsUrl(out.location)) continue;
    TRYV(context_.objects.RemoveOutput(context_.place().Disk(out.location)));
  }
  return {};
}

Result<void> StageRun::SyncImport() {
  Tell(Level::kInfo, fmt::format("Importing '{}' -> '{}'", ShownDependency(stage_.deps[0], context_.place()),
                                 ShownOutput(stage_.outs[0], context_.place())));
  if (context_.options.dry) return {};
  if (!force_ && !ChangedStage(stage_, context_.place())) {
    TRY(const std::vector<PathChange> deps, ChangedDeps(stage_, context_.place(), context_.source, context_.objects));
    bool kept = false;
    if (deps.empty() && stage_.outs[0].content.Known()) {
      TRY(kept, context_.objects.Has(stage_.outs[0].content));
    }
    if (kept) return context_.objects.Checkout(stage_.outs[0].content, context_.place().Disk(stage_.outs[0].location), false);
  }
  TRYV(SaveDeps(stage_, context_.place(), context_.source, context_.objects, false, context_.options.say));
  return context_.objects.Import(stage_);
}

Result<void> StageRun::CheckOutputs() {
  Tell(Level::kInfo, fmt::format("Verifying {} in {}{}", stage_.frozen ? "outputs" : "data sources",
                                 stage_.frozen ? "frozen " : "", Described(stage_, context_.place())));
  std::vector<std::string> missing;
  for (const Output& out : stage_.outs) {
    if (IsUrl(out.location) || context_.objects.Look(context_.place().Disk(out.location)) != Objects::Kind::kNone) continue;
    missing.push_back(ShownOutput(out, context_.place()));
  }
  if (missing.empty()) return {};
  return Fail(Code::kNotFound, fmt::format("missing data 'source{}': {}", missing.size() > 1 ? "s" : "", Join(missing, ", ")));
}

// ---- the run cache

// A run is named by the JSON of its parameters, in which there are no dates.
Result<void> StageRun::CheckDates() {
  for (const Dependency& dep : stage_.deps) {
    if (dep.kind != Dependency::Kind::kParams) continue;
    const Result<std::string> text = context_.source.Read(dep.location);
    if (!text) continue;
    const std::string type = DateAmong(*text, dep.location, dep.keys);
    if (!type.empty()) return Fail(Code::kInvalid, fmt::format("Object of type {} is not JSON serializable", type));
  }
  return {};
}

// Whether earlier runs may be looked for. Parameters that are missing are an error already here.
Result<bool> StageRun::MayRestore() {
  if (stage_.IsCallback() || stage_.always_changed || !Truthy(stage_.cmd) || stage_.deps.empty() || stage_.outs.empty())
    return false;
  for (const Dependency& dep : stage_.deps) {
    if (dep.kind == Dependency::Kind::kPath && !IsUrl(dep.location)) continue;
    if (dep.kind != Dependency::Kind::kParams) return false;
    if (context_.source.Look(dep.location) != Source::Kind::kNone) {
      Stage probe;
      probe.deps.push_back(dep);
      TRYV(SaveDeps(probe, context_.place(), context_.source, context_.objects));
      if (!Truthy(probe.deps[0].values)) return false;
    } else if (dep.keys.empty()) {
      return false;
    } else {
      return Fail(Code::kInvalid, fmt::format("Parameters '{}' are missing from '{}'.", Join(dep.keys, ", "),
                                              ShownDependency(dep, context_.place())));
    }
  }
  return std::all_of(stage_.outs.begin(), stage_.outs.end(),
                     [](const Output& out) { return out.Inside() && !out.persist && !out.path.empty(); });
}

// Where an entry's output lies and what it held.
template <class Visit>
Result<void> EachOutput(const Json& entry, const Stage& stage, const Place& place, const Visit& visit) {
  const Json* const outs = entry.Find("outs");
  if (outs == nullptr || !outs->IsArray()) return {};
  for (const Json& one : outs->AsArray()) {
    const std::string location = place.Locate(stage.wdir, TextAt(one, "path"));
    TRYV(visit(location, ReadContent(one, location)));
  }
  return {};
}

Result<bool> StageRun::InCache(const Json& entry) {
  bool all = true;
  TRYV(EachOutput(entry, stage_, context_.place(), [&](const std::string&, const Content& content) -> Result<void> {
    if (!all) return {};
    if (!content.Known()) {
      all = false;
      return {};
    }
    TRY(all, context_.objects.Has(content));
    return {};
  }));
  return all;
}

Result<void> StageRun::CheckoutEntry(const Json& entry) {
  return EachOutput(entry, stage_, context_.place(), [&](const std::string& location, const Content& content) -> Result<void> {
    const fs::path path = context_.place().Disk(location);
    TRYV(context_.objects.Checkout(content, path, false));
    // What the cache does not hold otherwise is a file of the user's, no link.
    const bool plain = std::any_of(stage_.outs.begin(), stage_.outs.end(),
                                   [&](const Output& out) { return out.location == location && !out.cache; });
    return plain ? context_.objects.Unprotect(path) : Result<void>();
  });
}

// Whether the outputs came from the cache.
Result<bool> StageRun::Restore() {
  TRY(const bool may, MayRestore());
  if (!may) return false;
  const bool recorded =
      std::all_of(stage_.outs.begin(), stage_.outs.end(), [](const Output& out) { return out.content.Known(); });
  Json entry;
  if (only_outs_changed_ && recorded) {
    entry = LockedStage(stage_);
  } else {
    if (context_.options.no_run_cache || context_.options.run_cache.empty()) return false;
    if (!context_.options.dry) TRYV(SaveDependencies());
    if (!RunCache::MayKeep(stage_)) return false;
    TRYV(CheckDates());
    TRY(std::optional<Json> found, context_.run_cache.Find(stage_));
    if (!found) return false;
    entry = *std::move(found);
  }
  if (context_.options.pull && !context_.options.dry) {
    std::vector<Content> contents;
    TRYV(EachOutput(entry, stage_, context_.place(), [&](const std::string&, const Content& content) -> Result<void> {
      if (content.Known()) contents.push_back(content);
      return {};
    }));
    TRYV(context_.objects.Fetch(contents));
  }
  TRY(const bool kept, InCache(entry));
  if (!kept) return false;
  Tell(Level::kInfo, fmt::format("Stage '{}' is cached - skipping run, checking out outputs", outcome.name));
  if (context_.options.dry) return false;
  TRYV(CheckoutEntry(entry));
  return true;
}

Result<void> StageRun::PullMissingDependencies() {
  if (!context_.options.pull || context_.options.dry) return {};
  for (const Dependency& dep : stage_.deps) {
    if (dep.kind != Dependency::Kind::kPath || IsUrl(dep.location)) continue;
    if (context_.objects.Objects::Look(context_.place().Disk(dep.location)) != Objects::Kind::kNone) continue;
    TRY(const StageGraph* const graph, context_.index.Graph());
    const Stage* owner = nullptr;
    const Output* const out = graph->OutputAbove(dep.location, &owner);
    if (out == nullptr || !out->cache || !out->content.Known()) continue;
    TRYV(owner->IsRepoImport() ? context_.objects.FetchImport(*owner) : context_.objects.Fetch({out->content}));
    TRYV(context_.objects.Checkout(out->content, context_.place().Disk(out->location), false));
  }
  return {};
}

// ---- the three steps

// Of a command that does not run now.
void StageRun::TellCommand() {
  Tell(Level::kInfo, fmt::format("Running stage '{}':", outcome.name));
  for (const std::string& line : stage_.Lines()) Tell(Level::kInfo, "> " + line);
}

Result<StageRun::Next> StageRun::Begin(bool force) {
  const ReproduceOptions& options = context_.options;
  const Place& place = context_.place();
  force_ = force;
  if (stage_.frozen && !stage_.IsImport()) {
    Tell(Level::kWarning,
         fmt::format("{} is frozen. Its dependencies are not going to be reproduced.", Described(stage_, place)));
  }
  if (force) {
    outcome.reasons = {"forced"};
  } else {
    TRY(const bool changed, Changed(options.allow_missing, outcome.reasons));
    if (!changed) {
      const bool data = !stage_.InYaml() && stage_.IsDataSource();
      Tell(Level::kInfo, fmt::format("{}'{}' didn't change, skipping", data ? "" : "Stage ", outcome.name));
      outcome.reasons.clear();
      if (stage_.doubtful && !options.dry) TRYV(Finish());
      return Next::kDone;
    }
    if (options.pull) {
      std::vector<std::string> ignored;
      const bool only_outs = only_outs_changed_;
      TRY(const bool needed, Changed(true, ignored));
      only_outs_changed_ = only_outs;
      bool pulled = false;
      if (!needed) {
        TRY(pulled, PullData());
      }
      if (pulled) return Next::kDone;
    }
  }
  if (options.confirm && !options.confirm(stage_)) return Fail(Code::kInvalid, "reproduction aborted by the user");
  reproduced_ = true;
  outcome.kind = StageOutcome::Kind::kRan;
  const bool runs = !stage_.frozen && Truthy(stage_.cmd);
  const bool imports = (stage_.IsImport() && !stage_.frozen) || stage_.IsPartialImport();
  if (runs && !imports) {
    if (!force) TRYV(PullMissingDependencies());
    if (Result<void> there = CheckDependencies(); !there) {
      if (!options.dry) TRYV(RemoveKeptOutputs());
      return std::move(there).error();
    }
    if (!options.dry && !os::IsDir(place.Disk(stage_.wdir))) {
      TellCommand();
      return Fail(Code::kNotFound, fmt::format("[Errno 2] No such file or directory: '{}'", place.Disk(stage_.wdir).string()));
    }
  }
  if ((runs || stage_.IsImport()) && !stage_.frozen && !options.dry) TRYV(RemoveOutputs());
  if (imports) {
    TRYV(SyncImport());
  } else if (runs) {
    bool restored = false;
    if (!force) {
      TRY(restored, Restore());
      if (!restored && !options.dry) TRYV(SaveDependencies());
    }
    if (!restored) {
      if (!options.dry) {
        Tell(Level::kInfo, fmt::format("Running stage '{}':", outcome.name));
        if (options.on_start) options.on_start(stage_);
        return Next::kCommand;
      }
      TellCommand();
    }
    if (restored) outcome.kind = StageOutcome::Kind::kCached;
  } else if (!options.dry) {
    TRYV(CheckOutputs());
  }
  if (!options.dry) TRYV(Finish());
  return Next::kDone;
}

CommandSpec StageRun::Command() const {
  const ReproduceOptions& options = context_.options;
  CommandSpec spec;
  spec.lines = stage_.Lines();
  spec.cwd = context_.place().Disk(stage_.wdir);
  spec.env = options.env;
  const bool has_root = std::any_of(spec.env.begin(), spec.env.end(), [](const auto& pair) { return pair.first == "DVC_ROOT"; });
  if (!has_root && std::getenv("DVC_ROOT") == nullptr) spec.env.emplace_back("DVC_ROOT", context_.place().root.string());
  spec.env.emplace_back("DVC_STAGE", outcome.name);
  spec.log = outcome.log;
  spec.cancel = options.cancel;
  spec.output = options.capture && !outcome.log.empty() ? CommandSpec::Output::kLog
                : keeps_ || options.capture             ? CommandSpec::Output::kKept
                                                        : CommandSpec::Output::kOurs;
  return spec;
}

Result<void> StageRun::KeepRun() {
  const ReproduceOptions& options = context_.options;
  if (options.no_commit || options.run_cache.empty() || !RunCache::MayKeep(stage_)) return {};
  const bool uncached = std::any_of(stage_.outs.begin(), stage_.outs.end(),
                                    [](const Output& out) { return !out.cache && !out.metric && !out.plot; });
  if (uncached) return {};
  TRYV(CheckDates());
  for (const Output& out : stage_.outs) {
    if (out.cache) continue;
    // Kept for the next time, but the user's file stays a plain one.
    const fs::path path = context_.place().Disk(out.location);
    TRY(const Content kept, context_.objects.Store(path, "md5"));
    static_cast<void>(kept);
    TRYV(context_.objects.Unprotect(path));
  }
  return context_.run_cache.Save(stage_);
}

Result<void> StageRun::Record() {
  if (stage_.InYaml()) return context_.locks->Put(stage_);
  TRY(stage_.text, WriteDvcFile(stage_, context_.place()));
  TRYV(context_.place().Write(stage_.file, stage_.text));
  context_.changed_files->push_back(stage_.file);
  return {};
}

Result<void> StageRun::Finish() {
  const ReproduceOptions& options = context_.options;
  const Place& place = context_.place();
  const Say say = [this](Level level, std::string_view text) { Tell(level, text); };
  TRYV(SaveDeps(stage_, place, context_.source, context_.objects, options.allow_missing, say));
  const TakeOptions take{.allow_missing = options.allow_missing, .filter = {}};
  TRYV(options.no_commit ? SaveOuts(stage_, place, context_.objects, take, say)
                         : CommitOuts(stage_, place, context_.objects, take, say));
  if (!stage_.InYaml()) stage_.md5 = StageMd5(stage_, place);
  TRYV(KeepRun());
  stage_.locked = true;
  stage_.command_changed = false;
  return Record();
}

}  // namespace mlean::pipeline

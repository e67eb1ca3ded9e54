// Index: the stages of a project, over all its `.dvc` and dvc.yaml files. Files are read when they are needed: a command on one
// target reads one file, unless it asks for the graph. Stages keep their address for the life of the index and may be changed in
// place. One thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "pipeline/dvc_lock.hpp"
#include "pipeline/dvc_yaml.hpp"
#include "pipeline/place.hpp"
#include "pipeline/source.hpp"
#include "pipeline/stage.hpp"
#include "pipeline/stage_graph.hpp"

namespace mlean::pipeline {

struct IndexOptions {
  Place place;
  ParsingOptions parsing;
  Say say;  // warnings ("Ignoring name 'x' for single stage in …")
  // A file that cannot be read during the walk: return the error to stop, success to go on without it. Default: stop.
  std::function<Result<void>(const std::string& location, const Error& error)> on_error;
};

struct CollectOptions {
  bool with_deps = false;
  bool recursive = false;  // a folder as target means the stages in it
  bool glob = false;       // the stage name is a pattern
  bool accept_group = true;
};

// A stage, and the part of it that a target meant.
struct Target {
  Stage* stage = nullptr;
  std::string filter;  // location of an output, or of something in it; empty: all outputs
};

class Index {
 public:
  // `source` outlives this.
  Index(Source& source, IndexOptions options);
  Index(Index&&) noexcept;
  Index& operator=(Index&&) noexcept;
  ~Index();

  const Place& place() const;
  // From now on a dvc.lock that a killed writer left cut off counts as far as it goes (DvcLock::ParseCut), with a warning.
  void MendCutLocks();

  // All stages, in DVC's order. Reads the project at the first call.
  Result<const std::vector<Stage*>*> All();
  // The graph of all stages, checked. Built at the first call.
  Result<const StageGraph*> Graph();
  // Whether the graph with one more stage (or another version of one) is sound: for add, import and stage add, before writing.
  Result<void> CheckWith(const Stage& stage);

  // The stages of one file. kNotFound "'x.dvc' does not exist".
  Result<std::vector<Stage*>> LoadFile(const std::string& location);
  // DVC's `stage.collect`: a stage name, "path/dvc.yaml:name", a group, "x.dvc", "dvc.yaml", a folder (recursive). Errors:
  // kNotFound "Stage 'x' not found inside 'dvc.yaml' file", "'x.dvc' does not exist", "'x' is not a .dvc file…".
  Result<std::vector<Stage*>> Collect(const std::string& target, const CollectOptions& options = {});
  // DVC's `collect_granular`: also an output, or something inside one. kNotFound "'x' does not exist as an output or a stage
  // name in 'dvc.yaml'". An empty target means all stages.
  Result<std::vector<Target>> CollectGranular(const std::string& target, const CollectOptions& options = {});

  // The top-level sections of each dvc.yaml that has any, by its location; reads the project.
  struct TopLevel {
    codec::Json metrics;
    codec::Json params;
    codec::Json plots;
    codec::Json artifacts;
    codec::Json datasets;
    codec::Json locked_datasets;
  };
  Result<const std::map<std::string, TopLevel>*> TopLevels();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// How DVC takes a target apart: "dvc.yaml:train@1" is file "dvc.yaml" and name "train@1"; "train" is a name alone; "a/b.dvc" a
// file alone. Errors: kInvalid "Did you mean: `dvc.yaml:train`?" for dvc.lock.
struct ParsedTarget {
  std::string file;  // as typed
  std::string name;
};
Result<ParsedTarget> ParseTarget(std::string_view target, bool glob = false);
// Ends with ".dvc", or is named dvc.yaml.
bool IsStageFileName(std::string_view path);

}  // namespace mlean::pipeline

// What `stage add` and `exp init` make of their options: a new stage, checked with DVC's texts.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "codec/json.hpp"
#include "pipeline/index.hpp"
#include "pipeline/stage.hpp"

namespace mlean::pipeline {

struct NewStage {
  std::string name;
  std::vector<std::string> cmd;  // one: kept as a string
  std::string wdir;              // as typed; empty: the working directory
  std::vector<std::string> deps;
  std::vector<std::string> params;  // "lr,train.eta", "file.yaml:a,b", "file.yaml:"
  // Paths by the option that brought them.
  std::vector<std::string> outs, outs_no_cache, outs_persist, outs_persist_no_cache;
  std::vector<std::string> metrics, metrics_no_cache, plots, plots_no_cache;
  bool always_changed = false;
  std::string desc;
  bool force = false;  // replace a stage of that name
};
// Checks name ("Stage name cannot contain punctuation characters."), working directory, duplicates ("file 'x' is specified more
// than once."), circles ("'x' is specified as an output and as a dependency."), an existing stage ("Stage 'x' already exists in
// 'dvc.yaml'. Use '--force' to overwrite.") and the graph. Keeps desc, meta and annotations of a stage it replaces. Writes
// nothing: SaveStages({&stage}, place, {.pipeline = true, .lock = false}).
Result<Stage> MakeStage(const NewStage& wanted, Index& index, Source& source);

}  // namespace mlean::pipeline

// dvc.yaml: the stages of a pipeline as plain values, templates resolved.
//
// Understood: cmd (string or list), wdir, deps, params, outs, metrics, plots (with cache, persist, …), vars, frozen,
// always_changed, desc, meta, and ${} of scalars from params.yaml and vars. `foreach` and `matrix` are kUnsupported. Unknown keys
// are errors with file, line and column, as DVC refuses them.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "codec/json.hpp"

namespace mlean::pipeline {

struct StageOutput {
  std::string path;      // as written, relative to wdir
  bool cache = true;     // kept in the cache and git-ignored
  bool persist = false;  // not removed before a run
  bool metric = false;
  bool plot = false;
};

// The params of one file that a stage reads.
struct StageParams {
  std::string file;               // relative to wdir; "params.yaml" by default
  std::vector<std::string> keys;  // dotted; empty: the whole file
};

struct Stage {
  std::string name;
  std::vector<std::string> cmd;  // as written: one string or a list
  bool cmd_is_list = false;
  std::string wdir;  // relative to the folder of dvc.yaml; "." by default
  std::vector<std::string> deps;
  std::vector<StageParams> params;
  std::vector<StageOutput> outs;  // outs, metrics, plots
  bool frozen = false;
  bool always_changed = false;
  std::string desc;
  // DVC runs each line of a command text in a shell of its own.
  std::vector<std::string> Lines() const;
  // As dvc.lock keeps it: a string or a list.
  codec::Json Command() const;
};

struct DvcYaml {
  std::vector<Stage> stages;  // in the order of the file
  std::string file;
  const Stage* Find(std::string_view name) const;
};

// `dir`: the folder of dvc.yaml, from where params.yaml and vars are read.
Result<DvcYaml> ParseDvcYaml(std::string_view text, std::string_view file, const std::filesystem::path& dir);
// `root`/dvc.yaml; kNotFound when it is not there.
Result<DvcYaml> LoadDvcYaml(const std::filesystem::path& root);

}  // namespace mlean::pipeline

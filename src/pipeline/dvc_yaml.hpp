// dvc.yaml: stages, templates resolved, and the top-level lists (reference/dvc.md 1.3, 1.4).
//
// Parsing checks the whole file; stages are resolved one by one when asked for, as in DVC, so that a broken template in one does
// not hinder another. Errors: file_error.hpp for syntax and schema; for templates kInvalid with DVC's text, "failed to parse
// stage 'a' in 'dvc.yaml': …". A foreach or matrix group gives one stage an item ("train@1", "train@a-2").
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "codec/json.hpp"
#include "pipeline/place.hpp"
#include "pipeline/source.hpp"
#include "pipeline/stage.hpp"

namespace mlean::pipeline {

// The section `parsing` of DVC's config: how a map becomes options in `cmd`.
struct ParsingOptions {
  bool boolean_optional = false;  // parsing.bool = boolean_optional: false gives "--no-k"
  bool list_append = false;       // parsing.list = append: "--k 1 --k 2"
};

class DvcYaml {
 public:
  // `location` of the file; `source` is read for params.yaml and vars now, and must outlive this when stages have vars of their
  // own.
  static Result<DvcYaml> Parse(std::string_view text, std::string_view location, const Place& place, Source& source,
                               const ParsingOptions& options = {}, const Say& say = {});
  DvcYaml(DvcYaml&&) noexcept;
  DvcYaml& operator=(DvcYaml&&) noexcept;
  ~DvcYaml();

  const std::string& location() const { return location_; }
  // Names of all stages in order, of groups each generated one. Errors: a group that cannot be resolved.
  Result<std::vector<std::string>> Names() const;
  // Whether the file defines a foreach or matrix group of this name.
  bool IsGroup(std::string_view name) const;
  // Whether there is such a stage (a group alone is none).
  Result<bool> Has(std::string_view name) const;
  // kNotFound "Stage 'x' not found inside 'dvc.yaml' file".
  Result<Stage> Resolve(std::string_view name) const;
  Result<std::vector<Stage>> ResolveAll() const;

  // The top-level sections, resolved; null when absent.
  Result<codec::Json> Metrics() const;    // list of paths
  Result<codec::Json> Params() const;     // list of paths
  Result<codec::Json> Plots() const;      // list of strings and one-key objects
  Result<codec::Json> Artifacts() const;  // object: id -> {path, desc, …}
  Result<codec::Json> Datasets() const;   // list of objects

 private:
  class Impl;
  explicit DvcYaml(std::unique_ptr<Impl> impl);
  std::string location_;
  std::unique_ptr<Impl> impl_;
};

// The stages of the dvc.yaml in `root` alone, without dvc.lock: for callers that know nothing of a repository.
// `text`: not written yet, read as if it stood in `root`.
Result<std::vector<Stage>> ParseStages(std::string_view text, std::string_view file, const std::filesystem::path& root);
Result<std::vector<Stage>> LoadStages(const std::filesystem::path& root);
const Stage* FindStage(const std::vector<Stage>& stages, std::string_view name);

}  // namespace mlean::pipeline

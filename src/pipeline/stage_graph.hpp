// StageGraph: which stage needs which, from the paths they write and read. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "pipeline/dvc_yaml.hpp"

namespace mlean::pipeline {

class StageGraph {
 public:
  // Errors (kInvalid): the same output twice, one output inside another, a stage that reads what it writes, a cycle. Texts as
  // DVC's where it has one: "Same item(s) are defined as both a dependency and an output in stages: a, b."
  static Result<StageGraph> Build(const DvcYaml& pipeline);

  // Indices into DvcYaml::stages, needed ones first; depth first in the order of the file, as DVC runs them. No targets: all.
  // `single`: only the targets themselves. kNotFound "Stage 'x' not found inside 'dvc.yaml' file" with the nearest name as fix.
  Result<std::vector<std::size_t>> Order(const std::vector<std::string>& targets, bool single = false) const;

  // Stages that this one needs directly.
  const std::vector<std::size_t>& Needs(std::size_t stage) const { return needs_[stage]; }

 private:
  std::vector<std::string> names_;
  std::vector<std::vector<std::size_t>> needs_;
};

// `path` of a stage as a clean path relative to the folder of dvc.yaml.
std::string CleanPath(const Stage& stage, std::string_view path);

}  // namespace mlean::pipeline

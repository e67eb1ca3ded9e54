// StageGraph: which stage needs which, from the paths they write and read. Pure.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.hpp"
#include "pipeline/place.hpp"
#include "pipeline/stage.hpp"

namespace mlean::pipeline {

// How DVC names a stage: "train" in the dvc.yaml of the working directory, "sub/dvc.yaml:train", "data.dvc".
std::string Addressing(const Stage& stage, const Place& place);
// "stage: 'train'", as in sentences.
std::string Described(const Stage& stage, const Place& place);

class StageGraph {
 public:
  // Errors (kInvalid) with DVC's texts: "output 'x' is specified in:…", "The output paths:…overlap…", "stage: 'a' is within an
  // output 'd' of another stage", "Same item(s) are defined as both a dependency and an output in stages: a, b." The stages
  // outlive the graph and stay where they are. `added`: one of them that is about to be written; a text about an output that two
  // stages have names the other one only.
  static Result<StageGraph> Build(const std::vector<const Stage*>& stages, const Place& place, const Stage* added = nullptr);

  std::size_t size() const { return stages_.size(); }
  const Stage& stage(std::size_t index) const { return *stages_[index]; }
  std::size_t IndexOf(const Stage& stage) const;  // size() when it is not in the graph
  // Stages that this one needs directly, and stages that need it, in the order the edges were found.
  const std::vector<std::size_t>& Needs(std::size_t index) const { return needs_[index]; }
  const std::vector<std::size_t>& NeededBy(std::size_t index) const { return needed_by_[index]; }

  struct PlanOptions {
    bool pipeline = false;    // everything connected with the targets (-p)
    bool downstream = false;  // the targets and what needs them
    bool cut_frozen = true;   // a frozen stage needs nothing
  };
  // The order in which DVC runs them: depth first, post order, needed ones first. No targets: all.
  std::vector<std::size_t> Plan(const std::vector<std::size_t>& targets, const PlanOptions& options) const;
  // All that this one needs, itself last.
  std::vector<std::size_t> WithNeeds(std::size_t index) const;
  // Groups of connected stages, each in the order of the graph (`dag`, -p).
  std::vector<std::vector<std::size_t>> Pipelines() const;

  // The output at, above or below a location; nullptr when there is none. `stage`, when given, is set to its owner.
  const Output* OutputAt(std::string_view location, const Stage** stage = nullptr) const;     // exactly
  const Output* OutputAbove(std::string_view location, const Stage** stage = nullptr) const;  // at or above
  std::vector<const Output*> OutputsBelow(std::string_view location) const;                   // strictly below

 private:
  struct Owner {
    std::size_t stage = 0;
    std::size_t order = 0;  // of all outputs
    const Output* output = nullptr;
  };
  // Locations by their parts: what lies below one stands right behind it. The root of the project is "".
  struct PartsLess {
    using is_transparent = void;
    bool operator()(std::string_view a, std::string_view b) const;
  };
  using Owners = std::map<std::string, Owner, PartsLess>;

  Result<void> CollectOutputs(const Place& place, const Stage* added);
  Result<void> AddOutput(const Output& output, const Owner& owner, const Place& place, const Stage* added);
  Result<void> CheckFiles(const Place& place) const;
  void AddNeeds(std::size_t stage, const std::string& location);
  void AddNeed(std::size_t stage, std::size_t need);
  Result<void> CheckAcyclic(const Place& place) const;
  std::vector<const Owner*> Below(std::string_view key) const;  // strictly below, in DVC's order
  // Post order from `roots` within `allowed`.
  std::vector<std::size_t> Visit(const std::vector<std::size_t>& roots, const std::vector<bool>& allowed, bool cut_frozen) const;
  std::vector<std::size_t> Connected(std::size_t index, bool cut_frozen) const;

  std::vector<const Stage*> stages_;
  std::unordered_map<const Stage*, std::size_t> index_of_;
  std::vector<std::vector<std::size_t>> needs_;
  std::vector<std::vector<std::size_t>> needed_by_;
  Owners owners_;
};

}  // namespace mlean::pipeline

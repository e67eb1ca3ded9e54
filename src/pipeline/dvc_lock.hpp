// dvc.lock: what each stage of a dvc.yaml was run with and gave (reference/dvc.md 1.5). Written with DVC's bytes.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "codec/json.hpp"
#include "pipeline/place.hpp"
#include "pipeline/stage.hpp"

namespace mlean::pipeline {

class DvcLock {
 public:
  DvcLock();
  DvcLock(DvcLock&&) noexcept;
  DvcLock& operator=(DvcLock&&) noexcept;
  ~DvcLock();

  // Errors: file_error.hpp; a file without `schema` ("required key not provided, in schema"), which DVC 1 wrote or a kill left,
  // too.
  static Result<DvcLock> Parse(std::string_view text, std::string_view location, const Place& place);
  // Also of what a killed writer leaves, a file that ends in the middle, or a power cut, one that ends in zero bytes: without its
  // last entry when that is not whole, else with it as Doubtful(). For whoever writes the entry anew; a file that is broken
  // elsewhere, or by a merge, stays refused.
  static Result<DvcLock> ParseCut(std::string_view text, std::string_view location, const Place& place);

  // The entry as it stands: {cmd, deps, params, outs}; nullptr when there is none.
  const codec::Json* Find(std::string_view name) const;
  std::vector<std::string> Names() const;  // in the order of the file
  const codec::Json& datasets() const;     // list; null when absent
  bool WasCut() const;                     // the file ended in the middle
  // Whether it is the last entry of a file that ended in the middle: whole as far as one can see, but its last number may not be.
  bool Doubtful(std::string_view name) const;

  // Replaces the entry of the stage or adds it at the end. Comments around entries stay. False: the entry was the same already.
  bool Put(const Stage& stage);
  bool PutEntry(std::string_view name, const codec::Json& entry);
  bool Remove(std::string_view name);
  void PutDataset(const codec::Json& dataset);  // by its `name`
  bool Empty() const;                           // no entries are left
  // Whether Put of a stage without an entry adds the entry's text behind all that Text() gives, and changes nothing before it.
  bool GrowsAtEnd() const;
  // The entry's own part of Text(); empty when there is none, or when the file is held as one text (not GrowsAtEnd()).
  std::string_view TextOf(std::string_view name) const;
  // The file's text. Costs one copy of it: unchanged entries keep the text they have.
  std::string Text() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// The entry of a stage: paths sorted, params with params.yaml first.
codec::Json LockedStage(const Stage& stage);
// Fills hashes, sizes and parameter values of a stage from its entry; nullptr: nothing is recorded.
void FillFromLock(Stage& stage, const codec::Json* entry);

}  // namespace mlean::pipeline

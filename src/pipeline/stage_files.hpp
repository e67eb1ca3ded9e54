// Writing stages: `.dvc` files, dvc.yaml entries and dvc.lock entries, each file whole or not at all. The texts that
// DVC logs ("Updating lock file 'dvc.lock'", "Adding stage 'x' in 'dvc.yaml'") go to `say`.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "pipeline/dvc_lock.hpp"
#include "pipeline/place.hpp"
#include "pipeline/stage.hpp"

namespace mlean::pipeline {

// The location of the dvc.lock beside a dvc.yaml.
std::string LockOf(const std::string& yaml);

struct SaveOptions {
  bool pipeline = false;  // the entry in dvc.yaml too
  bool lock = true;       // the entry in dvc.lock
};
// Writes the stages of one or more files; each dvc.lock once. Gives the locations that git should add ("To track the changes
// with git, run: git add …"). Errors: kInvalid "cannot dump a parametrized stage: 'x'".
Result<std::vector<std::string>> SaveStages(const std::vector<const Stage*>& stages, const Place& place,
                                            const SaveOptions& options, const Say& say = {});

// Removes a stage: the `.dvc` file; or the entries in dvc.yaml and dvc.lock, and a file that is left without any. Outputs are the
// caller's affair. Errors: "cannot remove a parametrized stage: 'x'".
Result<std::vector<std::string>> RemoveStage(const Stage& stage, const Place& place);

// dvc.yaml's text with the stage's entry replaced or added, or removed, as DVC's rewrite leaves it. `text` may be empty; an empty
// result means that no stage is left, with which DVC removes the whole file. `file`: as shown.
Result<std::string> PutStageText(std::string_view text, std::string_view file, const Stage& stage, const Place& place);
Result<std::string> RemoveStageText(std::string_view text, std::string_view file, std::string_view name);

// Keeps the dvc.lock files of a run open, so that recording one stage of many costs one write of the file and no parsing. Each
// Put leaves a whole, valid file, also after kill -9; Finish() makes the last one survive a power cut. A file that somebody else
// has written meanwhile is read again.
class LockFiles {
 public:
  explicit LockFiles(Place place, Say say = {});
  LockFiles(LockFiles&&) noexcept;
  ~LockFiles();
  // The lock beside the stage's dvc.yaml.
  Result<DvcLock*> Open(const Stage& stage);
  Result<void> Put(const Stage& stage);
  Result<void> PutAll(const std::vector<const Stage*>& stages);  // of one dvc.yaml, with one write
  Result<void> Finish();
  const std::vector<std::string>& changed() const;  // locations of files written

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mlean::pipeline

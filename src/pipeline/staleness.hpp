// Staleness: whether a stage must run, and why, by DVC's rules: command, deps, params, outs against its dvc.lock entry; no entry,
// always_changed, or neither deps nor params nor outs ("callback") always run; a frozen stage looks at its outs and command only.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "codec/json.hpp"
#include "pipeline/dvc_lock.hpp"
#include "pipeline/dvc_yaml.hpp"
#include "pipeline/objects.hpp"

namespace mlean::pipeline {

// Python's ==: 1, 1.0 and true are equal, lists and maps by content, NaN never.
bool PythonEqual(const codec::Json& a, const codec::Json& b);

struct Reason {
  enum class Kind : std::uint8_t { kNoEntry, kCommand, kDep, kParam, kOut, kAlways };
  Kind kind = Kind::kNoEntry;
  std::string what;   // path, or "params.yaml:train.eta"
  std::string state;  // "modified", "deleted", "new", "not in cache"
  // "changed dep 'data.csv': modified"
  std::string Text() const;
};

// Empty: up to date. `root` is the folder of dvc.yaml. Errors: unreadable files.
Result<std::vector<Reason>> WhyStale(const std::filesystem::path& root, const Stage& stage, const DvcLock& lock,
                                     Objects& objects);

// The values a stage's params have now, sorted as dvc.lock keeps them; with `missing` the keys that are not there.
struct CurrentParams {
  std::vector<std::pair<std::string, codec::Json>> files;
  std::vector<std::string> missing;  // "file:key"
};
Result<CurrentParams> ReadParams(const std::filesystem::path& root, const Stage& stage);

}  // namespace mlean::pipeline

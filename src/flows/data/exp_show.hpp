// ExpShow: what `dvc exp show` collects: the work tree and commits, each with the experiments that began at it, and what they
// hold of metrics, params, dependencies and outputs. Paths are relative to the project's root.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "codec/json.hpp"
#include "flows/data/repository.hpp"
#include "metrics/values.hpp"
#include "repo/git_reader.hpp"

namespace mlean::flows {

struct ExpContent {
  std::string path;
  std::string hash;  // "" unknown
  std::optional<std::uint64_t> size;
  std::optional<std::uint64_t> nfiles;
  bool use_cache = true;        // of an output
  bool is_data_source = false;  // of an output: added or imported, not made by a stage
};

struct ExpData {
  std::string revision;
  std::optional<std::int64_t> time;  // of the commit, in seconds since 1970; none of the work tree
  std::vector<metrics::FileValues> params;
  std::vector<metrics::FileValues> metrics;
  std::vector<ExpContent> deps;
  std::vector<ExpContent> outs;
};

// Where an experiment runs, or, of one of the queue, what has become of it.
struct ExpExecutor {
  std::string state;  // "running", "queued", "failed", "success"
  std::string name;   // "workspace", "tempdir", "dvc-task" of the queue
  std::string root;
  int pid = 0;  // 0: not known, nor the root
  std::string log = {};
  std::string task = {};  // of the queue: its id
};

struct ExpRange;
struct ExpState {
  std::string revision;  // "workspace" or a commit
  std::string name;      // "" none
  std::optional<ExpData> data;
  std::optional<metrics::FileError> error;  // instead of data
  std::vector<ExpRange> experiments;        // of a baseline, the newest first; those that run before them
};
struct ExpRange {
  std::vector<ExpState> revisions;  // from the experiment's commit back to its baseline, without that
  std::optional<ExpExecutor> executor;
  std::string name;
};

struct ExpShowRequest {
  repo::RevisionQuery baselines;  // none: HEAD
  bool hide_workspace = false;
  bool sha_only = false;    // commits without names
  bool param_deps = false;  // only parameters that stages depend on
  bool hide_queued = false;
  bool hide_failed = false;  // of the queue
};

// The repository is open at its root. Empty without any commit. A revision that cannot be read has an error.
Result<std::vector<ExpState>> ShowExperiments(Repository& repository, const ExpShowRequest& request);

// One state: `revision` "workspace" or a commit.
Result<ExpState> CollectState(Repository& repository, repo::GitReader& reader, const std::string& revision, bool param_deps);

// [{rev, name, data: {rev, timestamp, params, metrics, deps, outs, meta}, error, experiments: null|[{revs, executor, name}]}]
codec::Json ExperimentsJson(const std::vector<ExpState>& states);

}  // namespace mlean::flows

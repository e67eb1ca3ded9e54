// Add: what `dvc add` does: takes files and folders under control: hash, cache, `.dvc` file, .gitignore.
#pragma once

#include <string>
#include <vector>

#include "flows/data/repository.hpp"

namespace mlean::flows {

struct AddRequest {
  std::vector<std::string> targets;  // as typed, patterns expanded (ExpandGlobs)
  bool no_commit = false;            // hash only
  bool relink = true;                // link files from the cache again
  std::string out;                   // -o: bring the one target, a path or url, to here and add that; empty: none
  bool force = false;                // with `out`: replace what is there
  bool to_remote = false;            // bring the one target to a remote, neither here nor to the cache
  std::string remote;                // with to_remote: its name; empty: the default one
  int remote_jobs = 0;               // with to_remote: files under way at once; 0: as many as suit
  std::string command;               // the command line, for the lock that others are shown
};

// A target inside of a tracked folder updates that folder's `.dvc`: files and folders are added, replaced, and dropped when they
// are gone. Each `.dvc` is written as soon as its data is stored; when a target fails, those before it stay added. Errors with
// DVC's texts.
Result<void> AddData(Repository& repository, const AddRequest& request);

// `--glob`: paths that match, '**' at any depth, hidden ones only where the pattern says so; in the order of the directories.
// kNotFound "Glob ['x*'] has no matches."
Result<std::vector<std::string>> ExpandGlobs(const std::filesystem::path& directory, const std::vector<std::string>& patterns);

}  // namespace mlean::flows

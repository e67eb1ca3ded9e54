// What a run should remember of where it came from, read without running anything but git: the commit and what differs from it,
// the data that DVC's files record, the lock files of the environment, and the packages of a command's Python.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "repo/project.hpp"
#include "track/types.hpp"

namespace mlean::flows {

// mlflow.source.git.commit, .branch, .repoURL, mlean.git.dirty, mlean.git.diff_sha256; none outside git.
std::vector<track::Tag> GitTags(const std::filesystem::path& directory);

// mlean.env.host, .os, .cpu, .cores
std::vector<track::Tag> MachineTags();

// What `.dvc` files and dvc.lock record: outputs, and dependencies that no stage makes. Unsound files count as none: a run does
// not fail over them. Names are paths in the project, digests DVC's.
std::vector<track::DatasetInput> RecordedData(const repo::Project& project);
// The same for paths that the user names, hashed now as DVC would.
Result<std::vector<track::DatasetInput>> HashedData(const repo::Project& project, const std::filesystem::path& directory,
                                                    const std::vector<std::string>& paths);

// mlean.env.lock.NAME = SHA-256 of each lock file in `root` (uv.lock, poetry.lock, requirements.txt, conda-lock.yml …).
std::vector<track::Tag> LockFileTags(const std::filesystem::path& root);

// The Python behind a command: its own first word, the one that a script's first line names, or VIRTUAL_ENV's. Read from the
// folders of its environment: it is not started.
struct PythonEnvironment {
  std::string interpreter;
  std::string version;   // "3.11.7", or "3.11" when only the folder's name tells; "": not found
  std::string packages;  // "name==version" lines, sorted: a requirements.txt
};
std::optional<PythonEnvironment> FindPython(const std::vector<std::string>& command, const std::filesystem::path& directory);

}  // namespace mlean::flows

// Clones of git repositories that commands read from (import, get, ls): bare, made and brought up to date by the git program.
//
// In a project they are kept under .dvc/tmp, one for each url, so that the next command only fetches what is new.
#pragma once

#include <atomic>
#include <filesystem>
#include <string>

#include "base/result.hpp"

namespace mlean::flows {

struct CloneRequest {
  std::string url;               // as git takes it
  std::string revision;          // that is wanted; a full commit id that is there already spares the fetch
  std::filesystem::path folder;  // where clones are kept; made when missing
  const std::atomic<bool>* cancel = nullptr;
};

// The folder of the bare repository, whose HEAD is the source's default branch. Also fetches refs/exps when the revision is not
// to be found otherwise. Error with DVC's text: kNotFound "SCM error: Failed to clone repo 'URL' to 'DIR': <git's last line>".
Result<std::filesystem::path> CloneRepository(const CloneRequest& request);

// The commit that the revision ("": the default branch) is at its source now. Branches and tags are asked for without a clone.
Result<std::string> CommitAtSource(const CloneRequest& request);

}  // namespace mlean::flows

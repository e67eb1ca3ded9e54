// ListRepo: what `dvc ls` lists of a repository.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "flows/data/external_repo.hpp"
#include "metrics/report_list.hpp"

namespace mlean::flows {

struct ListRequest {
  bool recursive = false;
  bool dvc_only = false;
  std::optional<std::int64_t> level;  // of recursion at most
};

// Sorted by path. kNotFound "[Errno 2] No such file or directory: '/x'".
Result<std::vector<metrics::ListEntry>> ListRepo(ExternalRepo& repo, const ListRequest& request);
// One entry with what is in it, named as `path` was typed, "." for the root.
Result<metrics::ListEntry> ListRepoTree(ExternalRepo& repo, const std::string& path, const ListRequest& request);

}  // namespace mlean::flows

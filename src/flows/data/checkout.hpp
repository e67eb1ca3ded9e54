// Checkout: what `dvc checkout` does: makes tracked data in the workspace what the .dvc and dvc.lock files say, from the cache.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "flows/data/repository.hpp"

namespace mlean::flows {

struct CheckoutRequest {
  std::vector<std::string> targets;  // as typed; none: all, and outputs that no stage has any more are removed
  bool with_deps = false;
  bool recursive = false;
  bool force = false;   // replace and remove files that are not in the cache
  bool relink = false;  // give unchanged files, too, the kind of link that cache.type asks for
};

struct CheckoutReport {
  // As shown: relative to the working directory, folders with '/' at their end and first; what is gone stays absolute, as in DVC.
  std::vector<std::string> added;
  std::vector<std::string> modified;
  std::vector<std::string> deleted;
  std::vector<std::string> failed;  // objects are missing; such targets are left as they were
  // Files: for `--summary` and `pull`.
  std::uint64_t added_files = 0;
  std::uint64_t modified_files = 0;
  std::uint64_t deleted_files = 0;
};

// Looks at all targets before it touches one. Errors with DVC's texts: "Did you mean `git checkout x`?: …" and "Can't remove the
// following unsaved files without confirmation. …", with nothing done.
Result<CheckoutReport> CheckoutData(Repository& repository, const CheckoutRequest& request);

// DVC's text for `failed`: "Checkout failed for following targets:…".
std::string CheckoutFailedText(const std::vector<std::string>& failed);
// {{"added", 1}, {"modified", 2}}: "1 file added and 2 files modified"; "" without any.
std::string SummaryText(const std::vector<std::pair<std::string, std::uint64_t>>& counts);

}  // namespace mlean::flows

// The run cache of a remote: files "runs/kk/<key>/<value>" (reference/dvc.md 1.12), moved whole, without looking into them.
#pragma once

#include <cstdint>
#include <filesystem>

#include "base/result.hpp"
#include "remotes/remote.hpp"

namespace mlean::remotes {

// Copies the entries that the other side lacks; the number of them. kUnsupported "cannot push the run cache to '…': …" for a
// remote that cannot list (HTTP).
Result<std::uint64_t> PushRuns(Remote& remote, const std::filesystem::path& cache_dir, int jobs = 0);
Result<std::uint64_t> FetchRuns(Remote& remote, const std::filesystem::path& cache_dir, int jobs = 0);

}  // namespace mlean::remotes

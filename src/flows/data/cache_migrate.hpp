// CacheMigrate: what `dvc cache migrate` does: takes the objects of DVC 2's cache layout into that of DVC 3, and with it the dvc
// files, when asked. The old objects stay.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "flows/data/repository.hpp"

namespace mlean::flows {

// How many objects the old layout has.
Result<std::uint64_t> CountLegacyObjects(Repository& repository);
// Hashes them anew and links them into the new layout; how many were not there yet.
Result<std::uint64_t> MigrateCache(Repository& repository);

// The dvc files with entries of DVC 2, as shown: "data.dvc", "dvc.yaml (dvc.lock)"; sorted.
Result<std::vector<std::string>> LegacyDvcFiles(Repository& repository);
// Makes these entries ones of DVC 3, stores their data, and records stages anew. What it does is told by the repository's `say`.
Result<void> MigrateDvcFiles(Repository& repository);

}  // namespace mlean::flows

// The files of a folder as `.dvc` files and dvc.lock list them one by one (`files:`, cloud versioning), and as the cas room's
// Tree.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "cas/tree.hpp"
#include "pipeline/stage.hpp"

namespace mlean::flows {

// Files without an md5 are left out.
cas::Tree TreeOfRecords(const std::vector<pipeline::FileRecord>& files);

// With the sizes that the files have below `folder` now.
std::vector<pipeline::FileRecord> FileRecordsOf(const cas::Tree& tree, const std::filesystem::path& folder,
                                                const std::string& hash_name);

}  // namespace mlean::flows

// Hashing of files and folders in the workspace, without storing them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "base/result.hpp"
#include "cas/hash_state.hpp"
#include "cas/object_id.hpp"
#include "cas/scanner.hpp"
#include "cas/tree.hpp"
#include "cas/work.hpp"

namespace mlean::cas {

struct HashOptions {
  HashState* state = nullptr;  // outlives the call
  bool legacy = false;         // md5 after CRLF became LF in text files
  IgnoreRule ignored;
  Work work;
  std::vector<ScanWarning>* warnings = nullptr;  // what was left out is added here
  bool broken_links = false;                     // links to nothing are left out, instead of an error
};

// One file. kNotFound, kInvalid when it is no regular one (a pipe is not waited for).
Result<ObjectInfo> HashFile(const std::filesystem::path& file, const HashOptions& options = {});

struct HashedTree {
  ObjectInfo info;
  Tree tree;
};
Result<HashedTree> HashTree(const std::filesystem::path& dir, const HashOptions& options = {});

// Either of them, by what `path` is; of a folder that is as remembered no file is read and no list made (about one scan).
Result<ObjectInfo> HashPath(const std::filesystem::path& path, const HashOptions& options = {});

}  // namespace mlean::cas

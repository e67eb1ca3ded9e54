// Objects: what the pipeline needs of an object store. Room flows implements it with room cas.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "base/result.hpp"

namespace mlean::pipeline {

struct ObjectInfo {
  std::string md5;  // "….dir" for a folder
  std::uint64_t size = 0;
  std::uint64_t nfiles = 0;  // 0 for a file
  bool is_exec = false;
};

class Objects {
 public:
  virtual ~Objects() = default;
  // The content address of a file or folder; kNotFound when it is not there.
  virtual Result<ObjectInfo> HashPath(const std::filesystem::path& path) = 0;
  // Hashes and keeps it.
  virtual Result<ObjectInfo> Store(const std::filesystem::path& path) = 0;
  virtual Result<bool> Has(const std::string& md5) = 0;
  // Makes `path` hold the kept object.
  virtual Result<void> Checkout(const ObjectInfo& info, const std::filesystem::path& path) = 0;
};

}  // namespace mlean::pipeline

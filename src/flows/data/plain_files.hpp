// PlainFiles: the files of a repository as they lie on disk or in a commit, without what only DVC tracks. Ignored ones
// (.dvcignore) and sub-repositories are left out. Paths are locations: relative to the project's root, "." is the root.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "flows/data/revision_source.hpp"
#include "repo/dvc_ignore.hpp"

namespace mlean::flows {

struct PlainEntry {
  std::string name;  // of one path component
  bool is_dir = false;
  bool is_exec = false;
  std::optional<std::uint64_t> size;  // of a folder as its file system tells it; only when sizes were asked for
};

class PlainFiles {
 public:
  virtual ~PlainFiles() = default;
  // nullopt: nothing is there, or it is ignored.
  virtual Result<std::optional<PlainEntry>> Look(const std::string& location) = 0;
  // Sorted by name. A file or nothing: empty.
  virtual Result<std::vector<PlainEntry>> List(const std::string& folder) = 0;
  // The file's bytes to a new file; without its mode, as DVC's.
  virtual Result<void> CopyTo(const std::string& location, const std::filesystem::path& target) = 0;
};

// Links to folders count as files.
class DiskFiles final : public PlainFiles {
 public:
  static Result<std::unique_ptr<DiskFiles>> Open(std::filesystem::path root);
  Result<std::optional<PlainEntry>> Look(const std::string& location) override;
  Result<std::vector<PlainEntry>> List(const std::string& folder) override;
  Result<void> CopyTo(const std::string& location, const std::filesystem::path& target) override;

 private:
  DiskFiles(std::filesystem::path root, repo::DvcIgnore ignore) : root_(std::move(root)), ignore_(std::move(ignore)) {}
  std::filesystem::path root_;
  repo::DvcIgnore ignore_;
};

class RevisionFiles final : public PlainFiles {
 public:
  // `source` outlives this. `sizes`: read each file that is listed for its size.
  RevisionFiles(RevisionSource& source, bool sizes) : source_(source), sizes_(sizes) {}
  Result<std::optional<PlainEntry>> Look(const std::string& location) override;
  Result<std::vector<PlainEntry>> List(const std::string& folder) override;
  Result<void> CopyTo(const std::string& location, const std::filesystem::path& target) override;

 private:
  Result<PlainEntry> Describe(const repo::GitEntry& entry);
  RevisionSource& source_;
  bool sizes_ = false;
};

}  // namespace mlean::flows

// LinkRecord: which outputs this program has put into the workspace, so that a checkout without targets can remove those that no
// stage has any more.
//
// An entry is a path with its inode and a digest of the mtimes of its files; an output that has been touched since is left alone.
// One small file, replaced by Save; damaged counts as empty. For one thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "cas/scanner.hpp"

namespace mlean::cas {

class LinkRecord {
 public:
  // `root`: the project; recorded paths are relative to it.
  static Result<LinkRecord> Open(const std::filesystem::path& file, const std::filesystem::path& root);

  // Notes that `path` (under the root) now holds what it should. `ignored` is about paths relative to `path`.
  Result<void> Note(const std::filesystem::path& path, const IgnoreRule& ignored = {});
  void Forget(const std::filesystem::path& path);
  // Recorded paths that are still there, untouched and not in `used` (absolute): absolute, sorted. `rule_for` gives the ignore
  // rule of a path. To remove one: CheckoutPlan::Make with no object, which also knows which files are not in the cache; then
  // Forget.
  Result<std::vector<std::filesystem::path>> Unused(
      const std::set<std::filesystem::path>& used,
      const std::function<IgnoreRule(const std::filesystem::path& path)>& rule_for = {}) const;
  Result<void> Save();
  std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    std::uint64_t inode = 0;
    std::uint64_t digest = 0;
    friend bool operator==(const Entry&, const Entry&) = default;
  };
  static std::map<std::string, Entry> Parse(std::string_view bytes);
  static Result<Entry> EntryOf(const std::filesystem::path& path, const IgnoreRule& ignored);

  std::filesystem::path file_;
  std::filesystem::path root_;
  std::map<std::string, Entry> entries_;  // by path relative to the root
  bool changed_ = false;
};

}  // namespace mlean::cas

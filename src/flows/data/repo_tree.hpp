// RepoTree: a repository as `ls`, `get` and `import` see it: the files on disk or in a commit, and what DVC tracks, as one tree.
//
// Paths are locations from the project's root ("." is the root). Where both have something, the file wins. One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cas/object_id.hpp"
#include "flows/data/data_view.hpp"
#include "flows/data/plain_files.hpp"

namespace mlean::flows {

struct RepoEntry {
  std::string location;
  bool is_dir = false;
  bool is_exec = false;
  bool is_plain = false;  // on disk, or in the commit
  bool is_out = false;    // tracked by DVC: an output, or something in one
  std::optional<std::uint64_t> size;
  std::string hash;                     // of an output or a file in one: "….dir" of a folder; "" when unknown
  const DataOut* out = nullptr;         // the output it is or lies in
  std::optional<cas::ObjectId> object;  // that holds the file, when `hash` is an object's
  std::string Name() const;
};

class RepoTree {
 public:
  // The files of an output that is a folder, wherever they are known. kNotFound when nowhere.
  using FolderLoader = std::function<Result<std::shared_ptr<const cas::Tree>>(const DataOut& out)>;
  // `plain` and `outs` outlive this.
  RepoTree(PlainFiles& plain, const DataView::Outs& outs, FolderLoader load)
      : plain_(plain), outs_(outs), load_(std::move(load)) {}

  // nullopt: nothing is there. kNotFound "unexpected error - failed to load directory ('data',): …" when the content of a folder
  // on the way cannot be had.
  Result<std::optional<RepoEntry>> Look(const std::string& location);
  // The entries of a folder, sorted by name.
  Result<std::vector<RepoEntry>> List(const std::string& folder, bool dvc_only);
  // The files of a folder that is an output.
  Result<std::shared_ptr<const cas::Tree>> TreeOf(const DataOut& out);

 private:
  Result<std::optional<RepoEntry>> Tracked(const std::string& location);
  Result<std::map<std::string, RepoEntry>> TrackedIn(const std::string& folder);
  const DataOut* OutAbove(const std::string& location) const;
  static RepoEntry EntryOf(const DataOut& out);
  static void Merge(RepoEntry& entry, const PlainEntry& plain);

  PlainFiles& plain_;
  const DataView::Outs& outs_;
  FolderLoader load_;
  std::map<const DataOut*, std::shared_ptr<const cas::Tree>> trees_;
};

}  // namespace mlean::flows

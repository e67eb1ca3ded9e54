// CompareData: what differs between two views of tracked data, by DVC's rules for `data status` and `diff`.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "cas/object_id.hpp"
#include "flows/data/data_view.hpp"

namespace mlean::flows {

// One path on one side: an output, or a file or folder in it.
struct DataEntry {
  const DataOut* out = nullptr;  // null: there is nothing
  bool is_out = false;           // the output itself; else what is in it
  bool is_dir = false;
  cas::Md5 md5{};  // of a file in a folder

  explicit operator bool() const { return out != nullptr; }
  bool Known() const { return is_out ? out->content.Known() : !is_dir && md5 != kUnknownMd5; }
  std::string Hash() const;  // "" when unknown
  bool SameHash(const DataEntry& other) const;
};

enum class DataChangeKind : std::uint8_t { kAdded, kDeleted, kModified, kUnchanged, kUnknown, kRenamed };

struct DataChange {
  DataChangeKind kind = DataChangeKind::kUnchanged;
  const std::string* folder = nullptr;  // location of the output, or a whole path
  std::string_view below = {};          // the path in it; empty: the output itself
  DataEntry before;
  DataEntry after;
  bool is_folder_now = false;               // of a deletion: a folder has taken its place
  const std::string* old_folder = nullptr;  // of a rename: where it was
  std::string_view old_below = {};

  std::string Path() const;      // as DVC tells it: from the project's root
  std::string Shown() const;     // a folder ends in '/'
  std::string OldShown() const;  // of a rename
};

struct CompareOptions {
  bool granular = true;  // the files in folders too
  // `data status` knows entries by their hashes only; `diff` also tells outputs that have none.
  bool hash_only = false;
  bool unchanged = false;         // tell what is unchanged too
  std::vector<std::string> only;  // locations: tell what lies at or below them. Empty: all
  // `diff` walks from each output, or each of `only`: it tells what lies below two of them twice.
  bool per_root = false;
};

// What is told points into the two views and into the comparison.
class DataComparison {
 public:
  using Sink = std::function<void(const DataChange& change)>;
  DataComparison(const DataView& before, const DataView& after, CompareOptions options);
  DataComparison(const DataComparison&) = delete;
  DataComparison& operator=(const DataComparison&) = delete;

  // Calls `sink` for each entry, by path. kUnknown: in a folder whose files are not known on one side.
  Result<void> Run(const Sink& sink);

 private:
  struct Group;
  Result<void> CompareOne(const std::string& location, const DataOut* before, const DataOut* after);
  Result<void> CompareFolder(const std::string& location, const DataOut* before, const DataOut* after);
  Result<void> CompareNested(const Group& group);
  void TellFolders(const std::string& location, const cas::Tree& tree, const DataOut* after);
  Result<const cas::Tree*> Load(const DataView& view, const DataOut* out);
  // `roots`: how many outputs of either side are at the path or above it.
  void Tell(const std::string& folder, std::string_view below, const DataEntry& before, const DataEntry& after, bool unknown,
            std::size_t roots = 1);

  const DataView& before_;
  const DataView& after_;
  CompareOptions options_;
  const Sink* sink_ = nullptr;
  std::vector<std::shared_ptr<const cas::Tree>> trees_;
  std::vector<std::shared_ptr<const std::string>> paths_;
};

// Makes one renamed change (`before` of the deletion, path of the addition) of each addition that has the content of a deletion;
// the others first, then additions and renames by path, then deletions.
void FindRenames(std::deque<DataChange>& changes);

// Of many entries those (their `before`) whose objects are not in the cache, in the order in which they were added; the others
// are not kept. A folder counts by its .dir alone.
class MissingEntries {
 public:
  explicit MissingEntries(Repository& repository) : repository_(repository) {}
  void Add(const DataChange& change);
  // As told: "data/", "data/file". Once.
  struct Entry {
    std::string path;
    std::string hash;
  };
  Result<std::vector<Entry>> Finish();

 private:
  void LookUp();
  Repository& repository_;
  std::vector<DataChange> some_;  // to be looked up together
  std::vector<Entry> found_;
  Result<void> done_;
};

}  // namespace mlean::flows

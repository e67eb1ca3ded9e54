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

// One path on one side: an output, or a file or folder in it. Small, for there may be millions.
struct DataEntry {
  const DataOut* out = nullptr;         // null: there is nothing
  const cas::TreeFile* file = nullptr;  // null: the output itself. The path of a folder in it ends in '/', its md5 is unknown

  explicit operator bool() const { return out != nullptr; }
  bool IsOut() const { return out != nullptr && file == nullptr; }
  bool IsInnerFolder() const { return file != nullptr && file->path.ends_with('/'); }
  bool IsDir() const { return IsOut() ? out->is_dir : IsInnerFolder(); }
  bool Known() const { return IsOut() ? out->content.Known() : file != nullptr && file->md5 != kUnknownMd5; }
  std::string Hash() const;   // "" when unknown
  std::string Path() const;   // as DVC tells it: from the project's root
  std::string Shown() const;  // a folder ends in '/'
  bool SameHash(const DataEntry& other) const;
};
// Whether one is shown before the other, byte by byte.
bool ShownLess(const DataEntry& a, const DataEntry& b);

enum class DataChangeKind : std::uint8_t { kAdded, kDeleted, kModified, kUnchanged, kUnknown, kRenamed };

struct DataChange {
  DataChangeKind kind = DataChangeKind::kUnchanged;
  bool is_folder_now = false;  // of a deletion: a folder has taken its place
  DataEntry before;            // of a rename: what was elsewhere
  DataEntry after;

  std::string Path() const;
  std::string Shown() const;
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

// What is told points into the two views and into the comparison, which must stay.
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
  Result<void> CompareOne(const DataOut* before, const DataOut* after);
  Result<void> CompareFolder(const DataOut* before, const DataOut* after);
  Result<void> CompareNested(const Group& group);
  void TellFolders(const cas::Tree& tree, const DataOut* after);
  // A folder within `out`; `path` ends in '/'.
  DataEntry InnerFolder(const DataOut* out, std::string_view path);
  // What a side has at a path where it has no file.
  DataEntry FolderAt(const DataOut* out, const cas::Tree* tree, std::string_view path);
  Result<const cas::Tree*> Load(const DataView& view, const DataOut* out);
  // `roots`: how many outputs of either side are at the path or above it.
  void Tell(const DataEntry& before, const DataEntry& after, bool unknown, std::size_t roots = 1);

  const DataView& before_;
  const DataView& after_;
  CompareOptions options_;
  const Sink* sink_ = nullptr;
  std::vector<std::shared_ptr<const cas::Tree>> trees_;
  std::deque<cas::TreeFile> folders_;
};

// What differs, in the order of telling: what is neither added nor deleted first, deletions last.
struct DataChanges {
  std::deque<DataChange> others;
  std::deque<DataChange> added;  // and renamed
  std::deque<DataChange> deleted;

  void Add(const DataChange& change);
  std::size_t size() const { return others.size() + added.size() + deleted.size(); }
  const DataChange& operator[](std::size_t index) const;
  // Makes one renamed change of each addition that has the content of a deletion, and sorts additions and renames by path.
  void FindRenames();
};

// Of many entries those whose objects are not in the cache, in the order in which they were added; the others are not kept. A
// folder counts by its .dir alone.
class MissingEntries {
 public:
  explicit MissingEntries(Repository& repository) : repository_(repository) {}
  void Add(const DataEntry& entry);
  Result<std::vector<DataEntry>> Finish();  // once

 private:
  void LookUp();
  Repository& repository_;
  std::vector<DataEntry> some_;  // to be looked up together
  std::vector<DataEntry> found_;
  Result<void> done_;
};

}  // namespace mlean::flows

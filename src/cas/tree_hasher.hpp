// TreeHasher: the steps from a listing to a hashed tree, shared by hashing and storing folders.
//
//   TreeHasher hasher(dir, std::move(listing), state, legacy, work);
//   hasher.FindFolder()                        // all as remembered: done
//   TRYV(hasher.LookUp({}));                   // take the md5s that the state knows
//   TRYV(hasher.HashRest(task));               // read the other files
//   HashedTree tree = hasher.Finish();         // and remember them
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <vector>

#include "base/result.hpp"
#include "cas/file_hash.hpp"
#include "cas/file_reader.hpp"
#include "cas/scanner.hpp"

namespace mlean::cas {

class TreeHasher {
 public:
  // `state` may be null; it and `dir` outlive this.
  TreeHasher(const std::filesystem::path& dir, Listing listing, HashState* state, bool legacy, const Work& work);
  TreeHasher(const TreeHasher&) = delete;
  TreeHasher& operator=(const TreeHasher&) = delete;
  ~TreeHasher();

  const Listing& listing() const { return listing_; }
  const std::vector<Md5>& md5s() const { return md5s_; }  // as the listing

  // Whether HashState may take all files as they are now; after HashRest.
  bool AllSettled() const;

  // What the folder is when it is as remembered.
  std::optional<ObjectInfo> FindFolder() const;

  // Whether a file with a known md5 need not be read. Called by several threads.
  using IsDone = std::function<Result<bool>(const Md5& md5)>;
  Result<void> LookUp(const IsDone& is_done);

  // Reads one file: opens path `path` at `root`, and returns Finish() of the reader.
  using Task = std::function<Result<HashedFile>(FileReader& reader, int root, const char* path)>;
  Result<void> HashRest(const Task& task);
  // Without storing anything.
  Result<void> HashRest();

  // The file has been made anew by this process, with the same content.
  void Replaced(std::size_t index, const FileFacts& facts);

  // The tree, remembered when `identify` (which may store it; empty: Tree::Id) has given it its name. Once.
  using Identify = std::function<Result<ObjectId>(const Tree& tree)>;
  Result<HashedTree> Finish(const Identify& identify = {});

 private:
  enum class Known : std::uint8_t { kNo, kRemembered, kSettled, kUnsettled, kMade };
  void RememberAll(const Md5& folder);

  const std::filesystem::path& dir_;
  Listing listing_;
  HashState* state_;
  const bool legacy_;
  const Work work_;
  std::vector<Md5> md5s_;
  std::vector<Known> known_;
  std::vector<std::uint32_t> rest_;  // indices of files to be read
};

}  // namespace mlean::cas

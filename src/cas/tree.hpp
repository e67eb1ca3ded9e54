// Tree: the content of a folder as its .dir object tells it: a sorted list of relative paths and md5s.
//
// The text form (reference/dvc.md 1.6) is Python's json.dumps of [{"md5": "…", "relpath": "…"}, …] sorted by path; its md5 is the
// folder's name, so it is written byte for byte as DVC does. About 32 bytes a file and its path. Copies share their paths.
// Changing functions are for one thread; reading ones for all.
//
//   TRY(cas::Tree tree, cas::Tree::Parse(body));
//   tree.Set("sub/new.txt", md5);
//   tree.Id().Name();   // "….dir"
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "cas/object_id.hpp"

namespace mlean::cas {

class PathArena;

struct TreeFile {
  std::string_view path;  // relative to the folder, '/' between the parts, raw bytes
  Md5 md5{};
};

class Tree {
 public:
  Tree();

  // kCorrupt "cannot read a .dir object: …" for anything that DVC would not write, also for paths that leave the folder, occur
  // twice, or run through a file.
  static Result<Tree> Parse(std::string_view body);
  // The same from a file, piece by piece. When `md5` is given the bytes must have it (kCorrupt). `seen` gets the md5 of each file
  // as it is read, for whoever cannot wait: what it got counts only if it is as many as the tree has files, for JSON that DVC
  // reads but would not have written is parsed once more, without it.
  using Seen = std::function<void(const Md5& md5)>;
  static Result<Tree> Read(const std::filesystem::path& file, const Md5* md5 = nullptr, const Seen& seen = {});

  std::size_t size() const { return files_.size(); }
  bool empty() const { return files_.empty(); }
  const TreeFile& operator[](std::size_t index) const { return files_[index]; }
  std::vector<TreeFile>::const_iterator begin() const { return files_.begin(); }
  std::vector<TreeFile>::const_iterator end() const { return files_.end(); }
  const TreeFile* Find(std::string_view path) const;
  // The first file in the folder ("": of all); nullptr when there is no such folder.
  const TreeFile* FirstIn(std::string_view folder) const;
  bool HasFolder(std::string_view path) const { return FirstIn(path) != nullptr; }

  // The object's text in pieces, its name, and both at once.
  void Write(const std::function<void(std::string_view piece)>& sink) const;
  std::string Body() const;
  ObjectId Id(bool legacy = false) const;

  // `files` in any order, whose paths lie in `arena`.
  static Tree Over(std::shared_ptr<const PathArena> arena, std::vector<TreeFile> files);

  // Adds in any order, then Seal() once. A path added twice keeps its last md5.
  void Add(std::string_view path, const Md5& md5);
  void Reserve(std::size_t files);
  void Seal();

  // Granular changes of a sealed tree. A file takes the place of what is at or under its path, and of files on the way to it.
  void Set(std::string_view path, const Md5& md5);
  // Puts `sub` in the place of what is at or under `path` (which becomes a folder).
  void SetFolder(std::string_view path, const Tree& sub);
  // Removes the file or all under the folder; whether anything was there.
  bool Remove(std::string_view path);
  // The files under `path`, with paths relative to it. Empty when there are none.
  Tree Subtree(std::string_view path) const;

  friend bool operator==(const Tree& a, const Tree& b);

 private:
  using Iterator = std::vector<TreeFile>::const_iterator;
  std::pair<Iterator, Iterator> Under(std::string_view folder) const;
  // The files that stay when something is put at `path`.
  std::vector<TreeFile> Without(std::string_view path, bool and_ancestors) const;
  // An arena of our own, which keeps the present one alive.
  void Fork();

  std::shared_ptr<PathArena> arena_;  // of all paths; null without any
  std::vector<TreeFile> files_;       // sorted as Python sorts their paths
};

}  // namespace mlean::cas

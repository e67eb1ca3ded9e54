// ObjectId and ObjectInfo: the names of stored objects.
//
// A file's name is the md5 of its bytes, a folder's the md5 of its .dir object with ".dir" behind. Legacy objects (DVC 2.x;
// `hash: md5` absent in the .dvc file) are named by the md5 of the bytes after CRLF became LF in text files ("md5-dos2unix"), and
// lie in another place of the cache. Plain values, pure functions.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mlean::cas {

using Md5 = std::array<std::uint8_t, 16>;

std::string HexOf(const Md5& md5);
// Exactly 32 lower-case hex digits.
std::optional<Md5> ParseMd5(std::string_view hex);

struct ObjectId {
  Md5 md5{};
  bool is_dir = false;
  bool legacy = false;

  // 32 lower-case hex digits with or without ".dir"; anything else is nothing.
  static std::optional<ObjectId> Parse(std::string_view name, bool legacy = false);
  std::string Name() const;
  // "xx/rest[.dir]"
  std::string NameInLayout() const;
  // Path under the cache folder: "files/md5/xx/rest[.dir]", legacy "xx/rest[.dir]".
  std::string Key() const;
  friend auto operator<=>(const ObjectId&, const ObjectId&) = default;
};

// What a .dvc or dvc.lock entry says about an output.
struct ObjectInfo {
  std::string md5;           // 32 hex digits; of a folder with ".dir"
  std::uint64_t size = 0;    // bytes; of a folder the sum
  std::uint64_t nfiles = 0;  // 0 for a file
  bool is_exec = false;      // a file with owner execute permission
  bool legacy = false;
  bool IsDir() const { return md5.ends_with(".dir"); }
};

}  // namespace mlean::cas

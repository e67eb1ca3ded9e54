// ObjectId: the name of a stored object in 18 bytes, and the keys under which stores keep it.
//
// Layout 3.x: "files/md5/xx/rest" and "files/md5/xx/rest.dir"; layout 2.x (`legacy`): "xx/rest" (reference/dvc.md 1.10). The same
// keys hold for a remote and for the local cache, where they are paths under the cache folder. Plain values, thread-safe as such.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mlean::remotes {

struct ObjectId {
  std::array<std::uint8_t, 16> md5{};
  bool is_dir = false;
  bool legacy = false;  // md5 after CRLF became LF in text files, kept in the 2.x layout

  // 32 hex digits with or without ".dir"; anything else is nothing.
  static std::optional<ObjectId> Parse(std::string_view text, bool legacy = false);
  // Lower-case hex digits, ".dir" behind a folder's.
  std::string Name() const;
  std::string Key() const;
  friend auto operator<=>(const ObjectId&, const ObjectId&) = default;
};

// The object kept under `key`; nothing for a key that is no object's (a temporary file, a run-cache entry).
std::optional<ObjectId> ObjectOfKey(std::string_view key);

}  // namespace mlean::remotes

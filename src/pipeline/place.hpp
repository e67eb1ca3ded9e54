// Place: where a command was called from, and how paths are told to the user.
//
// A *location* is how this room names a path: clean, '/' between the parts, relative to the project's root when it lies inside
// ("data/x", "." is the root), absolute when it lies outside ("/mnt/x"), a URL when it lies elsewhere ("s3://b/x").
// A *path as written* is what stands in a file or on the command line. Texts show paths relative to the working directory, as
// DVC's.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace mlean::pipeline {

struct Place {
  std::filesystem::path root;  // of the project, absolute and clean
  std::string cwd = ".";       // location of the working directory (absolute when outside)

  // The location of `path` as written, relative to the folder `base` (a location).
  std::string Locate(std::string_view base, std::string_view path) const;
  // The location of a path typed by the user.
  std::string Typed(std::string_view path) const { return Locate(cwd, path); }
  // The file system's path of a location (not of a URL).
  std::filesystem::path Disk(std::string_view location) const;
  // As DVC prints a file: relative to the working directory ("../data/x").
  std::string Shown(std::string_view location) const;
  // Replaces the text of a repository's file in one step; a process killed meanwhile leaves nothing in the user's folders.
  Result<void> Write(std::string_view location, std::string_view text, bool sync = true) const;
};

bool IsUrl(std::string_view path);                // "s3://…", "remote://…", "ds://…"
bool IsInside(std::string_view location);         // in the project
std::string FolderOf(std::string_view location);  // of "a/b": "a"; of "a": "."
std::string NameOf(std::string_view location);
// Whether `location` is `folder` or lies below it.
bool IsAtOrBelow(std::string_view location, std::string_view folder);
// `location` as seen from `folder`, both in the project or both absolute: "../x".
std::string Relative(std::string_view location, std::string_view folder);

// What DVC's logger says: kInfo goes to stdout as it is, kWarning to stderr behind "WARNING: ". Made by the caller.
enum class Level : std::uint8_t { kInfo, kWarning };
using Say = std::function<void(Level level, std::string_view text)>;

}  // namespace mlean::pipeline

// Inside of the repo room: one config file as DVC's dictionary, before it is merged and checked.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "codec/json.hpp"
#include "repo/dvc_config.hpp"

namespace mlean::repo {

// The file's sections, names in lower case: "remote", "machine", "db" first as maps of names, then the file's own, then the empty
// rest of the schema's. (Without a file: the schema's in its own order. The order says which of several errors is told.) Paths
// stay as they are written.
Result<codec::Json> ParseLevel(const ConfigFile& file);

using PathChange = std::function<std::string(const std::string& path)>;
// Replaces every option that holds a path.
Result<void> ChangePaths(codec::Json& level, const PathChange& change);

// As DVC uses it: absolute; URLs stay.
std::string ResolvedPath(const std::string& conf_dir, const std::string& path);
// As it goes back into the file it came from: relative ones normalised.
std::string RestoredPath(const std::string& conf_dir, const std::string& path);
// As a path that the user has just given goes into the file.
std::string StoredPath(const std::string& conf_dir, const std::string& cwd, const std::string& path);

// Members of `update` replace those of `into`, objects are merged.
void MergeInto(codec::Json& into, const codec::Json& update);

// The text to write for a level: named sections packed, empty ones left out.
Result<std::string> LevelText(const codec::Json& level);

// Python's os.path: normpath and relpath of absolute or relative texts.
std::string NormPath(std::string_view path);
std::string JoinPath(std::string_view base, std::string_view path);
std::string RelPath(std::string_view path, std::string_view start);  // both absolute
std::string ExpandUser(std::string_view path);

}  // namespace mlean::repo

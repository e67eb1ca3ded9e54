// Reading the entries of outputs and dependencies in `.dvc` files and dvc.lock. Inner header of the pipeline room.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "codec/json.hpp"
#include "pipeline/stage.hpp"

namespace mlean::pipeline {

// What an entry {md5, size, …, hash, cloud} records of the content at `location`. Without the key `hash` a content inside of the
// project is one of DVC 2; that of a source elsewhere is known by the checksum of its file system.
Content ReadContent(const codec::Json& entry, std::string_view location);
// Its list `files`; nullopt when it has none.
std::optional<std::vector<FileRecord>> ReadFiles(const codec::Json& entry, std::string_view location);
// The content of a folder whose files are listed.
Content ContentOfFiles(const std::vector<FileRecord>& files, std::string hash_name);

// A member as text, number or not; empty when absent or null.
std::string TextAt(const codec::Json& object, std::string_view key);
// Python's truth value.
bool Truthy(const codec::Json& value);

}  // namespace mlean::pipeline

// StateFile: the file behind HashState.
//
// A header, then runs: each a head (magic, number of records, checksum) and its records, sorted by path key; a later run wins.
// Numbers are in the machine's order: the file never leaves it. A run is appended under a lock; a part of one, left by a killed
// process, does not have its checksum and is cut off by the next append. When there are many runs, or the later ones outgrow the
// first, they are merged into a new file that is renamed into place. Stateless functions.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "cas/hash_state.hpp"

namespace mlean::cas {

class StateFile {
 public:
  using Run = std::vector<HashState::Record>;

  // Empty when there is no file, or none of this kind; what follows the first damage is left out.
  static std::vector<Run> Read(const std::filesystem::path& file);
  // `end`: where the sound part ends; 0 when it has not even a header.
  static std::vector<Run> Parse(std::string_view bytes, std::size_t& end);
  static Result<void> Append(const std::filesystem::path& file, std::span<const Run> runs);

  // Sorts by path key; of several records of one path one stays.
  static void SortRun(Run& run);
  static const HashState::Record* Find(const Run& run, std::uint64_t path);
  // Of several records of one path the one of the latest run stays; over kMaxRecords the oldest runs go.
  static Run Merge(const std::vector<const Run*>& runs);

  static constexpr std::size_t kMaxRecords = 16'000'000;
};

}  // namespace mlean::cas

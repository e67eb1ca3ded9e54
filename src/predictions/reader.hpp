// Reading the prediction log back: by window of event time, in columns, in bounded memory.
//
// A request id seen twice (a client that retried after a crash) counts once: of records with equal (request id, row), the first
// in the log stays; a shadow's record is compared with shadows only. Retries are told also when the first came up to 10 minutes
// before the window. Ids are compared by 64-bit hash: two of 10 million different ones fall together with a chance of 3 in a
// million. Torn tails are ignored; a record whose checksum fails ends its segment and is counted in ReadStats. Any thread;
// readers and writers do not disturb each other.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "predictions/record.hpp"
#include "types/frame.hpp"

namespace mlean::predictions {

struct Window {
  TimeMs from = std::numeric_limits<TimeMs>::min();  // inclusive
  TimeMs to = std::numeric_limits<TimeMs>::max();    // exclusive
  std::vector<std::int32_t> versions = {};           // empty: all
  std::vector<Variant> variants = {};                // empty: all
  std::optional<bool> ok = {};                       // true: only statuses below 400, false: only the others
  bool features = true;                              // false: leave the feature columns out (faster)
  std::size_t limit = std::numeric_limits<std::size_t>::max();
};

// Columns of equal length. In a chunk given to a visitor all rows come from one segment.
struct Predictions {
  std::vector<std::string> ids;
  std::vector<std::uint32_t> rows;
  std::vector<TimeMs> times;
  std::vector<std::int32_t> versions;
  std::vector<Variant> variants;
  std::vector<std::uint16_t> statuses;
  std::vector<std::uint32_t> latencies_us;
  std::vector<std::array<std::uint8_t, 16>> input_hashes;
  types::Frame outputs;   // kReal columns named by the schema; NaN where a row's segment has no such column
  types::Frame features;  // the same

  std::size_t size() const { return ids.size(); }
};

struct ReadStats {
  std::uint64_t segments = 0;    // opened
  std::uint64_t skipped = 0;     // segments outside the window by their summary
  std::uint64_t duplicates = 0;  // records dropped as retries
  std::uint64_t damaged = 0;     // segments that end in bytes which are no sound record
};

// Everything in the window at once, in log order. An absent folder is an empty log.
Result<Predictions> ReadWindow(const std::filesystem::path& folder, const Window& window, ReadStats* stats = nullptr);
// The same in chunks of at most 8192 rows; `visit` returns false to stop. The chunk is the reader's and is reused.
Result<ReadStats> ScanWindow(const std::filesystem::path& folder, const Window& window,
                             const std::function<Result<bool>(const Predictions& chunk)>& visit);

}  // namespace mlean::predictions

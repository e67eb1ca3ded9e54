// Ground truth that comes late (or early, or twice): one label per (model, request id, row). The last write wins; what it
// replaced is kept in a history. Labels may arrive before their prediction: the two are joined by id when read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "sql/database.hpp"

namespace mlean::predictions {

struct Label {
  std::string id;         // the prediction's request id, or the row's key
  std::uint32_t row = 0;  // index of the row in its request
  std::string label;      // text: a number or a class name
  TimeMs event_time = 0;  // when the truth came to be; 0: unknown
  TimeMs arrived = 0;     // filled by readers
};

struct LabelCounts {
  std::int64_t added = 0;
  std::int64_t changed = 0;  // a different label than before
  std::int64_t same = 0;
};

// Ids of 1 … 128 bytes, labels of at most 1024: else kInvalid and nothing is kept. Later items of a batch win over earlier ones.
Result<LabelCounts> AddLabels(sql::Txn& txn, std::string_view model, std::span<const Label> labels, TimeMs now);

struct LabelKey {
  std::string_view id;
  std::uint32_t row = 0;
};
// For each key its label, or nothing: as long as `keys`, in their order.
Result<std::vector<std::optional<Label>>> JoinLabels(sql::Conn& conn, std::string_view model, std::span<const LabelKey> keys);

// All labels of the model with event_time in [from, to), by id.
Result<std::vector<Label>> ListLabels(sql::Conn& conn, std::string_view model, TimeMs from, TimeMs to,
                                      std::size_t limit = std::numeric_limits<std::size_t>::max());
Result<std::int64_t> CountLabels(sql::Conn& conn, std::string_view model);
// Earlier labels of one key, oldest first, without the one that holds now.
Result<std::vector<Label>> LabelHistory(sql::Conn& conn, std::string_view model, std::string_view id, std::uint32_t row);

struct Coverage {
  std::int64_t predictions = 0;
  std::int64_t labelled = 0;
  double share = 0;            // labelled / predictions; 0 when there are none
  std::int64_t delay_p50 = 0;  // ms from prediction to the label's arrival, over the labelled
  std::int64_t delay_p95 = 0;
};
// `times` are the predictions' times, `labels` what JoinLabels gave for them; equal length.
Coverage LabelCoverage(std::span<const TimeMs> times, std::span<const std::optional<Label>> labels);

}  // namespace mlean::predictions

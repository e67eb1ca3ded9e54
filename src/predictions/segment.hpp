// Segment: the bytes of one file of the prediction log (docs/formats/prediction-log.md). Pure functions over memory, no files;
// readers take hostile bytes and never read outside them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "predictions/record.hpp"

namespace mlean::predictions {

constexpr std::string_view kSegmentSuffix = ".mplog";
constexpr std::uint32_t kSegmentVersion = 1;
constexpr std::size_t kMaxHeader = 4u << 20;  // bytes; 16,384 names fit

struct SegmentHeader {
  std::uint32_t version = kSegmentVersion;
  std::string model;
  TimeMs created = 0;
  Schema schema;
};

// What a sealed segment says of itself in its last record.
struct SegmentSummary {
  std::uint64_t records = 0;
  TimeMs first = 0;  // smallest and largest event time
  TimeMs last = 0;
};

std::string EncodeHeader(const SegmentHeader& header);
std::string EncodeSummary(const SegmentSummary& summary);
std::size_t EncodedSize(const Record& record);
// kInvalid when the record does not fit the schema or a limit; then `out` is as it was.
Result<void> AppendRecord(std::string& out, const Record& record, const Schema& schema);

// The header and where the first record starts. kCorrupt or kUnsupported (a newer version).
struct ParsedHeader {
  SegmentHeader header;
  std::size_t size = 0;
};
Result<ParsedHeader> ParseHeader(std::string_view bytes);
// The summary when the segment's last bytes are one.
std::optional<SegmentSummary> FindSummary(std::string_view bytes);

struct ScanResult {
  std::size_t sound = 0;  // bytes from the start that are whole, checked records (header included)
  bool torn = false;      // the bytes end inside of a record: more may follow, or a write was cut off
  bool damaged = false;   // a whole record that is not sound
  bool sealed = false;    // the last record was a summary
};
// Calls `visit` for each record after the header until it returns false or the bytes end; a Record's texts point into `bytes`,
// its spans into storage that is reused by the next record.
ScanResult ScanRecords(std::string_view bytes, std::size_t start, const Schema& schema,
                       const std::function<bool(const Record&)>& visit);

}  // namespace mlean::predictions

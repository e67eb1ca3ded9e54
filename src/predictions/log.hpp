// LogWriter: the append-only prediction log of one model (bytes: docs/formats/prediction-log.md).
//
// A batch is one write(2) to the end of a segment file: what AppendBatch returned is kept through kill -9 (not through power
// loss: no fsync per batch). A segment is left for a new one at 64 MiB, when the day of the records changes, or on Open after a
// crash; a torn tail is cut off by the next Open. Segments are locked (flock) while written, so two processes may log the same
// model side by side.
//
// Thread-safe: AppendBatch may be called by any thread; each encodes its batch outside the lock.
//
//   TRY(auto log, LogWriter::Open({.folder = root / "predictions/arrival-delay", .model = "arrival-delay"}));
//   TRY(const int schema, log->AddSchema({{"dep_delay", "distance"}, {"predict"}}));
//   TRYV(log->AppendBatch(schema, records));
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "predictions/record.hpp"

namespace mlean::predictions {

struct LogOptions {
  std::filesystem::path folder;  // of this model alone; made when missing
  std::string model;
  std::uint64_t segment_bytes = 64ULL << 20;
  std::uint64_t quota_bytes = 0;  // of the whole folder; 0: none
};

class LogWriter {
 public:
  static Result<std::unique_ptr<LogWriter>> Open(const LogOptions& options);
  ~LogWriter();  // seals the open segments
  LogWriter(const LogWriter&) = delete;
  LogWriter& operator=(const LogWriter&) = delete;

  // A handle for records of this schema; the same schema gives the same handle. kTooLarge over 64 schemas in one process' life.
  Result<int> AddSchema(const Schema& schema);
  // Appends all records or none. Errors leave the log as it was and count in Dropped(): kInvalid (a record that does not fit the
  // schema or the limits), kTooLarge (quota), kFull (disk full). The caller decides whether to refuse the request or go on.
  Result<void> AppendBatch(int schema, std::span<const Record> records);
  std::uint64_t Dropped() const;   // records not written since Open
  std::uint64_t Appended() const;  // records written since Open

 private:
  struct State;
  explicit LogWriter(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// Deletes sealed or abandoned segments whose last record is older than `before`; returns the bytes freed. Segments being written
// stay.
Result<std::uint64_t> DropSegments(const std::filesystem::path& folder, TimeMs before);
// Deletes the oldest segments until the folder holds at most `bytes`; segments being written stay. Returns the bytes freed.
Result<std::uint64_t> TrimLog(const std::filesystem::path& folder, std::uint64_t bytes);

}  // namespace mlean::predictions

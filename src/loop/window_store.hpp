// Monitor windows: what was found out about a model's live data between two instants (drift, realised performance), kept once.
// And the results of data validation by content, so that a file that was checked is not checked again by the same suite.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "codec/json.hpp"
#include "sql/database.hpp"

namespace mlean::loop {

struct Window {
  std::string model;
  TimeMs start = 0;  // inclusive
  TimeMs stop = 0;   // exclusive
  TimeMs time = 0;   // when it was computed
  codec::Json report;
};
// A window that is there already stays as it is.
Result<void> AddWindow(sql::Txn& txn, const Window& window);
Result<std::vector<Window>> ListWindows(sql::Conn& conn, const std::string& model, std::int64_t limit);  // newest first
Result<std::optional<Window>> FindWindow(sql::Conn& conn, const std::string& model, TimeMs start);

// Windows that no trigger has looked at yet, oldest first. Marking is part of the transaction that starts the turn, so that no
// trigger is lost or fires twice.
Result<std::vector<Window>> ListUnconsidered(sql::Conn& conn, const std::string& model);
Result<void> MarkConsidered(sql::Txn& txn, const std::string& model, TimeMs start);

struct Validation {
  std::string content;  // MD5 of the data (".dir" for folders)
  std::string suite;    // SHA-256 of the suite's text
  bool success = false;
  TimeMs time = 0;
  codec::Json summary;
};
Result<void> PutValidation(sql::Txn& txn, const Validation& validation);
Result<std::optional<Validation>> FindValidation(sql::Conn& conn, const std::string& content, const std::string& suite);

}  // namespace mlean::loop

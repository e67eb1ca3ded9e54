// The audit log: an append-only hash chain (reference/automation.md 4.2). Who did what to which object, when, and what changed.
//
// Each event holds the hash of the one before: hash = SHA-256 of the canonical JSON of the record, `seq` and `previous` included;
// the first `previous` is 64 zeros. Triggers refuse UPDATE and DELETE. A chain only shows tampering: who may write the file can
// rebuild it whole, so publish checkpoints (Head) elsewhere and hand them to Verify. Writers are serialised by the database's
// writer thread. Stores as everywhere: append in the transaction that has the effect, so neither is there without the other.
//
//   TRY(const std::int64_t seq, audit::Append(txn, {.time = now, .actor = "ana", .action = "version.registered",
//                                                   .object = "models/arrival-delay/versions/1", .detail = detail}));
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "codec/json.hpp"
#include "sql/database.hpp"

namespace mlean::audit {

struct NewEvent {
  TimeMs time = 0;
  std::string actor;        // "ana", "service:scheduler"
  std::string action;       // "version.registered", "promotion.denied"
  std::string object;       // "models/arrival-delay/versions/1"
  std::string before_hash;  // of the object's state; empty when there was none
  std::string after_hash;
  std::string request_id;
  codec::Json detail;  // small; holds no NaN or infinity; no secrets
};

struct Event {
  std::int64_t seq = 0;  // 1, 2, … without gaps
  TimeMs time = 0;
  std::string actor;
  std::string action;
  std::string object;
  std::string before_hash;
  std::string after_hash;
  std::string request_id;
  codec::Json detail;
  std::string previous;  // hash of seq - 1
  std::string hash;
};

constexpr std::size_t kMaxDetailBytes = std::size_t{1} << 20;

// Adds the event and returns its seq. kInvalid: actor, action or object empty, text that is not UTF-8, or a NaN or infinity in
// detail; kTooLarge: detail over kMaxDetailBytes.
Result<std::int64_t> Append(sql::Txn& txn, const NewEvent& event);

struct Query {
  std::int64_t after_seq = 0;
  std::int64_t limit = 100;  // at most 10,000
  std::string object_prefix;
  std::string action_prefix;
  bool newest_first = false;  // then after_seq, when not 0, means "older than"
};
Result<std::vector<Event>> List(sql::Conn& conn, const Query& query);

struct Checkpoint {
  std::int64_t count = 0;  // events, which is the last seq
  std::string hash;        // of the last event; 64 zeros when there is none
};
Result<Checkpoint> Head(sql::Conn& conn);

struct Verdict {
  std::int64_t events = 0;  // read
  bool intact = false;
  std::int64_t first_bad_seq = 0;  // 0 when intact
  std::string why;                 // "event 7 was changed: …"; empty when intact
};
// Reads the whole chain in order, in bounded memory. Finds an edited field, an event removed, inserted or moved, and, by the kept
// head, events cut off at the end; with `expected` (a checkpoint published earlier) also a chain that was rebuilt. What it finds
// is the Verdict; an Error means that the database could not be read.
Result<Verdict> Verify(sql::Conn& conn, const std::optional<Checkpoint>& expected = std::nullopt);

// Events after `after_seq`, one JSON object a line with the fields of Event, at most `limit`.
Result<std::string> ExportJsonLines(sql::Conn& conn, std::int64_t after_seq = 0, std::int64_t limit = 1'000'000);

// The hash that the event must have: SHA-256 of the canonical JSON of all its fields but `hash`.
std::string HashOf(const Event& event);

}  // namespace mlean::audit

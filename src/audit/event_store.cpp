#include "audit/event_store.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/digest.hpp"
#include "base/text.hpp"
#include "sql/filter.hpp"

namespace mlean::audit {
namespace {

constexpr std::string_view kGenesis = "0000000000000000000000000000000000000000000000000000000000000000";
constexpr std::string_view kColumns =
    "seq, time, actor, action, object, before_hash, after_hash, request_id, previous, hash, detail";
constexpr int kDetailColumn = 10;

// Canonical JSON of the record, `detail` being canonical JSON already: the keys are sorted. Without `hash` it is what is hashed,
// so a line of the export less its "hash" gives the hash to anybody.
std::string Record(const Event& event, std::string_view detail, bool with_hash) {
  std::string out;
  out.reserve(400 + detail.size());
  const auto text = [&](std::string_view key, std::string_view value) {
    out += key;
    codec::AppendJsonString(out, value);
  };
  text(R"({"action":)", event.action);
  text(R"(,"actor":)", event.actor);
  text(R"(,"after_hash":)", event.after_hash);
  text(R"(,"before_hash":)", event.before_hash);
  out += R"(,"detail":)";
  out += detail;
  if (with_hash) text(R"(,"hash":)", event.hash);
  text(R"(,"object":)", event.object);
  text(R"(,"previous":)", event.previous);
  text(R"(,"request_id":)", event.request_id);
  out += R"(,"seq":)";
  out += std::to_string(event.seq);
  text(R"(,"time":)", FormatTime(event.time));
  out += '}';
  return out;
}

// All but `detail`, from a row of kColumns.
Event FromRow(const sql::Stmt& row) {
  Event event;
  event.seq = row.Int(0);
  event.time = row.Int(1);
  event.actor = row.Text(2);
  event.action = row.Text(3);
  event.object = row.Text(4);
  event.before_hash = row.Text(5);
  event.after_hash = row.Text(6);
  event.request_id = row.Text(7);
  event.previous = row.Text(8);
  event.hash = row.Text(9);
  return event;
}

bool AllFinite(const codec::Json& json) {
  if (json.IsDouble()) return std::isfinite(json.AsDouble());
  if (json.IsArray()) return std::all_of(json.AsArray().begin(), json.AsArray().end(), AllFinite);
  if (json.IsObject()) {
    return std::all_of(json.AsObject().begin(), json.AsObject().end(),
                       [](const auto& member) { return AllFinite(member.second); });
  }
  return true;
}

Result<void> Check(const NewEvent& event, std::string_view detail) {
  const auto refuse = [](std::string_view why) {
    return Fail(Code::kInvalid, fmt::format("cannot append audit event: {}", why));
  };
  if (event.actor.empty() || event.action.empty() || event.object.empty()) return refuse("actor, action or object is empty");
  for (const std::string* text :
       {&event.actor, &event.action, &event.object, &event.before_hash, &event.after_hash, &event.request_id}) {
    if (!IsValidUtf8(*text)) return refuse("text is not UTF-8");
  }
  if (!IsValidUtf8(detail)) return refuse("detail is not UTF-8");
  if (!AllFinite(event.detail)) return refuse("detail holds a NaN or infinity");
  if (detail.size() > kMaxDetailBytes) {
    return Fail(Code::kTooLarge, fmt::format("cannot append audit event: detail is {}, over {}", HumanBytes(detail.size()),
                                             HumanBytes(kMaxDetailBytes)));
  }
  return {};
}

// The kept head; nullopt when its row is gone.
Result<std::optional<Checkpoint>> KeptHead(sql::Conn& conn) {
  TRY(sql::Stmt stmt, conn.Prepare("SELECT count, hash FROM audit_head WHERE id = 1"));
  TRY(const bool row, stmt.Step());
  if (!row) return std::optional<Checkpoint>();
  return std::optional<Checkpoint>({stmt.Int(0), stmt.Text(1)});
}

// What a walk along the chain has found so far.
class Walk {
 public:
  explicit Walk(const std::optional<Checkpoint>& expected) : expected_(expected) {}

  // False: the chain is broken here.
  bool Take(const Event& event, std::string_view detail) {
    const std::int64_t wanted = verdict_.events + 1;
    if (event.seq > wanted) return Bad(wanted, fmt::format("event {} is missing: event {} comes next", wanted, event.seq));
    if (event.seq < wanted) return Bad(event.seq, fmt::format("event {} does not belong here", event.seq));
    if (Sha256Hex(Record(event, detail, false)) != event.hash) {
      return Bad(wanted, fmt::format("event {} was changed: its hash does not match its content", wanted));
    }
    if (event.previous != last_) {
      return Bad(wanted,
                 fmt::format("event {} does not follow event {}: the hash it holds of that is another", wanted, wanted - 1));
    }
    if (expected_ && expected_->count == wanted && expected_->hash != event.hash) {
      return Bad(wanted, fmt::format("event {} is another than in the checkpoint: it or one before was rewritten", wanted));
    }
    ++verdict_.events;
    last_ = event.hash;
    return true;
  }

  Verdict Finish(const std::optional<Checkpoint>& head) {
    if (!verdict_.why.empty()) return verdict_;
    const std::int64_t there = verdict_.events;
    if (!head) {
      Bad(there + 1, "the head record is missing: events may have been cut off at the end");
    } else if (head->count > there) {
      Bad(there + 1, fmt::format("events {} to {} were cut off at the end", there + 1, head->count));
    } else if (head->count < there) {
      Bad(head->count + 1, fmt::format("event {} is beyond the head record", head->count + 1));
    } else if (head->hash != last_) {
      Bad(there, fmt::format("event {} is another than in the head record", there));
    } else if (expected_ && expected_->count > there) {
      Bad(there + 1, fmt::format("the checkpoint has {} events, here are {}", expected_->count, there));
    } else {
      verdict_.intact = true;
    }
    return verdict_;
  }

 private:
  bool Bad(std::int64_t seq, std::string why) {
    verdict_.first_bad_seq = seq;
    verdict_.why = std::move(why);
    return false;
  }

  const std::optional<Checkpoint>& expected_;
  Verdict verdict_;
  std::string last_{kGenesis};
};

// Adds the condition that `column` starts with `prefix`, unless that is empty.
void AddPrefix(sql::SelectText& text, std::string_view column, const std::string& prefix) {
  if (prefix.empty()) return;
  text.Add(fmt::format(" AND {} >= ", column));
  text.Value(std::string_view(prefix));
  text.Add(fmt::format(" AND {} < ", column));
  text.Value(std::string_view(prefix + "\xf4\x8f\xbf\xbf"));  // above: the highest code point behind it
}

}  // namespace

std::string HashOf(const Event& event) { return Sha256Hex(Record(event, event.detail.Canonical(), false)); }

Result<std::int64_t> Append(sql::Txn& txn, const NewEvent& added) {
  const std::string detail = added.detail.Canonical();
  TRYV(Check(added, detail));
  TRY(const Checkpoint head, Head(txn));
  Event event;
  event.seq = head.count + 1;
  event.time = added.time;
  event.actor = added.actor;
  event.action = added.action;
  event.object = added.object;
  event.before_hash = added.before_hash;
  event.after_hash = added.after_hash;
  event.request_id = added.request_id;
  event.previous = head.hash;
  event.hash = Sha256Hex(Record(event, detail, false));
  TRYV(txn.Exec(
      "INSERT INTO audit_events(seq, time, actor, action, object, before_hash, after_hash, request_id, previous, hash, detail) "
      "VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
      event.seq, event.time, event.actor, event.action, event.object, event.before_hash, event.after_hash, event.request_id,
      event.previous, event.hash, detail));
  TRYV(txn.Exec("UPDATE audit_head SET count = ?1, hash = ?2 WHERE id = 1", event.seq, event.hash));
  return event.seq;
}

Result<std::vector<Event>> List(sql::Conn& conn, const Query& query) {
  // Only the conditions that are asked for, so that the index is used when it helps.
  const bool newest = query.newest_first;
  sql::SelectText text;
  text.Add(fmt::format("SELECT {} FROM audit_events WHERE seq {} ", kColumns, newest ? '<' : '>'));
  text.Value(newest && query.after_seq == 0 ? std::numeric_limits<std::int64_t>::max() : query.after_seq);
  AddPrefix(text, "object", query.object_prefix);
  AddPrefix(text, "action", query.action_prefix);
  text.Add(newest ? " ORDER BY seq DESC LIMIT " : " ORDER BY seq LIMIT ");
  text.Value(std::clamp<std::int64_t>(query.limit, 0, 10'000));
  TRY(sql::Stmt rows, text.Prepare(conn));
  std::vector<Event> events;
  for (;;) {
    TRY(const bool row, rows.Step());
    if (!row) return events;
    Event event = FromRow(rows);
    auto detail = codec::Json::Parse(rows.Text(kDetailColumn));
    if (!detail) return Fail(Code::kCorrupt, fmt::format("cannot read audit event {}: {}", event.seq, detail.error().what));
    event.detail = *std::move(detail);
    events.push_back(std::move(event));
  }
}

Result<Checkpoint> Head(sql::Conn& conn) {
  TRY(auto head, KeptHead(conn));
  if (!head) return Fail(Code::kCorrupt, "cannot read audit log: its head record is missing", "mlean audit verify");
  return *std::move(head);
}

Result<Verdict> Verify(sql::Conn& conn, const std::optional<Checkpoint>& expected) {
  TRY(sql::Stmt rows, conn.Prepare(fmt::format("SELECT {} FROM audit_events ORDER BY seq", kColumns)));
  Walk walk(expected);
  for (;;) {
    TRY(const bool row, rows.Step());
    if (!row || !walk.Take(FromRow(rows), rows.Text(kDetailColumn))) break;
  }
  TRY(const auto head, KeptHead(conn));
  return walk.Finish(head);
}

Result<std::string> ExportJsonLines(sql::Conn& conn, std::int64_t after_seq, std::int64_t limit) {
  TRY(sql::Stmt rows, conn.Prepare(fmt::format("SELECT {} FROM audit_events WHERE seq > ?1 ORDER BY seq LIMIT ?2", kColumns)));
  rows.Bind(after_seq).Bind(std::max<std::int64_t>(limit, 0));
  std::string out;
  for (;;) {
    TRY(const bool row, rows.Step());
    if (!row) return out;
    out += Record(FromRow(rows), rows.Text(kDetailColumn), true);
    out += '\n';
  }
}

}  // namespace mlean::audit

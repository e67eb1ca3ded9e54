#include "audit/event_store.hpp"

#include <chrono>
#include <cmath>
#include <filesystem>
#include <thread>

#include "audit/migrations.hpp"
#include "base/digest.hpp"
#include "base/ids.hpp"
#include "base/text.hpp"

namespace mlean::audit {
namespace {

namespace fs = std::filesystem;
using codec::Json;

class AuditTest : public testing::Test {
 protected:
  AuditTest() : folder_(fs::path(testing::TempDir()) / ("audit" + NewHex32())), db_(Open()) {}
  ~AuditTest() override {
    db_.reset();
    fs::remove_all(folder_);
  }
  std::unique_ptr<sql::Database> Open() { return *sql::Database::Open({.path = folder_ / "a.db"}, Migrations()); }
  Result<std::int64_t> Add(const NewEvent& event) {
    return db_->Write([&](sql::Txn& txn) { return Append(txn, event); });
  }
  void AddMany(int count) {
    for (int i = 1; i <= count; ++i) {
      const auto seq = Add({.time = 1365000000000 + i,
                            .actor = "ana",
                            .action = i % 2 == 0 ? "version.registered" : "run.logged",
                            .object = fmt::format("models/m{}/versions/{}", i % 3, i),
                            .before_hash = "b",
                            .after_hash = "a",
                            .request_id = "r",
                            .detail = Json::Object{{"n", i}, {"metric", 0.1 * i}, {"note", "ü \"quoted\"\n"}}});
      ASSERT_TRUE(seq) << seq.error().what;
      ASSERT_EQ(*seq, i);
    }
  }
  // What somebody with the file could do: no triggers, then any SQL.
  void Tamper(const std::vector<std::string>& statements) {
    const auto done = db_->Write([&](sql::Txn& txn) -> Result<void> {
      for (const char* const name : {"audit_events_no_update", "audit_events_no_delete", "audit_events_only_append",
                                     "audit_head_only_grows", "audit_head_no_delete"}) {
        TRYV(txn.Exec(fmt::format("DROP TRIGGER IF EXISTS {}", name)));
      }
      for (const std::string& statement : statements) TRYV(txn.Exec(statement));
      return {};
    });
    ASSERT_TRUE(done) << done.error().what;
  }
  Verdict Check(const std::optional<Checkpoint>& expected = std::nullopt) {
    const auto verdict = db_->Read([&](sql::Conn& conn) { return Verify(conn, expected); });
    EXPECT_TRUE(verdict) << verdict.error().what;
    return *verdict;
  }
  Checkpoint HeadNow() {
    return *db_->Read([](sql::Conn& conn) { return Head(conn); });
  }
  std::vector<std::int64_t> Seqs(const Query& query) {
    const auto events = db_->Read([&](sql::Conn& conn) { return List(conn, query); });
    EXPECT_TRUE(events) << events.error().what;
    std::vector<std::int64_t> out;
    for (const Event& event : *events) out.push_back(event.seq);
    return out;
  }

  fs::path folder_;
  std::unique_ptr<sql::Database> db_;
};

TEST_F(AuditTest, EventsComeBackAndFollowEachOther) {
  EXPECT_EQ(HeadNow().hash, std::string(64, '0'));
  EXPECT_TRUE(Check().intact);
  AddMany(5);
  const auto events = db_->Read([](sql::Conn& conn) { return List(conn, {}); });
  ASSERT_TRUE(events);
  ASSERT_EQ(events->size(), 5U);
  for (std::size_t i = 0; i < 5; ++i) {
    const Event& event = (*events)[i];
    EXPECT_EQ(event.previous, i > 0 ? (*events)[i - 1].hash : std::string(64, '0'));
    EXPECT_EQ(event.hash, HashOf(event));
    EXPECT_EQ(event.detail.Find("n")->AsInt(), static_cast<std::int64_t>(i) + 1);
    EXPECT_EQ(event.detail.Find("note")->AsString(), "ü \"quoted\"\n");
    EXPECT_EQ(event.time, 1365000000001 + static_cast<std::int64_t>(i));
    EXPECT_EQ(event.actor + event.before_hash + event.after_hash + event.request_id, "anabar");
  }
  EXPECT_EQ(HeadNow().count, 5);
  EXPECT_EQ(HeadNow().hash, events->back().hash);
  const Verdict verdict = Check(HeadNow());
  EXPECT_TRUE(verdict.intact);
  EXPECT_EQ(verdict.events, 5);
  EXPECT_EQ(verdict.first_bad_seq, 0);
}

TEST_F(AuditTest, TheHashIsOfTheCanonicalJsonOfTheExportedLine) {
  AddMany(3);
  const auto lines = db_->Read([](sql::Conn& conn) { return ExportJsonLines(conn, 1); });
  ASSERT_TRUE(lines);
  const std::vector<std::string> split = Split(*lines, '\n');
  ASSERT_EQ(split.size(), 3U);
  for (std::size_t i = 0; i < 2; ++i) {
    const auto json = Json::Parse(split[i]);
    ASSERT_TRUE(json) << json.error().what;
    EXPECT_EQ(json->Canonical(), split[i]);
    EXPECT_EQ(*json->StringAt("time"), FormatTime(1365000000002 + static_cast<std::int64_t>(i)));
    Json::Object hashed;
    for (const auto& member : json->AsObject()) {
      if (member.first != "hash") hashed.push_back(member);
    }
    EXPECT_EQ(Sha256Hex(Json(hashed).Canonical()), *json->StringAt("hash"));
  }
}

// Computed by tests/golden/audit/hash.py.
TEST_F(AuditTest, TheHashIsTheOneOfPython) {
  ASSERT_TRUE(Add({.time = 1365000000123,
                   .actor = "ana",
                   .action = "version.registered",
                   .object = "models/größe/versions/1",
                   .after_hash = "a1",
                   .request_id = "r-1",
                   .detail = Json::Object{{"z", 1}, {"a", Json::Array{0.5, true, nullptr, "q\"\n"}}}}));
  EXPECT_EQ(HeadNow().hash, "766b6ba78711121a1080b9d8e0cb5a9618c084a39b233c9e4848fd70ecd6bbc3");
}

TEST_F(AuditTest, ListFilters) {
  AddMany(9);
  EXPECT_THAT(Seqs({.after_seq = 6}), testing::ElementsAre(7, 8, 9));
  EXPECT_THAT(Seqs({.limit = 2}), testing::ElementsAre(1, 2));
  EXPECT_THAT(Seqs({.object_prefix = "models/m1/"}), testing::ElementsAre(1, 4, 7));
  EXPECT_THAT(Seqs({.object_prefix = "models/m1/", .action_prefix = "version."}), testing::ElementsAre(4));
  EXPECT_THAT(Seqs({.action_prefix = "run"}), testing::ElementsAre(1, 3, 5, 7, 9));
  EXPECT_THAT(Seqs({.object_prefix = "models/m"}), testing::SizeIs(9));
  EXPECT_THAT(Seqs({.object_prefix = "Models"}), testing::IsEmpty());
  EXPECT_THAT(Seqs({.object_prefix = "%"}), testing::IsEmpty());
  EXPECT_THAT(Seqs({.limit = 2, .newest_first = true}), testing::ElementsAre(9, 8));
  EXPECT_THAT(Seqs({.after_seq = 8, .limit = 2, .newest_first = true}), testing::ElementsAre(7, 6));
  EXPECT_THAT(Seqs({.limit = -1}), testing::IsEmpty());
}

TEST_F(AuditTest, BadEventsAreRefusedAndLeaveNothing) {
  const NewEvent good{.time = 1, .actor = "a", .action = "b", .object = "c"};
  const auto code = [&](auto change) {
    NewEvent event = good;
    change(event);
    const auto done = Add(event);
    return done ? Code::kInternal : done.error().code;
  };
  EXPECT_EQ(code([](NewEvent& e) { e.actor = ""; }), Code::kInvalid);
  EXPECT_EQ(code([](NewEvent& e) { e.object = "\xff"; }), Code::kInvalid);
  EXPECT_EQ(code([](NewEvent& e) { e.detail = std::nan(""); }), Code::kInvalid);
  EXPECT_EQ(code([](NewEvent& e) {
              e.detail = Json::Object{{"deep", Json::Array{1, Json::Object{{"x", -INFINITY}}}}};
            }),
            Code::kInvalid);
  EXPECT_EQ(code([](NewEvent& e) { e.detail = std::string(kMaxDetailBytes + 1, 'x'); }), Code::kTooLarge);
  EXPECT_EQ(HeadNow().count, 0);
  EXPECT_TRUE(Add(good));
}

TEST_F(AuditTest, AnEventIsUndoneWithItsTransaction) {
  AddMany(1);
  const auto failed = db_->Write([&](sql::Txn& txn) -> Result<void> {
    TRYV(Append(txn, {.time = 1, .actor = "a", .action = "b", .object = "c"}));
    return Fail(Code::kDenied, "no");
  });
  EXPECT_FALSE(failed);
  EXPECT_EQ(*Add({.time = 1, .actor = "a", .action = "b", .object = "c"}), 2);
  EXPECT_TRUE(Check().intact);
}

TEST_F(AuditTest, TriggersRefuseEverythingButAppending) {
  AddMany(3);
  for (const char* const statement :
       {"UPDATE audit_events SET actor = 'x' WHERE seq = 2", "DELETE FROM audit_events WHERE seq = 3", "DELETE FROM audit_events",
        "INSERT OR REPLACE INTO audit_events SELECT * FROM audit_events WHERE seq = 2",
        "UPDATE OR REPLACE audit_events SET seq = 1 WHERE seq = 2",
        "INSERT INTO audit_events SELECT 7, time, actor, action, object, before_hash, after_hash, request_id, detail, previous, "
        "hash FROM "
        "audit_events WHERE seq = 1",
        "UPDATE audit_head SET count = 1", "DELETE FROM audit_head"}) {
    const auto done = db_->Write([&](sql::Txn& txn) { return txn.Exec(statement); });
    ASSERT_FALSE(done) << statement;
    EXPECT_EQ(done.error().code, Code::kDenied) << statement << ": " << done.error().what;
  }
  EXPECT_TRUE(Check().intact);
}

TEST_F(AuditTest, EachEditedFieldIsFound) {
  AddMany(10);
  const std::vector<std::string> edits = {"time = time + 1",
                                          "actor = 'eve'",
                                          "action = 'x'",
                                          "object = object || 'x'",
                                          "before_hash = ''",
                                          "after_hash = 'c'",
                                          "request_id = 'r2'",
                                          "detail = '{}'",
                                          "detail = detail || ' '",
                                          "previous = hash",
                                          "hash = upper(hash)",
                                          "hash = previous",
                                          "actor = 'an', action = 'a' || action"};
  int column = 0;
  for (const std::string& edit : edits) {
    const std::string back = fmt::format("kept{}", ++column);
    Tamper({fmt::format("CREATE TABLE {} AS SELECT * FROM audit_events WHERE seq = 4", back),
            fmt::format("UPDATE audit_events SET {} WHERE seq = 4", edit)});
    const Verdict verdict = Check();
    EXPECT_FALSE(verdict.intact) << edit;
    EXPECT_EQ(verdict.first_bad_seq, 4) << edit;
    EXPECT_EQ(verdict.why, "event 4 was changed: its hash does not match its content") << edit;
    EXPECT_EQ(verdict.events, 3);
    Tamper({"DELETE FROM audit_events WHERE seq = 4", fmt::format("INSERT INTO audit_events SELECT * FROM {}", back)});
    ASSERT_TRUE(Check().intact) << edit;
  }
}

TEST_F(AuditTest, RemovedMovedAndAddedEventsAreFound) {
  AddMany(10);
  Tamper({"CREATE TABLE kept AS SELECT * FROM audit_events", "DELETE FROM audit_events WHERE seq = 6"});
  EXPECT_EQ(Check().why, "event 6 is missing: event 7 comes next");
  EXPECT_EQ(Check().first_bad_seq, 6);
  // Closing the gap by renumbering.
  Tamper({"UPDATE audit_events SET seq = seq - 1 WHERE seq > 6"});
  EXPECT_EQ(Check().first_bad_seq, 6);
  const std::string restore = "INSERT OR REPLACE INTO audit_events SELECT * FROM kept";
  Tamper({"DELETE FROM audit_events", restore});
  ASSERT_TRUE(Check().intact);
  // Two change places.
  Tamper({"UPDATE audit_events SET seq = -1 WHERE seq = 3", "UPDATE audit_events SET seq = 3 WHERE seq = 8",
          "UPDATE audit_events SET seq = 8 WHERE seq = -1"});
  EXPECT_EQ(Check().first_bad_seq, 3);
  Tamper({restore, "UPDATE audit_events SET seq = 0 WHERE seq = 1"});
  EXPECT_EQ(Check().why, "event 0 does not belong here");
  Tamper({"DELETE FROM audit_events WHERE seq = 0", restore,
          "INSERT INTO audit_events SELECT 11, time, actor, action, object, before_hash, after_hash, request_id, detail, hash, "
          "hash FROM kept "
          "WHERE seq = 10"});
  EXPECT_EQ(Check().first_bad_seq, 11);
}

TEST_F(AuditTest, EventsCutOffAtTheEndAreFound) {
  AddMany(10);
  const Checkpoint published = HeadNow();
  Tamper({"DELETE FROM audit_events WHERE seq > 7"});
  EXPECT_EQ(Check().why, "events 8 to 10 were cut off at the end");
  EXPECT_EQ(Check().first_bad_seq, 8);
  // With the head made to fit only the checkpoint tells.
  Tamper({"UPDATE audit_head SET count = 7, hash = (SELECT hash FROM audit_events WHERE seq = 7)"});
  EXPECT_TRUE(Check().intact);
  EXPECT_EQ(Check(published).why, "the checkpoint has 10 events, here are 7");
  EXPECT_EQ(Check(published).first_bad_seq, 8);
  Tamper({"UPDATE audit_head SET count = 6"});
  EXPECT_EQ(Check().first_bad_seq, 7);
  Tamper({"UPDATE audit_head SET count = 7, hash = 'x'"});
  EXPECT_EQ(Check().first_bad_seq, 7);
  Tamper({"DELETE FROM audit_head"});
  EXPECT_THAT(Check().why, testing::StartsWith("the head record is missing"));
  EXPECT_EQ(Add({.time = 1, .actor = "a", .action = "b", .object = "c"}).error().code, Code::kCorrupt);
}

TEST_F(AuditTest, ARewrittenChainIsFoundByTheCheckpoint) {
  AddMany(10);
  const Checkpoint published = HeadNow();
  // Event 4 says something else, and everything from there is hashed anew.
  const auto events = *db_->Read([](sql::Conn& conn) { return List(conn, {}); });
  std::vector<std::string> statements;
  std::string previous = events[2].hash;
  for (std::size_t i = 3; i < events.size(); ++i) {
    Event event = events[i];
    if (i == 3) event.actor = "eve";
    event.previous = previous;
    previous = HashOf(event);
    statements.push_back(fmt::format("UPDATE audit_events SET actor = '{}', previous = '{}', hash = '{}' WHERE seq = {}",
                                     event.actor, event.previous, previous, event.seq));
    // While it is being done, the first event that does not fit is the next one.
    if (i == 6) {
      Tamper(statements);
      EXPECT_EQ(Check().first_bad_seq, 8);
      EXPECT_THAT(Check().why, testing::StartsWith("event 8 does not follow event 7"));
    }
  }
  statements.push_back(fmt::format("UPDATE audit_head SET hash = '{}'", previous));
  Tamper(statements);
  EXPECT_TRUE(Check().intact);
  EXPECT_FALSE(Check(published).intact);
  EXPECT_EQ(Check(published).first_bad_seq, 10);
  EXPECT_TRUE(Check(Checkpoint{3, events[2].hash}).intact);
}

TEST_F(AuditTest, WritersAtOnceKeepTheChain) {
  const auto other = Open();  // as a second process would
  std::vector<std::jthread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      sql::Database& db = t % 2 == 0 ? *db_ : *other;
      for (int i = 0; i < 100; ++i) {
        const auto done = db.Write([&](sql::Txn& txn) -> Result<std::int64_t> {
          TRY(const std::int64_t seq,
              Append(txn, {.time = i, .actor = fmt::format("thread {}", t), .action = "test", .object = std::to_string(i)}));
          if (i % 10 == 9) return Fail(Code::kDenied, "undone");
          return seq;
        });
        ASSERT_EQ(done.ok(), i % 10 != 9) << done.error().what;
      }
    });
  }
  threads.clear();
  const Verdict verdict = Check();
  EXPECT_TRUE(verdict.intact) << verdict.why;
  EXPECT_EQ(verdict.events, 8 * 90);
}

TEST_F(AuditTest, AHundredThousandEvents) {
  constexpr int kEvents = 100'000;
  const auto start = std::chrono::steady_clock::now();
  const auto done = db_->Write([&](sql::Txn& txn) -> Result<void> {
    for (int i = 0; i < kEvents; ++i) {
      TRYV(Append(txn, {.time = 1365000000000 + i,
                        .actor = "ana",
                        .action = "run.logged",
                        .object = "runs/1",
                        .detail = Json::Object{{"i", i}}}));
    }
    return {};
  });
  ASSERT_TRUE(done) << done.error().what;
  const auto appended = std::chrono::steady_clock::now();
  const Verdict verdict = Check();
  const auto verified = std::chrono::steady_clock::now();
  EXPECT_TRUE(verdict.intact) << verdict.why;
  EXPECT_EQ(verdict.events, kEvents);
  RecordProperty("append_ms", std::to_string((appended - start) / std::chrono::milliseconds(1)));
  RecordProperty("verify_ms", std::to_string((verified - appended) / std::chrono::milliseconds(1)));
  EXPECT_LT(verified - appended, std::chrono::seconds(30));
}

}  // namespace
}  // namespace mlean::audit

#include "loop/turn_store.hpp"

#include "loop/migrations.hpp"
#include "sql/temporary_database_test.hpp"

namespace mlean::loop {
namespace {

using codec::Json;

class TurnStore : public sql::TemporaryDatabaseTest {
 protected:
  TurnStore() : TemporaryDatabaseTest(Migrations()) {}
  Result<Turn> Create(const std::string& id, const std::string& model, TimeMs created = 5) {
    return Write([&](sql::Txn& txn) { return CreateTurn(txn, {id, model, "manual", "because", "run-" + id, created}); });
  }
  // "ok", or the error's text.
  template <class F>
  std::string Change(F&& change) {
    const Result<void> done = Write(std::forward<F>(change));
    return done ? "ok" : done.error().what;
  }
  Turn Get(const std::string& id) {
    return *Read([&](sql::Conn& conn) { return GetTurn(conn, id); });
  }
  std::optional<Turn> UnderWay(const std::string& model) {
    return *Read([&](sql::Conn& conn) { return FindTurnUnderWay(conn, model); });
  }
  std::vector<std::string> List(const std::string& model, std::int64_t limit = 10) {
    std::vector<std::string> ids;
    const auto turns = *Read([&](sql::Conn& conn) { return ListTurns(conn, model, limit); });
    for (const Turn& turn : turns) ids.push_back(turn.id);
    return ids;
  }
  std::vector<TurnStep> Steps(const std::string& id) {
    return *Read([&](sql::Conn& conn) { return ListSteps(conn, id); });
  }
};

TEST_F(TurnStore, ATurnKeepsWhatItWasGiven) {
  const auto made = Create("a", "late", 7);
  ASSERT_TRUE(made) << made.error().what;
  const Turn turn = Get("a");
  EXPECT_EQ(turn.id, "a");
  EXPECT_EQ(turn.number, 1);
  EXPECT_EQ(turn.model, "late");
  EXPECT_EQ(turn.cause, "manual");
  EXPECT_EQ(turn.detail, "because");
  EXPECT_EQ(turn.status, "running");
  EXPECT_EQ(turn.run_id, "run-a");
  EXPECT_EQ(turn.created, 7);
  EXPECT_EQ(turn.ended, std::nullopt);
  EXPECT_EQ(turn.version, std::nullopt);
  EXPECT_EQ(turn.rollout_id, std::nullopt);
  EXPECT_TRUE(turn.UnderWay());
  EXPECT_EQ(made->number, turn.number);
  const auto none = Read([](sql::Conn& conn) { return GetTurn(conn, "x"); });
  EXPECT_EQ(none.error().code, Code::kNotFound);
  EXPECT_EQ(none.error().what, "cannot find turn 'x'");
}

TEST_F(TurnStore, AtMostOneTurnOfAModelIsUnderWay) {
  ASSERT_TRUE(Create("a", "late"));
  const auto second = Create("b", "late");
  EXPECT_EQ(second.error().code, Code::kConflict);
  EXPECT_EQ(second.error().what, "cannot start a turn of 'late': turn 1 is under way");
  EXPECT_EQ(second.error().fix, "mlean loop status");
  ASSERT_TRUE(Create("c", "other"));
  EXPECT_EQ(Change([](sql::Txn& txn) { return SetTurnStatus(txn, "a", "waiting"); }), "ok");
  EXPECT_EQ(UnderWay("late")->status, "waiting");
  EXPECT_EQ(Create("b", "late").error().code, Code::kConflict) << "a waiting turn is under way too";
  EXPECT_EQ(Change([](sql::Txn& txn) { return EndTurn(txn, "a", "denied", "no", 9); }), "ok");
  EXPECT_EQ(UnderWay("late"), std::nullopt);
  ASSERT_TRUE(Create("b", "late"));
  EXPECT_EQ(Get("b").number, 3) << "numbers count over all models and never again";
}

TEST_F(TurnStore, AnEndedTurnStaysAsItEnded) {
  ASSERT_TRUE(Create("a", "late"));
  EXPECT_EQ(Change([](sql::Txn& txn) { return SetTurnVersion(txn, "a", 4); }), "ok");
  EXPECT_EQ(Change([](sql::Txn& txn) { return SetTurnRollout(txn, "a", "r"); }), "ok");
  EXPECT_EQ(Change([](sql::Txn& txn) { return EndTurn(txn, "a", "promoted", "version 4", 9); }), "ok");
  const std::string refused = "cannot change turn 'a': there is no such turn under way";
  EXPECT_EQ(Change([](sql::Txn& txn) { return EndTurn(txn, "a", "failed", "late", 10); }), refused);
  EXPECT_EQ(Change([](sql::Txn& txn) { return SetTurnStatus(txn, "a", "running"); }), refused);
  const Turn turn = Get("a");
  EXPECT_EQ(turn.status, "promoted");
  EXPECT_EQ(turn.outcome, "version 4");
  EXPECT_EQ(turn.ended, 9);
  EXPECT_EQ(turn.version, 4);
  EXPECT_EQ(turn.rollout_id, "r");
  EXPECT_FALSE(turn.UnderWay());
  EXPECT_EQ(Change([](sql::Txn& txn) { return SetTurnVersion(txn, "none", 4); }),
            "cannot change turn 'none': there is no such turn under way");
}

TEST_F(TurnStore, ListsNewestFirst) {
  for (const auto& [id, model] : {std::pair("a", "late"), std::pair("b", "other"), std::pair("c", "late")}) {
    ASSERT_TRUE(Create(id, model));
    ASSERT_EQ(Change([&, name = id](sql::Txn& txn) { return EndTurn(txn, name, "failed", "", 9); }), "ok");
  }
  EXPECT_THAT(List(""), testing::ElementsAre("c", "b", "a"));
  EXPECT_THAT(List("late"), testing::ElementsAre("c", "a"));
  EXPECT_THAT(List("", 1), testing::ElementsAre("c"));
  EXPECT_THAT(List("none"), testing::IsEmpty());
}

TEST_F(TurnStore, StepsAreRecordedBeforeAndAfter) {
  ASSERT_TRUE(Create("a", "late"));
  const auto begin = [](int position, const char* name, TimeMs now) {
    return [=](sql::Txn& txn) { return BeginStep(txn, "a", position, name, Json(Json::Object{{"at", now}}), now); };
  };
  EXPECT_EQ(Change(begin(1, "validate", 20)), "ok");
  EXPECT_EQ(Change(begin(0, "pull", 10)), "ok");
  const auto finish = [](sql::Txn& txn) { return FinishStep(txn, "a", 0, "done", Json::Object{{"rows", 3}}, "3 rows", 15, 4); };
  EXPECT_EQ(Change(finish), "ok");
  const std::vector<TurnStep> steps = Steps("a");
  ASSERT_EQ(steps.size(), 2U);
  EXPECT_EQ(steps[0].name, "pull");
  EXPECT_EQ(steps[0].status, "done");
  EXPECT_EQ(steps[0].started, 10);
  EXPECT_EQ(steps[0].ended, 15);
  EXPECT_EQ(steps[0].inputs.Dump(), R"({"at":10})");
  EXPECT_EQ(steps[0].outputs.Dump(), R"({"rows":3})");
  EXPECT_EQ(steps[0].message, "3 rows");
  EXPECT_EQ(steps[0].wall_ms, 4);
  EXPECT_EQ(steps[0].attempts, 1);
  EXPECT_EQ(steps[1].position, 1);
  EXPECT_EQ(steps[1].status, "running");
  EXPECT_EQ(steps[1].ended, std::nullopt);
  EXPECT_TRUE(Steps("none").empty());
}

// What a killed turn does when it goes on: the step is begun again, and the moment it was first begun at stays.
TEST_F(TurnStore, AnotherAttemptIsCounted) {
  ASSERT_TRUE(Create("a", "late"));
  for (const TimeMs now : {10, 20, 30}) {
    EXPECT_EQ(Change([&](sql::Txn& txn) { return BeginStep(txn, "a", 0, "pull", Json::Object{{"at", now}}, now); }), "ok");
  }
  const std::vector<TurnStep> steps = Steps("a");
  ASSERT_EQ(steps.size(), 1U);
  EXPECT_EQ(steps[0].attempts, 3);
  EXPECT_EQ(steps[0].started, 10);
  EXPECT_EQ(steps[0].inputs.Dump(), R"({"at":30})");
}

// The end of a step and its effects are one transaction: an error takes both back.
TEST_F(TurnStore, AFailedTransactionLeavesTheStepOpen) {
  ASSERT_TRUE(Create("a", "late"));
  EXPECT_EQ(Change([](sql::Txn& txn) { return BeginStep(txn, "a", 0, "pull", Json::Object{}, 1); }), "ok");
  EXPECT_EQ(Change([](sql::Txn& txn) -> Result<void> {
              TRYV(FinishStep(txn, "a", 0, "done", Json::Object{}, "", 2, 1));
              TRYV(EndTurn(txn, "a", "promoted", "", 2));
              return Fail(Code::kIo, "disk full");
            }),
            "disk full");
  EXPECT_EQ(Steps("a")[0].status, "running");
  EXPECT_TRUE(Get("a").UnderWay());
}

}  // namespace
}  // namespace mlean::loop

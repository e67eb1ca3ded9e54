#include "rollout/rollout_store.hpp"

#include <fmt/core.h>

#include <filesystem>

#include "base/ids.hpp"

namespace mlean::rollout {
namespace {

class RolloutStore : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() / ("rollout-" + NewHex32());
    std::filesystem::create_directories(folder_);
    Result<std::unique_ptr<sql::Database>> db = sql::Database::Open({.path = folder_ / "test.db"}, Migrations());
    ASSERT_TRUE(db) << db.error().what;
    db_ = *std::move(db);
  }
  void TearDown() override {
    db_.reset();
    std::filesystem::remove_all(folder_);
  }

  Result<Rollout> Start(const std::string& model, std::int64_t version, TimeMs now, Strategy strategy = Strategy::kCanary) {
    NewRollout spec{.model = model, .candidate_version = version, .champion_version = version - 1, .turn_id = "turn-1"};
    spec.plan.strategy = strategy;
    return db_->Write([&](sql::Txn& txn) { return Create(txn, spec, now); });
  }
  Result<Rollout> Read(const std::string& id) {
    return db_->Read([&](sql::Conn& conn) { return Get(conn, id); });
  }
  Result<void> End(const std::string& id, Status status, TimeMs now) {
    return db_->Write([&](sql::Txn& txn) { return Finish(txn, id, status, "by hand", now); });
  }

  std::filesystem::path folder_;
  std::unique_ptr<sql::Database> db_;
};

TEST_F(RolloutStore, CreatesAndReadsBack) {
  const Result<Rollout> made = Start("flights", 4, 1000);
  ASSERT_TRUE(made) << made.error().what;
  const Result<Rollout> read = Read(made->id);
  ASSERT_TRUE(read) << read.error().what;
  EXPECT_EQ(read->model, "flights");
  EXPECT_EQ(read->candidate_version, 4);
  EXPECT_EQ(read->champion_version, 3);
  EXPECT_EQ(read->plan.steps, (std::vector<double>{0.05, 0.25, 0.5}));
  EXPECT_EQ(read->plan.step_for_ms, 10 * kMinuteMs);
  EXPECT_EQ(read->seed.size(), 32u);
  EXPECT_EQ(read->state, (State{.step = 0, .weight = 0.05, .step_started = 1000, .status = Status::kRunning}));
  EXPECT_EQ(read->started, 1000);
  EXPECT_FALSE(read->ended);
  EXPECT_FALSE(read->verdict);
  EXPECT_EQ(read->turn_id, "turn-1");
  EXPECT_EQ(read->reason, "step 1 of 3 at 5 %");
}

TEST_F(RolloutStore, OneRunningRolloutAModel) {
  const Result<Rollout> first = Start("flights", 4, 1000);
  ASSERT_TRUE(first);
  const Result<Rollout> second = Start("flights", 5, 2000);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Code::kConflict);
  EXPECT_EQ(second.error().what, "cannot start rollout of 'flights': version 4 is being rolled out");
  EXPECT_TRUE(Start("other", 1, 2000));
  ASSERT_TRUE(End(first->id, Status::kAborted, 3000));
  EXPECT_TRUE(Start("flights", 5, 4000));
}

TEST_F(RolloutStore, TheIndexHoldsEvenWithoutTheCheck) {
  ASSERT_TRUE(Start("flights", 4, 1000));
  const Result<void> twin = db_->Write([](sql::Txn& txn) {
    return txn.Exec(
        "INSERT INTO rollouts SELECT 'other', model, candidate_version, champion_version, plan, seed, status, step, weight, "
        "step_started, started, ended, verdict, reason, evidence, turn_id FROM rollouts");
  });
  EXPECT_FALSE(twin);
}

TEST_F(RolloutStore, UpdatesUntilItEnds) {
  const Result<Rollout> made = Start("flights", 4, 1000);
  StateUpdate update{.state = {.step = 1, .weight = 0.25, .step_started = 2000, .status = Status::kWaitingForEvidence},
                     .verdict = Verdict::kNotEnoughEvidence,
                     .reason = "waiting",
                     .evidence = R"({"errors":{}})"};
  const auto store = [&](TimeMs now) {
    return db_->Write([&](sql::Txn& txn) { return UpdateState(txn, made->id, update, now); });
  };
  ASSERT_TRUE(store(2000));
  Result<Rollout> read = Read(made->id);
  EXPECT_EQ(read->state, update.state);
  EXPECT_EQ(read->verdict, Verdict::kNotEnoughEvidence);
  EXPECT_EQ(read->evidence, update.evidence);
  EXPECT_FALSE(read->ended);
  const auto running = db_->Read([&](sql::Conn& conn) { return FindRunning(conn, "flights"); });
  ASSERT_TRUE(running && *running);
  EXPECT_EQ((*running)->id, made->id);

  update.state.status = Status::kPromoted;
  update.state.weight = 1;
  ASSERT_TRUE(store(3000));
  read = Read(made->id);
  EXPECT_EQ(read->ended, 3000);
  EXPECT_EQ(store(4000).error().code, Code::kConflict);
  EXPECT_FALSE(*db_->Read([&](sql::Conn& conn) { return FindRunning(conn, "flights"); }));
}

TEST_F(RolloutStore, FinishIsIdempotent) {
  const Result<Rollout> made = Start("flights", 4, 1000);
  EXPECT_EQ(End(made->id, Status::kRunning, 2000).error().code, Code::kInvalid);
  ASSERT_TRUE(End(made->id, Status::kPromoted, 2000));
  ASSERT_TRUE(End(made->id, Status::kPromoted, 3000));
  const Result<Rollout> read = Read(made->id);
  EXPECT_EQ(read->ended, 2000);
  EXPECT_EQ(read->state.weight, 1);
  EXPECT_EQ(End(made->id, Status::kAborted, 4000).error().code, Code::kConflict);
  EXPECT_EQ(End("nosuch", Status::kAborted, 4000).error().code, Code::kNotFound);
}

TEST_F(RolloutStore, InstantIsDoneAtOnceAndListsNewestFirst) {
  ASSERT_TRUE(Start("flights", 1, 1000, Strategy::kInstant));
  ASSERT_TRUE(Start("flights", 2, 2000, Strategy::kInstant));
  ASSERT_TRUE(Start("other", 1, 3000));
  const auto list = [&](const ListFilter& filter) {
    std::vector<std::int64_t> started;
    const auto rollouts = db_->Read([&](sql::Conn& conn) { return List(conn, filter); });
    for (const Rollout& rollout : *rollouts) started.push_back(rollout.started);
    return started;
  };
  EXPECT_THAT(list({}), ::testing::ElementsAre(3000, 2000, 1000));
  EXPECT_THAT(list({.model = "flights"}), ::testing::ElementsAre(2000, 1000));
  EXPECT_THAT(list({.status = Status::kRunning}), ::testing::ElementsAre(3000));
  EXPECT_THAT(list({.limit = 1}), ::testing::ElementsAre(3000));
}

TEST_F(RolloutStore, BadPlansAndBrokenRowsAreErrors) {
  NewRollout spec{.model = "flights", .candidate_version = 1};
  spec.plan.steps = {0.5, 0.1};
  EXPECT_EQ(db_->Write([&](sql::Txn& txn) { return Create(txn, spec, 1); }).error().code, Code::kInvalid);
  const Result<Rollout> made = Start("flights", 4, 1000);
  ASSERT_TRUE(db_->Write([](sql::Txn& txn) { return txn.Exec("UPDATE rollouts SET plan = '{}'"); }));
  EXPECT_EQ(Read(made->id).error().code, Code::kCorrupt);
}

}  // namespace
}  // namespace mlean::rollout

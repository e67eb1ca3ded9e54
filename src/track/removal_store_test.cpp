#include "track/removal_store.hpp"

#include "track/experiment_store.hpp"
#include "track/fixture_test.hpp"
#include "track/metric_store.hpp"
#include "track/run_store.hpp"

namespace mlean::track {
namespace {

class RemovalStore : public StoreTest {
 protected:
  std::string AddRun(int points) {
    const auto run = Write([&](sql::Txn& txn) -> Result<std::string> {
      TRY(const track::Run made, CreateRun(txn, {}, 1));
      std::vector<Metric> metrics;
      for (int i = 0; i < points; ++i) metrics.push_back({"m", 1.0 * i, i, i});
      TRYV(LogMetrics(txn, made.info.run_id, metrics));
      return made.info.run_id;
    });
    EXPECT_TRUE(run) << run.error().what;
    return *run;
  }
  std::int64_t Count(const std::string& table) {
    const auto count = Read([&](sql::Conn& conn) -> Result<std::int64_t> {
      TRY(sql::Stmt stmt, conn.Prepare("SELECT count(*) FROM " + table));
      TRY(const bool found, stmt.Step());
      return found ? stmt.Int(0) : -1;
    });
    return *count;
  }
};

TEST_F(RemovalStore, TakesADeletedRunAwayInPieces) {
  const std::string gone = AddRun(50'000);
  const std::string stays = AddRun(10);
  EXPECT_EQ(Write([&](sql::Txn& txn) { return RemoveRun(txn, gone); }).error().code, Code::kInvalid);
  ASSERT_TRUE(Write([&](sql::Txn& txn) { return DeleteRun(txn, gone, 100); }));
  EXPECT_EQ(Read([&](sql::Conn& conn) { return DeletedRuns(conn, 99, {}, "", 10); })->size(), 0u);
  EXPECT_EQ(Read([&](sql::Conn& conn) { return DeletedRuns(conn, 100, {"7"}, "", 10); })->size(), 0u);
  EXPECT_EQ(Read([&](sql::Conn& conn) { return DeletedRuns(conn, 100, {"0"}, "", 10); })->front().id, gone);
  ASSERT_TRUE(Write([&](sql::Txn& txn) { return RemoveRun(txn, gone); }));
  EXPECT_FALSE(Write([&](sql::Txn& txn) { return RestoreRun(txn, gone); }));
  int calls = 0;
  while (*Write([](sql::Txn& txn) { return SweepRemoved(txn); })) ++calls;
  EXPECT_EQ(calls, 3);
  EXPECT_EQ(Count("metrics"), 10);
  EXPECT_EQ(Count("latest_metrics"), 1);
  EXPECT_EQ(Count("removed_runs"), 0);
  EXPECT_TRUE(Read([&](sql::Conn& conn) { return GetRun(conn, stays); }));
}

TEST_F(RemovalStore, KeepsAnExperimentThatHasRuns) {
  const std::string id = *Write([](sql::Txn& txn) { return CreateExperiment(txn, {.name = "e"}, 1); });
  const auto run = Write([&](sql::Txn& txn) { return CreateRun(txn, {.experiment_id = id}, 1); });
  ASSERT_TRUE(Write([&](sql::Txn& txn) { return DeleteExperiment(txn, id, 5); }));
  EXPECT_FALSE(*Write([&](sql::Txn& txn) { return RemoveExperiment(txn, id); }));
  ASSERT_TRUE(Write([&](sql::Txn& txn) { return RemoveRun(txn, run->info.run_id); }));
  EXPECT_TRUE(*Write([&](sql::Txn& txn) { return RemoveExperiment(txn, id); }));
  EXPECT_TRUE(Write([](sql::Txn& txn) { return CreateExperiment(txn, {.name = "e"}, 9); }));
  ASSERT_TRUE(Write([](sql::Txn& txn) { return DeleteExperiment(txn, "0", 5); }));
  EXPECT_FALSE(*Write([](sql::Txn& txn) { return RemoveExperiment(txn, "0"); }));
}

}  // namespace
}  // namespace mlean::track

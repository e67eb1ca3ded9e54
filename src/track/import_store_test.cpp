#include "track/import_store.hpp"

#include <limits>

#include "track/experiment_store.hpp"
#include "track/fixture_test.hpp"
#include "track/metric_store.hpp"
#include "track/removal_store.hpp"
#include "track/run_store.hpp"

namespace mlean::track {
namespace {

class ImportStore : public StoreTest {
 protected:
  Import Begin(std::optional<std::string> prefix = {}) {
    const auto import = Write([&](sql::Txn& txn) { return BeginImport(txn, "sqlite:////x", prefix, 1); });
    EXPECT_TRUE(import) << import.error().what;
    return *import;
  }
  // The run with `points` points, brought in.
  Result<std::int64_t> Bring(const Import& import, const track::Run& run, const std::vector<Metric>& points) {
    return Write([&](sql::Txn& txn) -> Result<std::int64_t> {
      TRY(const std::int64_t number, ImportRun(txn, import.no, run, std::nullopt, "file:///x"));
      TRYV(ImportPoints(txn, number, points));
      TRYV(FinishRunImport(txn, import.no, run.info.run_id, number, static_cast<std::int64_t>(points.size()), StateOf(run)));
      return number;
    });
  }
  ImportCounts Counts(const Import& import) {
    return *Read([&](sql::Conn& conn) { return CountImport(conn, import.no); });
  }
  static track::Run MakeRun(const std::string& id) {
    track::Run run;
    run.info.run_id = id;
    run.info.experiment_id = "0";
    run.info.name = "n";
    run.info.status = RunStatus::kFinished;
    run.params = {{"p", "1"}};
    run.tags = {{"t", std::string(9000, 'x')}};
    run.datasets = {{{"d", "1", "local", "{}", {}, {}}, {{"k", "v"}}}};
    return run;
  }
};

Experiment Made(const std::string& id, const std::string& name) {
  Experiment out;
  out.id = id;
  out.name = name;
  return out;
}

const std::vector<Metric> kPoints = {{"m", 1.0, 5, 0}, {"m", std::numeric_limits<double>::quiet_NaN(), 6, 1}, {"m", 1.0, 5, 0}};

TEST_F(ImportStore, BringsARunOnceHoweverOftenItIsAsked) {
  const Import import = Begin();
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(Bring(import, MakeRun("r1"), kPoints));
  const ImportCounts counts = Counts(import);
  EXPECT_EQ(counts.runs, 1);
  EXPECT_EQ(counts.points, 2);
  EXPECT_EQ(counts.points_read, 3);
  EXPECT_EQ(counts.same_points, 1);
  EXPECT_EQ(counts.params, 1);
  EXPECT_EQ(counts.dataset_inputs, 1);
  const track::Run run = *Read([](sql::Conn& conn) { return GetRun(conn, "r1"); });
  EXPECT_EQ(run.tags[0].value.size(), 9000u);  // longer than what we would take
  EXPECT_EQ(run.metrics[0].step, 1);
  EXPECT_EQ(run.datasets[0].tags[0].value, "v");
}

TEST_F(ImportStore, RefusesWhatCameFromElsewhere) {
  ASSERT_TRUE(Write([](sql::Txn& txn) { return CreateRun(txn, {.run_id = "r1"}, 1); }));
  const Import import = Begin();
  EXPECT_EQ(Bring(import, MakeRun("r1"), {}).error().code, Code::kExists);
  ASSERT_TRUE(Write([](sql::Txn& txn) { return CreateExperiment(txn, {.name = "e"}, 1); }));
  Changes changes;
  const auto taken =
      Write([&](sql::Txn& txn) { return ImportExperiment(txn, import.no, Made("5", "e"), "e", "s3://x", changes); });
  EXPECT_EQ(taken.error().code, Code::kExists);
}

TEST_F(ImportStore, KeepsTheIdOfAnExperimentWhenItIsFree) {
  const Import import = Begin();
  Changes changes;
  const auto bring = [&](const std::string& id, const std::string& name) {
    return *Write(
        [&](sql::Txn& txn) { return ImportExperiment(txn, import.no, Made(id, name), name, "mlflow-artifacts:", changes); });
  };
  EXPECT_EQ(bring("939443", "a"), "939443");
  EXPECT_EQ(bring("939443", "a"), "939443");
  EXPECT_EQ(bring("0", "Default"), "0");
  const std::string other = *Write([](sql::Txn& txn) { return CreateExperiment(txn, {.name = "here"}, 1); });
  const std::string moved = bring(other, "b");
  EXPECT_NE(moved, other);
  EXPECT_EQ(Read([&](sql::Conn& conn) { return GetExperiment(conn, moved); })->artifact_location, "mlflow-artifacts:/" + moved);
}

TEST_F(ImportStore, AnExperimentFollowsTheSourceUntilItChangesHere) {
  const Import import = Begin();
  Changes changes;
  Experiment source = Made("7", "a");
  source.tags = {{"gone", "x"}, {"team", "x"}};
  const auto bring = [&] {
    return *Write([&](sql::Txn& txn) {
      return ImportExperiment(txn, import.no, source, "old-" + source.name, "mlflow-artifacts:", changes);
    });
  };
  const auto here = [&] { return *Read([](sql::Conn& conn) { return GetExperiment(conn, "7"); }); };
  EXPECT_EQ(bring(), "7");
  source.name = "b";
  source.stage = Stage::kDeleted;
  source.tags = {{"team", "y"}};
  EXPECT_EQ(bring(), "7");
  EXPECT_EQ(here().name, "old-b");
  EXPECT_EQ(here().stage, Stage::kDeleted);
  EXPECT_EQ(here().tags, std::vector<Tag>({{"team", "y"}}));
  bring();
  EXPECT_EQ(changes.brought, 1) << "nothing has changed since";
  ASSERT_TRUE(Write([](sql::Txn& txn) { return RestoreExperiment(txn, "7", 1); }));
  bring();
  EXPECT_EQ(here().stage, Stage::kActive) << "changed here only";
  source.tags = {{"team", "z"}};
  bring();
  EXPECT_EQ(here().tags, std::vector<Tag>({{"team", "y"}}));
  EXPECT_EQ(changes.brought, 1);
  EXPECT_EQ(changes.kept, 1);
}

TEST_F(ImportStore, GoesOnOnlyWithTheSamePrefix) {
  const Import import = Begin("old-");
  EXPECT_EQ(Begin().no, import.no);
  EXPECT_EQ(Begin().prefix, "old-");
  EXPECT_EQ(Write([](sql::Txn& txn) { return BeginImport(txn, "sqlite:////x", "new-", 1); }).error().code, Code::kConflict);
}

TEST_F(ImportStore, CountsWhatHasBeenDeletedForGoodSince) {
  const Import import = Begin();
  ASSERT_TRUE(Bring(import, MakeRun("r1"), kPoints));
  ASSERT_TRUE(Bring(import, MakeRun("r2"), kPoints));
  ASSERT_TRUE(Write([](sql::Txn& txn) { return DeleteRun(txn, "r1", 1); }));
  ASSERT_TRUE(Write([](sql::Txn& txn) { return RemoveRun(txn, "r1"); }));
  while (*Write([](sql::Txn& txn) { return SweepRemoved(txn); })) {
  }
  EXPECT_EQ(Counts(import).removed, 1);
  EXPECT_EQ(Counts(import).runs, 1);
  EXPECT_EQ(Counts(import).points, 2);
}

}  // namespace
}  // namespace mlean::track

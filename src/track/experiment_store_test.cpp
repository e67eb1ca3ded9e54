#include "track/experiment_store.hpp"

#include "track/fixture_test.hpp"
#include "track/run_store.hpp"

namespace mlean::track {
namespace {

using ExperimentStore = StoreTest;

TEST_F(ExperimentStore, DefaultIsThereAndIdsCount) {
  const auto standard = Read([](sql::Conn& c) { return GetExperiment(c, "0"); });
  ASSERT_TRUE(standard);
  EXPECT_EQ(standard->name, "Default");
  EXPECT_EQ(standard->artifact_location, "mlflow-artifacts:/0");
  const auto first = Write([](sql::Txn& t) { return CreateExperiment(t, {.name = "a", .tags = {{"k", "v"}}}, 5); });
  const auto second = Write(
      [](sql::Txn& t) { return CreateExperiment(t, {.name = "b", .artifact_location = "s3://b/x", .default_root = "r"}, 6); });
  ASSERT_TRUE(first && second);
  EXPECT_EQ(*first, "1");
  EXPECT_EQ(*second, "2");
  const auto got = Read([](sql::Conn& c) { return GetExperimentByName(c, "a"); });
  ASSERT_TRUE(got);
  EXPECT_EQ(got->artifact_location, "mlflow-artifacts:/1");
  EXPECT_EQ(got->tags, (std::vector<Tag>{{"k", "v"}}));
  EXPECT_EQ(Read([](sql::Conn& c) { return GetExperiment(c, "2"); })->artifact_location, "s3://b/x");
}

TEST_F(ExperimentStore, DefaultTakesItsRootOnce) {
  ASSERT_TRUE(Write([](sql::Txn& t) { return PrepareDefaultExperiment(t, "file:///x", 7); }));
  ASSERT_TRUE(Write([](sql::Txn& t) { return PrepareDefaultExperiment(t, "file:///y", 8); }));
  const auto got = Read([](sql::Conn& c) { return GetExperiment(c, "0"); });
  EXPECT_EQ(got->artifact_location, "file:///x/0");
  EXPECT_EQ(got->created, 7);
}

TEST_F(ExperimentStore, NamesStayReservedAfterDelete) {
  ASSERT_TRUE(Write([](sql::Txn& t) { return CreateExperiment(t, {.name = "a"}, 1); }));
  ASSERT_TRUE(Write([](sql::Txn& t) { return DeleteExperiment(t, "1", 2); }));
  const auto again = Write([](sql::Txn& t) { return CreateExperiment(t, {.name = "a"}, 3); });
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, Code::kExists);
  EXPECT_TRUE(again.error().what.starts_with("Experiment(name=a) already exists."));
  EXPECT_EQ(Read([](sql::Conn& c) { return GetExperimentByName(c, "a"); })->stage, Stage::kDeleted);
  const auto renamed = Write([](sql::Txn& t) { return RenameExperiment(t, "1", "b", 4); });
  EXPECT_EQ(renamed.error().what, "Cannot rename a non-active experiment.");
  ASSERT_FALSE(Write([](sql::Txn& t) { return EnsureExperiment(t, {.name = "a"}, 4); }));
  EXPECT_EQ(*Write([](sql::Txn& t) { return EnsureExperiment(t, {.name = "c"}, 4); }), "2");
  EXPECT_EQ(*Write([](sql::Txn& t) { return EnsureExperiment(t, {.name = "c"}, 4); }), "2");
}

TEST_F(ExperimentStore, DeleteCascadesAndRestoreRevivesAllRuns) {
  ASSERT_TRUE(Write([](sql::Txn& t) { return CreateExperiment(t, {.name = "a"}, 1); }));
  const auto run = Write([](sql::Txn& t) { return CreateRun(t, {.experiment_id = "1"}, 1); });
  ASSERT_TRUE(Write([](sql::Txn& t) { return DeleteExperiment(t, "1", 2); }));
  EXPECT_EQ(Read([&](sql::Conn& c) { return GetRunInfo(c, run->info.run_id); })->stage, Stage::kDeleted);
  const auto refused = Write([](sql::Txn& t) { return CreateRun(t, {.experiment_id = "1"}, 1); });
  EXPECT_EQ(refused.error().what, "The experiment 1 must be in the 'active' state. Current state is deleted.");
  ASSERT_TRUE(Write([](sql::Txn& t) { return RestoreExperiment(t, "1", 3); }));
  EXPECT_EQ(Read([&](sql::Conn& c) { return GetRunInfo(c, run->info.run_id); })->stage, Stage::kActive);
}

TEST_F(ExperimentStore, MissingOnesHaveMlflowsTexts) {
  EXPECT_EQ(Read([](sql::Conn& c) { return GetExperiment(c, "77"); }).error().what, "No Experiment with id=77 exists");
  EXPECT_EQ(Read([](sql::Conn& c) { return GetExperiment(c, "x"); }).error().code, Code::kInvalid);
  EXPECT_EQ(Read([](sql::Conn& c) { return GetExperiment(c, "99999999999999999999999"); }).error().code, Code::kInvalid);
  EXPECT_EQ(Read([](sql::Conn& c) { return GetExperimentByName(c, "x"); }).error().what,
            "Could not find experiment with name 'x'");
  EXPECT_FALSE(Write([](sql::Txn& t) { return CreateExperiment(t, {.name = ""}, 1); }));
  EXPECT_FALSE(Write([](sql::Txn& t) { return CreateExperiment(t, {.name = std::string(501, 'a')}, 1); }));
  EXPECT_EQ(Write([](sql::Txn& t) {
              return SetExperimentTag(t, "0", {"k", std::string(20001, 'a')});
            })
                .error()
                .what,
            "'value' exceeds the maximum length of 20000 characters");
  EXPECT_EQ(Write([](sql::Txn& t) { return DeleteExperimentTag(t, "0", "no"); }).error().what,
            "No tag with name: no in experiment with id 0");
}

TEST_F(ExperimentStore, ListOrdersAndFilters) {
  for (const char* name : {"a", "ab", "Abc"}) {
    ASSERT_TRUE(Write([&](sql::Txn& t) { return CreateExperiment(t, {.name = name, .tags = {{"n", name}}}, 10); }));
  }
  const auto names = [this](const Query& query) {
    const auto got = Read([&](sql::Conn& c) { return ListExperiments(c, query); });
    EXPECT_TRUE(got) << got.error().what;
    std::vector<std::string> out;
    if (got) {
      for (const Experiment& e : *got) out.push_back(e.name);
    }
    return out;
  };
  using Names = std::vector<std::string>;
  EXPECT_EQ(names({}), (Names{"a", "ab", "Abc", "Default"}));
  EXPECT_EQ(names({.order = {{Field::kAttribute, "name", false}}}), (Names{"ab", "a", "Default", "Abc"}));
  EXPECT_EQ(names({.where = {{Field::kAttribute, "name", Op::kLike, "a%"}}}), (Names{"a", "ab"}));
  EXPECT_EQ(names({.where = {{Field::kAttribute, "name", Op::kILike, "a%"}}}), (Names{"a", "ab", "Abc"}));
  EXPECT_EQ(names({.where = {{Field::kTag, "n", Op::kNe, "ab"}}}), (Names{"a", "Abc"}));
  EXPECT_EQ(names({.where = {{Field::kTag, "n", Op::kIsNull}}}), (Names{"Default"}));
  sql::SortPlace place;
  Names paged;
  do {
    const auto page = Read([&](sql::Conn& c) { return ListExperiments(c, {.limit = 2, .after = place}, &place); });
    ASSERT_TRUE(page);
    for (const Experiment& e : *page) paged.push_back(e.name);
  } while (!place.empty());
  EXPECT_EQ(paged, names({}));
  ASSERT_TRUE(Write([](sql::Txn& t) { return DeleteExperiment(t, "1", 2); }));
  EXPECT_EQ(names({.view = View::kDeletedOnly}), (Names{"a"}));
  EXPECT_FALSE(Read([](sql::Conn& c) { return ListExperiments(c, {.where = {{Field::kAttribute, "x", Op::kEq, "1"}}}); }));
}

}  // namespace
}  // namespace mlean::track

#include "track/logged_model_store.hpp"

#include "track/fixture_test.hpp"
#include "track/metric_store.hpp"
#include "track/run_store.hpp"

namespace mlean::track {
namespace {

using LoggedModelStore = StoreTest;

TEST_F(LoggedModelStore, LifeCycle) {
  const auto made = Write([](sql::Txn& t) {
    return CreateLoggedModel(t, {.name = "model", .model_type = "xgb", .params = {{"depth", "6"}}, .tags = {{"a", "b"}}}, 10);
  });
  ASSERT_TRUE(made);
  EXPECT_EQ(made->model_id.size(), 34U);
  EXPECT_TRUE(made->model_id.starts_with("m-"));
  EXPECT_EQ(made->status, ModelStatus::kPending);
  EXPECT_EQ(made->artifact_uri, "mlflow-artifacts:/0/models/" + made->model_id + "/artifacts");
  const std::string id = made->model_id;
  EXPECT_EQ(Write([&](sql::Txn& t) { return FinalizeLoggedModel(t, id, ModelStatus::kReady, 20); })->status, ModelStatus::kReady);
  ASSERT_TRUE(Write([&](sql::Txn& t) { return SetLoggedModelTags(t, id, {{"c", "d"}}); }));
  ASSERT_TRUE(Write([&](sql::Txn& t) { return DeleteLoggedModelTag(t, id, "a"); }));
  EXPECT_EQ(Write([&](sql::Txn& t) { return DeleteLoggedModelTag(t, id, "a"); }).error().what,
            "No tag with key 'a' found for model with ID '" + id + "'.");
  ASSERT_TRUE(Write([&](sql::Txn& t) { return LogLoggedModelParams(t, id, {{"eta", "0.1"}}); }));
  ASSERT_TRUE(Write([&](sql::Txn& t) { return LogLoggedModelParams(t, id, {{"eta", "0.1"}}); }));
  EXPECT_EQ(Write([&](sql::Txn& t) {
              return LogLoggedModelParams(t, id, {{"new", "1"}, {"eta", "0.2"}});
            })
                .error()
                .code,
            Code::kInvalid);
  const auto got = Read([&](sql::Conn& c) { return GetLoggedModel(c, id); });
  EXPECT_EQ(got->tags, (std::vector<Tag>{{"c", "d"}}));
  EXPECT_EQ(got->params, (std::vector<Param>{{"depth", "6"}, {"eta", "0.1"}}));
  EXPECT_EQ(got->updated, 20);  // tags do not count, as in MLflow
  ASSERT_TRUE(Write([&](sql::Txn& t) { return DeleteLoggedModel(t, id, 40); }));
  EXPECT_EQ(Read([&](sql::Conn& c) { return GetLoggedModel(c, id); }).error().what,
            "Logged model with ID '" + id + "' not found.");
  ASSERT_TRUE(Write([&](sql::Txn& t) { return SetLoggedModelTags(t, id, {{"late", "1"}}); }));
  EXPECT_EQ(Read([&](sql::Conn& c) { return GetLoggedModel(c, id, true); })->tags, (std::vector<Tag>{{"c", "d"}, {"late", "1"}}));
  EXPECT_FALSE(Write([](sql::Txn& t) { return CreateLoggedModel(t, {.name = "a/b"}, 1); }));
  EXPECT_FALSE(Write([](sql::Txn& t) { return CreateLoggedModel(t, {.name = "a'b"}, 1); }));
  EXPECT_FALSE(Write([](sql::Txn& t) { return CreateLoggedModel(t, {}, 1); })->name.empty());
}

TEST_F(LoggedModelStore, MetricsWithModelIdReachTheModel) {
  const auto run = Write([](sql::Txn& t) { return CreateRun(t, {}, 1); });
  const auto one =
      Write([&](sql::Txn& t) { return CreateLoggedModel(t, {.name = "one", .source_run_id = run->info.run_id}, 1); });
  const auto two = Write([&](sql::Txn& t) { return CreateLoggedModel(t, {.name = "two"}, 2); });
  ASSERT_TRUE(one && two);
  const std::vector<Metric> metrics = {
      {.key = "auc", .value = 0.7, .model_id = one->model_id, .dataset_name = "d", .dataset_digest = "1"},
      {.key = "auc", .value = 0.7, .model_id = one->model_id, .dataset_name = "d", .dataset_digest = "1"},
      {.key = "auc", .value = 0.9, .timestamp = 1, .model_id = one->model_id},
      {.key = "auc", .value = 0.8, .model_id = two->model_id},
  };
  ASSERT_TRUE(Write([&](sql::Txn& t) { return LogMetrics(t, run->info.run_id, metrics); }));
  const auto got = Read([&](sql::Conn& c) { return GetLoggedModel(c, one->model_id); });
  ASSERT_EQ(got->metrics.size(), 2U);
  EXPECT_EQ(got->metrics[0].dataset_name, "d");
  EXPECT_EQ(got->metrics[1].run_id, run->info.run_id);
  EXPECT_EQ(Write([&](sql::Txn& t) { return LogMetrics(t, run->info.run_id, {{.key = "a", .model_id = "m-no"}}); }).error().code,
            Code::kNotFound);

  const auto names = [this](Query query, const LoggedModelScope& scope = {}) {
    query.experiment_ids = {"0"};
    const auto found = Read([&](sql::Conn& c) { return ListLoggedModels(c, query, scope); });
    EXPECT_TRUE(found) << found.error().what;
    std::vector<std::string> out;
    for (const LoggedModel& model : *found) out.push_back(model.name);
    return out;
  };
  using Names = std::vector<std::string>;
  EXPECT_EQ(names({}), (Names{"two", "one"}));
  EXPECT_EQ(names({.where = {{Field::kAttribute, "name", Op::kEq, "one"}}}), (Names{"one"}));
  EXPECT_EQ(names({.where = {{Field::kMetric, "auc", Op::kGt, 0.85}}}), (Names{"one"}));
  EXPECT_EQ(names({.where = {{Field::kMetric, "auc", Op::kGt, 0.65}}}, {.datasets = {{"d", "1"}}}), (Names{"one"}));
  EXPECT_EQ(names({.order = {{Field::kMetric, "auc", false}}}), (Names{"one", "two"}));
  EXPECT_EQ(names({.order = {{Field::kMetric, "auc", true}}}), (Names{"two", "one"}));
  // A dataset without a metric: the models with any point on it. Its digest may be left out.
  EXPECT_EQ(names({}, {.datasets = {{"d", "1"}}}), (Names{"one"}));
  EXPECT_EQ(names({}, {.datasets = {{"d"}}}), (Names{"one"}));
  EXPECT_EQ(names({}, {.datasets = {{"d", "2"}, {"e", "1"}}}), (Names{}));
  // That of an order key is its own: it takes no model away, and the same metric may stand there for another dataset.
  EXPECT_EQ(names({.order = {{Field::kMetric, "auc", false}}}, {.order = {{"d"}}}), (Names{"one", "two"}));
  EXPECT_EQ(names({.order = {{Field::kMetric, "auc"}, {Field::kMetric, "auc"}}}, {.order = {{"e"}}}), (Names{"two", "one"}));
}

TEST_F(LoggedModelStore, PagesStandStillWhenModelsCome) {
  for (int i = 0; i < 4; ++i)
    ASSERT_TRUE(Write([&](sql::Txn& t) { return CreateLoggedModel(t, {.name = fmt::format("m{}", i)}, i); }));
  Query query{.experiment_ids = {"0"}, .limit = 2};
  sql::SortPlace next;
  const auto page = [&] {
    const auto found = Read([&](sql::Conn& c) { return ListLoggedModels(c, query, {}, &next); });
    EXPECT_TRUE(found) << found.error().what;
    std::string out;
    for (const LoggedModel& model : *found) out += model.name + " ";
    query.after = next;
    return out;
  };
  EXPECT_EQ(page(), "m3 m2 ");
  ASSERT_TRUE(Write([&](sql::Txn& t) { return CreateLoggedModel(t, {.name = "new"}, 9); }));
  EXPECT_EQ(page(), "m1 m0 ");
  EXPECT_TRUE(next.empty());
}

}  // namespace
}  // namespace mlean::track

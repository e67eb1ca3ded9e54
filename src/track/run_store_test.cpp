#include "track/run_store.hpp"

#include <regex>

#include "track/fixture_test.hpp"
#include "track/input_store.hpp"
#include "track/metric_store.hpp"
#include "track/param_store.hpp"
#include "track/run_name.hpp"
#include "track/tag_store.hpp"

namespace mlean::track {
namespace {

class RunStore : public StoreTest {
 protected:
  std::string NewRunId(const NewRun& spec = {}) {
    const auto run = Write([&](sql::Txn& t) { return CreateRun(t, spec, 1000); });
    EXPECT_TRUE(run) << run.error().what;
    return run ? run->info.run_id : "";
  }
  track::Run Get(const std::string& id) {
    auto run = Read([&](sql::Conn& c) { return GetRun(c, id); });
    EXPECT_TRUE(run) << run.error().what;
    return run ? *std::move(run) : track::Run{};
  }
};

TEST_F(RunStore, NewRunHasNameTagAndUri) {
  const track::Run run = Get(NewRunId({.user_id = "ana"}));
  EXPECT_TRUE(std::regex_match(run.info.name, std::regex("[a-z]+-[a-z]+-[0-9]{1,3}"))) << run.info.name;
  EXPECT_TRUE(std::regex_match(run.info.run_id, std::regex("[0-9a-f]{32}")));
  EXPECT_EQ(run.tags, (std::vector<Tag>{{"mlflow.runName", run.info.name}}));
  EXPECT_EQ(run.info.artifact_uri, "mlflow-artifacts:/0/" + run.info.run_id + "/artifacts");
  EXPECT_EQ(run.info.status, RunStatus::kRunning);
  EXPECT_EQ(run.info.start_time, 1000);
  EXPECT_FALSE(run.info.end_time);
  EXPECT_EQ(Get(NewRunId({.tags = {{"mlflow.runName", "x"}}})).info.name, "x");
  const auto clash = Write([](sql::Txn& t) { return CreateRun(t, {.name = "a", .tags = {{"mlflow.runName", "b"}}}, 1); });
  EXPECT_EQ(clash.error().code, Code::kInvalid);
}

TEST_F(RunStore, AGivenIdMakesOneRunHoweverOften) {
  const std::string id(32, 'a');
  EXPECT_EQ(NewRunId({.name = "one", .run_id = id}), id);
  EXPECT_EQ(NewRunId({.name = "two", .run_id = id}), id);
  EXPECT_EQ(Get(id).info.name, "one");
}

TEST_F(RunStore, RandomNamesDiffer) {
  EXPECT_EQ(RunNameFrom(0), "able-ant-0");
  std::set<std::string> names;
  for (int i = 0; i < 200; ++i) names.insert(RandomRunName());
  EXPECT_GT(names.size(), 190U);
}

TEST_F(RunStore, UpdateEndsAndRenames) {
  const std::string id = NewRunId();
  const auto info =
      Write([&](sql::Txn& t) { return UpdateRun(t, id, {.status = RunStatus::kFinished, .end_time = 2000, .name = "new"}); });
  ASSERT_TRUE(info);
  EXPECT_EQ(info->status, RunStatus::kFinished);
  EXPECT_EQ(info->end_time, 2000);
  EXPECT_EQ(Get(id).tags, (std::vector<Tag>{{"mlflow.runName", "new"}}));
  ASSERT_TRUE(Write([&](sql::Txn& t) { return SetTags(t, id, {{"mlflow.runName", "newer"}}); }));
  EXPECT_EQ(Get(id).info.name, "newer");
}

TEST_F(RunStore, DeletedRunsRefuseWrites) {
  const std::string id = NewRunId();
  ASSERT_TRUE(Write([&](sql::Txn& t) { return DeleteRun(t, id, 5); }));
  const std::string text = "The run " + id + " must be in the 'active' state. Current state is deleted.";
  EXPECT_EQ(Write([&](sql::Txn& t) { return LogMetrics(t, id, {{.key = "a"}}); }).error().what, text);
  EXPECT_EQ(Write([&](sql::Txn& t) { return LogParam(t, id, {"a", "b"}); }).error().what, text);
  EXPECT_EQ(Write([&](sql::Txn& t) { return SetTags(t, id, {{"a", "b"}}); }).error().what, text);
  EXPECT_EQ(Write([&](sql::Txn& t) { return LogInputs(t, id, {}, {"m"}); }).error().what, text);
  EXPECT_EQ(Write([&](sql::Txn& t) { return UpdateRun(t, id, {}); }).error().what, text);
  EXPECT_TRUE(Write([&](sql::Txn& t) { return DeleteRun(t, id, 5); }));
  ASSERT_TRUE(Write([&](sql::Txn& t) { return RestoreRun(t, id); }));
  EXPECT_TRUE(Write([&](sql::Txn& t) { return LogParam(t, id, {"a", "b"}); }));
  EXPECT_EQ(Write([&](sql::Txn& t) { return RestoreRun(t, "nope"); }).error().what, "Run with id=nope not found");
}

TEST_F(RunStore, ParamsAreWrittenOnce) {
  const std::string id = NewRunId();
  ASSERT_TRUE(Write([&](sql::Txn& t) { return LogParam(t, id, {"a", "1"}); }));
  EXPECT_TRUE(Write([&](sql::Txn& t) { return LogParam(t, id, {"a", "1"}); }));
  const auto changed = Write([&](sql::Txn& t) { return LogParam(t, id, {"a", "2"}); });
  ASSERT_FALSE(changed);
  EXPECT_EQ(changed.error().code, Code::kConflict);
  EXPECT_EQ(changed.error().what,
            "Changing param values is not allowed. Param with key='a' was already logged with value='1' for run ID='" + id +
                "'. Attempted logging new value '2'.");
  const auto batch = Write([&](sql::Txn& t) {
    return LogBatch(t, id, {{.key = "m", .value = 1}}, {{"b", "x"}, {"a", "2"}}, {{"t", "1"}});
  });
  ASSERT_FALSE(batch);
  EXPECT_EQ(batch.error().what,
            "Changing param values is not allowed. Params were already logged='[{'key': 'a', 'old_value': '1', 'new_value': "
            "'2'}]' for run "
            "ID='" +
                id + "'.");
  EXPECT_EQ(Get(id).params, (std::vector<Param>{{"a", "1"}}));  // a refused batch leaves nothing
  EXPECT_TRUE(Get(id).metrics.empty());
  ASSERT_TRUE(Write([&](sql::Txn& t) { return LogParam(t, id, {"e", ""}); }));
  ASSERT_TRUE(Write([&](sql::Txn& t) { return LogParam(t, id, {"long", std::string(7000, 'x')}); }));
  EXPECT_EQ(Get(id).params.at(2).value.size(), 6000U);
  EXPECT_TRUE(Write([&](sql::Txn& t) { return LogParam(t, id, {"long", std::string(7001, 'x')}); }));
}

TEST_F(RunStore, TagsAreReplacedAndDeleted) {
  const std::string id = NewRunId({.name = "n"});
  ASSERT_TRUE(Write([&](sql::Txn& t) { return SetTags(t, id, {{"a", "1"}, {"a", "2"}, {"long", std::string(9000, 'x')}}); }));
  const track::Run run = Get(id);
  EXPECT_EQ(run.tags.at(0), (Tag{"a", "2"}));
  EXPECT_EQ(run.tags.at(1).value.size(), 8000U);
  ASSERT_TRUE(Write([&](sql::Txn& t) { return DeleteTag(t, id, "a"); }));
  EXPECT_EQ(Write([&](sql::Txn& t) { return DeleteTag(t, id, "a"); }).error().what, "No tag with name: a in run with id " + id);
}

TEST_F(RunStore, InputsAreKeptOnceWithContextLast) {
  const std::string id = NewRunId();
  const Dataset data{"flights", "d1", "local", "{}", "{\"s\":1}", std::nullopt};
  const std::vector<DatasetInput> inputs = {{data, {{"mlflow.data.context", "train"}, {"user", "x"}}},
                                            {{"other", "d2", "local", "{}", {}, "p"}, {}}};
  ASSERT_TRUE(Write([&](sql::Txn& t) { return LogInputs(t, id, inputs, {"m-1"}); }));
  ASSERT_TRUE(Write([&](sql::Txn& t) { return LogInputs(t, id, {{data, {{"mlflow.data.context", "eval"}}}}, {"m-1"}); }));
  ASSERT_TRUE(Write([&](sql::Txn& t) { return LogOutputs(t, id, {{"m-2", 3}}); }));
  const track::Run run = Get(id);
  ASSERT_EQ(run.datasets.size(), 2U);
  EXPECT_EQ(run.datasets[0].dataset.schema, "{\"s\":1}");
  EXPECT_FALSE(run.datasets[0].dataset.profile);
  EXPECT_EQ(run.datasets[0].tags, (std::vector<Tag>{{"user", "x"}, {"mlflow.data.context", "train"}}));
  EXPECT_EQ(run.model_inputs, (std::vector<std::string>{"m-1"}));
  ASSERT_EQ(run.model_outputs.size(), 1U);
  EXPECT_EQ(run.model_outputs[0].step, 3);
  const auto summaries = Read([](sql::Conn& c) { return ListDatasets(c, {"0"}); });
  ASSERT_EQ(summaries->size(), 2U);
  EXPECT_EQ((*summaries)[0].context, "train");
}

}  // namespace
}  // namespace mlean::track

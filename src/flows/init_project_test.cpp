#include "flows/init_project.hpp"

#include "base/text.hpp"
#include "codec/yaml.hpp"
#include "os/files.hpp"
#include "pipeline/dvc_yaml.hpp"
#include "policy/program.hpp"
#include "repo/git.hpp"
#include "repo/loop_config.hpp"

namespace mlean::flows {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

class InitProjectTest : public testing::Test {
 protected:
  os::TempDir temp_ = *os::TempDir::Make();
  fs::path root_ = fs::canonical(temp_.path()) / "project";
  void SetUp() override { ASSERT_TRUE(os::MakeDirs(root_)); }

  void Write(const fs::path& path, std::string_view text) {
    ASSERT_TRUE(os::MakeDirs((root_ / path).parent_path()));
    ASSERT_TRUE(os::WriteFileAtomic(root_ / path, text));
  }
  std::string Read(const fs::path& path) { return os::ReadFile(root_ / path).value_or("(no file)"); }
  std::vector<std::string> Everything() {
    std::vector<std::string> names;
    for (const auto& entry : fs::recursive_directory_iterator(root_))
      names.push_back(entry.path().lexically_relative(root_).string());
    std::sort(names.begin(), names.end());
    return names;
  }
  // 60 rows: id, city (3 texts), visits, price, day, note (never repeats), gone (all empty) and the labels class, flag, score.
  void WriteTable(const fs::path& path = "table.csv") {
    std::string text = "id,city,visits,price,day,note,gone,class,flag,score\n";
    const std::vector<std::string> cities = {"Oslo", "Rome", "Bern"};
    for (int i = 0; i < 60; ++i) {
      text += fmt::format("{},{},{},{}.5,2024-{:02}-{:02},n{}x,,{},{},{}.25\n", 100 + i, cities[i % 3], i * 7 % 13, i % 9,
                          1 + i / 28, 1 + i % 28, i * 37, i % 4 == 0 ? "low" : "high", i % 2, i);
    }
    Write(path, text);
  }
  InitRequest Request(std::string label) {
    InitRequest request;
    request.root = root_;
    request.data = "table.csv";
    request.label = std::move(label);
    return request;
  }
  static std::vector<std::string> Names(const std::vector<LeftOut>& left_out) {
    std::vector<std::string> names;
    for (const LeftOut& one : left_out) names.push_back(one.column);
    return names;
  }
};

std::string Command(const std::vector<pipeline::Stage>& stages, std::string_view name) {
  return pipeline::FindStage(stages, name)->Lines().at(0);
}

TEST_F(InitProjectTest, DecidesByTheData) {
  WriteTable();
  const Result<InitPlan> text = PlanProject(Request("class"));
  ASSERT_TRUE(text) << text.error().what;
  EXPECT_EQ(text->task, "classification");
  EXPECT_THAT(text->classes, ElementsAre("high", "low"));
  EXPECT_DOUBLE_EQ(text->majority, 0.75);
  EXPECT_TRUE(text->Binary());
  EXPECT_THAT(text->features, ElementsAre("city", "visits", "price", "flag", "score"));
  EXPECT_THAT(Names(text->left_out), ElementsAre("id", "day", "note", "gone"));
  EXPECT_THAT(text->slices, ElementsAre("city"));
  EXPECT_EQ(text->model, "table");
  EXPECT_EQ(text->rows, 60);
  EXPECT_EQ(PlanProject(Request("flag"))->task, "classification");
  EXPECT_EQ(PlanProject(Request("visits"))->classes.size(), 13u);
  EXPECT_EQ(PlanProject(Request("score"))->task, "regression");
  InitRequest forced = Request("visits");
  forced.task = "regression";
  EXPECT_EQ(PlanProject(forced)->task, "regression");
  InitRequest keyed = Request("class");
  keyed.time = "day";
  keyed.key = {"visits", "city"};
  EXPECT_THAT(PlanProject(keyed)->features, ElementsAre("price", "flag", "score"));
}

TEST_F(InitProjectTest, WholeNumbersWithGapsAreClassesAndMissingLabelsAreCounted) {
  Write("table.csv", "x,y\n1.5,0.0\n2.5,1.0\n3.5,\n4.5,1.0\n");  // as pandas writes a column of whole numbers with a gap
  const Result<InitPlan> plan = PlanProject(Request("y"));
  ASSERT_TRUE(plan) << plan.error().what;
  EXPECT_EQ(plan->task, "classification");
  EXPECT_THAT(plan->classes, ElementsAre("1", "0"));
  EXPECT_EQ(plan->labelled, 3);
  EXPECT_EQ(plan->rows, 4);
}

TEST_F(InitProjectTest, EveryTaskGivesFilesThatAreRead) {
  WriteTable();
  for (const auto& [label, bar] : std::vector<std::pair<std::string, std::string>>{
           {"class", "metrics.auc >= 0.6"}, {"city", "metrics.accuracy >= 0.33"}, {"score", "metrics.r2 >= 0"}}) {
    InitRequest request = Request(label);
    if (label == "class") request.time = "day";
    const Result<InitPlan> plan = PlanProject(request);
    ASSERT_TRUE(plan) << plan.error().what;
    const std::vector<ProjectFile> files = RenderProject(*plan);
    ASSERT_EQ(files.size(), 4u);
    const Result<repo::LoopConfig> config = repo::ParseLoopConfig(files[0].text);
    ASSERT_TRUE(config) << config.error().what;
    const repo::ModelConfig& model = config->models.at(0);
    EXPECT_EQ(model.gate.at(0).text, bar);
    EXPECT_EQ(model.gate.size(), 3u);
    for (const repo::Expression& gate : model.gate) EXPECT_TRUE(policy::Program::Compile(gate.text)) << gate.text;
    for (const repo::Expression& when : model.retrain->when) EXPECT_TRUE(policy::Program::Compile(when.text)) << when.text;
    EXPECT_THAT(model.train, ElementsAre("split", "train"));
    EXPECT_FALSE(model.rollout);
    ASSERT_TRUE(model.monitor);
    EXPECT_EQ(config->data.at(0).time, request.time);
    const Result<std::vector<pipeline::Stage>> stages = pipeline::ParseStages(files[1].text, "dvc.yaml", root_);
    ASSERT_TRUE(stages) << stages.error().what;
    EXPECT_THAT(Command(*stages, "train"), HasSubstr("--exclude id,"));
    EXPECT_EQ(pipeline::FindStage(*stages, "train")->outs.at(0).path, model.model);
    EXPECT_EQ(pipeline::FindStage(*stages, "split")->outs.at(1).path, model.evaluate);
    EXPECT_FALSE(pipeline::FindStage(*stages, "train")->outs.at(1).cache);
    EXPECT_TRUE(codec::YamlDocument::Parse(files[2].text, "params.yaml"));
    const Result<check::Suite> suite = check::ParseSuite(files[3].text);
    ASSERT_TRUE(suite) << suite.error().what;
    for (const check::Expectation& one : suite->expectations) EXPECT_TRUE(one.meta.StringAt("notes")) << one.type;
  }
}

TEST_F(InitProjectTest, OddNamesSurviveYamlAndTheShell) {
  Write("it's ${HOME}: a #1 (2).csv", "\"a: b\",\"it's #1\",\"-x\",\"${y}\"\n1,2,3,yes\n2,3,5,no\n4,4,6,yes\n");
  InitRequest request = Request("${y}");
  request.data = "it's ${HOME}: a #1 (2).csv";
  request.key = {"it's #1"};
  const Result<InitPlan> plan = PlanProject(request);
  ASSERT_TRUE(plan) << plan.error().what;
  EXPECT_EQ(plan->data_name, "it_s_home_a_1_2");
  const Result<std::vector<std::string>> written = WriteProject(request, *plan);
  ASSERT_TRUE(written) << written.error().what;
  const Result<std::vector<pipeline::Stage>> stages = pipeline::LoadStages(root_);
  ASSERT_TRUE(stages) << stages.error().what;
  EXPECT_THAT(Command(*stages, "split"), testing::StartsWith("mlean features split 'it'\\''s ${HOME}: a #1 (2).csv' --train "));
  EXPECT_THAT(Command(*stages, "train"), HasSubstr("--label '${y}' --task classification --exclude 'it'\\''s #1' "));
  EXPECT_THAT(pipeline::FindStage(*stages, "split")->deps,
              ElementsAre(testing::Field(&pipeline::Dependency::path, "it's ${HOME}: a #1 (2).csv")));
  const Result<repo::LoopConfig> config = repo::LoadLoopConfig(*repo::ProjectAt(root_));
  ASSERT_TRUE(config) << config.error().what;
  EXPECT_EQ(config->models.at(0).label, "${y}");
  EXPECT_EQ(config->data.at(0).path, "it's ${HOME}: a #1 (2).csv");
}

TEST_F(InitProjectTest, WritesAllOrNothing) {
  WriteTable();
  const std::vector<std::string> before = Everything();
  const auto refused = [&](const InitRequest& request, Code code, const std::string& text, const std::string& fix = "") {
    const Result<InitPlan> plan = PlanProject(request);
    ASSERT_FALSE(plan) << text;
    EXPECT_EQ(plan.error().code, code) << plan.error().what;
    EXPECT_THAT(plan.error().what, HasSubstr(text));
    EXPECT_THAT(plan.error().fix, HasSubstr(fix));
    EXPECT_EQ(Everything(), before);
  };
  InitRequest request = Request("clas");
  refused(request, Code::kNotFound, "cannot use --label 'clas': 'table.csv' has no such column", "--label 'class'");
  request = Request("zzzzzz");
  refused(request, Code::kNotFound, "no such column", "its columns: id, city");
  request = Request("class");
  request.data = "tabel.csv";
  refused(request, Code::kNotFound, "no such file", "table.csv");
  request = Request("class");
  request.time = "note";
  refused(request, Code::kInvalid, "cannot use --time 'note': it is text, not a time");
  request.time = "class";
  refused(request, Code::kInvalid, "it is the label");
  request = Request("class");
  request.key = {"idd"};
  refused(request, Code::kNotFound, "--key 'idd'", "--key 'id'");
  request = Request("class");
  request.model = "a/b";
  refused(request, Code::kUsage, "cannot be named 'a/b'", "--model a-b");
  refused(Request("gone"), Code::kInvalid, "has no value in any row");
  refused(Request("day"), Code::kInvalid, "is a time");
  request = Request("class");
  request.task = "regression";
  refused(request, Code::kInvalid, "a regression needs numbers");
}

TEST_F(InitProjectTest, RefusesToReplaceUnlessForced) {
  WriteTable();
  Write("dvc.yaml", "stages: {}\n");
  InitRequest request = Request("class");
  Result<InitPlan> plan = PlanProject(request);
  ASSERT_FALSE(plan);
  EXPECT_EQ(plan.error().code, Code::kExists);
  EXPECT_EQ(plan.error().what, "cannot init: 'dvc.yaml' exists");
  request.force = true;
  plan = PlanProject(request);
  ASSERT_TRUE(plan) << plan.error().what;
  Write(".dvc/cache/kept", "x");
  ASSERT_TRUE(WriteProject(request, *plan));
  EXPECT_THAT(Read("dvc.yaml"), HasSubstr("mlean train"));
  EXPECT_EQ(Read(".dvc/cache/kept"), "x") << "an existing .dvc is never made anew";
}

TEST_F(InitProjectTest, AFailedWriteLeavesNothing) {
  WriteTable();
  const Result<InitPlan> plan = PlanProject(Request("class"));
  ASSERT_TRUE(plan) << plan.error().what;
  InitRequest request = Request("class");
  request.dvc = {.subdir = true, .no_scm = true};  // refused by InitDvc, after the files were prepared
  const std::vector<std::string> before = Everything();
  EXPECT_FALSE(WriteProject(request, *plan));
  EXPECT_EQ(Everything(), before);
}

TEST_F(InitProjectTest, CopiesDataFromOutsideAndKeepsItsStagesApart) {
  WriteTable("../outside/train.parquet.csv");
  InitRequest request = Request("class");
  request.data = "../outside/train.parquet.csv";
  Result<InitPlan> plan = PlanProject(request);
  ASSERT_TRUE(plan) << plan.error().what;
  EXPECT_EQ(plan->data_path, "data/train.parquet.csv");
  const auto written = WriteProject(request, *plan);
  ASSERT_TRUE(written) << written.error().what;
  EXPECT_EQ(Read("data/train.parquet.csv"), Read("../outside/train.parquet.csv"));
  EXPECT_THAT(Read(".dvc/config"), HasSubstr("no_scm")) << "no git around";
  request.data = "data";  // a folder of deliveries: the stage must not write into what it reads
  request.force = true;
  plan = PlanProject(request);
  ASSERT_TRUE(plan) << plan.error().what;
  EXPECT_EQ(plan->data_path, "data");
  EXPECT_EQ(plan->split_dir, "prepared");
}

TEST_F(InitProjectTest, StagesItsFilesInGit) {
  WriteTable();
  ASSERT_TRUE(repo::GitInit(root_));
  const Result<InitPlan> plan = PlanProject(Request("class"));
  ASSERT_TRUE(plan) << plan.error().what;
  ASSERT_TRUE(WriteProject(Request("class"), *plan));
  EXPECT_EQ(Read(".dvc/config"), "");
  for (const std::string path : {"mlean.yaml", "dvc.yaml", "params.yaml", "checks/table.json", ".dvc/config"}) {
    EXPECT_TRUE(*repo::GitTracks(root_, path)) << path;
  }
  EXPECT_FALSE(*repo::GitTracks(root_, "table.csv"));
}

}  // namespace
}  // namespace mlean::flows

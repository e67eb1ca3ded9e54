#include "pipeline/index.hpp"

#include <fmt/core.h>

#include "pipeline/golden_test.hpp"
#include "pipeline/reproduce.hpp"
#include "pipeline/stage_files.hpp"
#include "pipeline/staleness.hpp"

namespace mlean::pipeline {
namespace {

using codec::Json;

constexpr const char* kMd5 = "d8e8fca2dc0f896fd7cb4cb0031ba249";

class IndexTest : public testing::Test {
 protected:
  IndexTest()
      : folder_(Json::Object{
            {"dvc.yaml",
             "stages:\n  a: {cmd: a, deps: [data/x], outs: [out]}\n  b: {cmd: b, deps: [out], outs: [other]}\n"
             "  g:\n    foreach: [1, 2]\n    do: {cmd: 'g ${item}'}\n"},
            {"data.dvc", fmt::format("outs:\n- md5: {}.dir\n  size: 4\n  nfiles: 2\n  hash: md5\n  path: data\n", kMd5)},
            {"data/stray.dvc", "not looked at: [\n"},
            {"sub/dvc.yaml", "stages:\n  s: {cmd: s, outs: [o]}\nmetrics: [m.json]\n"}}),
        source_(folder_.root()) {}

  Index Open(std::string cwd = ".") {
    return {source_, {.place = {.root = folder_.root(), .cwd = std::move(cwd)}, .parsing = {}, .say = {}, .on_error = {}}};
  }

  std::string Names(Index& index, const Result<std::vector<Stage*>>& stages) {
    if (!stages) return folder_.Neutral(stages.error().what);
    std::string names;
    for (const Stage* stage : *stages) names += (names.empty() ? "" : " ") + Addressing(*stage, index.place());
    return names;
  }
  std::string Granular(Index& index, const std::string& target, const CollectOptions& options = {}) {
    const Result<std::vector<Target>> targets = index.CollectGranular(target, options);
    if (!targets) return folder_.Neutral(targets.error().what);
    std::string names;
    for (const Target& one : *targets) {
      names +=
          (names.empty() ? "" : " ") + Addressing(*one.stage, index.place()) + (one.filter.empty() ? "" : "[" + one.filter + "]");
    }
    return names;
  }

  GoldenFolder folder_;
  WorkTree source_;
};

TEST_F(IndexTest, FindsStagesByTargets) {
  Index index = Open();
  EXPECT_EQ(Names(index, index.Collect("a")), "a");
  EXPECT_EQ(Names(index, index.Collect("dvc.yaml")), "a b g@1 g@2");
  EXPECT_EQ(Names(index, index.Collect("g")), "g@1 g@2");
  EXPECT_EQ(Names(index, index.Collect("g@2")), "g@2");
  EXPECT_EQ(Names(index, index.Collect("sub/dvc.yaml:s")), "sub/dvc.yaml:s");
  EXPECT_EQ(Names(index, index.Collect("data.dvc")), "data.dvc");
  EXPECT_EQ(Names(index, index.Collect("[ab]", {.glob = true})), "a b");
  EXPECT_EQ(Names(index, index.Collect("sub", {.recursive = true})), "sub/dvc.yaml:s");
  EXPECT_EQ(Names(index, index.Collect("b", {.with_deps = true})), "data.dvc a b");
  EXPECT_EQ(Names(index, index.Collect("c")), "Stage 'c' not found inside 'dvc.yaml' file");
  EXPECT_EQ(Names(index, index.Collect("g@3")), "Stage 'g@3' not found inside 'dvc.yaml' file");
  EXPECT_EQ(Names(index, index.Collect("c.dvc")), "'ROOT/c.dvc' does not exist");
  EXPECT_EQ(Names(index, index.Collect("x.txt:a")), "'ROOT/x.txt' does not exist");
}

TEST_F(IndexTest, FindsOutputsByTargets) {
  Index index = Open();
  EXPECT_EQ(Granular(index, "out"), "a[out]");
  EXPECT_EQ(Granular(index, "data/x/y"), "data.dvc[data/x/y]");
  EXPECT_EQ(Granular(index, "a"), "a");
  EXPECT_EQ(Granular(index, "b", {.with_deps = true}), "data.dvc a b");
  EXPECT_EQ(
      Granular(index, "nosuch"),
      "'nosuch' does not exist as an output or a stage name in 'dvc.yaml': Stage 'nosuch' not found inside 'dvc.yaml' file");
  EXPECT_EQ(Granular(index, "nosuch.dvc"), "'ROOT/nosuch.dvc' does not exist");
  Index below = Open("sub");
  EXPECT_EQ(Granular(below, "../out"), "../dvc.yaml:a[out]");
  EXPECT_EQ(Granular(below, "o"), "s[sub/o]");
  EXPECT_EQ(below.TopLevels().ok() ? (*below.TopLevels())->at("sub/dvc.yaml").metrics.Dump() : "", R"(["m.json"])");
}

TEST_F(IndexTest, OneTargetNeedsOneFile) {
  folder_.Write("broken/dvc.yaml", "stages: [\n");
  Index index = Open();
  EXPECT_EQ(Names(index, index.Collect("a")), "a");
  EXPECT_FALSE(index.All());
  std::string seen;
  Index lenient(
      source_,
      {.place = {.root = folder_.root()}, .parsing = {}, .say = {}, .on_error = [&](const std::string& location, const Error&) {
         seen += location;
         return Result<void>();
       }});
  EXPECT_TRUE(lenient.All());
  EXPECT_EQ(seen, "broken/dvc.yaml");
}

TEST_F(IndexTest, RefusesUnsoundGraphs) {
  Index index = Open();
  Stage stage;
  stage.file = "dvc.yaml";
  stage.name = "new";
  stage.cmd = "x";
  Output out;
  out.path = out.location = "out";
  stage.outs.push_back(out);
  EXPECT_EQ(index.CheckWith(stage).error().what,
            "output 'out' is already specified in stage: 'a'.\nUse `dvc remove a` to stop tracking the overlapping output.");
  stage.outs[0].path = stage.outs[0].location = "data/x";
  EXPECT_THAT(index.CheckWith(stage).error().what,
              testing::StartsWith("The output paths:\n'data'('data.dvc')\n'data/x'('new')\n"));
  stage.outs[0].path = stage.outs[0].location = "fresh";
  EXPECT_TRUE(index.CheckWith(stage));
  // Another version of a stage that is there takes its place.
  stage.name = "a";
  EXPECT_TRUE(index.CheckWith(stage));
}

TEST_F(IndexTest, RemovesStages) {
  Index index = Open();
  const auto b = index.Collect("b");
  ASSERT_TRUE(b);
  EXPECT_EQ(*RemoveStage(*b->front(), index.place()), (std::vector<std::string>{"dvc.yaml"}));
  EXPECT_THAT(folder_.Read("dvc.yaml"), testing::Not(testing::HasSubstr("  b:")));
  EXPECT_EQ(RemoveStage(*(*index.Collect("g@1"))[0], index.place()).error().what, "cannot remove a parametrized stage: 'g@1'");
  EXPECT_EQ(SaveStages({(*index.Collect("g@1"))[0]}, index.place(), {.pipeline = true}).error().what,
            "cannot dump a parametrized stage: 'g@1'");
  ASSERT_TRUE(RemoveStage(*(*index.Collect("sub/dvc.yaml:s"))[0], index.place()));
  EXPECT_EQ(folder_.Read("sub/dvc.yaml"), "<none>");
}

// ---- staleness beyond the transcripts

TEST_F(IndexTest, WhatDvc2RecordedStaysWhileItIsUnchanged) {
  FakeObjects objects;
  folder_.Write("old.txt", "old\n");
  folder_.Write("old.txt.dvc", "outs:\n- md5: " + Md5Hex("old\n") + "\n  path: old.txt\n");
  Index index = Open();
  Stage& stage = *(*index.Collect("old.txt.dvc"))[0];
  EXPECT_TRUE(stage.outs[0].content.IsLegacy());
  EXPECT_EQ(Status(stage, index.place(), source_, objects)->ToJson().Dump(), R"([{"changed outs":{"old.txt":"not in cache"}}])");
  objects.kept[Md5Hex("old\n")] = "old\n";
  EXPECT_TRUE(Status(stage, index.place(), source_, objects)->Empty());
  ASSERT_TRUE(CommitOuts(stage, index.place(), objects));
  EXPECT_TRUE(stage.outs[0].content.IsLegacy());
  folder_.Write("old.txt", "new\n");
  ASSERT_TRUE(CommitOuts(stage, index.place(), objects));
  EXPECT_EQ(stage.outs[0].content.hash_name, "md5");
  EXPECT_EQ(stage.outs[0].content.hash, Md5Hex("new\n"));
}

TEST_F(IndexTest, MissingThingsMayBeAllowed) {
  FakeObjects objects;
  Index index = Open();
  Stage& stage = *(*index.Collect("a"))[0];
  EXPECT_EQ(SaveDeps(stage, index.place(), source_, objects).error().what, "dependency 'data/x' does not exist");
  EXPECT_TRUE(SaveDeps(stage, index.place(), source_, objects, true));
  EXPECT_EQ(CommitOuts(stage, index.place(), objects).error().what, "output 'out' does not exist");
  EXPECT_TRUE(CommitOuts(stage, index.place(), objects, {.allow_missing = true, .filter = {}}));
}

TEST_F(IndexTest, ABinaryFileIsNoMetric) {
  FakeObjects objects;
  folder_.Write("dvc.yaml", "stages:\n  m: {cmd: x, metrics: [bin, text]}\n");
  folder_.Write("bin", std::string("a\0b", 3));
  folder_.Write("text", "");
  Index index = Open();
  Stage& stage = *(*index.Collect("m"))[0];
  std::string said;
  EXPECT_EQ(folder_.Neutral(SaveOuts(stage, index.place(), objects).error().what),
            "binary file 'ROOT/bin' cannot be used as metrics.");
  folder_.Write("bin", "{}");
  EXPECT_TRUE(SaveOuts(stage, index.place(), objects, {}, [&](Level, std::string_view text) { said += text; }));
  EXPECT_EQ(said, "'text' is empty.");
}

// A remote beside the cache.
class RemoteObjects : public FakeObjects {
 public:
  Result<void> Fetch(const std::vector<Content>& contents) override {
    for (const Content& content : contents) {
      if (remote.contains(content.hash)) kept[content.hash] = remote[content.hash];
    }
    return {};
  }
  std::map<std::string, std::string> remote;
};

TEST_F(IndexTest, PullBringsWhatIsUnchanged) {
  RemoteObjects objects;
  folder_.Write(
      "dvc.yaml",
      "stages:\n  a: {cmd: echo ran > out, deps: [in], outs: [out]}\n  b: {cmd: cat out > o2, deps: [out], outs: [o2]}\n");
  folder_.Write("in", "x\n");
  const auto repro = [&](ReproduceOptions options) -> std::string {
    Index index = Open();
    const Result<ReproduceResult> done = Reproduce(index, source_, objects, options);
    if (!done) return done.error().what;
    std::string text;
    for (const StageOutcome& outcome : done->outcomes) text += fmt::format("{} {};", outcome.name, OutcomeName(outcome.kind));
    return text;
  };
  EXPECT_EQ(repro({}), "a ran;b ran;");
  objects.remote = objects.kept;
  objects.kept.clear();
  ASSERT_TRUE(os::Remove(folder_.root() / "out"));
  ASSERT_TRUE(os::Remove(folder_.root() / "o2"));
  EXPECT_EQ(repro({.allow_missing = true}), "a skipped;b skipped;");
  EXPECT_EQ(folder_.Read("o2"), "<none>");
  EXPECT_EQ(repro({.pull = true}), "a skipped;b skipped;");
  EXPECT_EQ(folder_.Read("o2"), "ran\n");
  // A dependency that must be had to run at all.
  ASSERT_TRUE(os::Remove(folder_.root() / "out"));
  objects.kept.clear();
  folder_.Write(
      "dvc.yaml",
      "stages:\n  a: {cmd: echo ran > out, deps: [in], outs: [out]}\n  b: {cmd: cat out out > o2, deps: [out], outs: [o2]}\n");
  EXPECT_EQ(repro({.targets = {"b"}, .single = true, .pull = true}), "b ran;");
  EXPECT_EQ(folder_.Read("o2"), "ran\nran\n");
}

}  // namespace
}  // namespace mlean::pipeline

#include <map>

#include "base/digest.hpp"
#include "os/files.hpp"
#include "pipeline/reproduce.hpp"
#include "pipeline/stage_graph.hpp"

namespace mlean::pipeline {
namespace {

namespace fs = std::filesystem;
using codec::Json;

// Objects in memory; folders are refused.
class FakeObjects final : public Objects {
 public:
  Result<ObjectInfo> HashPath(const fs::path& path) override {
    TRY(const std::string text, os::ReadFile(path));
    return ObjectInfo{Md5Hex(text), text.size(), 0, false};
  }
  Result<ObjectInfo> Store(const fs::path& path) override {
    TRY(const std::string text, os::ReadFile(path));
    kept_[Md5Hex(text)] = text;
    return ObjectInfo{Md5Hex(text), text.size(), 0, false};
  }
  Result<bool> Has(const std::string& md5) override { return kept_.contains(md5); }
  Result<void> Checkout(const ObjectInfo& info, const fs::path& path) override {
    return os::WriteFileAtomic(path, kept_.at(info.md5));
  }

  std::map<std::string, std::string> kept_;
};

std::string ErrorOf(std::string_view text) {
  const Result<DvcYaml> pipeline = ParseDvcYaml(text, "dvc.yaml", "/nowhere");
  return pipeline ? "no error" : pipeline.error().what;
}
std::string GraphError(std::string_view text) {
  const Result<StageGraph> graph = StageGraph::Build(*ParseDvcYaml(text, "dvc.yaml", "/nowhere"));
  return graph ? "no error" : graph.error().what;
}

TEST(DvcYaml, ReadsStages) {
  const Result<DvcYaml> pipeline = ParseDvcYaml(
      "vars:\n- {out: {dir: o, n: 1e3}, on: true}\nstages:\n  a:\n    cmd: |\n      echo ${out.n} ${on}\n\n      echo 2 \\${x}\n "
      "   wdir: src\n"
      "    deps: [x, \"${out.dir}/y\"]\n    params: [lr, train.eta, {p.json: [k]}, {q.yaml: }]\n    outs:\n    - m\n    - "
      "${out.dir}/f: {persist: true, desc: d}\n"
      "    metrics:\n    - s.json: {cache: false}\n    frozen: ${on}\n    meta: {any: thing}\n  b:\n    cmd: [x, y]\n",
      "dvc.yaml", "/nowhere");
  ASSERT_TRUE(pipeline) << pipeline.error().what;
  const Stage& a = *pipeline->Find("a");
  EXPECT_EQ(a.Lines(), (std::vector<std::string>{"echo 1000.0 true", "echo 2 ${x}"}));
  EXPECT_EQ(a.wdir, "src");
  EXPECT_EQ(a.deps[1], "o/y");
  EXPECT_EQ(a.params.size(), 3u);
  EXPECT_EQ(a.params[0].keys, (std::vector<std::string>{"lr", "train.eta"}));
  EXPECT_EQ(a.params[2].file, "q.yaml");
  EXPECT_TRUE(a.params[2].keys.empty());
  EXPECT_EQ(a.outs[1].path, "o/f");
  EXPECT_TRUE(a.outs[1].persist);
  EXPECT_TRUE(a.outs[2].metric);
  EXPECT_FALSE(a.outs[2].cache);
  EXPECT_TRUE(a.frozen);
  EXPECT_EQ(pipeline->Find("b")->Lines().size(), 2u);
  EXPECT_EQ(pipeline->Find("b")->Command().Dump(), R"(["x","y"])");
}

TEST(DvcYaml, ErrorsSayWhere) {
  EXPECT_EQ(ErrorOf("stages:\n  a:\n    cmd: x\n    dep: [y]\n"), "dvc.yaml:4:5: unknown key 'dep'; did you mean 'deps'?");
  EXPECT_EQ(ErrorOf("stages:\n  a:\n    deps: [y]\n"), "dvc.yaml:2:3: stage 'a' needs 'cmd'");
  EXPECT_EQ(ErrorOf("stages:\n  a:\n    cmd: ${gone}\n"), "dvc.yaml:3:10: could not find 'gone' in params.yaml or vars");
  EXPECT_EQ(ErrorOf("vars: [{a: {b: 1}}]\nstages:\n  a:\n    cmd: ${a}\n"),
            "dvc.yaml:4:10: '${a}' is an object: only single values can be inserted");
  EXPECT_EQ(ErrorOf("vars: [{a: 1}, {a: 2}]\nstages:\n  a:\n    cmd: ${a}\n"), "dvc.yaml:1:16: cannot redefine 'a'");
  EXPECT_EQ(ErrorOf("stages:\n  a:\n    foreach: [1]\n    do: {cmd: x}\n"),
            "dvc.yaml:3:14: stage 'a' uses 'foreach', which is not supported yet");
  EXPECT_EQ(ErrorOf("stages:\n  a:\n    cmd: x\n    outs: [{m: {cach: true}}]\n"),
            "dvc.yaml:4:17: unknown key 'cach'; did you mean 'cache'?");
}

TEST(StageGraph, OrdersAndRefuses) {
  const DvcYaml pipeline = *ParseDvcYaml(
      "stages:\n  eval: {cmd: e, deps: [model/m, d], metrics: [s]}\n  train: {cmd: t, deps: [d/x], outs: [model]}\n  prep: {cmd: "
      "p, outs: [d]}\n"
      "  other: {cmd: o, wdir: w, deps: [../s]}\n",
      "dvc.yaml", "/nowhere");
  const StageGraph graph = *StageGraph::Build(pipeline);
  EXPECT_EQ(*graph.Order({}), (std::vector<std::size_t>{2, 1, 0, 3}));
  EXPECT_EQ(*graph.Order({"train"}), (std::vector<std::size_t>{2, 1}));
  EXPECT_EQ(*graph.Order({"train"}, true), (std::vector<std::size_t>{1}));
  // Who reads a folder needs who writes into it.
  const DvcYaml folder =
      *ParseDvcYaml("stages:\n  read: {cmd: r, deps: [d]}\n  write: {cmd: w, outs: [d/f]}\n", "dvc.yaml", "/nowhere");
  EXPECT_EQ(*StageGraph::Build(folder)->Order({"read"}), (std::vector<std::size_t>{1, 0}));
  EXPECT_EQ(graph.Order({"trai"}).error().what, "Stage 'trai' not found inside 'dvc.yaml' file");
  EXPECT_EQ(graph.Order({"trai"}).error().fix, "mlean repro train");
  EXPECT_EQ(GraphError("stages:\n  a: {cmd: a, deps: [y], outs: [x]}\n  b: {cmd: b, deps: [x], outs: [y]}\n"),
            "Same item(s) are defined as both a dependency and an output in stages: a, b.");
  EXPECT_THAT(GraphError("stages:\n  a: {cmd: a, outs: [x]}\n  b: {cmd: b, outs: [./x]}\n"),
              testing::StartsWith("output 'x' is specified in:\n\t- a"));
  EXPECT_THAT(GraphError("stages:\n  a: {cmd: a, outs: [x]}\n  b: {cmd: b, outs: [x/y]}\n"),
              testing::StartsWith("Paths for outs:\n'x'('a')"));
  EXPECT_THAT(GraphError("stages:\n  a: {cmd: a, deps: [x], outs: [x]}\n"), testing::HasSubstr("in stage: a."));
}

TEST(DvcLock, ReadsAndWritesItself) {
  // As written by DVC 3.67.1.
  const std::string text = *os::ReadFile(MLEAN_SOURCE_DIR "/tests/golden/pipeline/dvc.lock");
  const Result<DvcLock> lock = ParseDvcLock(text, "dvc.lock");
  ASSERT_TRUE(lock) << lock.error().what;
  EXPECT_EQ(WriteDvcLock(*lock), text);
  EXPECT_EQ(ParseDvcLock("stages: {}\n", "dvc.lock").error().code, Code::kCorrupt);
  EXPECT_EQ(ParseDvcLock("schema: '2.0'\nstages:\n  a:\n    cmd: x\n    out: []\n", "dvc.lock").error().what,
            "dvc.lock:5:5: unknown key 'out'; did you mean 'outs'?");
  EXPECT_EQ(ParseDvcLock("schema: '2.0'\nstages:\n  a:\n    outs: [{path: x, md5: 0123}]\n", "l")->stages[0].outs[0].md5, "0123");
  EXPECT_EQ(WriteDvcLock({}), "schema: '2.0'\n");
}

TEST(Staleness, ParamsCompareAsInPython) {
  EXPECT_TRUE(PythonEqual(1, 1.0));
  EXPECT_TRUE(PythonEqual(true, 1));
  EXPECT_TRUE(PythonEqual(Json::Array{1, false}, Json::Array{1.0, 0}));
  EXPECT_TRUE(PythonEqual(Json::Object{{"a", 1}, {"b", 2}}, Json::Object{{"b", 2.0}, {"a", true}}));
  EXPECT_FALSE(PythonEqual("1", 1));
  EXPECT_FALSE(PythonEqual(nullptr, 0));
  EXPECT_FALSE(PythonEqual(std::int64_t{9007199254740993}, std::int64_t{9007199254740992}));
  EXPECT_FALSE(PythonEqual(Json::Array{1}, Json::Array{1, 2}));
}

class ReproduceTest : public testing::Test {
 protected:
  void SetUp() override {
    Write("params.yaml", "n: 2\nother: 1\n");
    Write("in.txt", "in\n");
    Write("dvc.yaml",
          "stages:\n  a:\n    cmd: cat in.txt > a.txt; echo A >> runs\n    deps: [in.txt]\n    outs: [a.txt]\n"
          "  b:\n    cmd:\n    - echo ${n} > b.txt; echo B >> runs\n    - cat a.txt >> b.txt; echo $DVC_STAGE\n    deps: "
          "[a.txt]\n    params: [n]\n"
          "    outs:\n    - b.txt\n    metrics:\n    - m.json: {cache: false}\n");
    Patch("- cat a.txt", "- echo 1 > m.json; cat a.txt");
  }
  void Write(const fs::path& path, std::string_view text) { ASSERT_TRUE(os::WriteFileAtomic(dir_ / path, text)); }
  std::string Read(const fs::path& path) { return os::ReadFile(dir_ / path).value_or("<none>"); }
  void Patch(std::string_view from, std::string_view to) {
    std::string text = Read("dvc.yaml");
    text.replace(text.find(from), from.size(), to);
    Write("dvc.yaml", text);
  }
  std::string Repro(std::vector<std::string> targets = {}, bool force = false) {
    const Result<std::vector<StageOutcome>> outcomes = Reproduce({.root = dir_,
                                                                  .targets = std::move(targets),
                                                                  .force = force,
                                                                  .log_dir = dir_ / "log",
                                                                  .cancel = &cancel_,
                                                                  .ignore_output = [this](const fs::path& path) -> Result<void> {
                                                                    ignored_.push_back(path.filename().string());
                                                                    return {};
                                                                  }},
                                                                 objects_);
    if (!outcomes) return outcomes.error().what;
    std::string text;
    for (const StageOutcome& outcome : *outcomes) {
      text += fmt::format("{}{} {}", text.empty() ? "" : ", ", outcome.name, OutcomeName(outcome.kind));
      for (const Reason& reason : outcome.reasons) text += " (" + reason.Text() + ")";
    }
    return text;
  }

  os::TempDir temp_ = *os::TempDir::Make();
  fs::path dir_ = temp_.path();
  FakeObjects objects_;
  std::atomic<bool> cancel_ = false;
  std::vector<std::string> ignored_;
};

TEST_F(ReproduceTest, RunsOnlyWhatIsStale) {
  EXPECT_EQ(Repro(), "a ran (never run), b ran (never run)");
  EXPECT_EQ(Read("b.txt"), "2\nin\n");
  EXPECT_EQ(ignored_, (std::vector<std::string>{"a.txt", "b.txt"}));
  EXPECT_THAT(Read("log/b.log"), testing::HasSubstr("cat a.txt >> b.txt; echo $DVC_STAGE\nb\n"));
  EXPECT_EQ(Repro(), "a skipped, b skipped");
  Write("params.yaml", "n: 2.0\nother: 5\n");
  EXPECT_THAT(Repro(), testing::StartsWith("a skipped, b ran (changed command)"));
  Write("in.txt", "IN\n");
  EXPECT_EQ(Repro(), "a ran (changed dep 'in.txt': modified), b ran (changed dep 'a.txt': modified)");
  EXPECT_EQ(Read("runs"), "A\nB\nB\nA\nB\n");
  ASSERT_TRUE(os::Remove(dir_ / "b.txt"));
  EXPECT_EQ(Repro(), "a skipped, b cached (changed out 'b.txt': deleted)");
  EXPECT_EQ(Read("b.txt"), "2.0\nIN\n");
  Write("b.txt", "edited");
  EXPECT_EQ(Repro({"b"}), "a skipped, b ran (changed out 'b.txt': modified)");
  objects_.kept_.erase(Md5Hex("IN\n"));
  EXPECT_EQ(Repro({"a"}), "a ran (changed out 'a.txt': not in cache)");
  EXPECT_EQ(Repro({"a"}, true), "a ran");
  const std::vector<StageStatus> status = *Status(dir_, objects_);
  EXPECT_TRUE(status[0].reasons.empty() && status[1].reasons.empty());
}

TEST_F(ReproduceTest, AFailedStageSaysWhyAndKeepsTheOthers) {
  Patch("- echo 1 > m.json;", "- echo deep trouble >&2; exit 7;");
  EXPECT_THAT(Repro(), testing::StartsWith("failed to reproduce 'b': failed to run: "));
  EXPECT_THAT(Repro(), testing::HasSubstr("exited with 7\n"));
  EXPECT_THAT(Repro(), testing::HasSubstr("deep trouble"));
  EXPECT_NE(LoadDvcLock(dir_)->Find("a"), nullptr);
  EXPECT_EQ(LoadDvcLock(dir_)->Find("b"), nullptr);
}

TEST_F(ReproduceTest, MissingThingsAreNamed) {
  ASSERT_TRUE(os::Remove(dir_ / "in.txt"));
  EXPECT_EQ(Repro(), "failed to reproduce 'a': missing data 'source': in.txt");
  Write("in.txt", "x");
  Write("dvc.yaml", "stages:\n  a:\n    cmd: 'true'\n    outs: [gone.txt]\n");
  EXPECT_EQ(Repro(), "failed to reproduce 'a': output 'gone.txt' does not exist");
  Write("dvc.yaml", "stages:\n  a:\n    cmd: 'true'\n    params: [gone]\n");
  EXPECT_EQ(Repro(), "failed to reproduce 'a': parameters 'params.yaml:gone' are missing");
  cancel_ = true;
  EXPECT_EQ(Repro(), "failed to reproduce 'a': cancelled");
}

}  // namespace
}  // namespace mlean::pipeline

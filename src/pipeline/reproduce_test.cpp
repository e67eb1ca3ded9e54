#include "pipeline/reproduce.hpp"

#include <fmt/core.h>

#include <chrono>
#include <cstdio>
#include <thread>

#include "pipeline/dvc_lock.hpp"
#include "pipeline/golden_test.hpp"
#include "pipeline/run_cache.hpp"

namespace mlean::pipeline {
namespace {

namespace fs = std::filesystem;
using codec::Json;

// ---- transcripts by DVC (tests/golden/pipeline/make_golden.py)

ReproduceOptions OptionsOf(const std::vector<std::string>& arguments) {
  ReproduceOptions options;
  for (const std::string& argument : arguments) {
    if (argument == "-f") options.force = true;
    if (argument == "-s") options.single = true;
    if (argument == "-p") options.pipeline = true;
    if (argument == "-P") options.all_pipelines = true;
    if (argument == "-R") options.recursive = true;
    if (argument == "-k") options.on_error = OnError::kKeepGoing;
    if (argument == "--ignore-errors") options.on_error = OnError::kIgnore;
    if (argument == "--dry") options.dry = true;
    if (argument == "--glob") options.glob = true;
    if (argument == "--no-commit") options.no_commit = true;
    if (argument == "--no-run-cache") options.no_run_cache = true;
    if (argument == "--downstream") options.downstream = true;
    if (argument == "--force-downstream") options.force_downstream = true;
    if (!argument.starts_with('-')) options.targets.push_back(argument);
  }
  return options;
}

struct Printed {
  int code = 0;
  std::string out;
  std::string err;
};

class Session {
 public:
  Session() : folder_(Json()) {}

  Printed Repro(const std::vector<std::string>& arguments) {
    return Captured([&](Printed& printed, const Say& say) -> Result<void> {
      WorkTree source(folder_.root());
      Index index(source, {.place = {.root = folder_.root()}, .parsing = {}, .say = say, .on_error = {}});
      ReproduceOptions options = OptionsOf(arguments);
      options.run_cache = RunCacheDir();
      options.say = say;
      TRY(const ReproduceResult done, Reproduce(index, source, objects_, options));
      std::fputs(
          done.changed == 0 ? "Data and pipelines are up to date.\n" : "Use `dvc push` to send your updates to remote storage.\n",
          stdout);
      printed.code = 0;
      return {};
    });
  }

  Printed StatusOf(const std::vector<std::string>& targets) {
    return Captured([&](Printed& printed, const Say& say) -> Result<void> {
      WorkTree source(folder_.root());
      Index index(source, {.place = {.root = folder_.root()}, .parsing = {}, .say = say, .on_error = {}});
      Json all = Json::Object{};
      for (const std::string& target : targets.empty() ? std::vector<std::string>{""} : targets) {
        TRY(const std::vector<Target> found, index.CollectGranular(target));
        for (const Target& one : found) {
          if (one.stage->frozen && say) {
            say(Level::kWarning, Described(*one.stage, index.place()) +
                                     " is frozen. Its dependencies are not going to be shown in the status output.");
          }
          TRY(const StageStatus status, Status(*one.stage, index.place(), source, objects_, {.filter = one.filter}));
          if (!status.Empty()) all.Set(status.stage, status.ToJson());
        }
      }
      std::fputs((all.Dump() + "\n").c_str(), stdout);
      printed.code = 0;
      return {};
    });
  }

  const GoldenFolder& folder() const { return folder_; }
  fs::path RunCacheDir() const { return folder_.root() / ".dvc/cache/runs"; }

 private:
  template <class Body>
  Printed Captured(const Body& body) {
    Printed printed;
    std::string err;
    const Say say = [&](Level level, std::string_view text) {
      if (level == Level::kWarning) {
        err += fmt::format("WARNING: {}\n", text);
      } else {
        std::fputs(fmt::format("{}\n", text).c_str(), stdout);
      }
    };
    testing::internal::CaptureStdout();
    const Result<void> done = body(printed, say);
    std::fflush(stdout);
    printed.out = folder_.Neutral(testing::internal::GetCapturedStdout());
    if (!done) {
      err += "ERROR: " + done.error().what + "\n";
      printed.code = 255;
    }
    printed.err = folder_.Neutral(err);
    return printed;
  }

  GoldenFolder folder_;
  FakeObjects objects_;
};

std::vector<std::string> Texts(const Json& list) {
  std::vector<std::string> texts;
  for (const Json& text : list.AsArray()) texts.push_back(text.AsString());
  return texts;
}

void RunStep(Session& session, const Json& step) {
  if (const Json* const files = step.Find("write")) {
    for (const auto& [name, text] : files->AsObject()) session.folder().Write(name, text.AsString());
  }
  if (const Json* const names = step.Find("remove")) {
    for (const Json& name : names->AsArray()) ASSERT_TRUE(os::Remove(session.folder().root() / name.AsString()));
  }
  const Json* const run = step.Find("run");
  if (run == nullptr) return;
  const std::vector<std::string> words = Texts(*run);
  const bool status = words[0] == "status";
  const Printed ours =
      status ? session.StatusOf({words.begin() + 2, words.end()}) : session.Repro({words.begin() + 1, words.end()});
  EXPECT_EQ(ours.code, *step.IntAt("rc"));
  if (status && ours.code == 0) {
    EXPECT_EQ(Json::Parse(ours.out)->Canonical(), Json::Parse(*step.StringAt("out"))->Canonical());
  } else {
    EXPECT_EQ(ours.out, *step.StringAt("out"));
  }
  EXPECT_EQ(ours.err, *step.StringAt("err"));
  for (const auto& [name, text] : step.Find("files")->AsObject()) EXPECT_EQ(session.folder().Read(name), text.AsString()) << name;
  const auto kept = RunCache(session.RunCacheDir()).List();
  ASSERT_TRUE(kept);
  std::vector<std::string> runs;
  for (const RunCache::File& file : *kept) runs.push_back(file.key + "/" + file.value);
  EXPECT_EQ(runs, Texts(*step.Find("runs")));
}

TEST(Reproduce, SaysAndWritesWhatDvcDoes) {
  const std::vector<Json> rows = GoldenRows("runs.jsonl");
  EXPECT_GT(rows.size(), 5u);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    Session session;
    const Json::Array& steps = rows[i].Find("steps")->AsArray();
    for (std::size_t at = 0; at < steps.size(); ++at) {
      SCOPED_TRACE(
          fmt::format("session {}, step {}: {}", i, at, steps[at].Find("run") == nullptr ? "" : steps[at].Find("run")->Dump()));
      RunStep(session, steps[at]);
    }
  }
}

// ---- what DVC has not

class ReproduceTest : public testing::Test {
 protected:
  ReproduceTest() : folder_(Json()) {}

  void SetUp() override {
    setenv("SHELL", "/bin/sh", 1);
    options_.run_cache = folder_.root() / "runs.cache";
    options_.log_dir = folder_.root() / "log";
    options_.capture = true;
    options_.cancel = &cancel_;
  }

  Result<ReproduceResult> Run(const std::vector<std::string>& targets = {}) {
    WorkTree source(folder_.root());
    index_.emplace(source, IndexOptions{.place = {.root = folder_.root()}, .parsing = {}, .say = {}, .on_error = {}});
    options_.targets = targets;
    return Reproduce(*index_, source, objects_, options_);
  }
  // "a ran (never run), b skipped"
  std::string Repro(const std::vector<std::string>& targets = {}) {
    const Result<ReproduceResult> done = Run(targets);
    if (!done) return done.error().what;
    std::string text;
    for (const StageOutcome& outcome : done->outcomes) {
      text += fmt::format("{}{} {}", text.empty() ? "" : ", ", outcome.name, OutcomeName(outcome.kind));
      for (const std::string& reason : outcome.reasons) text += " (" + reason + ")";
    }
    return text;
  }

  GoldenFolder folder_;
  FakeObjects objects_;
  std::optional<Index> index_;
  ReproduceOptions options_;
  std::atomic<bool> cancel_ = false;
};

constexpr const char* kTwo =
    "stages:\n  a:\n    cmd: cat in.txt > a.txt; echo A >> runs\n    deps: [in.txt]\n    outs: [a.txt]\n"
    "  b:\n    cmd:\n    - echo ${n} > b.txt; echo B >> runs\n    - echo 1 > m.json; cat a.txt >> b.txt; echo $DVC_STAGE\n"
    "    deps: [a.txt]\n    params: [n]\n    outs:\n    - b.txt\n    metrics:\n    - m.json: {cache: false}\n";

TEST_F(ReproduceTest, RunsOnlyWhatIsStaleAndSaysWhy) {
  folder_.Write("params.yaml", "n: 2\nother: 1\n");
  folder_.Write("in.txt", "in\n");
  folder_.Write("dvc.yaml", kTwo);
  EXPECT_EQ(Repro(),
            "a ran (never run) (changed dep 'in.txt': modified), b ran (never run) (changed dep 'a.txt': modified) "
            "(changed dep 'params.yaml': new)");
  EXPECT_EQ(folder_.Read("b.txt"), "2\nin\n");
  EXPECT_EQ(objects_.ignored, (std::vector<std::string>{"a.txt", "b.txt"}));
  EXPECT_THAT(folder_.Read("log/b.log"), testing::HasSubstr("cat a.txt >> b.txt; echo $DVC_STAGE\nb\n"));
  EXPECT_EQ(Repro(), "a skipped, b skipped");
  folder_.Write("params.yaml", "n: 2.0\nother: 5\n");
  EXPECT_EQ(Repro(), "a skipped, b ran (changed command)");
  folder_.Write("in.txt", "IN\n");
  EXPECT_EQ(Repro(), "a ran (changed dep 'in.txt': modified), b ran (changed dep 'a.txt': modified)");
  EXPECT_EQ(folder_.Read("runs"), "A\nB\nB\nA\nB\n");
  folder_.Write("b.txt", "edited");
  EXPECT_EQ(Repro({"b"}), "a skipped, b cached (changed out 'b.txt': modified)");
  EXPECT_EQ(folder_.Read("b.txt"), "2.0\nIN\n");
  objects_.kept.erase(Md5Hex("IN\n"));
  EXPECT_EQ(Repro({"a"}), "a ran (changed out 'a.txt': not in cache)");
  options_.force = true;
  EXPECT_EQ(Repro({"a"}), "a ran (forced)");
}

TEST_F(ReproduceTest, AFailedStageShowsItsLogAndKeepsTheOthers) {
  folder_.Write("dvc.yaml",
                "stages:\n  a: {cmd: echo 1 > x, outs: [x]}\n  b: {cmd: 'echo deep trouble >&2; exit 7', deps: [x]}\n");
  const std::string error = Repro();
  EXPECT_THAT(error,
              testing::StartsWith("failed to reproduce 'b': failed to run: echo deep trouble >&2; exit 7, exited with 7\n"));
  EXPECT_THAT(error, testing::HasSubstr("deep trouble"));
  EXPECT_THAT(folder_.Read("dvc.lock"), testing::HasSubstr("  a:\n"));
  EXPECT_THAT(folder_.Read("dvc.lock"), testing::Not(testing::HasSubstr("  b:\n")));
}

TEST_F(ReproduceTest, OutputsStayWhenTheStageCannotRun) {
  folder_.Write("dvc.yaml", "stages:\n  a: {cmd: cp in x, deps: [in], outs: [x]}\n");
  folder_.Write("x", "mine");
  EXPECT_THAT(Repro(), testing::HasSubstr("No such file or directory"));
  EXPECT_EQ(folder_.Read("x"), "mine");
  // What the cache holds goes, as with DVC.
  folder_.Write("in", "in");
  EXPECT_THAT(Repro(), testing::StartsWith("a ran"));
  ASSERT_TRUE(os::Remove(folder_.root() / "in"));
  EXPECT_THAT(Repro(), testing::HasSubstr("No such file or directory"));
  EXPECT_EQ(folder_.Read("x"), "<none>");
}

TEST_F(ReproduceTest, ALockCutOffAnywhereIsMended) {
  folder_.Write("dvc.yaml", "stages:\n  a: {cmd: echo 1 > x, outs: [x]}\n  b: {cmd: cat x > y, deps: [x], outs: [y]}\n");
  ASSERT_THAT(Repro(), testing::StartsWith("a ran"));
  const std::string whole = folder_.Read("dvc.lock");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const std::string cut = whole.substr(0, size);
    // A whole file to whoever reads it.
    if (cut.ends_with('\n') && DvcLock::Parse(cut, "dvc.lock", {.root = folder_.root()})) continue;
    folder_.Write("dvc.lock", cut);
    SCOPED_TRACE(folder_.Read("dvc.lock"));
    EXPECT_THAT(Repro(), testing::StartsWith("a "));
    EXPECT_EQ(folder_.Read("dvc.lock"), whole);
  }
  // What a merge or a person has broken is not thrown away.
  folder_.Write("dvc.lock", whole + "<<<<<<< ours\n  c");
  EXPECT_THAT(Repro(), testing::HasSubstr("is invalid"));
  folder_.Write("dvc.lock", "schema: '2.0'\nstages:\n  a:\n    nosuch: 1\n  b:\n    cmd: x");
  EXPECT_THAT(Repro(), testing::HasSubstr("validation failed"));
}

TEST_F(ReproduceTest, ACancelledRunSaysSo) {
  folder_.Write("dvc.yaml", "stages:\n  a: {cmd: echo 1 > x, outs: [x]}\n  b: {cmd: sleep 100, deps: [x]}\n  c: {cmd: echo c}\n");
  options_.on_start = [&](const Stage& stage) { cancel_ = stage.name == "b"; };
  const Result<ReproduceResult> done = Run();
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, Code::kCancelled);
  EXPECT_EQ(done.error().what, "failed to reproduce 'b': cancelled");
  EXPECT_THAT(folder_.Read("dvc.lock"), testing::HasSubstr("  a:\n"));
}

TEST_F(ReproduceTest, SeveralStagesRunAtOnce) {
  // Each of l and r waits for the other's sign: one after the other would never end.
  folder_.Write("dvc.yaml",
                "stages:\n  s: {cmd: echo s > s, outs: [s]}\n"
                "  l: {cmd: 'touch sign.l; until test -e sign.r; do :; done; cat s > l', deps: [s], outs: [l]}\n"
                "  r: {cmd: 'touch sign.r; until test -e sign.l; do :; done; cat s > r', deps: [s], outs: [r]}\n"
                "  j: {cmd: cat l r > j, deps: [l, r], outs: [j]}\n");
  options_.jobs = 2;
  const Result<ReproduceResult> done = Run();
  ASSERT_TRUE(done) << done.error().what;
  EXPECT_EQ(done->outcomes.front().name, "s");
  EXPECT_EQ(done->outcomes.back().name, "j");
  EXPECT_EQ(folder_.Read("j"), "s\ns\n");
  const Result<DvcLock> lock = DvcLock::Parse(folder_.Read("dvc.lock"), "dvc.lock", {.root = folder_.root()});
  ASSERT_TRUE(lock);
  EXPECT_EQ(lock->Names().size(), 4u);
  EXPECT_EQ(Repro(), "s skipped, l skipped, r skipped, j skipped");
}

TEST_F(ReproduceTest, AFailureAmongSeveralEndsTheRunAndRecordsTheRest) {
  folder_.Write("dvc.yaml",
                "stages:\n  a: {cmd: 'until test -e sign; do :; done; echo a > a', outs: [a]}\n"
                "  b: {cmd: 'touch sign; exit 3', outs: [b]}\n  c: {cmd: echo c, deps: [b]}\n  d: {cmd: echo d, deps: [a]}\n");
  const auto recorded = [&](const std::string& name) {
    return folder_.Read("dvc.lock").find("  " + name + ":\n") != std::string::npos;
  };
  options_.jobs = 4;
  EXPECT_THAT(Repro(), testing::StartsWith("failed to reproduce 'b': failed to run: touch sign; exit 3, exited with 3"));
  EXPECT_TRUE(recorded("a"));
  EXPECT_FALSE(recorded("c"));
  options_.on_error = OnError::kKeepGoing;
  EXPECT_THAT(Repro(), testing::StartsWith("failed to reproduce 'b'"));
  EXPECT_TRUE(recorded("d"));
  EXPECT_FALSE(recorded("c"));
}

TEST_F(ReproduceTest, AnEntrySomebodyElseWroteMeanwhileStays) {
  folder_.Write("dvc.yaml",
                "stages:\n  a: {cmd: echo 1 > x, outs: [x]}\n  b: {cmd: \"printf '  other:\\\\n    cmd: o\\\\n' >> dvc.lock\", "
                "deps: [x]}\n");
  ASSERT_EQ(Repro().substr(0, 5), "a ran");
  EXPECT_THAT(folder_.Read("dvc.lock"), testing::HasSubstr("  other:\n    cmd: o\n"));
  EXPECT_THAT(folder_.Read("dvc.lock"), testing::HasSubstr("  b:\n"));
}

}  // namespace
}  // namespace mlean::pipeline

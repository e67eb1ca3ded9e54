// Comparison with DVC 3.67.1: see tests/golden/pipeline/make_golden.py.
#include <fmt/core.h>

#include <map>

#include "pipeline/dvc_file.hpp"
#include "pipeline/dvc_lock.hpp"
#include "pipeline/file_error.hpp"
#include "pipeline/golden_test.hpp"
#include "pipeline/index.hpp"
#include "pipeline/param_file.hpp"
#include "pipeline/stage_edit.hpp"
#include "pipeline/stage_files.hpp"

namespace mlean::pipeline {
namespace {

using codec::Json;

Json Strings(const std::vector<std::string>& texts) {
  Json list = Json::Array{};
  for (const std::string& text : texts) list.Push(text);
  return list;
}

Json OutputRow(const Output& out) {
  Json notes = Json::Object{};
  if (!out.desc.empty()) notes.Set("desc", out.desc);
  if (!out.type.empty()) notes.Set("type", out.type);
  if (!out.labels.empty()) notes.Set("labels", Strings(out.labels));
  if (!out.meta.IsNull()) notes.Set("meta", out.meta);
  return Json::Object{{"path", out.path},          {"cache", out.cache},      {"persist", out.persist}, {"metric", out.metric},
                      {"plot", out.plot},          {"props", out.plot_props}, {"push", out.push},       {"remote", out.remote},
                      {"notes", std::move(notes)}, {"location", out.location}};
}

// A stage as make_golden.py's stage_row gives it.
Json StageRow(const Stage& stage, const Place& place) {
  Json row =
      Json::Object{{"name", Addressing(stage, place)},       {"cmd", stage.cmd},   {"wdir", stage.wdir}, {"frozen", stage.frozen},
                   {"always_changed", stage.always_changed}, {"desc", stage.desc}, {"meta", stage.meta}};
  Json deps = Json::Array{};
  for (const Dependency& dep : stage.deps) {
    std::vector<std::string> keys = dep.keys;
    std::sort(keys.begin(), keys.end());
    deps.Push(dep.kind == Dependency::Kind::kParams ? Json(Json::Array{dep.path, Strings(keys)}) : Json(dep.path));
  }
  row.Set("deps", std::move(deps));
  Json outs = Json::Array{};
  for (const Output& out : stage.outs) outs.Push(OutputRow(out));
  row.Set("outs", std::move(outs));
  if (stage.InYaml()) {
    row.Set("group", stage.group);
    row.Set("parametrized", stage.parametrized);
    row.Set("vars", stage.tracked_vars);
  }
  return row;
}

void AddTop(Json& list, const Json& section) {
  const bool any = (section.IsArray() && !section.AsArray().empty()) || (section.IsObject() && !section.AsObject().empty());
  if (any) list.Push(section);
}

Result<Json> Resolved(const GoldenFolder& folder) {
  WorkTree source(folder.root());
  Index index(source, {.place = {.root = folder.root()}});
  TRY(const std::vector<Stage*>* const stages, index.All());
  TRY(const StageGraph* const graph, index.Graph());
  TRY(const auto* const tops, index.TopLevels());
  Json out = Json::Object{};
  Json rows = Json::Array{};
  for (const Stage* stage : *stages) rows.Push(StageRow(*stage, index.place()));
  out.Set("stages", std::move(rows));
  Json plan = Json::Array{};
  for (const std::size_t node : graph->Plan({}, {})) plan.Push(Addressing(graph->stage(node), index.place()));
  out.Set("plan", std::move(plan));
  Json top = Json::Object{{"metrics", Json::Array{}},
                          {"params", Json::Array{}},
                          {"plots", Json::Array{}},
                          {"artifacts", Json::Array{}},
                          {"datasets", Json::Array{}}};
  for (const auto& [location, one] : *tops) {
    AddTop(*top.Find("metrics"), one.metrics);
    AddTop(*top.Find("params"), one.params);
    AddTop(*top.Find("plots"), one.plots);
    AddTop(*top.Find("artifacts"), one.artifacts);
    AddTop(*top.Find("datasets"), one.datasets);
  }
  out.Set("top", std::move(top));
  return out;
}

// The text of DVC's exception alone, which its log follows by that of the exception below.
std::string WithoutCause(std::string text) {
  constexpr std::string_view kBefore = "YAML file structure is corrupted";
  const std::size_t at = text.find(kBefore);
  return at == text.npos ? text : text.substr(0, at + kBefore.size());
}

TEST(Golden, ResolvesStagesAsDvc) {
  const std::vector<Json> rows = GoldenRows("resolve.jsonl");
  EXPECT_GT(rows.size(), 200u);
  for (const Json& row : rows) {
    const GoldenFolder folder(*row.Find("files"));
    const Result<Json> ours = Resolved(folder);
    const std::string what = row.Find("files")->Dump();
    if (const Json* const error = row.Find("error")) {
      std::string text = ours ? "no error: " + ours->Dump() : folder.Neutral(ours.error().what);
      if (!ours && PrintsBare(ours.error())) text = text.substr(0, text.find(".\n"));
      text = WithoutCause(text);
      EXPECT_EQ(text, error->AsString()) << what;
      continue;
    }
    ASSERT_TRUE(ours) << ours.error().what << "\n" << what;
    for (const char* part : {"stages", "plan", "top"}) {
      // Files are walked in the order of the directory, which differs from run to run.
      Json a = *ours->Find(part);
      Json b = *row.Find(part);
      if (a == b) continue;
      const auto sorted = [](Json& list) {
        if (list.IsArray())
          std::sort(list.AsArray().begin(), list.AsArray().end(),
                    [](const Json& x, const Json& y) { return x.Canonical() < y.Canonical(); });
      };
      if (row.Find("files")->Dump().find("/dvc.yaml\"") != std::string::npos || row.Find("files")->Find("data.dvc") != nullptr) {
        sorted(a);
        sorted(b);
      }
      EXPECT_TRUE(a == b) << part << " of " << what << "\nours: " << a.Dump() << "\n dvc: " << b.Dump();
    }
  }
}

TEST(Golden, PrintsBrokenFilesAsDvc) {
  const std::vector<Json> rows = GoldenRows("errors.jsonl");
  EXPECT_GT(rows.size(), 60u);
  for (const Json& row : rows) {
    const std::string name = *row.StringAt("name");
    const std::string shown = *row.StringAt("shown");
    GoldenFolder folder(Json::Object{{name, *row.Find("text")}});
    if (name == "dvc.lock") folder.Write("dvc.yaml", "stages:\n  a: {cmd: x}\n");
    WorkTree source(folder.root());
    Index index(source, {.place = {.root = folder.root()}});
    const auto all = index.All();
    std::string ours;
    if (!all) ours = PrintsBare(all.error()) ? all.error().what + "\n" : "ERROR " + all.error().what;
    EXPECT_EQ(ours, shown) << *row.StringAt("text");
  }
}

TEST(Golden, RewritesDvcFilesAsDvc) {
  const std::vector<Json> rows = GoldenRows("dvc_files.jsonl");
  EXPECT_GT(rows.size(), 15u);
  for (const Json& row : rows) {
    const Place place{.root = "/nowhere"};
    Result<Stage> stage = ParseDvcFile(*row.StringAt("text"), "x.dvc", place);
    ASSERT_TRUE(stage) << stage.error().what;
    if (*row.StringAt("change") == "new") {
      Output& out = stage->outs[0];
      out.files.reset();
      out.content = {.hash_name = "md5", .hash = "0123456789abcdef0123456789abcdef.dir", .size = 77, .nfiles = 3};
    }
    stage->md5 = StageMd5(*stage, place);
    EXPECT_EQ(stage->md5, *row.StringAt("md5")) << *row.StringAt("text");
    EXPECT_EQ(WriteDvcFile(*stage, place).value_or("<error>"), *row.StringAt("dump")) << *row.StringAt("text");
  }
}

TEST(Golden, RewritesLocksAsDvc) {
  const std::vector<Json> rows = GoldenRows("locks.jsonl");
  EXPECT_GT(rows.size(), 20u);
  for (const Json& row : rows) {
    const std::string text = *row.StringAt("text");
    DvcLock lock;
    if (!text.empty()) {
      Result<DvcLock> parsed = DvcLock::Parse(text, "dvc.lock", {.root = "/nowhere"});
      ASSERT_TRUE(parsed) << parsed.error().what;
      lock = *std::move(parsed);
    }
    for (const Json& put : row.Find("puts")->AsArray()) lock.PutEntry(put.AsArray()[0].AsString(), put.AsArray()[1]);
    EXPECT_EQ(lock.Text(), *row.StringAt("dump")) << text;
  }
}

std::vector<std::string> Paths(const Json& add, std::string_view key) {
  std::vector<std::string> paths;
  const Json* const list = add.Find(key);
  if (list == nullptr) return paths;
  for (const Json& path : list->AsArray()) paths.push_back(path.AsString());
  return paths;
}

NewStage WantedStage(const Json& add) {
  NewStage wanted;
  wanted.name = *add.StringAt("name");
  const Json& cmd = *add.Find("cmd");
  wanted.cmd = cmd.IsString() ? std::vector<std::string>{cmd.AsString()} : Paths(add, "cmd");
  wanted.wdir = *add.StringAt("wdir", "");
  wanted.deps = Paths(add, "deps");
  wanted.outs = Paths(add, "outs");
  wanted.outs_no_cache = Paths(add, "outs_no_cache");
  wanted.outs_persist = Paths(add, "outs_persist");
  wanted.metrics_no_cache = Paths(add, "metrics_no_cache");
  wanted.plots = Paths(add, "plots");
  if (const Json* const params = add.Find("params")) {
    for (const Json& file : params->AsArray()) {
      const auto& [name, keys] = file.AsObject().front();
      std::string text = name + ":";
      for (const Json& key : keys.AsArray()) text += (text.ends_with(':') ? "" : ",") + key.AsString();
      wanted.params.push_back(text);
    }
  }
  wanted.always_changed = *add.BoolAt("always_changed", false);
  wanted.desc = *add.StringAt("desc", "");
  wanted.force = *add.BoolAt("force", false);
  return wanted;
}

TEST(Golden, EditsDvcYamlAsDvc) {
  const std::vector<Json> rows = GoldenRows("edits.jsonl");
  EXPECT_GT(rows.size(), 100u);
  for (const Json& row : rows) {
    const GoldenFolder folder(*row.Find("files"));
    WorkTree source(folder.root());
    Index index(source, {.place = {.root = folder.root()}});
    std::string ours;
    if (const Json* const name = row.Find("remove")) {
      const auto found = index.Collect(name->AsString());
      ASSERT_TRUE(found) << row.Dump();
      const auto removed = RemoveStage(*found->front(), index.place());
      ours = !removed ? removed.error().what : os::Exists(folder.root() / "dvc.yaml") ? folder.Read("dvc.yaml") : "";
    } else {
      const Result<Stage> stage = MakeStage(WantedStage(*row.Find("add")), index, source);
      Result<std::vector<std::string>> saved = std::vector<std::string>();
      if (stage) saved = SaveStages({&*stage}, index.place(), {.pipeline = true, .lock = false});
      ours = !stage ? stage.error().what : !saved ? saved.error().what : folder.Read("dvc.yaml");
    }
    EXPECT_EQ(folder.Neutral(ours), *row.StringAt(row.Find("error") != nullptr ? "error" : "dump")) << row.Dump();
  }
}

TEST(Golden, ReadsParameterFilesAsDvc) {
  const std::vector<Json> rows = GoldenRows("params.jsonl");
  EXPECT_GT(rows.size(), 20u);
  for (const Json& row : rows) {
    const Result<Json> ours = ParseParamText(*row.StringAt("text"), *row.StringAt("name"));
    if (const Json* const error = row.Find("error")) {
      EXPECT_EQ(ours ? ours->Dump() : WithoutCause(ours.error().what), error->AsString()) << *row.StringAt("text");
    } else {
      EXPECT_EQ(ours ? ours->DumpPython(true) : ours.error().what, row.Find("values")->DumpPython(true)) << *row.StringAt("text");
    }
  }
}

TEST(Golden, TakesTargetsApartAsDvc) {
  for (const Json& row : GoldenRows("targets.jsonl")) {
    const Result<ParsedTarget> ours = ParseTarget(*row.StringAt("target"));
    if (const Json* const error = row.Find("error")) {
      EXPECT_EQ(ours ? "no error" : ours.error().what, error->AsString()) << *row.StringAt("target");
      continue;
    }
    ASSERT_TRUE(ours) << ours.error().what;
    EXPECT_EQ(ours->file, *row.StringAt("file")) << *row.StringAt("target");
    EXPECT_EQ(ours->name, *row.StringAt("name")) << *row.StringAt("target");
  }
}

}  // namespace
}  // namespace mlean::pipeline

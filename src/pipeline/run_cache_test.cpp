#include "pipeline/run_cache.hpp"

#include <map>

#include "codec/yaml_tree.hpp"
#include "pipeline/dvc_file.hpp"
#include "pipeline/dvc_lock.hpp"
#include "pipeline/golden_test.hpp"
#include "pipeline/param_file.hpp"

namespace mlean::pipeline {
namespace {

using codec::Json;

// An entry and its names by DVC 3.67.1.
constexpr const char* kEntry =
    "cmd:\n- echo 1 > m1.txt\n- echo 2 > m2.txt\ndeps:\n- path: ../dict.txt\n  hash: md5\n  md5: "
    "6790640b957d00c1abc2c27e29d98236\n"
    "  size: 104\nparams:\n  ../extra.yaml:\n    ex: hello\n  ../params.yaml:\n    train.lst:\n    - 1\n    - 2\nouts:\n- path: "
    "m1.txt\n"
    "  hash: md5\n  md5: b026324c6904b2a9cb4b88d6d61c81d1\n  size: 2\n- path: m2.txt\n  hash: md5\n"
    "  md5: 26ab0db90d72e28ad0ba1e22ee510510\n  size: 2\n";
constexpr const char* kKey = "c310682aa6189725afeb3f2872bbb43587a20c39dc7d4ccef8c6573cea9f9d79";
constexpr const char* kValue = "9819b619f0d38b305620cc3a7727cb4c6d2dbc6bd1588c75701d5d001e9bb377";

Stage KnownStage() {
  Stage stage;
  stage.file = "dvc.yaml";
  stage.name = "a";
  stage.cmd = Json::Array{"echo 1 > m1.txt", "echo 2 > m2.txt"};
  Dependency dict;
  dict.path = "../dict.txt";
  dict.location = "dict.txt";
  dict.content = {.hash = "6790640b957d00c1abc2c27e29d98236", .size = 104};
  Dependency params;
  params.kind = Dependency::Kind::kParams;
  params.path = "../params.yaml";
  params.keys = {"train.lst"};
  params.values = Json::Object{{"train.lst", Json::Array{1, 2}}};
  Dependency extra;
  extra.kind = Dependency::Kind::kParams;
  extra.path = "../extra.yaml";
  extra.values = Json::Object{{"ex", "hello"}};
  stage.deps = {params, extra, dict};
  Output second;
  second.path = second.location = "m2.txt";
  second.content = {.hash = "26ab0db90d72e28ad0ba1e22ee510510", .size = 2};
  Output first;
  first.path = first.location = "m1.txt";
  first.content = {.hash = "b026324c6904b2a9cb4b88d6d61c81d1", .size = 2};
  stage.outs = {second, first};
  return stage;
}

TEST(RunCache, NamesRunsAsDvc) {
  const Json entry = codec::YamlTree::Parse(kEntry)->ToJson();
  EXPECT_EQ(RunCache::Key(entry), kKey);
  EXPECT_EQ(RunCache::Value(entry), kValue);
  EXPECT_EQ(LockedStage(KnownStage()).Dump(), entry.Dump());
}

TEST(RunCache, KeepsAndFindsTheNewest) {
  const GoldenFolder folder(Json{});
  const RunCache cache(folder.root());
  Stage stage = KnownStage();
  EXPECT_FALSE(*cache.Find(stage));
  ASSERT_TRUE(cache.Save(stage));
  const std::string name = std::string("c3/") + kKey + "/" + kValue;
  EXPECT_EQ(folder.Read(name), kEntry);
  EXPECT_EQ((*cache.Find(stage))->Dump(), LockedStage(stage).Dump());
  ASSERT_EQ(cache.List()->size(), 1u);
  EXPECT_EQ((*cache.List())[0].path, "runs/" + name);
  // What does not fit the schema counts as none and goes.
  folder.Write(name, "cmd: [");
  EXPECT_FALSE(*cache.Find(stage));
  EXPECT_FALSE(os::Exists(folder.root() / name));
  folder.Write(name, "foo: 1\n");
  EXPECT_FALSE(*cache.Load(kKey, kValue));
}

TEST(RunCache, KeepsOnlyWhatCanBeHadAgain) {
  EXPECT_TRUE(RunCache::MayKeep(KnownStage()));
  const auto refused = [](auto change) {
    Stage stage = KnownStage();
    change(stage);
    return !RunCache::MayKeep(stage);
  };
  EXPECT_TRUE(refused([](Stage& stage) { stage.always_changed = true; }));
  EXPECT_TRUE(refused([](Stage& stage) { stage.deps.clear(); }));
  EXPECT_TRUE(refused([](Stage& stage) { stage.outs.clear(); }));
  EXPECT_TRUE(refused([](Stage& stage) { stage.cmd = Json(); }));
  EXPECT_TRUE(refused([](Stage& stage) { stage.outs[0].persist = true; }));
  EXPECT_TRUE(refused([](Stage& stage) { stage.outs[0].location = "/elsewhere"; }));
  EXPECT_TRUE(refused([](Stage& stage) { stage.deps[2].location = "s3://b/x"; }));
  EXPECT_TRUE(refused([](Stage& stage) { stage.deps[2].content.hash.clear(); }));
}

TEST(DvcFile, Md5OfAnImportIsDvcs) {
  Stage stage = NewDataStage("dd");
  stage.outs[0].content = {.hash = "f437247ec66d73ba66b0ade0246fcb49.dir"};
  EXPECT_EQ(StageMd5(stage, {.root = "/p"}), "");
  Dependency dep;
  dep.kind = Dependency::Kind::kRepo;
  dep.path = "dd";
  dep.repo_url = "https://example.com/r.git";
  dep.repo_rev = "v1";
  dep.repo_rev_lock = std::string(40, '0');
  stage.deps.push_back(dep);
  EXPECT_EQ(StageMd5(stage, {.root = "/p"}), "ec441036ae85b1142def880c9de3d864");
  stage.frozen = true;
  stage.outs[0].content.size = 4;
  EXPECT_EQ(StageMd5(stage, {.root = "/p"}), "ec441036ae85b1142def880c9de3d864");
}

TEST(DvcFile, WritesANewOne) {
  Stage stage = NewDataStage("data/x y");
  EXPECT_EQ(stage.file, "data/x y.dvc");
  stage.outs[0].content = {.hash = "5c902ca5d7982baa6c7789ece0ce7c02.dir", .size = 6, .nfiles = 2};
  EXPECT_EQ(*WriteDvcFile(stage, {.root = "/p"}),
            "outs:\n- md5: 5c902ca5d7982baa6c7789ece0ce7c02.dir\n  size: 6\n  nfiles: 2\n  hash: md5\n  path: x y\n");
}

TEST(Params, CompareAsInPython) {
  EXPECT_TRUE(PythonEqual(1, 1.0));
  EXPECT_TRUE(PythonEqual(true, 1));
  EXPECT_TRUE(PythonEqual(Json::Array{1, false}, Json::Array{1.0, 0}));
  EXPECT_TRUE(PythonEqual(Json::Object{{"a", 1}, {"b", 2}}, Json::Object{{"b", 2.0}, {"a", true}}));
  EXPECT_FALSE(PythonEqual("1", 1));
  EXPECT_FALSE(PythonEqual(nullptr, 0));
  EXPECT_FALSE(PythonEqual(std::int64_t{9007199254740993}, std::int64_t{9007199254740992}));
  EXPECT_FALSE(PythonEqual(std::int64_t{9007199254740993}, 9007199254740992.0));
  EXPECT_TRUE(PythonEqual(1e300, 1e300));
  EXPECT_FALSE(PythonEqual(1.5, 1));
  EXPECT_FALSE(PythonEqual(Json::Array{1}, Json::Array{1, 2}));
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_FALSE(PythonEqual(nan, nan));
  const Json values = *Json::Parse(R"({"a": {"l": [1, {"b": 2}]}, "x.y": 3})");
  EXPECT_EQ(FindParam(values, "a.l.1.b")->AsInt(), 2);
  EXPECT_EQ(FindParam(values, "x.y"), nullptr);
  EXPECT_EQ(FindParam(values, "a.l.2"), nullptr);
  EXPECT_EQ(SelectParams(values, {"a.l.0", "gone"}).Dump(), R"({"a.l.0":1})");
  EXPECT_EQ(FindDate("a: 1\nt:\n  d: [x, 2020-01-01]\n"), "t.d.1");
  EXPECT_EQ(FindDate("a: '2020-01-01'\n"), "");
  EXPECT_EQ(DateAmong("a: {b: 2020-01-01}\nc: 1\n", "p.yaml", {}), "date");
  EXPECT_EQ(DateAmong("a: {b: 2020-01-01}\nc: 1\n", "p.yaml", {"c"}), "");
  EXPECT_EQ(DateAmong("a = [1979-05-27T07:32:00Z]\n", "p.toml", {"a"}), "datetime");
  EXPECT_EQ(DateAmong("a = 07:32:00\n", "p.toml", {"a"}), "time");
}

}  // namespace
}  // namespace mlean::pipeline

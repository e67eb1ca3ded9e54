#include "registry/migrations.hpp"
#include "registry/model_store.hpp"
#include "registry/version_store.hpp"
#include "sql/temporary_database_test.hpp"

namespace mlean::registry {
namespace {

class Registry : public sql::TemporaryDatabaseTest {
 protected:
  Registry() : TemporaryDatabaseTest(Migrations()) {}
  void Model(std::string_view name, int versions) {
    const auto done = Write([&](sql::Txn& t) -> Result<void> {
      TRYV(CreateModel(t, name, "", {}, 1));
      for (int i = 0; i < versions; ++i) TRYV(CreateVersion(t, {.model = std::string(name), .source = "s"}, 1));
      return {};
    });
    ASSERT_TRUE(done) << done.error().what;
  }
  std::int64_t Counter() {
    return *Read([](sql::Conn& c) { return ChangeCounter(c); });
  }
  std::string Fails(const std::string& reference) {
    const auto got = Read([&, &named = reference](sql::Conn& c) { return Resolve(c, named); });
    return got ? "version " + std::to_string(got->version) : got.error().what;
  }
};

TEST_F(Registry, NamesAndTexts) {
  Model("m", 0);
  const auto again = Write([](sql::Txn& t) { return CreateModel(t, "m", "", {}, 1); });
  EXPECT_EQ(again.error().what, "Registered Model (name=m) already exists.");
  EXPECT_EQ(again.error().code, Code::kExists);
  EXPECT_EQ(Read([](sql::Conn& c) { return GetModel(c, "x"); }).error().what, "Registered Model with name=x not found");
  EXPECT_EQ(Read([](sql::Conn& c) { return GetVersion(c, "m", 1); }).error().what, "Model Version (name=m, version=1) not found");
  for (const char* bad : {"", " ", "a/b", "a:b", "..", "."}) {
    EXPECT_EQ(Write([&](sql::Txn& t) { return CreateModel(t, bad, "", {}, 1); }).error().code, Code::kInvalid) << bad;
  }
  EXPECT_EQ(Write([](sql::Txn& t) { return CreateVersion(t, {.model = "x"}, 1); }).error().code, Code::kNotFound);
}

TEST_F(Registry, VersionNumbersAreNeverUsedAgain) {
  Model("m", 3);
  ASSERT_TRUE(Write([](sql::Txn& t) { return DeleteVersion(t, "m", 3, 2); }));
  EXPECT_EQ(Write([](sql::Txn& t) { return CreateVersion(t, {.model = "m"}, 3); })->version, 4);
  EXPECT_EQ(Read([](sql::Conn& c) { return GetVersion(c, "m", 3); }).error().code, Code::kNotFound);
  EXPECT_EQ(Write([](sql::Txn& t) { return DeleteVersion(t, "m", 3, 2); }).error().code, Code::kNotFound);
  ASSERT_TRUE(Write([](sql::Txn& t) { return DeleteModel(t, "m"); }));
  Model("m", 1);
  EXPECT_EQ(Read([](sql::Conn& c) { return ListVersions(c, "m"); })->front().version, 1);
}

TEST_F(Registry, OneKeyMakesOneVersion) {
  Model("m", 1);
  Model("other", 0);
  const NewVersion spec{.model = "m",
                        .source = "a",
                        .digest = "d",
                        .path = "p",
                        .size = 9,
                        .schema = "s",
                        .gate_report = "{}",
                        .idempotency_key = "turn-1"};
  const auto first = Write([&](sql::Txn& t) { return CreateVersion(t, spec, 5); });
  NewVersion retry = spec;
  retry.source = "b";
  const auto second = Write([&](sql::Txn& t) { return CreateVersion(t, retry, 6); });
  ASSERT_TRUE(first) << first.error().what;
  ASSERT_TRUE(second) << second.error().what;
  EXPECT_EQ(first->version, 2);
  EXPECT_EQ(second->version, 2);
  EXPECT_EQ(second->source, "a");
  EXPECT_EQ(second->size, 9);
  EXPECT_EQ(second->gate_report, "{}");
  EXPECT_EQ(Read([](sql::Conn& c) { return ListVersions(c, "m"); })->size(), 2U);
  retry.model = "other";
  EXPECT_EQ(Write([&](sql::Txn& t) { return CreateVersion(t, retry, 6); }).error().code, Code::kConflict);
}

TEST_F(Registry, AliasRules) {
  Model("m", 2);
  const auto set = [this](const char* alias, int version) {
    return Write([&](sql::Txn& t) { return SetAlias(t, "m", alias, version); });
  };
  EXPECT_TRUE(set("champion", 1));
  EXPECT_TRUE(set("champion", 2));
  EXPECT_TRUE(set("a-b_C1", 2));
  EXPECT_TRUE(set("v1x", 2));
  for (const char* bad : {"", "latest", "LATEST", "v1", "V22", "a b", "a.b", "ä.b", "😀"})
    EXPECT_EQ(set(bad, 1).error().code, Code::kInvalid) << bad;
  EXPECT_FALSE(set(std::string(256, 'a').c_str(), 1));
  std::string long_one;
  for (int i = 0; i < 255; ++i) long_one += "é";
  EXPECT_TRUE(set(long_one.c_str(), 1));  // 255 characters
  EXPECT_TRUE(Write([&](sql::Txn& t) { return DeleteAlias(t, "m", long_one); }));
  EXPECT_FALSE(set((long_one + "é").c_str(), 1));
  EXPECT_EQ(set("x", 9).error().what, "Model Version (name=m, version=9) not found");
  EXPECT_EQ(*Read([](sql::Conn& c) { return ResolveAlias(c, "m", "champion"); }), 2);
  EXPECT_EQ(Read([](sql::Conn& c) { return GetVersion(c, "m", 2); })->aliases,
            (std::vector<std::string>{"a-b_C1", "champion", "v1x"}));
  const auto missing = Read([](sql::Conn& c) { return ResolveAlias(c, "m", "no"); });
  EXPECT_EQ(missing.error().code, Code::kInvalid);
  EXPECT_EQ(missing.error().what, "Registered model alias no not found.");
  ASSERT_TRUE(Write([](sql::Txn& t) { return DeleteVersion(t, "m", 2, 8); }));
  EXPECT_TRUE(Read([](sql::Conn& c) { return GetModel(c, "m"); })->aliases.empty());
}

TEST_F(Registry, StagesArchiveTheOthers) {
  Model("m", 3);
  const auto move = [this](int version, Stage stage, bool archive) {
    return Write([&](sql::Txn& t) { return TransitionStage(t, "m", version, stage, archive, 9); });
  };
  ASSERT_TRUE(move(1, Stage::kProduction, false));
  ASSERT_TRUE(move(2, Stage::kProduction, false));
  EXPECT_EQ(*Read([](sql::Conn& c) { return VersionsInStage(c, "m", Stage::kProduction); }), (std::vector<int>{1, 2}));
  ASSERT_TRUE(move(3, Stage::kProduction, true));
  EXPECT_EQ(Read([](sql::Conn& c) { return GetVersion(c, "m", 1); })->stage, Stage::kArchived);
  EXPECT_EQ(Read([](sql::Conn& c) { return GetVersion(c, "m", 2); })->stage, Stage::kArchived);
  const auto latest = Read([](sql::Conn& c) { return GetModel(c, "m"); })->latest;
  ASSERT_EQ(latest.size(), 2U);
  EXPECT_EQ(latest[0].version, 2);  // first the stage that came first
  EXPECT_EQ(latest[1].version, 3);
  EXPECT_EQ(move(1, Stage::kArchived, true).error().code, Code::kInvalid);
  EXPECT_EQ(ParseStage("pRODUCTION"), Stage::kProduction);
  EXPECT_FALSE(ParseStage("prod"));
}

TEST_F(Registry, ReferencesResolve) {
  Model("m", 3);
  Model("a@b", 1);
  ASSERT_TRUE(Write([](sql::Txn& t) { return SetAlias(t, "m", "champion", 2); }));
  ASSERT_TRUE(Write([](sql::Txn& t) { return SetAlias(t, "a@b", "x", 1); }));
  ASSERT_TRUE(Write([](sql::Txn& t) { return TransitionStage(t, "m", 1, Stage::kProduction, false, 1); }));
  const std::pair<const char*, int> cases[] = {
      {"m", 2},
      {"m@champion", 2},
      {"m/3", 3},
      {"m/versions/3", 3},
      {"models:/m/3", 3},
      {"models:/m@champion", 2},
      {"models:/m", 2},
      {"models:/m/latest", 3},
      {"m/latest", 3},
      {"m/Production", 1},
      {"models:/m/production", 1},
      {"a@b@x", 1},
  };
  for (const auto& [reference, version] : cases) {
    const auto got = Read([&, &named = reference](sql::Conn& c) { return Resolve(c, named); });
    ASSERT_TRUE(got) << reference << ": " << got.error().what;
    EXPECT_EQ(got->version, version) << reference;
  }
  for (const char* bad : {"", "x", "m@no", "m/9", "m/versions/x", "m/versions/", "m/0", "m/-1", "m/99999999999", "m/Staging",
                          "m/", "/", "@", "models:/", "m/1/2", "a@b"}) {
    EXPECT_FALSE(Read([&](sql::Conn& c) { return Resolve(c, bad); })) << bad;
  }
  EXPECT_EQ(Fails("m@no"), "cannot find a version of model 'm': no alias 'no'");
}

TEST_F(Registry, EveryChangeCounts) {
  std::int64_t last = Counter();
  const auto grew = [&] {
    const std::int64_t now = Counter();
    const bool more = now > last;
    last = now;
    return more;
  };
  Model("m", 2);
  EXPECT_TRUE(grew());
  ASSERT_TRUE(Write([](sql::Txn& t) { return SetAlias(t, "m", "champion", 1); }));
  EXPECT_TRUE(grew());
  ASSERT_TRUE(Write([](sql::Txn& t) { return TransitionStage(t, "m", 1, Stage::kStaging, false, 1); }));
  EXPECT_TRUE(grew());
  ASSERT_TRUE(Write([](sql::Txn& t) { return SetVersionTag(t, "m", 1, {"a", "b"}); }));
  EXPECT_TRUE(grew());
  ASSERT_TRUE(Write([](sql::Txn& t) { return UpdateVersion(t, "m", 1, {.gate_report = "{\"pass\":true}"}, 1); }));
  EXPECT_TRUE(grew());
  ASSERT_TRUE(Write([](sql::Txn& t) { return RenameModel(t, "m", "n", 1); }));
  EXPECT_TRUE(grew());
  ASSERT_TRUE(Write([](sql::Txn& t) { return DeleteAlias(t, "n", "champion"); }));
  EXPECT_TRUE(grew());
  ASSERT_TRUE(Write([](sql::Txn& t) { return DeleteVersion(t, "n", 1, 1); }));
  EXPECT_TRUE(grew());
  ASSERT_TRUE(Write([](sql::Txn& t) { return DeleteModel(t, "n"); }));
  EXPECT_TRUE(grew());
  EXPECT_FALSE(Write([](sql::Txn& t) { return DeleteModel(t, "n"); }));
  EXPECT_FALSE(grew());
}

TEST_F(Registry, Searches) {
  Model("alpha", 3);
  Model("Alpine", 1);
  Model("beta", 1);
  ASSERT_TRUE(Write([](sql::Txn& t) { return DescribeModel(t, "alpha", "text", 5); }));
  ASSERT_TRUE(Write([](sql::Txn& t) { return SetModelTag(t, "alpha", {"p", "true"}); }));
  ASSERT_TRUE(Write([](sql::Txn& t) { return SetVersionTag(t, "alpha", 2, {"k", "v"}); }));
  const auto models = [this](const Query& query) {
    std::string out;
    const auto got = Read([&](sql::Conn& c) { return ListModels(c, query); });
    EXPECT_TRUE(got) << got.error().what;
    for (const auto& model : *got) out += model.name + " ";
    return out;
  };
  EXPECT_EQ(models({}), "Alpine alpha beta ");
  EXPECT_EQ(models({.where = {{Field::kAttribute, "name", Op::kLike, "al%"}}}), "alpha ");
  EXPECT_EQ(models({.where = {{Field::kAttribute, "name", Op::kILike, "al%"}}}), "Alpine alpha ");
  EXPECT_EQ(models({.where = {{Field::kTag, "p", Op::kNe, "true", true}}}), "Alpine beta ");
  EXPECT_EQ(models({.where = {{Field::kTag, "p", Op::kNe, "true"}}}), "");
  EXPECT_EQ(models({.order = {{"timestamp", false}}, .limit = 1}), "alpha ");
  const auto versions = [this](const Query& query) {
    std::string out;
    const auto got = Read([&](sql::Conn& c) { return SearchVersions(c, query); });
    EXPECT_TRUE(got) << got.error().what;
    for (const auto& version : *got) out += version.model + std::to_string(version.version) + " ";
    return out;
  };
  EXPECT_EQ(versions({}), "Alpine1 alpha3 alpha2 alpha1 beta1 ");
  EXPECT_EQ(versions({.where = {{Field::kAttribute, "version_number", Op::kGe, std::int64_t{2}}}}), "alpha3 alpha2 ");
  EXPECT_EQ(versions({.where = {{Field::kTag, "k", Op::kEq, "v"}}}), "alpha2 ");
  EXPECT_FALSE(Read([](sql::Conn& c) { return SearchVersions(c, {.where = {{Field::kAttribute, "x", Op::kEq, "v"}}}); }));
}

}  // namespace
}  // namespace mlean::registry

#include "access/user_store.hpp"

#include "access/grant_store.hpp"
#include "access/migrations.hpp"
#include "sql/temporary_database_test.hpp"

namespace mlean::access {
namespace {

class UserStore : public sql::TemporaryDatabaseTest {
 protected:
  UserStore() : TemporaryDatabaseTest(Migrations()) {}
  Result<User> Add(const std::string& name, bool admin = false) {
    return Write([&](sql::Txn& txn) { return AddUser(txn, name, "kept", admin, 7); });
  }
  Result<void> Remove(const std::string& name) {
    return Write([&](sql::Txn& txn) { return RemoveUser(txn, name); });
  }
  std::int64_t Counter() {
    return *Read([](sql::Conn& conn) { return ChangeCounter(conn); });
  }
};

TEST_F(UserStore, AddsFindsAndLists) {
  const Result<User> ann = Add("ann", true);
  ASSERT_TRUE(ann) << ann.error().what;
  EXPECT_TRUE(ann->admin);
  EXPECT_EQ(ann->created, 7);
  ASSERT_TRUE(Add("bob"));
  const auto users = *Read([](sql::Conn& conn) { return ListUsers(conn); });
  ASSERT_EQ(users.size(), 2u);
  EXPECT_EQ(users[1].name, "bob");
  EXPECT_EQ(users[1].password, "kept");
  EXPECT_EQ(Add("ann").error().what, "User (username=ann) already exists.");
  EXPECT_EQ(Remove("eve").error().code, Code::kNotFound);
}

TEST_F(UserStore, RefusesNamesThatNoHeaderOrEventCanCarry) {
  for (const std::string name : {"", "a:b", "a/b", " ann", "ann ", "a\nb", "\xff"}) {
    EXPECT_EQ(Add(name).error().code, Code::kInvalid) << name;
  }
  EXPECT_EQ(Add(std::string(129, 'a')).error().code, Code::kInvalid);
  EXPECT_TRUE(Add("ann@example.com"));
  EXPECT_TRUE(Add("Jörg Ä."));
}

TEST_F(UserStore, AnAdministratorStaysWhileThereAreOthers) {
  ASSERT_TRUE(Add("ann", true));
  ASSERT_TRUE(Add("bob"));
  EXPECT_EQ(Remove("ann").error().code, Code::kConflict);
  const auto set = [&](const std::string& name, bool admin) {
    return Write([&](sql::Txn& txn) { return SetAdmin(txn, name, admin, 8); });
  };
  EXPECT_EQ(set("ann", false).error().code, Code::kConflict);
  EXPECT_TRUE(set("bob", true));
  EXPECT_TRUE(set("ann", false));
  EXPECT_TRUE(Remove("ann"));
  EXPECT_TRUE(Remove("bob"));  // nobody is left who would need one
}

TEST_F(UserStore, ARemovedUserLeavesNothingToAnotherOfTheName) {
  ASSERT_TRUE(Add("root", true));
  const User before = *Add("ann");
  ASSERT_TRUE(Write([&](sql::Txn& txn) -> Result<void> {
    TRYV(SetGrant(txn, {before.no, {Kind::kModel, 1}, Level::kManage}));
    return MakeToken(txn, {"ann", "", false, {}}, 1) ? Result<void>() : Fail(Code::kInternal, "no token");
  }));
  ASSERT_TRUE(Remove("ann"));
  const User after = *Add("ann");
  EXPECT_NE(after.no, before.no);
  EXPECT_TRUE(Read([](sql::Conn& conn) { return ListTokens(conn); })->empty());
  for (const std::int64_t user : {before.no, after.no}) {
    EXPECT_TRUE(Read([&](sql::Conn& conn) { return ListGrants(conn, user); })->empty());
  }
}

TEST_F(UserStore, TokensAreKeptAsDigests) {
  ASSERT_TRUE(Add("ann", true));
  const MadeToken made = *Write([](sql::Txn& txn) { return MakeToken(txn, {"ann", "ci", true, 99}, 5); });
  EXPECT_EQ(made.secret.size(), 6 + 64u);
  EXPECT_TRUE(made.secret.starts_with("mlean_"));
  const auto tokens = *Read([](sql::Conn& conn) { return ListTokens(conn); });
  ASSERT_EQ(tokens.size(), 1u);
  EXPECT_EQ(tokens[0].digest, TokenDigest(made.secret));
  EXPECT_EQ(tokens[0].user_name, "ann");
  EXPECT_TRUE(tokens[0].read_only);
  EXPECT_EQ(tokens[0].expires, 99);
  EXPECT_EQ(Write([&](sql::Txn& txn) { return RevokeToken(txn, "00"); }).error().code, Code::kNotFound);
  EXPECT_TRUE(Write([&](sql::Txn& txn) { return RevokeToken(txn, made.token.id); }));
  EXPECT_TRUE(Read([](sql::Conn& conn) { return ListTokens(conn); })->empty());
}

TEST_F(UserStore, EveryChangeCounts) {
  std::int64_t last = Counter();
  const auto grew = [&] { return std::exchange(last, Counter()) < last; };
  ASSERT_TRUE(Add("ann", true));
  EXPECT_TRUE(grew());
  ASSERT_TRUE(Write([](sql::Txn& txn) { return SetPassword(txn, "ann", "other", 2); }));
  EXPECT_TRUE(grew());
  const MadeToken made = *Write([](sql::Txn& txn) { return MakeToken(txn, {"ann", "", false, {}}, 3); });
  EXPECT_TRUE(grew());
  ASSERT_TRUE(Write([&](sql::Txn& txn) { return RevokeToken(txn, made.token.id); }));
  EXPECT_TRUE(grew());
  ASSERT_TRUE(Remove("ann"));
  EXPECT_TRUE(grew());
}

TEST_F(UserStore, LevelsComeFromGrantsElseFromTheDefault) {
  const Caller ann{1, "ann", false, false};
  const Object object{Kind::kExperiment, 5};
  const auto level = [&](const Caller& caller, Level by_default) {
    return *Read([&](sql::Conn& conn) { return LevelOf(conn, caller, object, by_default); });
  };
  EXPECT_EQ(level(ann, Level::kRead), Level::kRead);
  EXPECT_EQ(level(ann, Level::kNone), Level::kNone);
  ASSERT_TRUE(Write([&](sql::Txn& txn) { return SetGrant(txn, {1, object, Level::kEdit}); }));
  EXPECT_EQ(level(ann, Level::kNone), Level::kEdit);
  EXPECT_EQ(level({1, "ann", false, true}, Level::kNone), Level::kRead);  // a read-only token of hers
  EXPECT_EQ(level({2, "bob", false, false}, Level::kNone), Level::kNone);
  EXPECT_EQ(level({2, "bob", true, false}, Level::kNone), Level::kManage);
  EXPECT_EQ(level({2, "bob", true, true}, Level::kNone), Level::kRead);
  ASSERT_TRUE(Write([&](sql::Txn& txn) { return SetGrant(txn, {1, object, Level::kDeny}); }));
  EXPECT_EQ(level(ann, Level::kManage), Level::kDeny);
  ASSERT_TRUE(Write([&](sql::Txn& txn) { return RemoveGrantsOn(txn, object); }));
  EXPECT_EQ(level(ann, Level::kRead), Level::kRead);
}

}  // namespace
}  // namespace mlean::access

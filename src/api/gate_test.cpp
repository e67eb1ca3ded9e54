#include "api/gate.hpp"

#include "access/migrations.hpp"
#include "access/password.hpp"
#include "sql/temporary_database_test.hpp"

namespace mlean::api {
namespace {

using Verdict = net::Gate::Verdict;

TEST(MatchesPatternTest, StarStandsForAnyText) {
  for (const auto& [text, pattern] : std::vector<std::pair<std::string, std::string>>{{"a", "a"},
                                                                                      {"", "*"},
                                                                                      {"a.lab", "*.lab"},
                                                                                      {"https://x.lab", "https://*.lab"},
                                                                                      {"abcbc", "a*bc"},
                                                                                      {"abc", "a*b*c"},
                                                                                      {"abc", "abc*"}}) {
    EXPECT_TRUE(MatchesPattern(text, pattern)) << text << " " << pattern;
  }
  for (const auto& [text, pattern] : std::vector<std::pair<std::string, std::string>>{
           {"ab", "a"}, {"a", "ab"}, {"a.lab.evil.com", "*.lab"}, {"lab", "*.lab"}, {"ab", "a*b*b"}, {"", "a*"}}) {
    EXPECT_FALSE(MatchesPattern(text, pattern)) << text << " " << pattern;
  }
}

class GateTest : public sql::TemporaryDatabaseTest {
 protected:
  GateTest() : TemporaryDatabaseTest(access::Migrations()) {}
  void SetUp() override {
    TemporaryDatabaseTest::SetUp();
    ASSERT_TRUE(Write([&](sql::Txn& txn) -> Result<void> {
      TRYV(access::AddUser(txn, "root", "none", true, 1));
      TRYV(access::AddUser(txn, "ann", "none", false, 1));
      for (const auto& [key, spec] : std::map<std::string, access::NewToken>{{"admin", {"root", "", false, {}}},
                                                                             {"admin reads", {"root", "", true, {}}},
                                                                             {"user", {"ann", "", false, {}}},
                                                                             {"user reads", {"ann", "", true, {}}}}) {
        TRY(const access::MadeToken made, access::MakeToken(txn, spec, 1));
        tokens_[key] = "Bearer " + made.secret;
      }
      return {};
    }));
    ASSERT_TRUE(users_.Refresh(*db_));
  }
  // The status of a call of a route with that access; 200: it passed.
  int Ask(net::Access access, const std::string& who, std::string_view method = "POST") {
    const net::Route route{.method = std::string(method), .pattern = "/x", .options = {.access = access}, .handler = {}};
    const std::string& token = tokens_[who];
    const std::vector<net::HeaderView> headers = {{"Authorization", token}};
    net::Call call = net::Call::For(method, "/x", {}, headers);
    net::Reply reply;
    return gate_.Look(call, &route, reply) == Verdict::kPass ? 200 : reply.status;
  }

  Metrics metrics_;
  ManualClock clock_{1000};
  access::Authenticator users_{metrics_};
  Gate gate_{{.users = &users_, .clock = &clock_, .hosts = {}, .origins = {}}};
  std::map<std::string, std::string> tokens_;
};

TEST_F(GateTest, LetsInWhoARouteIsFor) {
  using net::Access;
  const std::vector<std::tuple<Access, std::string, int>> cases = {
      {Access::kAnyone, "nobody", 200}, {Access::kReader, "nobody", 401},     {Access::kReader, "user reads", 200},
      {Access::kWriter, "user", 200},   {Access::kWriter, "user reads", 403}, {Access::kWriter, "admin reads", 403},
      {Access::kAdmin, "user", 403},    {Access::kAdmin, "admin reads", 403}, {Access::kAdmin, "admin", 200}};
  for (const auto& [access, who, status] : cases) EXPECT_EQ(Ask(access, who), status) << static_cast<int>(access) << " " << who;
  EXPECT_EQ(Ask(Access::kAdmin, "admin reads", "GET"), 200);
  EXPECT_EQ(Ask(Access::kAdmin, "user reads", "GET"), 403);
}

TEST_F(GateTest, ARouteThatSaysNothingLetsNobodyIn) {
  for (const std::string who : {"user", "user reads", "admin", "admin reads"})
    EXPECT_EQ(Ask(net::Access::kUndeclared, who), 403) << who;
  EXPECT_EQ(Ask(net::Access::kUndeclared, "nobody"), 401);
}

}  // namespace
}  // namespace mlean::api

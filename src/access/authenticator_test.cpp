#include "access/authenticator.hpp"

#include "access/migrations.hpp"
#include "access/password.hpp"
#include "base/base64.hpp"
#include "sql/temporary_database_test.hpp"

namespace mlean::access {
namespace {

using Kind = Answer::Kind;
using Steady = std::chrono::steady_clock;

TEST(Password, IsKeptAsItsHash) {
  const std::string kept = *HashPassword("correct horse battery");
  EXPECT_TRUE(kept.starts_with("scrypt$15$8$1$")) << kept;
  EXPECT_EQ(kept.find("horse"), std::string::npos);
  EXPECT_TRUE(PasswordMatches("correct horse battery", kept));
  EXPECT_FALSE(PasswordMatches("correct horse batterz", kept));
  EXPECT_NE(*HashPassword("correct horse battery"), kept);  // another salt
  // A hash of another cost, made by Python: hashlib.scrypt(b"pass", salt=b"00ff", n=1024, r=8, p=2, dklen=32)
  EXPECT_TRUE(PasswordMatches("pass", "scrypt$10$8$2$00ff$ee0543cfce1413092a12d8295ca7df5420081d455c995392a916705b01842887"));
}

TEST(Password, UnsoundStoredTextsMatchNothing) {
  for (const std::string_view stored :
       {"", "scrypt", "scrypt$15$8$1$00", "scrypt$63$8$1$00$00", "scrypt$15$0$1$00$00", "md5$1$1$1$a$b"}) {
    EXPECT_FALSE(PasswordMatches("correct horse battery", stored)) << stored;
  }
  EXPECT_FALSE(PasswordMatches("correct horse battery", NobodysPassword()));
}

TEST(Password, HasTwelveCharacters) {
  EXPECT_EQ(CheckPassword("elevenchars").error().what, "Password must be at least 12 characters.");
  EXPECT_TRUE(CheckPassword("twelve chars"));
  EXPECT_FALSE(CheckPassword("ääääää"));  // twelve bytes
  EXPECT_FALSE(CheckPassword(std::string(2000, 'x')));
}

TEST(CredentialsTest, ReadsTheHeader) {
  using Is = Credentials::Kind;
  EXPECT_EQ(ReadAuthorization("").kind, Is::kNone);
  const Credentials basic = ReadAuthorization("basic " + Base64("ann:pass:word"));
  EXPECT_EQ(basic.kind, Is::kPassword);
  EXPECT_EQ(basic.user, "ann");
  EXPECT_EQ(basic.secret, "pass:word");
  const Credentials bearer = ReadAuthorization("Bearer  abc");
  EXPECT_EQ(bearer.kind, Is::kToken);
  EXPECT_EQ(bearer.secret, "abc");
  const std::string huge = "Bearer " + std::string(5000, 'x');
  for (const std::string& header : {std::string("Basic"), std::string("Basic ???"), "Basic " + Base64("ann"),
                                    std::string("Digest x"), std::string("Bearer "), huge}) {
    EXPECT_EQ(ReadAuthorization(header).kind, Is::kUnreadable) << header;
  }
}

TEST(FailuresTest, GivesTriesBackWithTime) {
  Failures failures(3, std::chrono::seconds(10), 100);
  const Steady::time_point start{};
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(failures.Wait("ann", start).count(), 0);
    failures.Count("ann", start);
  }
  EXPECT_EQ(failures.Wait("ann", start), std::chrono::seconds(10));
  EXPECT_EQ(failures.Wait("bob", start).count(), 0);
  EXPECT_EQ(failures.Wait("ann", start + std::chrono::seconds(4)), std::chrono::seconds(6));
  EXPECT_EQ(failures.Wait("ann", start + std::chrono::seconds(10)).count(), 0);
  // Time never gives more tries than there were.
  failures.Count("ann", start + std::chrono::hours(1));
  failures.Count("ann", start + std::chrono::hours(1));
  failures.Count("ann", start + std::chrono::hours(1));
  EXPECT_GT(failures.Wait("ann", start + std::chrono::hours(1)).count(), 0);
}

TEST(FailuresTest, TheTableIsBoundedAndForgetsTheLeastGuilty) {
  Failures failures(3, std::chrono::seconds(10), 50);
  const Steady::time_point start{};
  for (int i = 0; i < 3; ++i) failures.Count("guilty", start);
  for (int i = 0; i < 1000; ++i) failures.Count("name" + std::to_string(i), start);
  EXPECT_LE(failures.size(), 50u);
  EXPECT_GT(failures.Wait("guilty", start).count(), 0);
}

class AuthenticatorTest : public sql::TemporaryDatabaseTest {
 protected:
  AuthenticatorTest() : TemporaryDatabaseTest(Migrations()) {}
  void SetUp() override {
    TemporaryDatabaseTest::SetUp();
    Change([](sql::Txn& txn) {
      return AddUser(txn, "ann", *HashPassword("correct horse battery"), true, 1) ? Result<void>() : Fail(Code::kInternal, "");
    });
  }
  template <class F>
  void Change(const F& change) {
    ASSERT_TRUE(Write([&](sql::Txn& txn) -> Result<void> { return change(txn); }));
    ASSERT_TRUE(door_.Refresh(*db_));
  }
  // Ask, and Check when that is what it takes.
  Answer Try(const Credentials& credentials, std::string_view address = "10.0.0.1") {
    Answer answer = door_.Ask(credentials, address, now_, at_);
    return answer.kind == Kind::kMustCheck ? door_.Check(credentials, address, at_) : answer;
  }
  static Credentials Password(const std::string& user, const std::string& password) {
    return {Credentials::Kind::kPassword, user, password};
  }
  static Credentials Bearer(const std::string& token) { return {Credentials::Kind::kToken, {}, token}; }

  Metrics metrics_;
  Authenticator door_{metrics_};
  TimeMs now_ = 1000;
  Steady::time_point at_{};
};

TEST_F(AuthenticatorTest, APasswordIsCheckedOnceAndRemembered) {
  const Credentials right = Password("ann", "correct horse battery");
  EXPECT_EQ(door_.Ask(right, "10.0.0.1", now_, at_).kind, Kind::kMustCheck);
  const Answer first = Try(right);
  ASSERT_EQ(first.kind, Kind::kKnown);
  EXPECT_EQ(first.caller->name, "ann");
  EXPECT_TRUE(first.caller->admin);
  EXPECT_EQ(door_.Ask(right, "10.0.0.1", now_, at_).kind, Kind::kKnown);
  EXPECT_EQ(door_.Ask(Password("ann", "correct horse batterz"), "10.0.0.1", now_, at_).kind, Kind::kMustCheck);
  at_ += std::chrono::minutes(11);
  EXPECT_EQ(door_.Ask(right, "10.0.0.1", now_, at_).kind, Kind::kMustCheck);
}

TEST_F(AuthenticatorTest, AChangedPasswordOrARemovedUserEndsWhatWasRemembered) {
  const Credentials right = Password("ann", "correct horse battery");
  ASSERT_EQ(Try(right).kind, Kind::kKnown);
  const std::string other = *HashPassword("another password");
  Change([&](sql::Txn& txn) { return SetPassword(txn, "ann", other, 2); });
  EXPECT_EQ(Try(right).kind, Kind::kWrong);
  EXPECT_EQ(Try(Password("ann", "another password")).kind, Kind::kKnown);
  Change([](sql::Txn& txn) { return RemoveUser(txn, "ann"); });
  EXPECT_EQ(Try(Password("ann", "another password")).kind, Kind::kWrong);
  EXPECT_FALSE(door_.HasUsers());
}

TEST_F(AuthenticatorTest, TokensWorkUntilTheyExpireOrAreRevoked) {
  MadeToken made;
  Change([&](sql::Txn& txn) -> Result<void> {
    TRY(made, MakeToken(txn, {"ann", "", true, 2000}, 1));
    return {};
  });
  const Answer answer = Try(Bearer(made.secret));
  ASSERT_EQ(answer.kind, Kind::kKnown);
  EXPECT_TRUE(answer.caller->read_only);
  EXPECT_EQ(Try(Bearer(made.secret + "0")).kind, Kind::kWrong);
  EXPECT_EQ(Try(Bearer(made.token.digest)).kind, Kind::kWrong);
  now_ = 2000;
  EXPECT_EQ(Try(Bearer(made.secret)).kind, Kind::kWrong);
  now_ = 1999;
  Change([&](sql::Txn& txn) { return RevokeToken(txn, made.token.id) ? Result<void>() : Fail(Code::kInternal, ""); });
  EXPECT_EQ(Try(Bearer(made.secret)).kind, Kind::kWrong);
  const Answer own = Try(Bearer(door_.own_token()));
  ASSERT_EQ(own.kind, Kind::kKnown);
  EXPECT_EQ(own.caller->Actor(), "server");
}

// Guessing is stopped before the password is looked at; whoever is known already goes on, and so do tokens.
TEST_F(AuthenticatorTest, GuessingIsHeldUp) {
  const Credentials right = Password("ann", "correct horse battery");
  ASSERT_EQ(Try(right).kind, Kind::kKnown);
  int tries = 0;
  while (Try(Password("eve" + std::to_string(tries), "wrong password")).kind == Kind::kWrong) ASSERT_LT(++tries, 30);
  EXPECT_EQ(tries, 20);
  const std::uint64_t checks =
      metrics_.Counters("mlean_auth_password_checks_total", "Passwords checked by scrypt.").Only().Value();
  const Answer held = Try(Password("eve", "wrong password"));
  EXPECT_EQ(held.kind, Kind::kTooMany);
  EXPECT_EQ(held.wait.count(), 6);
  EXPECT_EQ(metrics_.Counters("mlean_auth_password_checks_total", "Passwords checked by scrypt.").Only().Value(), checks);
  EXPECT_EQ(Try(right).kind, Kind::kKnown);
  EXPECT_EQ(Try(Bearer(door_.own_token())).kind, Kind::kKnown);
  EXPECT_EQ(Try(Bearer("mlean_guess")).kind, Kind::kTooMany);
  EXPECT_EQ(Try({Credentials::Kind::kUnreadable, {}, {}}).kind, Kind::kTooMany);
  EXPECT_EQ(Try(Password("eve", "wrong password"), "10.0.0.2").kind, Kind::kWrong);
  at_ += std::chrono::seconds(6);
  EXPECT_EQ(Try(Password("eve", "wrong password")).kind, Kind::kWrong);
}

TEST_F(AuthenticatorTest, ManyAddressesThatGuessOneUserAreHeldUp) {
  int tries = 0;
  while (Try(Password("ann", "wrong password"), "10.0.1." + std::to_string(tries)).kind == Kind::kWrong) ASSERT_LT(++tries, 30);
  EXPECT_EQ(tries, 20);
}

TEST_F(AuthenticatorTest, AnIPv6NetworkCountsAsOneAddress) {
  int tries = 0;
  while (Try(Bearer("guess"), "2001:db8:1:2:3:4:5:" + std::to_string(tries)).kind == Kind::kWrong) ASSERT_LT(++tries, 30);
  EXPECT_EQ(tries, 20);
  EXPECT_EQ(Try(Bearer("guess"), "2001:db8:1:2::1").kind, Kind::kTooMany);
  EXPECT_EQ(Try(Bearer("guess"), "2001:db8:1:3:3:4:5:6").kind, Kind::kWrong);
}

}  // namespace
}  // namespace mlean::access

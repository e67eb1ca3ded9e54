#include "notify/outbox_store.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <random>

#include "notify/deliver.hpp"
#include "notify/fake_sender_test.hpp"
#include "notify/migrations.hpp"
#include "sql/temporary_database_test.hpp"

namespace mlean::notify {
namespace {

class Outbox : public sql::TemporaryDatabaseTest {
 protected:
  Outbox() : TemporaryDatabaseTest(Migrations()) {}
  std::string Raise(const Alert& alert) {
    const auto id = db_->Write([&](sql::Txn& t) { return Enqueue(t, alert, channels_, clock_.Now()); });
    EXPECT_TRUE(id) << id.error().what;
    return id ? *id : "";
  }
  int Deliver() {
    const auto sent = DeliverDue(*db_, channels_, sender_, clock_);
    EXPECT_TRUE(sent) << sent.error().what;
    return sent ? *sent : -1;
  }
  std::vector<Delivery> List() {
    return *db_->Read([](sql::Conn& c) { return ListDeliveries(c); });
  }
  ManualClock clock_{1'000'000'000'000};
  FakeSender sender_;
  std::vector<Channel> channels_ = {{"ops", ChannelKind::kWebhook, "https://hooks.example/SECRET", {"drift.*", "job.failed"}}};
};

TEST_F(Outbox, OneKeyIsOneAlert) {
  const Alert alert{.kind = "drift.critical", .title = "t", .dedup_key = "turn-1/drift"};
  const std::string id = Raise(alert);
  EXPECT_EQ(Raise(alert), id);
  EXPECT_EQ(Deliver(), 1);
  EXPECT_EQ(Raise(alert), id);
  EXPECT_EQ(Deliver(), 0);
  ASSERT_EQ(sender_.posts.size(), 1U);
  EXPECT_EQ(sender_.posts[0].headers["Idempotency-Key"], id);
  EXPECT_NE(Raise({.kind = "drift.critical"}), Raise({.kind = "drift.critical"}));
}

TEST_F(Outbox, AnAlertOfARolledBackTransactionIsNotSent) {
  const auto failed = db_->Write([&](sql::Txn& t) -> Result<void> {
    TRYV(Enqueue(t, {.kind = "job.failed"}, channels_, 1));
    return Fail(Code::kDenied, "the rest failed");
  });
  EXPECT_FALSE(failed);
  EXPECT_EQ(Deliver(), 0);
  EXPECT_TRUE(db_->Read([](sql::Conn& c) { return ListAlerts(c); })->empty());
}

TEST_F(Outbox, ChannelsTakeTheKindsTheyAsked) {
  Raise({.kind = "gate.failed"});
  Raise({.kind = "drifting"});
  EXPECT_EQ(Deliver(), 0);
  Raise({.kind = "drift.critical"});
  EXPECT_EQ(Deliver(), 1);
  EXPECT_EQ(db_->Read([](sql::Conn& c) { return ListAlerts(c); })->size(), 3U);
}

TEST_F(Outbox, FailuresAreTriedAgainLaterAndLater) {
  sender_.answers = {503, 0, 429, 200};
  Raise({.kind = "job.failed"});
  EXPECT_EQ(Deliver(), 0);
  EXPECT_EQ(Deliver(), 0);  // not due yet
  EXPECT_EQ(sender_.posts.size(), 1U);
  EXPECT_EQ(*db_->Read([](sql::Conn& c) { return NextWake(c); }), clock_.Now() + 1000);
  clock_.Advance(1000);
  EXPECT_EQ(Deliver(), 0);
  EXPECT_EQ(List().at(0).last_error, "cannot deliver alert to channel 'ops': the connection failed");
  clock_.Advance(1999);
  EXPECT_EQ(Deliver(), 0);
  EXPECT_EQ(sender_.posts.size(), 2U);
  clock_.Advance(1);
  EXPECT_EQ(Deliver(), 0);
  clock_.Advance(4000);
  EXPECT_EQ(Deliver(), 1);
  EXPECT_EQ(List().at(0).attempts, 4);
  EXPECT_EQ(List().at(0).state, DeliveryState::kSent);
  EXPECT_FALSE(*db_->Read([](sql::Conn& c) { return NextWake(c); }));
  EXPECT_EQ(BackoffMs(1), 1000);
  EXPECT_EQ(BackoffMs(5), 16000);
  EXPECT_EQ(BackoffMs(100), kHourMs);
}

TEST_F(Outbox, RefusedOrHopelessOnesAreGivenUpAndNothingNamesTheUrl) {
  sender_.answers = {404};
  Raise({.kind = "job.failed"});
  EXPECT_EQ(Deliver(), 0);
  EXPECT_EQ(List().at(0).state, DeliveryState::kDead);
  EXPECT_EQ(List().at(0).last_error, "cannot deliver alert to channel 'ops': status 404");
  sender_.answers.assign(50, 0);
  Raise({.kind = "drift.x"});
  for (int i = 0; i < 50; ++i) {
    Deliver();
    clock_.Advance(kHourMs);
  }
  EXPECT_EQ(sender_.posts.size(), 1U + kMaxAttempts);
  EXPECT_EQ(List().at(0).state, DeliveryState::kDead);
  for (const Delivery& delivery : List()) EXPECT_EQ(delivery.last_error.find("SECRET"), std::string::npos);
  db_.reset();
  std::ifstream file(folder_ / "t.db", std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(file)), {});
  EXPECT_NE(bytes.find("job.failed"), std::string::npos);
  EXPECT_EQ(bytes.find("SECRET"), std::string::npos);
}

TEST_F(Outbox, AKilledSendersDeliveryComesBackAfterItsLease) {
  const std::string id = Raise({.kind = "job.failed"});
  ASSERT_TRUE(*db_->Write([&](sql::Txn& t) { return BeginAttempt(t, id, "ops", clock_.Now()); }));  // and is killed
  EXPECT_EQ(Deliver(), 0);
  EXPECT_FALSE(*db_->Write([&](sql::Txn& t) { return BeginAttempt(t, id, "ops", clock_.Now()); }));
  clock_.Advance(kSendLeaseMs);
  EXPECT_EQ(Deliver(), 1);
  EXPECT_EQ(sender_.posts[0].headers["Idempotency-Key"], id);
  EXPECT_EQ(List().at(0).attempts, 2);
}

TEST_F(Outbox, AChannelThatIsGoneIsGivenUp) {
  Raise({.kind = "job.failed"});
  channels_.clear();
  EXPECT_EQ(Deliver(), 0);
  EXPECT_EQ(List().at(0).state, DeliveryState::kDead);
}

TEST_F(Outbox, BadAlertsAreRefused) {
  const auto raise = [this](const Alert& alert) {
    return db_->Write([&](sql::Txn& t) { return Enqueue(t, alert, channels_, 1); }).error().code;
  };
  EXPECT_EQ(raise({.kind = ""}), Code::kInvalid);
  EXPECT_EQ(raise({.kind = "a", .title = "\xff"}), Code::kInvalid);
  EXPECT_EQ(raise({.kind = "a", .fields = codec::Json(3)}), Code::kInvalid);
  EXPECT_EQ(raise({.kind = "a", .fields = codec::Json::Object{{"x", std::string(70000, 'a')}}}), Code::kTooLarge);
}

TEST_F(Outbox, FilesGetALineAnAlert) {
  channels_ = {{"log", ChannelKind::kFile, folder_ / "alerts.jsonl"}};
  const Alert alert{
      .kind = "gate.failed", .severity = Severity::kCritical, .title = "a \"b\"\n", .fields = codec::Json::Object{{"auc", 0.5}}};
  const std::string id = Raise(alert);
  Raise(alert);
  EXPECT_EQ(Deliver(), 2);
  std::ifstream file(folder_ / "alerts.jsonl");
  std::string line;
  ASSERT_TRUE(std::getline(file, line));
  EXPECT_EQ(line, "{\"id\":\"" + id +
                      "\",\"kind\":\"gate.failed\",\"severity\":\"critical\",\"title\":\"a \\\"b\\\"\\n\",\"text\":\"\","
                      "\"fields\":{\"auc\":0.5},\"time\":\"2001-09-09T01:46:40.000Z\"}");
  ASSERT_TRUE(std::getline(file, line));
  EXPECT_FALSE(std::getline(file, line));
  channels_[0].target = folder_ / "no/such/folder";
  Raise(alert);
  EXPECT_EQ(Deliver(), 0);
  EXPECT_EQ(List().at(0).last_error, "cannot deliver alert to channel 'log': No such file or directory");
}

TEST(Slack, BodyHasTextAndBlocksWithinTheLimits) {
  Alert alert{.kind = "k", .title = "T <x>", .text = "a & b", .fields = codec::Json::Object{{"auc", 0.5}, {"who", "<me>"}}};
  const auto json = codec::Json::Parse(SlackJson(alert));
  ASSERT_TRUE(json);
  EXPECT_EQ(json->Find("text")->AsString(), "[warning] T &lt;x&gt;");
  const codec::Json::Array& blocks = json->Find("blocks")->AsArray();
  ASSERT_EQ(blocks.size(), 3U);
  EXPECT_EQ(blocks[0].Find("text")->Find("text")->AsString(), "[warning] T <x>");
  EXPECT_EQ(blocks[1].Find("text")->Find("text")->AsString(), "a &amp; b");
  EXPECT_EQ(blocks[2].Find("fields")->AsArray()[1].Find("text")->AsString(), "*who*\n&lt;me&gt;");

  // Random long texts of awkward characters stay within the limits, valid and uncut inside entities.
  std::mt19937 random(2);
  for (int round = 0; round < 50; ++round) {
    alert.title.clear();
    alert.text.clear();
    for (unsigned i = 0; i < 1000 + random() % 5000; ++i)
      alert.text += std::vector<std::string>{"&", "<", "x", "ä", "日"}[random() % 5];
    alert.title = alert.text;
    alert.fields = codec::Json::Object{{alert.text, alert.text}};
    const auto big = codec::Json::Parse(SlackJson(alert));
    ASSERT_TRUE(big);
    const auto& all = big->Find("blocks")->AsArray();
    EXPECT_LE(all[0].Find("text")->Find("text")->AsString().size(), 150U);
    const std::string& text = all[1].Find("text")->Find("text")->AsString();
    EXPECT_LE(text.size(), 3000U);
    EXPECT_GT(text.size(), 1500U);
    EXPECT_EQ(std::count(text.begin(), text.end(), '&'), std::count(text.begin(), text.end(), ';'));
    EXPECT_LE(all[2].Find("fields")->AsArray()[0].Find("text")->AsString().size(), 2000U);
  }
}

}  // namespace
}  // namespace mlean::notify

#include "notify/webhook.hpp"

#include "codec/json.hpp"
#include "notify/fake_sender_test.hpp"
#include "notify/migrations.hpp"
#include "notify/outbox_store.hpp"
#include "notify/webhook_deliver.hpp"
#include "notify/webhook_store.hpp"
#include "sql/temporary_database_test.hpp"

namespace mlean::notify {
namespace {

TEST(WebhookNames, AreOfLettersDigitsAndThreeMarks) {
  for (const char* name : {"a", "A-b_c.9", "0"}) EXPECT_TRUE(CheckWebhookName(name)) << name;
  EXPECT_TRUE(CheckWebhookName(std::string(63, 'x')));
  for (const char* name : {"", "a b", "-a", "a-", ".", "ä", "a\n"}) EXPECT_FALSE(CheckWebhookName(name)) << name;
  EXPECT_EQ(CheckWebhookName(std::string(64, 'x')).error().code, Code::kInvalid);
}

TEST(WebhookUrls, ArePublicHttpsUnlessAllowed) {
  const auto error = [](const std::string& url, const WebhookRules& rules = {}) {
    const Result<void> checked = CheckWebhookUrl(url, rules);
    return checked ? std::string() : checked.error().what;
  };
  EXPECT_EQ(error("https://8.8.8.8/x"), "");
  EXPECT_EQ(error("HTTPS://u:p@8.8.8.8:99/x?y=http://10.0.0.1"), "");
  EXPECT_EQ(error(" "), "Webhook URL cannot be empty or just whitespace: ' '");
  EXPECT_EQ(error("http://8.8.8.8/"), "Invalid webhook URL scheme: 'http'. Allowed schemes are: https.");
  EXPECT_EQ(error("nothing"), "Invalid webhook URL scheme: ''. Allowed schemes are: https.");
  EXPECT_EQ(error("https:///x"), "Webhook URL must include a hostname: 'https:///x'");
  EXPECT_EQ(error("https://[bad/"), "Invalid webhook URL 'https://[bad/': ValueError('Invalid IPv6 URL')");
  EXPECT_EQ(error("https://127.0.0.1/x"),
            "Webhook URL must not resolve to a non-public IP address. '127.0.0.1' resolves to 127.0.0.1.");
  EXPECT_NE(error("https://8.8.8.8@10.0.0.1/"), "");
  EXPECT_NE(error("https://10.0.0.1\\@8.8.8.8/"), "");
  EXPECT_NE(error("https://[::1]:8/"), "");
  EXPECT_NE(error("https://8.8.8.8/\r\nX: y"), "");
  const WebhookRules open{.schemes = {"http", "https"}, .private_addresses = true};
  EXPECT_EQ(error("http://127.0.0.1:9/x", open), "");
  EXPECT_EQ(error("http://no-such-host.invalid/", open), "");
  EXPECT_EQ(error("ftp://x", open), "Invalid webhook URL scheme: 'ftp'. Allowed schemes are: http, https.");
}

TEST(WebhookEvents, AreThoseThatCanHappen) {
  EXPECT_TRUE(CheckWebhookEvent({"model_version_tag", "set"}));
  EXPECT_EQ(CheckWebhookEvent({"model_version_tag", "created"}).error().what,
            "Invalid action 'created' for entity 'model_version_tag'. Valid actions are: ['deleted', 'set']");
  EXPECT_FALSE(CheckWebhookEvent({"", "created"}));
  int possible = 0;
  for (const std::string& entity : WebhookEntities()) {
    for (const std::string& action : WebhookActions()) possible += CheckWebhookEvent({entity, action}) ? 1 : 0;
  }
  EXPECT_EQ(possible, 15);
  EXPECT_EQ(ExampleWebhookData({"registered_model", "created"}).Find("description")->AsString(), "An example registered model");
  EXPECT_EQ(ExampleWebhookData({"model_version", "created"}).Find("description")->AsString(), "An example model version");
  EXPECT_EQ(ExampleWebhookData({"prompt", "created"}).Find("description")->AsString(), "An example prompt");
  EXPECT_EQ(ExampleWebhookData({"model_version_alias", "created"}).Dump(),
            R"({"name":"example_model","alias":"example_alias","version":"1"})");
  EXPECT_EQ(ExampleWebhookData({"prompt_version_tag", "deleted"}).Dump(),
            R"({"name":"example_prompt","version":"1","key":"example_key"})");
}

TEST(WebhookRequests, AreSignedOverIdTimeAndBody) {
  Webhook webhook{.name = "w", .url = "https://hooks.example/SECRET", .secret = "key", .events = {}};
  const net::Request request = WebhookRequest(webhook, "id-1", "{}", {}, 1'700'000'000'999);
  EXPECT_TRUE(request.public_only);
  EXPECT_EQ(request.timeout_ms, 30'000);
  const std::map<std::string, std::string> headers(request.headers.begin(), request.headers.end());
  EXPECT_EQ(headers.at("X-MLflow-Delivery-Id"), "id-1");
  EXPECT_EQ(headers.at("X-MLflow-Timestamp"), "1700000000");
  // printf 'id-1.1700000000.{}' | openssl dgst -sha256 -hmac key -binary | base64
  EXPECT_EQ(headers.at("X-MLflow-Signature"), "v1,E98AYSNogJnwNU702HYvoYIu/imf0sHzkTbSuarQAx8=");
  webhook.secret.clear();
  EXPECT_EQ(WebhookRequest(webhook, "id-1", "{}", {}, 1).headers.size(), 3U);
}

class Webhooks : public sql::TemporaryDatabaseTest {
 protected:
  Webhooks() : TemporaryDatabaseTest(Migrations()) {}
  std::string Add(std::vector<WebhookEvent> events, bool active = true) {
    const Webhook spec{.name = "w", .url = "https://hooks.example/SECRET", .secret = "key", .events = events, .active = active};
    const auto made = Write([&](sql::Txn& t) { return CreateWebhook(t, spec, clock_.Now()); });
    EXPECT_TRUE(made) << made.error().what;
    return made->id;
  }
  void Happen(const WebhookEvent& event) {
    const auto done = Write([&](sql::Txn& t) { return Publish(t, event, codec::Json::Object{{"name", "m"}}, clock_.Now()); });
    ASSERT_TRUE(done) << done.error().what;
  }
  std::vector<std::string> DueNow() {
    return *Read([&](sql::Conn& c) { return DueWebhooks(c, clock_.Now()); });
  }
  Attempt Deliver(const std::string& webhook) {
    const auto report = DeliverToWebhook(*db_, webhook, sender_, {}, clock_, nullptr);
    EXPECT_TRUE(report) << report.error().what;
    return report->outcome;
  }
  std::int64_t Waiting() {
    return *Read([](sql::Conn& c) -> Result<std::int64_t> {
      TRY(sql::Stmt stmt, c.Prepare("SELECT (SELECT count(*) FROM webhook_messages) + (SELECT count(*) FROM deliveries)"));
      TRYV(stmt.Step());
      return stmt.Int(0);
    });
  }
  ManualClock clock_{1'700'000'000'000};
  FakeSender sender_;
  const WebhookEvent made_{"registered_model", "created"};
  const WebhookEvent tagged_{"model_version_tag", "set"};
};

TEST_F(Webhooks, AreKeptChangedAndDeleted) {
  const std::string id = Add({tagged_, made_, tagged_});
  clock_.Advance(5);
  const std::string newer = Add({made_});
  const auto all = Read([](sql::Conn& c) { return ListWebhooks(c, 0, 10); });
  ASSERT_EQ(all->size(), 2U);
  EXPECT_EQ(all->at(0).id, newer);
  EXPECT_EQ(all->at(1).events, (std::vector<WebhookEvent>{tagged_, made_}));
  EXPECT_EQ(Read([](sql::Conn& c) { return ListWebhooks(c, 1, 1); })->at(0).id, id);
  const WebhookChange change{.name = "other", .description = "", .events = std::vector{made_}, .active = false};
  const auto changed = Write([&](sql::Txn& t) { return UpdateWebhook(t, id, change, clock_.Now()); });
  ASSERT_TRUE(changed);
  EXPECT_EQ(changed->name, "other");
  EXPECT_EQ(changed->secret, "key");
  EXPECT_FALSE(changed->active);
  EXPECT_EQ(changed->updated, changed->created + 5);
  EXPECT_EQ(changed->events, std::vector{made_});
  ASSERT_TRUE(Write([&](sql::Txn& t) { return DeleteWebhook(t, id); }));
  EXPECT_EQ(Write([&](sql::Txn& t) { return DeleteWebhook(t, id); }).error().what, "Webhook with ID " + id + " not found.");
  EXPECT_EQ(Write([&](sql::Txn& t) { return UpdateWebhook(t, id, {}, 1); }).error().code, Code::kNotFound);
}

TEST_F(Webhooks, HearOfWhatTheyAskedForOnceDelivered) {
  const std::string one = Add({made_});
  const std::string two = Add({made_, tagged_});
  Add({made_}, false);
  Happen(made_);
  EXPECT_EQ(DueNow().size(), 2U);
  EXPECT_EQ(Deliver(one), Attempt::kSent);
  EXPECT_EQ(Deliver(one), Attempt::kNothingDue);
  EXPECT_EQ(Deliver(two), Attempt::kSent);
  ASSERT_EQ(sender_.posts.size(), 2U);
  EXPECT_EQ(
      sender_.posts[0].body,
      R"({"entity":"registered_model","action":"created","timestamp":"2023-11-14T22:13:20.000000+00:00","data":{"name":"m"}})");
  EXPECT_NE(sender_.posts[0].headers["X-MLflow-Delivery-Id"], sender_.posts[1].headers["X-MLflow-Delivery-Id"]);
  EXPECT_EQ(Waiting(), 0);
}

TEST_F(Webhooks, AChangeThatIsRolledBackIsNotSent) {
  Add({made_});
  EXPECT_FALSE(Write([&](sql::Txn& t) -> Result<void> {
    TRYV(Publish(t, made_, codec::Json::Object{}, 1));
    return Fail(Code::kDenied, "the rest failed");
  }));
  EXPECT_TRUE(DueNow().empty());
  EXPECT_EQ(Waiting(), 0);
}

TEST_F(Webhooks, FailuresAreTriedAgainWithTheSameIdAndANewTime) {
  const std::string id = Add({made_});
  sender_.answers = {503, 0, 429, 200};
  Happen(made_);
  EXPECT_EQ(Deliver(id), Attempt::kFailed);
  EXPECT_EQ(Deliver(id), Attempt::kNothingDue);
  clock_.Advance(1000);
  EXPECT_EQ(Deliver(id), Attempt::kFailed);
  clock_.Advance(2000);
  sender_.answer_headers = {{"Retry-After", "100"}};
  EXPECT_EQ(Deliver(id), Attempt::kFailed);
  clock_.Advance(99'999);
  EXPECT_EQ(Deliver(id), Attempt::kNothingDue);
  clock_.Advance(1);
  EXPECT_EQ(Deliver(id), Attempt::kSent);
  ASSERT_EQ(sender_.posts.size(), 4U);
  EXPECT_EQ(sender_.posts[0].headers["X-MLflow-Delivery-Id"], sender_.posts[3].headers["X-MLflow-Delivery-Id"]);
  EXPECT_EQ(sender_.posts[3].headers["X-MLflow-Timestamp"], "1700000103");
  EXPECT_NE(sender_.posts[0].headers["X-MLflow-Signature"], sender_.posts[3].headers["X-MLflow-Signature"]);
  EXPECT_EQ(Waiting(), 0);
}

TEST_F(Webhooks, RefusedOrHopelessMessagesAreForgotten) {
  const std::string id = Add({made_});
  sender_.answers = {404};
  Happen(made_);
  EXPECT_EQ(Deliver(id), Attempt::kGivenUp);
  EXPECT_EQ(Waiting(), 0);
  sender_.answers.assign(100, 0);
  Happen(made_);
  int attempts = 0;
  for (; Deliver(id) != Attempt::kGivenUp; ++attempts) clock_.Advance(kHourMs);
  EXPECT_EQ(attempts + 1, kMaxAttempts);
  EXPECT_EQ(Waiting(), 0);
}

TEST_F(Webhooks, AKilledSendersMessageComesBackAfterItsLease) {
  const std::string id = Add({made_});
  Happen(made_);
  const auto begun = Write([&](sql::Txn& t) { return BeginMessage(t, id, clock_.Now()); });
  ASSERT_TRUE(begun && *begun);
  EXPECT_TRUE(DueNow().empty());
  clock_.Advance(kSendLeaseMs);
  EXPECT_EQ(Deliver(id), Attempt::kSent);
  EXPECT_EQ(sender_.posts[0].headers["X-MLflow-Delivery-Id"], (*begun)->id);
}

TEST_F(Webhooks, WhatWaitsIsDroppedWithItsWebhook) {
  for (const bool disable : {true, false}) {
    const std::string id = Add({made_});
    Happen(made_);
    const auto begun = Write([&](sql::Txn& t) { return BeginMessage(t, id, clock_.Now()); });
    Happen(made_);
    ASSERT_TRUE(Write([&](sql::Txn& t) -> Result<void> {
      if (!disable) return DeleteWebhook(t, id);
      TRYV(UpdateWebhook(t, id, {.active = false}, 1));
      return {};
    }));
    EXPECT_EQ(Waiting(), 0);
    const Error error = Fail(Code::kIo, "x");
    const auto over = Write([&](sql::Txn& t) { return EndMessage(t, **begun, error, false, 0, clock_.Now()); });
    EXPECT_TRUE(over && *over);
    Happen(made_);
    EXPECT_EQ(Waiting(), 0);
  }
}

}  // namespace
}  // namespace mlean::notify

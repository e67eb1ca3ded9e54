#include "sched/schedule_store.hpp"

#include <map>
#include <random>

#include "sched/migrations.hpp"
#include "sql/temporary_database_test.hpp"

namespace mlean::sched {
namespace {

class ScheduleStore : public sql::TemporaryDatabaseTest {
 protected:
  ScheduleStore() : TemporaryDatabaseTest(Migrations()) {}
  void Put(std::string_view name, std::string_view expression, TimeMs now, bool enabled = true) {
    const auto put = db_->Write([&](sql::Txn& t) { return PutSchedule(t, name, expression, "UTC", enabled, now); });
    ASSERT_TRUE(put) << put.error().what;
  }
  std::vector<Slot> Due(TimeMs now) {
    return *db_->Read([&](sql::Conn& c) { return DueSlots(c, now); });
  }
  bool Claim(const Slot& slot, std::string_view owner, TimeMs lease, TimeMs now) {
    return *db_->Write([&](sql::Txn& t) { return ClaimSlot(t, slot.name, slot.time, owner, lease, now); });
  }
  bool Finish(const Slot& slot, std::string_view owner, TimeMs now) {
    return *db_->Write([&](sql::Txn& t) { return FinishSlot(t, slot.name, slot.time, owner, now); });
  }
};

TEST_F(ScheduleStore, ASlotIsClaimedOnce) {
  Put("a", "*/10 * * * *", 0);
  EXPECT_TRUE(Due(10 * kMinuteMs - 1).empty());
  const std::vector<Slot> due = Due(10 * kMinuteMs);
  ASSERT_EQ(due.size(), 1U);
  EXPECT_EQ(due[0].time, 10 * kMinuteMs);
  const TimeMs now = 11 * kMinuteMs;
  EXPECT_TRUE(Claim(due[0], "one", now + 1000, now));
  EXPECT_FALSE(Claim(due[0], "two", now + 1000, now));
  EXPECT_TRUE(Due(now).empty());
  EXPECT_FALSE(Finish(due[0], "two", now));
  EXPECT_TRUE(Finish(due[0], "one", now));
  EXPECT_FALSE(Finish(due[0], "one", now));
  EXPECT_FALSE(Claim(due[0], "two", now + 5000, now + 2000));  // done is done
  const auto schedule = db_->Read([](sql::Conn& c) { return GetSchedule(c, "a"); });
  EXPECT_EQ(schedule->last_fired, 10 * kMinuteMs);
  EXPECT_EQ(schedule->next_due, 20 * kMinuteMs);
}

TEST_F(ScheduleStore, AKilledOwnersSlotComesBackOnceTheLeaseIsOver) {
  Put("a", "0 * * * *", 0);
  const Slot slot = Due(kHourMs).at(0);
  ASSERT_TRUE(Claim(slot, "dead", kHourMs + 500, kHourMs));
  EXPECT_TRUE(Due(kHourMs + 499).empty());
  const std::vector<Slot> again = Due(kHourMs + 500);
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(again[0].time, slot.time);
  EXPECT_EQ(again[0].attempt, 1);
  EXPECT_TRUE(Claim(again[0], "heir", kHourMs + 2000, kHourMs + 500));
  EXPECT_FALSE(Finish(slot, "dead", kHourMs + 600));
  EXPECT_FALSE(*db_->Write([&](sql::Txn& t) { return RenewSlot(t, "a", slot.time, "dead", kHourMs * 9); }));
  EXPECT_TRUE(*db_->Write([&](sql::Txn& t) { return RenewSlot(t, "a", slot.time, "heir", kHourMs + 9000); }));
  EXPECT_EQ(*db_->Read([](sql::Conn& c) { return NextWake(c); }), kHourMs + 9000);
  EXPECT_TRUE(Finish(slot, "heir", kHourMs + 700));
  EXPECT_EQ(*db_->Read([](sql::Conn& c) { return NextWake(c); }), 2 * kHourMs);
}

TEST_F(ScheduleStore, MissedSlotsAreOne) {
  Put("a", "0 * * * *", 0);
  const TimeMs now = 50 * kHourMs + 1;
  const std::vector<Slot> due = Due(now);
  ASSERT_EQ(due.size(), 1U);
  EXPECT_EQ(due[0].time, kHourMs);
  ASSERT_TRUE(Claim(due[0], "x", now + 1, now));
  ASSERT_TRUE(Finish(due[0], "x", now));
  EXPECT_TRUE(Due(now).empty());
  EXPECT_EQ(db_->Read([](sql::Conn& c) { return GetSchedule(c, "a"); })->next_due, 51 * kHourMs);
}

TEST_F(ScheduleStore, PuttingTheSameAgainKeepsTheDueSlot) {
  Put("a", "0 * * * *", 0);
  Put("a", "0 * * * *", 5 * kHourMs);
  EXPECT_EQ(Due(5 * kHourMs).size(), 1U);
  Put("a", "30 * * * *", 5 * kHourMs);
  EXPECT_TRUE(Due(5 * kHourMs).empty());
  Put("a", "30 * * * *", 5 * kHourMs, false);
  EXPECT_TRUE(Due(9 * kHourMs).empty());
  EXPECT_FALSE(*db_->Read([](sql::Conn& c) { return NextWake(c); }));
  EXPECT_FALSE(db_->Write([](sql::Txn& t) { return PutSchedule(t, "b", "bad", "UTC", true, 0); }));
  EXPECT_EQ(db_->Write([](sql::Txn& t) { return PutSchedule(t, "b", "@daily", "Europe/Berlin", true, 0); }).error().code,
            Code::kUnsupported);
  ASSERT_TRUE(db_->Write([](sql::Txn& t) { return RemoveSchedule(t, "a"); }));
  EXPECT_EQ(db_->Write([](sql::Txn& t) { return RemoveSchedule(t, "a"); }).error().code, Code::kNotFound);
}

// Owners that die at random moments: every slot is finished by exactly one, and no slot is left out while time goes slot by slot.
TEST_F(ScheduleStore, RandomDeathsStillFireEachSlotOnce) {
  std::mt19937 random(3);
  Put("a", "*/5 * * * *", 0);
  std::map<TimeMs, int> finished;
  TimeMs now = 0;
  for (int round = 0; round < 400; ++round) {
    now += kMinuteMs;
    for (const Slot& slot : Due(now)) {
      const std::string owner = fmt::format("w{}", round);
      if (!Claim(slot, owner, now + kMinuteMs, now)) continue;
      EXPECT_FALSE(Claim(slot, "rival", now + kMinuteMs, now));
      if (random() % 3 == 0) continue;  // killed
      if (Finish(slot, owner, now)) ++finished[slot.time];
    }
  }
  EXPECT_EQ(finished.size(), 80U);
  for (const auto& [time, count] : finished) EXPECT_EQ(count, 1) << time;
  ASSERT_TRUE(db_->Write([&](sql::Txn& t) { return DropSlots(t, now); }));
  EXPECT_EQ(SlotKey("a", 0), "a@1970-01-01T00:00:00.000Z");
}

}  // namespace
}  // namespace mlean::sched

#include "sched/cron.hpp"

#include <algorithm>
#include <fstream>
#include <set>

#include "base/text.hpp"

namespace mlean::sched {
namespace {

// One line of the golden file; it is our own, so plain splitting will do (this room has no JSON).
struct Golden {
  std::string expression;
  TimeMs start = 0;
  bool refused = false;
  std::vector<TimeMs> times;
};

Golden ReadLine(const std::string& line) {
  Golden out;
  const std::size_t from = line.find(": \"") + 3;
  out.expression = line.substr(from, line.find('"', from) - from);
  const std::size_t start = line.find("\"start\": ") + 9;
  out.start = *ParseInt(line.substr(start, line.find(',', start) - start)) * 1000;
  out.refused = line.ends_with("null}");
  if (!out.refused) {
    const std::size_t open = line.find('[') + 1;
    for (const std::string& number : Split(line.substr(open, line.find(']') - open), ',')) {
      out.times.push_back(*ParseInt(Trim(number)) * 1000);
    }
  }
  return out;
}

TEST(Cron, AgreesWithCroniter) {
  std::ifstream file(MLEAN_SOURCE_DIR "/tests/golden/sched/cron.jsonl");
  ASSERT_TRUE(file.is_open());
  std::string line;
  int accepted = 0;
  int refused = 0;
  while (std::getline(file, line)) {
    const Golden golden = ReadLine(line);
    const auto cron = Cron::Parse(golden.expression);
    if (golden.refused) {
      EXPECT_FALSE(cron) << golden.expression;
      ++refused;
      continue;
    }
    ASSERT_TRUE(cron) << cron.error().what;
    EXPECT_EQ(cron->NextTimes(golden.start, static_cast<int>(golden.times.size())), golden.times) << golden.expression;
    ++accepted;
  }
  EXPECT_GT(accepted, 500);
  EXPECT_GE(refused, 26);
}

std::string NextOf(std::string_view expression, std::string_view after, const CronOptions& options = {}) {
  const auto cron = Cron::Parse(expression, options);
  if (!cron) return cron.error().what;
  const auto next = cron->Next(*ParseTime(after));
  return next ? FormatTime(*next) : "never";
}

TEST(Cron, PresetsOffsetsAndIntervals) {
  EXPECT_EQ(NextOf("@daily", "2026-03-01 12:00"), "2026-03-02T00:00:00.000Z");
  EXPECT_EQ(NextOf("@weekly", "2026-11-21"), "2026-11-22T00:00:00.000Z");
  EXPECT_EQ(NextOf("@every 90m", "1970-01-01 02:00"), "1970-01-01T03:00:00.000Z");
  EXPECT_EQ(NextOf("@every 90m", "1970-01-01 03:00"), "1970-01-01T04:30:00.000Z");
  EXPECT_EQ(NextOf("30 2 * * *", "2026-03-01", {.offset_minutes = 120}), "2026-03-01T00:30:00.000Z");
  EXPECT_EQ(NextOf("0 0 1 * *", "2026-02-28 22:30", {.offset_minutes = 60}), "2026-02-28T23:00:00.000Z");
  EXPECT_EQ(NextOf("0 12 13 * 5", "2026-03-01", {.day_or = false}), "2026-03-13T12:00:00.000Z");
  EXPECT_EQ(NextOf("0 0 1 1 * 0 2027", "2028-01-01"), "never");
  EXPECT_EQ(NextOf("0 0 31 2 *", "2026-01-01"), "cannot read cron expression '0 0 31 2 *': it never fires");
  EXPECT_EQ(NextOf("61 * * * *", "2026-01-01"), "cannot read cron expression '61 * * * *': minute '61' is not in 0-59");
  for (const char* bad :
       {"", "@", "@reboot", "@every", "@every 5", "@every 1ms", "H(5-2) * * * *", "H( * * * *", "Hx * * * *", "* * W * *",
        "* * 0W * *", "* * * * 1#6", "* * * * #1", "* * * * 1#", "* * * * L", "99999999999999999999 * * * *", "/5 * * * *"}) {
    EXPECT_FALSE(Cron::Parse(bad)) << bad;
  }
  EXPECT_FALSE(Cron::Parse(std::string(600, '*')));
}

TEST(Cron, HashedFieldsAreStableAndSpread) {
  std::set<TimeMs> times;
  for (int i = 0; i < 60; ++i) {
    const CronOptions options{.hash_id = fmt::format("job-{}", i)};
    const auto cron = Cron::Parse("H H(2-5) * * *", options);
    ASSERT_TRUE(cron);
    const TimeMs next = *cron->Next(0);
    EXPECT_EQ(next, Cron::Parse("H H(2-5) * * *", options)->Next(0));
    EXPECT_GE(next, 2 * kHourMs);
    EXPECT_LT(next, 6 * kHourMs);
    times.insert(next);
    EXPECT_TRUE(Cron::Parse("0 0 H H *", options)->Next(0));
    const auto quarter = Cron::Parse("H/15 * * * *", options)->NextTimes(0, 3);
    EXPECT_EQ(quarter[2] - quarter[0], 30 * kMinuteMs);
  }
  EXPECT_GT(times.size(), 40U);
}

TEST(Cron, ZonesOtherThanOffsetsAreRefused) {
  EXPECT_EQ(*ParseZone("UTC"), 0);
  EXPECT_EQ(*ParseZone("-05:30"), -330);
  EXPECT_EQ(ParseZone("Europe/Berlin").error().code, Code::kUnsupported);
  EXPECT_FALSE(ParseZone("+15:00"));
  EXPECT_FALSE(ParseZone("+1:000"));
}

}  // namespace
}  // namespace mlean::sched

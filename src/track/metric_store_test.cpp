#include "track/metric_store.hpp"

#include <cmath>
#include <limits>
#include <map>
#include <random>
#include <set>
#include <tuple>

#include "track/fixture_test.hpp"
#include "track/run_store.hpp"

namespace mlean::track {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

class MetricStore : public StoreTest {
 protected:
  std::string NewRunId() {
    return Write([](sql::Txn& t) { return CreateRun(t, {}, 1); })->info.run_id;
  }
};

// The same rules in ten lines, on random points with many ties, over several transactions.
TEST_F(MetricStore, HistoryAndLatestAgreeWithANaiveModel) {
  std::mt19937 random(7);
  const double values[] = {0, -0.0, 1, -1, 2.5, kInf, -kInf, kNan, 1e-300};
  using Key = std::tuple<TimeMs, std::int64_t, double, bool>;  // timestamp, step, value (NaN as 0), is NaN
  const std::string id = NewRunId();
  std::map<std::string, std::set<Key>> model;
  std::map<std::string, std::tuple<std::int64_t, TimeMs, double>> latest;
  for (int batch = 0; batch < 300; ++batch) {
    std::vector<Metric> metrics;
    for (unsigned i = 0; i < 1 + random() % 4; ++i) {
      const std::string key(1, static_cast<char>('a' + random() % 3));
      const double value = values[random() % std::size(values)];
      const Metric m{.key = key,
                     .value = value,
                     .timestamp = static_cast<TimeMs>(random() % 40),
                     .step = static_cast<int>(random() % 60) - 30};
      metrics.push_back(m);
      const double ranked = std::isnan(value) ? 0 : value;
      model[key].insert({m.timestamp, m.step, ranked + 0.0, std::isnan(value)});
      const auto rank = std::tuple(m.step, m.timestamp, ranked);
      const auto [slot, added] = latest.try_emplace(key, rank);
      if (!added && rank > slot->second) slot->second = rank;
    }
    ASSERT_TRUE(Write([&](sql::Txn& t) { return LogMetrics(t, id, metrics); }));
    const auto so_far = Read([&](sql::Conn& c) { return GetRun(c, id); });
    ASSERT_TRUE(so_far);
    for (const Metric& m : so_far->metrics) {
      ASSERT_EQ(std::tuple(m.step, m.timestamp, std::isnan(m.value) ? 0 : m.value), latest[m.key]) << m.key;
    }
  }
  const auto run = Read([&](sql::Conn& c) { return GetRun(c, id); });
  ASSERT_EQ(run->metrics.size(), model.size());
  for (const Metric& m : run->metrics) {
    EXPECT_EQ(std::tuple(m.step, m.timestamp, std::isnan(m.value) ? 0 : m.value), latest[m.key]) << m.key;
    const auto history = Read([&](sql::Conn& c) { return MetricHistory(c, id, m.key); });
    ASSERT_TRUE(history);
    std::vector<Key> got;
    for (const Metric& point : *history) {
      got.emplace_back(point.timestamp, point.step, std::isnan(point.value) ? 0 : point.value, std::isnan(point.value));
    }
    EXPECT_EQ(got, std::vector<Key>(model[m.key].begin(), model[m.key].end()));
    const auto page = Read([&](sql::Conn& c) { return MetricHistoryAfter(c, (*history)[2], 5); });
    ASSERT_EQ(page->size(), 5U);
    EXPECT_EQ((*page)[0].step, (*history)[3].step);
  }
}

TEST_F(MetricStore, OddNumbersComeBack) {
  const std::string id = NewRunId();
  const std::int64_t big = std::numeric_limits<std::int64_t>::max();
  ASSERT_TRUE(Write([&](sql::Txn& t) {
    return LogMetrics(t, id,
                      {{.key = "i", .value = kInf},
                       {.key = "n", .value = kNan},
                       {.key = "s", .value = 1, .step = -big},
                       {.key = "t", .value = 5e-324, .timestamp = big, .step = big}});
  }));
  const auto run = Read([&](sql::Conn& c) { return GetRun(c, id); });
  EXPECT_EQ(run->metrics.at(0).value, kInf);
  EXPECT_TRUE(std::isnan(run->metrics.at(1).value));
  EXPECT_EQ(run->metrics.at(2).step, -big);
  EXPECT_EQ(run->metrics.at(3).value, 5e-324);
  EXPECT_EQ(run->metrics.at(3).timestamp, big);
  EXPECT_FALSE(Write([&](sql::Txn& t) { return LogMetrics(t, id, {{.key = "x", .timestamp = -1}}); }));
  EXPECT_TRUE(Read([&](sql::Conn& c) { return MetricHistory(c, id, "never"); })->empty());
  EXPECT_EQ(Read([&](sql::Conn& c) { return MetricHistory(c, "nope", "a"); }).error().what, "Run with id=nope not found");
}

TEST_F(MetricStore, IntervalSpreadsPointsAndKeepsTheEnds) {
  const std::string a = NewRunId();
  const std::string b = NewRunId();
  std::vector<Metric> points;
  for (int step = 0; step < 100; ++step) points.push_back({.key = "m", .value = 1.0 * step, .timestamp = step, .step = step});
  ASSERT_TRUE(Write([&](sql::Txn& t) { return LogMetrics(t, a, points); }));
  points.resize(47);
  ASSERT_TRUE(Write([&](sql::Txn& t) { return LogMetrics(t, b, points); }));
  const auto steps = [&](const IntervalSpec& spec, const std::string& run) {
    std::vector<std::int64_t> out;
    const auto got = Read([&](sql::Conn& c) { return MetricInterval(c, spec); });
    EXPECT_TRUE(got) << got.error().what;
    for (const Metric& m : *got) {
      if (m.run_id == run) out.push_back(m.step);
    }
    return out;
  };
  using Steps = std::vector<std::int64_t>;
  const IntervalSpec ten{.run_ids = {a, b}, .key = "m", .max_points = 10};
  EXPECT_EQ(steps(ten, a), (Steps{0, 10, 20, 30, 40, 50, 60, 70, 80, 99}));
  EXPECT_EQ(steps(ten, b), (Steps{0, 5, 10, 15, 20, 25, 30, 35, 39, 46}));  // 47 in ten parts: seven of 5, three of 4
  EXPECT_EQ(steps({.run_ids = {a}, .key = "m", .start_step = 5, .end_step = 8, .max_points = 10}, a), (Steps{5, 6, 7, 8}));
  EXPECT_EQ(steps({.run_ids = {a}, .key = "m", .max_points = 1}, a), Steps{99});
  EXPECT_FALSE(
      Read([&](sql::Conn& c) { return MetricInterval(c, {.run_ids = {a}, .key = "m", .start_step = 9, .end_step = 8}); }));
  EXPECT_FALSE(Read([&](sql::Conn& c) { return MetricInterval(c, {.run_ids = {}, .key = "m"}); }));
}

}  // namespace
}  // namespace mlean::track

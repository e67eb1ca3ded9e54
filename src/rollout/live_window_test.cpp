#include "rollout/live_window.hpp"

#include <algorithm>
#include <cmath>
#include <random>
#include <thread>

namespace mlean::rollout {
namespace {

TEST(LiveWindow, CountsErrorsLatencyAndScores) {
  LiveWindow window({.span_ms = 60'000, .slices = 12});
  for (int i = 1; i <= 100; ++i) {
    window.Record({.now_ms = 1000 + i, .latency_us = i * 1000, .error = i <= 4, .score = i <= 50 ? 0.2 : 0.4});
  }
  const Snapshot s = window.Window(1200);
  EXPECT_EQ(s.requests, 100);
  EXPECT_EQ(s.errors, 4);
  EXPECT_DOUBLE_EQ(s.error_rate, 0.04);
  EXPECT_DOUBLE_EQ(s.latency_ms.mean, 50.5);
  EXPECT_NEAR(s.latency_ms.Variance(), 841.666667, 1e-6);
  EXPECT_NEAR(s.p50_ms, 50, 10);
  EXPECT_NEAR(s.p95_ms, 95, 20);
  EXPECT_NEAR(s.p99_ms, 99, 20);
  EXPECT_EQ(s.score.count, 100);
  EXPECT_NEAR(s.score.mean, 0.3, 1e-12);
  EXPECT_EQ(s.since_ms, 1001);
}

TEST(LiveWindow, OldSlicesFallOutAndTotalsStay) {
  LiveWindow window({.span_ms = 60'000, .slices = 12});
  window.Record({.now_ms = 2'000, .latency_us = 100, .error = true});
  window.Record({.now_ms = 30'000, .latency_us = 100});
  EXPECT_EQ(window.Window(59'999).requests, 2);
  EXPECT_EQ(window.Window(60'000).requests, 1);  // the slice 0 … 5 s is over 12 slices old
  EXPECT_EQ(window.Window(89'999).requests, 1);
  EXPECT_EQ(window.Window(90'000).requests, 0);
  EXPECT_EQ(window.Window(90'000).error_rate, 0);
  EXPECT_EQ(window.Total().requests, 2);
  EXPECT_EQ(window.Total().errors, 1);
  window.Record({.now_ms = 122'000, .latency_us = 100});  // takes the place of the slice at 2 s
  EXPECT_EQ(window.Window(122'000).requests, 1);
  EXPECT_EQ(window.Total().requests, 3);
  window.Reset();
  EXPECT_EQ(window.Total().requests, 0);
  EXPECT_EQ(window.Window(122'000).requests, 0);
}

TEST(LiveWindow, TimeGoingBackCountsAsNow) {
  LiveWindow window({.span_ms = 60'000, .slices = 12});
  window.Record({.now_ms = 100'000});
  window.Record({.now_ms = 1'000, .latency_us = -5});
  EXPECT_EQ(window.Window(100'000).requests, 2);
  EXPECT_EQ(window.Window(0).requests, 2);
}

TEST(LiveWindow, HistogramClassesCoverTheRange) {
  EXPECT_EQ(LatencyHistogram::ClassOf(0), 0u);
  EXPECT_EQ(LatencyHistogram::ClassOf(10), 0u);
  EXPECT_EQ(LatencyHistogram::ClassOf(11), 1u);
  EXPECT_EQ(LatencyHistogram::ClassOf(60'000'000), LatencyHistogram::kClasses - 2);
  EXPECT_EQ(LatencyHistogram::ClassOf(60'000'001), LatencyHistogram::kClasses - 1);
  EXPECT_EQ(LatencyHistogram::UpperEdgeUs(0), 10);
  EXPECT_EQ(LatencyHistogram::UpperEdgeUs(LatencyHistogram::kClasses - 2), 60e6);
  EXPECT_TRUE(std::isinf(LatencyHistogram::UpperEdgeUs(LatencyHistogram::kClasses - 1)));
  EXPECT_EQ(LatencyHistogram().QuantileUs(0.5), 0);
}

TEST(LiveWindow, QuantilesStayWithinAClass) {
  std::mt19937 random(7);
  std::lognormal_distribution<double> latency(7, 1);
  std::vector<double> all;
  LatencyHistogram histogram;
  for (int i = 0; i < 20'000; ++i) {
    const auto us = static_cast<std::int64_t>(latency(random));
    all.push_back(static_cast<double>(us));
    histogram.Add(LatencyHistogram::ClassOf(us));
  }
  std::sort(all.begin(), all.end());
  for (const double q : {0.5, 0.95, 0.99}) {
    const double exact = all[static_cast<std::size_t>(q * static_cast<double>(all.size()))];
    EXPECT_NEAR(histogram.QuantileUs(q) / exact, 1, 0.1) << q;
  }
}

TEST(LiveWindow, MomentsMergeLikeOneSeries) {
  std::mt19937 random(7);
  std::normal_distribution<double> normal(1e6, 1);
  Moments whole, parts;
  for (int part = 0; part < 10; ++part) {
    Moments some;
    for (int i = 0; i < 100; ++i) {
      const double x = normal(random);
      whole.Add(x);
      some.Add(x);
    }
    parts.Merge(some);
  }
  EXPECT_EQ(parts.count, whole.count);
  EXPECT_NEAR(parts.mean, whole.mean, 1e-9);
  EXPECT_NEAR(parts.Variance(), whole.Variance(), 1e-9);
}

TEST(LiveWindow, ManyThreadsLoseNothing) {
  LiveWindow window({.span_ms = 1'000, .slices = 10});
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&window] {
      for (int i = 0; i < 20'000; ++i) {
        window.Record({.now_ms = i / 10, .latency_us = i, .error = i % 10 == 0});
        if (i % 1000 == 0) window.Window(i / 10);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(window.Total().requests, 80'000);
  EXPECT_EQ(window.Total().errors, 8'000);
  EXPECT_GE(window.Window(1'999).requests, 36'000);
}

}  // namespace
}  // namespace mlean::rollout

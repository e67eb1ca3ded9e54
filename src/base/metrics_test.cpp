#include "base/metrics.hpp"

#include <cmath>
#include <thread>

namespace mlean {
namespace {

TEST(Metrics, LatencyBoundsCoverTenMicrosecondsToAMinute) {
  const std::vector<double>& bounds = LatencyBounds();
  EXPECT_EQ(bounds.front(), 1e-5);
  EXPECT_EQ(bounds.back(), 60);
  EXPECT_EQ(bounds.size(), 28u);
  for (std::size_t i = 1; i + 1 < bounds.size(); ++i) EXPECT_NEAR(bounds[i] / bounds[i - 1], 1.8, 0.01);
}

// The page was read back with the parser of the prometheus_client package; what it makes of each line is in the comment beside
// it.
TEST(Metrics, RendersTextExposition) {
  Metrics metrics;
  metrics.Counters("mlean_b_total", "Second \\ line\nbreak.", {"model", "code"})
      .With({{"model", "a\"b\\c\nd"}, {"code", "200"}})
      .Add(3);
  metrics.Gauges("mlean_a", "First.").Only().Set(1.5);
  metrics.Gauges("mlean_unused", "Never a child.", {"x"});
  HistogramFamily& family = metrics.Histograms("mlean_c_seconds", "Third.", {"route"}, {0.1, 1});
  Histogram& histogram = family.With({{"route", "/x"}});
  for (const double value : {0.05, 0.1, 0.5, 5.0, std::nan("")}) histogram.Observe(value);
  EXPECT_EQ(
      metrics.RenderPrometheus(),
      "# HELP mlean_a First.\n# TYPE mlean_a gauge\nmlean_a 1.5\n"
      "# HELP mlean_b_total Second \\\\ line\\nbreak.\n# TYPE mlean_b_total counter\n"
      "mlean_b_total{model=\"a\\\"b\\\\c\\nd\",code=\"200\"} 3\n"
      "# HELP mlean_c_seconds Third.\n# TYPE mlean_c_seconds histogram\n"
      "mlean_c_seconds_bucket{route=\"/x\",le=\"0.1\"} 2\nmlean_c_seconds_bucket{route=\"/x\",le=\"1\"} 3\n"
      "mlean_c_seconds_bucket{route=\"/x\",le=\"+Inf\"} 4\nmlean_c_seconds_sum{route=\"/x\"} 5.65\n"
      "mlean_c_seconds_count{route=\"/x\"} 4\n"
      "# HELP mlean_metrics_overflow_total Lookups of label values beyond the limit of a metric family.\n"
      "# TYPE mlean_metrics_overflow_total counter\n"
      "mlean_metrics_overflow_total{family=\"mlean_a\"} 0\nmlean_metrics_overflow_total{family=\"mlean_b_total\"} 0\n"
      "mlean_metrics_overflow_total{family=\"mlean_c_seconds\"} 0\nmlean_metrics_overflow_total{family=\"mlean_unused\"} 0\n");
}

TEST(Metrics, ForeignLabelValuesStayReadable) {
  Metrics metrics;
  metrics.Counters("x_total", "X.", {"v"}).With({{"v", "bad\xff utf8"}}).Add();
  EXPECT_THAT(metrics.RenderPrometheus(), testing::HasSubstr("x_total{v=\"bad? utf8\"} 1\n"));
}

TEST(Metrics, ChildrenAreBoundedAndTheExcessIsCounted) {
  Metrics metrics;
  CounterFamily& family = metrics.Counters("x_total", "X.", {"v"}, 2);
  Counter& first = family.With({{"v", "1"}});
  family.With({{"v", "2"}}).Add();
  Counter& other = family.With({{"v", "3"}});
  EXPECT_EQ(&other, &family.With({{"v", "4"}}));
  EXPECT_EQ(&other, &family.With({{"v", "other"}}));
  EXPECT_EQ(&first, &family.With({{"v", "1"}}));
  EXPECT_EQ(metrics.Counters("mlean_metrics_overflow_total", "", {"family"}).With({{"family", "x_total"}}).Value(), 2u);
}

TEST(Metrics, AFamilyIsFoundAgainByName) {
  Metrics metrics;
  EXPECT_EQ(&metrics.Counters("x_total", "X.", {"v"}), &metrics.Counters("x_total", "X.", {"v"}));
  EXPECT_DEATH(metrics.Gauges("x_total", "X.", {"v"}), "");
  EXPECT_DEATH(metrics.Counters("x_total", "X.", {"w"}), "");
  EXPECT_DEATH(metrics.Counters("no suffix", "X."), "");
}

TEST(Metrics, QuantilesInterpolateInsideTheBucket) {
  const std::vector<double> bounds = {1, 2, 4};
  Histogram histogram(bounds);
  EXPECT_TRUE(std::isnan(histogram.Quantile(0.5)));
  for (int i = 0; i < 10; ++i) histogram.Observe(1.5);
  for (int i = 0; i < 10; ++i) histogram.Observe(3);
  // histogram_quantile(0.25 / 0.5 / 0.75): rank 5 of 10 in (1,2], end of it, rank 5 of 10 in (2,4].
  EXPECT_DOUBLE_EQ(histogram.Quantile(0.25), 1.5);
  EXPECT_DOUBLE_EQ(histogram.Quantile(0.5), 2);
  EXPECT_DOUBLE_EQ(histogram.Quantile(0.75), 3);
  histogram.Observe(100);
  EXPECT_DOUBLE_EQ(histogram.Quantile(1), 4);
}

TEST(Metrics, HooksRunBeforeRendering) {
  Metrics metrics;
  metrics.BeforeRender([&metrics] { metrics.Gauges("x", "X.").Only().Set(7); });
  EXPECT_THAT(metrics.RenderPrometheus(), testing::HasSubstr("\nx 7\n"));
}

TEST(Metrics, CountsFromManyThreads) {
  Metrics metrics;
  constexpr int kThreads = 4;
  constexpr int kRounds = 5000;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&metrics] {
      Counter& counter = metrics.Counters("x_total", "X.", {"v"}).With({{"v", "1"}});
      Histogram& histogram = metrics.Histograms("y", "Y.").Only();
      for (int i = 0; i < kRounds; ++i) counter.Add(), histogram.Observe(1);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(metrics.Counters("x_total", "X.", {"v"}).With({{"v", "1"}}).Value(), kThreads * kRounds);
  EXPECT_EQ(metrics.Histograms("y", "Y.").Only().Count(), kThreads * kRounds);
  EXPECT_EQ(metrics.Histograms("y", "Y.").Only().Sum(), kThreads * kRounds);
}

}  // namespace
}  // namespace mlean

#include "flows/migrate_mlflow/metric_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include <fmt/format.h>

#include "os/files.hpp"

namespace mlean::flows::migrate_mlflow {
namespace {

class MetricFile : public ::testing::Test {
 protected:
  void SetUp() override {
    auto folder = os::TempDir::Make("mlean-metric");
    ASSERT_TRUE(folder);
    folder_ = std::make_unique<os::TempDir>(*std::move(folder));
  }
  std::vector<track::Metric> Read(const std::string& text, bool model = false, std::size_t limit = 1000) {
    const std::filesystem::path file = folder_->path() / "m";
    EXPECT_TRUE(os::WriteFileAtomic(file, text, {.sync = false}));
    std::vector<track::Metric> all;
    malformed_ = 0;
    for (std::int64_t at = 0; at >= 0;) {
      std::vector<track::Metric> some;
      const auto piece = ReadMetricFile(file, "m", model, at, limit, some);
      if (!piece) {
        ADD_FAILURE() << piece.error().what;
        return all;
      }
      EXPECT_LE(some.size(), limit);
      all.insert(all.end(), some.begin(), some.end());
      malformed_ += piece->malformed;
      at = piece->next;
    }
    return all;
  }
  std::unique_ptr<os::TempDir> folder_;
  std::int64_t malformed_ = 0;
};

TEST_F(MetricFile, ReadsAllFormsOfALine) {
  const auto points = Read("1 0.5\n2 nan 3\n3 inf -4\n4 1e-05 5 my data set d1\n\n5 2 6");
  ASSERT_EQ(points.size(), 5u);
  EXPECT_EQ(points[0].step, 0);
  EXPECT_TRUE(std::isnan(points[1].value));
  EXPECT_TRUE(std::isinf(points[2].value));
  EXPECT_EQ(points[2].step, -4);
  EXPECT_EQ(points[3].dataset_name, "my data set");
  EXPECT_EQ(points[3].dataset_digest, "d1");
  EXPECT_EQ(points[4].timestamp, 5);
  EXPECT_EQ(malformed_, 0);
}

TEST_F(MetricFile, CountsWhatIsNoPoint) {
  EXPECT_EQ(Read("one 2 3\n1 x 3\n1 2 z\n1 2 3\n").size(), 1u);
  EXPECT_EQ(malformed_, 3);
  EXPECT_EQ(Read("1 2 3\n", true).size(), 0u);  // without a run
  EXPECT_EQ(Read("1 2 3 abc d 1\n", true)[0].run_id, "abc");
  EXPECT_TRUE(Read("").empty());
}

TEST_F(MetricFile, GoesOnWhereItWas) {
  std::string text;
  for (int i = 0; i < 100'000; ++i) text += fmt::format("{} {} {}\n", i, i * 0.25, i);
  for (const std::size_t limit : {std::size_t{1000}, std::size_t{33'333}, std::size_t{100'000}, std::size_t{200'000}}) {
    const auto points = Read(text, false, limit);
    ASSERT_EQ(points.size(), 100'000u) << limit;
    for (int i = 0; i < 100'000; i += 997) ASSERT_EQ(points[static_cast<std::size_t>(i)].step, i) << limit;
  }
}

TEST_F(MetricFile, RefusesALineWithoutEnd) {
  const std::filesystem::path file = folder_->path() / "long";
  ASSERT_TRUE(os::WriteFileAtomic(file, std::string(5 << 20, '1'), {.sync = false}));
  std::vector<track::Metric> out;
  EXPECT_FALSE(ReadMetricFile(file, "m", false, 0, 10, out));
}

}  // namespace
}  // namespace mlean::flows::migrate_mlflow

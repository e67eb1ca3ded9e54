#include "metrics/sparkline.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace mlean::metrics {
namespace {

TEST(Sparkline, FromTheLeastToTheGreatest) {
  EXPECT_EQ(Sparkline({0, 1, 2, 3, 4, 5, 6, 7}), "▁▂▃▄▅▆▇█");
  EXPECT_EQ(Sparkline({1, -1}), "█▁");
  EXPECT_EQ(Sparkline({3, 3, 3}), "▄▄▄");
}

TEST(Sparkline, OddValues) {
  EXPECT_EQ(Sparkline({}), "");
  EXPECT_EQ(Sparkline({1}), "");
  const double infinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(Sparkline({0, std::nan(""), infinity, 1}), "▁  █");
  EXPECT_EQ(Sparkline({std::nan(""), std::nan("")}), "  ");
  const double greatest = std::numeric_limits<double>::max();
  EXPECT_EQ(Sparkline({-greatest, greatest}), "▁█");
}

}  // namespace
}  // namespace mlean::metrics

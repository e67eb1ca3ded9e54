#include "track/limits.hpp"

#include <fstream>

#include "codec/json.hpp"

namespace mlean::track {
namespace {

// The table is made by running mlflow's own validation: tests/golden/track/make_limits.py.
TEST(Limits, KeysAreAcceptedAndRefusedAsMlflowDoes) {
  std::ifstream file(MLEAN_SOURCE_DIR "/tests/golden/track/keys.jsonl");
  ASSERT_TRUE(file.is_open());
  std::string line;
  int refused = 0;
  int accepted = 0;
  while (std::getline(file, line)) {
    const auto row = codec::Json::Parse(line);
    ASSERT_TRUE(row) << row.error().what;
    const std::string key = row->Find("key")->AsString();
    const codec::Json& error = *row->Find("error");
    const Result<void> got = CheckKey(key, KeyOf::kParam);
    if (error.IsNull()) {
      EXPECT_TRUE(got) << key << ": " << got.error().what;
      ++accepted;
    } else {
      ASSERT_FALSE(got) << key;
      EXPECT_EQ(got.error().what, error.AsString());
      EXPECT_EQ(got.error().code, Code::kInvalid);
      ++refused;
    }
  }
  EXPECT_GT(accepted, 15);
  EXPECT_GT(refused, 15);
}

TEST(Limits, BatchCountsCarryMlflowsText) {
  const std::vector<Metric> metrics(1001, Metric{.key = "a"});
  const Result<void> got = CheckBatch(metrics, {}, {});
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().what,
            "A batch logging request can contain at most 1000 metrics. Got 1001 metrics. Please split up metrics across multiple "
            "requests "
            "and try again.");
  EXPECT_TRUE(CheckBatch({metrics.begin(), metrics.begin() + 1000}, {}, {}));
  EXPECT_FALSE(CheckBatch({metrics.begin(), metrics.begin() + 1000}, {{"p", "1"}}, {}));
}

TEST(Limits, ParamGivenTwiceIsRefused) {
  const Result<void> got = CheckBatch({}, {{"a", "1"}, {"b", "2"}, {"a", "1"}}, {});
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().what,
            "Duplicate parameter keys have been submitted: ['a']. Please ensure the request contains only one param "
            "value per param key.");
}

TEST(Limits, LengthsCountCharactersNotBytes) {
  std::string umlauts;
  for (int i = 0; i < 10; ++i) umlauts += "ä";
  EXPECT_TRUE(CheckLength(umlauts, 10, "value"));
  const Result<void> got = CheckLength(umlauts, 9, "value");
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().what, "'value' exceeds the maximum length of 9 characters");
  EXPECT_EQ(CutTo(umlauts, 3), "äää");
  EXPECT_EQ(CutTo("abc", 3), "abc");
  EXPECT_EQ(CutTo("abc", 0), "");
}

TEST(Limits, RunIds) {
  EXPECT_TRUE(CheckRunId("0123456789abcdef0123456789abcdef"));
  EXPECT_TRUE(CheckRunId("a-_b"));
  EXPECT_FALSE(CheckRunId(""));
  EXPECT_FALSE(CheckRunId("_a"));
  EXPECT_FALSE(CheckRunId("a/b"));
  EXPECT_FALSE(CheckRunId(std::string(257, 'a')));
}

}  // namespace
}  // namespace mlean::track

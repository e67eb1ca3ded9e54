#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "drift/column_drift.hpp"
#include "drift/dataset_drift.hpp"
#include "drift/sorting.hpp"
#include "drift/test_samples.hpp"

namespace mlean::drift {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInf = std::numeric_limits<double>::infinity();

types::Column Reals(std::vector<double> values, const std::string& name = "x") {
  return {.name = name, .reals = std::move(values)};
}

TEST(Methods, AreFoundByEitherNameAndSuggestTheNearest) {
  std::set<std::string_view> names;
  for (const MethodInfo& info : Methods()) {
    EXPECT_EQ(*ParseMethod(info.name), info.method);
    EXPECT_EQ(*ParseMethod(info.display), info.method);
    names.insert(info.name);
  }
  EXPECT_EQ(names.size(), Methods().size());
  const Result<Method> unknown = ParseMethod("wassertein");
  ASSERT_FALSE(unknown.ok());
  EXPECT_EQ(unknown.error().fix, "did you mean 'wasserstein'?");
}

TEST(Methods, DriftAtTheThresholdAsTheRuleSays) {
  EXPECT_TRUE(Info(Method::kKs).Drifted(0.05, 0.05));
  EXPECT_FALSE(Info(Method::kChiSquare).Drifted(0.05, 0.05));
  EXPECT_TRUE(Info(Method::kPsi).Drifted(0.1, 0.1));
  EXPECT_FALSE(Info(Method::kEnergy).Drifted(0.1, 0.1));
  for (const MethodInfo& info : Methods()) EXPECT_FALSE(info.Drifted(kNan, 0.1)) << info.name;
}

TEST(SortAscending, EqualsStdSortOnBothPaths) {
  for (const std::size_t n : {100u, 20'000u}) {
    std::vector<double> values;
    for (std::size_t i = 0; i < n; ++i)
      values.push_back(std::floor((UniformAt(3, i) - 0.5) * 5000) * (i % 97 == 0 ? 1e300 : 0.25));
    values[1] = -0.0;
    for (std::size_t i = 50; i < n / 2; ++i) values[i] = 1e6 + 1e-6 * UniformAt(4, i);  // alike in all but the lowest bits
    std::vector<double> expected = values;
    std::sort(expected.begin(), expected.end());
    SortAscending(values);
    EXPECT_EQ(values, expected);
  }
}

TEST(Compare, DropsMissingAndInfiniteValues) {
  const Result<ColumnDrift> drift = Compare(Reals({1, 2, kNan, 3, kInf, -kInf}), Reals({1, 2, 3, kNan}));
  ASSERT_TRUE(drift.ok());
  EXPECT_EQ(drift->reference_rows, 3u);
  EXPECT_EQ(drift->current_rows, 3u);
  EXPECT_DOUBLE_EQ(drift->reference_missing_share, 0.5);
  EXPECT_EQ(drift->verdict, Verdict::kStable);
  EXPECT_DOUBLE_EQ(drift->reference_mean, 2);
}

TEST(Compare, GivesNoVerdictWithoutData) {
  for (const auto& [reference, current] :
       std::vector<std::pair<std::vector<double>, std::vector<double>>>{{{}, {1, 2}}, {{1, 2}, {}}, {{}, {}}, {{kNan}, {1}}}) {
    const Result<ColumnDrift> drift = Compare(Reals(reference), Reals(current));
    ASSERT_TRUE(drift.ok());
    EXPECT_EQ(drift->verdict, Verdict::kNotEnoughData);
    EXPECT_TRUE(std::isnan(drift->score));
  }
  const Result<ColumnDrift> few = Compare(Reals({1, 2, 3}), Reals({4, 5, 6}), {.min_rows = 4});
  EXPECT_EQ(few->verdict, Verdict::kNotEnoughData);
  types::Column empty_text{.name = "x", .kind = types::Kind::kText, .codes = {-1, -1}};
  EXPECT_EQ(Compare(Reals({1, 2, 3}), empty_text)->verdict, Verdict::kNotEnoughData);
}

TEST(Compare, RefusesWhatDoesNotFit) {
  const types::Column words = MakeSample("words:1:50:5:0");
  EXPECT_EQ(Compare(words, words, {.method = Method::kKs}).error().what,
            "cannot compare column 'x' by 'ks': the method needs a numeric column");
  EXPECT_EQ(Compare(Reals({1, 2}), Reals({1, 2}), {.method = Method::kZ}).error().what,
            "cannot compare column 'x' by 'z': the method needs a categorical column");
  EXPECT_EQ(Compare(words, words, {.method = Method::kFisherExact}).error().what,
            "cannot compare column 'x' by 'fisher_exact': it has more than 2 distinct values");
  EXPECT_EQ(Compare(Reals({1, 2}), words).error().what,
            "cannot compare column 'x': it is num in the reference and cat in the current data");
  EXPECT_FALSE(Compare(Reals({1}), Reals({1}), {.method = Method::kCramerVonMises}).ok());
  EXPECT_FALSE(Compare(Reals({1, 1, 1}), Reals({1, 1}), {.method = Method::kAnderson}).ok());
  const types::Column time{.name = "t", .kind = types::Kind::kTime, .ints = {1, 2}};
  EXPECT_EQ(Compare(time, time).error().code, Code::kUnsupported);
}

TEST(Compare, SurvivesExtremeNumbers) {
  std::vector<double> wide;
  for (int i = -50; i < 50; ++i) wide.push_back(1.7e308 * i / 50);
  for (const MethodInfo& info : Methods()) {
    if (info.numeric) (void)Compare(Reals(wide), Reals({-1e308, 5e-324, 0, 1e308, 3}), {.method = info.method});
  }
  EXPECT_TRUE(Compare(Reals(wide), Reals({-1e308, 0, 1e308}), {.method = Method::kPsi}).ok());
}

TEST(Compare, DrawsBothSidesOnCommonBins) {
  const Result<ColumnDrift> numbers = Compare(Reals({0, 1, 2, 3}), Reals({10, 10}));
  ASSERT_EQ(numbers->picture.edges.size(), 11u);
  EXPECT_EQ(numbers->picture.edges.back(), 10);
  EXPECT_DOUBLE_EQ(numbers->picture.reference[0], 0.25);
  EXPECT_DOUBLE_EQ(numbers->picture.current[9], 1);
  types::Column reference{.name = "c", .kind = types::Kind::kText, .codes = {0, 0, 1, 2}, .words = {"b", "a", "c"}};
  types::Column current{.name = "c", .kind = types::Kind::kText, .codes = {0, 1, 1}, .words = {"new", "a"}};
  const Result<ColumnDrift> words = Compare(reference, current, {.max_categories = 2});
  EXPECT_EQ(words->picture.labels, (std::vector<std::string>{"b", "a", "(other)"}));
  EXPECT_EQ(words->new_categories, (std::vector<std::string>{"new"}));
  EXPECT_EQ(words->small_current.labels, (std::vector<std::string>{"a", "b", "c", "new"}));
  EXPECT_EQ(words->small_current.y, (std::vector<double>{2, 0, 0, 1}));
}

types::Frame Frame(int seed, std::size_t rows, int columns, double shift) {
  types::Frame frame;
  for (int i = 0; i < columns; ++i) {
    frame.columns.push_back(
        MakeSample(fmt::format("normal:{}:{}:{}:1", seed + i, rows, i == 0 ? shift : 0), fmt::format("n{:02}", i)));
  }
  return frame;
}

TEST(CompareFrames, CorrectsForManyTests) {
  // Forty columns of the same distribution and one that moved: some of the forty fall under 0.05 by chance.
  const types::Frame reference = Frame(500, 300, 41, 0);
  const types::Frame current = Frame(700, 300, 41, 0.8);
  const Result<DatasetDrift> plain = CompareFrames(reference, current, EvidentlyOptions());
  const Result<DatasetDrift> robust = CompareFrames(reference, current, RobustOptions());
  ASSERT_TRUE(plain.ok() && robust.ok());
  EXPECT_GT(plain->drifted, 1u);
  EXPECT_EQ(robust->drifted, 1u);
  EXPECT_EQ(robust->columns[0].verdict, Verdict::kDrifted);
  for (const ColumnDrift& column : robust->columns) EXPECT_GE(*column.adjusted_p, column.score);
  EXPECT_FALSE(plain->columns[0].adjusted_p.has_value());
}

TEST(CompareFrames, TakesSettingsByColumnThenTypeThenAll) {
  types::Frame reference = Frame(1, 50, 2, 0);
  reference.columns.push_back(MakeSample("words:3:50:3:0", "word"));
  reference.columns.push_back({.name = "when", .kind = types::Kind::kTime, .ints = std::vector<std::int64_t>(50, 1)});
  DatasetOptions options;
  options.method = Method::kPsi;
  options.num_method = Method::kEnergy;
  options.column_methods["n01"] = Method::kTTest;
  options.threshold = 0.7;
  options.column_thresholds["n01"] = 0.01;
  options.first = {"word"};
  const Result<DatasetDrift> drift = CompareFrames(reference, reference, options);
  ASSERT_TRUE(drift.ok()) << drift.error().what;
  ASSERT_EQ(drift->columns.size(), 3u);
  EXPECT_EQ(drift->columns[0].name, "word");
  EXPECT_EQ(drift->columns[0].method, Method::kPsi);
  EXPECT_EQ(drift->columns[1].method, Method::kEnergy);
  EXPECT_EQ(drift->columns[1].threshold, 0.7);
  EXPECT_EQ(drift->columns[2].method, Method::kTTest);
  EXPECT_EQ(drift->columns[2].threshold, 0.01);
  EXPECT_FALSE(drift->dataset_drift);

  // A general method that fits only numbers leaves the others at their default; one named for the column is an error.
  options = {};
  options.method = Method::kKs;
  EXPECT_EQ(CompareFrames(reference, reference, options)->columns[2].method, Method::kChiSquare);
  options.column_methods["word"] = Method::kKs;
  EXPECT_EQ(CompareFrames(reference, reference, options).error().code, Code::kInvalid);
}

TEST(CompareFrames, NamesColumnsThatAreNotThere) {
  const types::Frame reference = Frame(1, 30, 3, 0);
  types::Frame current = Frame(9, 30, 2, 0);
  EXPECT_EQ(CompareFrames(reference, current)->missing, (std::vector<std::string>{"n02"}));
  EXPECT_EQ(CompareFrames(reference, current, {.columns = {"n02"}}).error().code, Code::kNotFound);
  EXPECT_EQ(CompareFrames(reference, current, {.columns = {"n0x"}}).error().fix, "did you mean 'n00'?");
  EXPECT_EQ(CompareFrames(reference, current, {.column_thresholds = {{"nope", 1}}}).error().code, Code::kUsage);
  const Result<DatasetDrift> empty = CompareFrames({}, {});
  ASSERT_TRUE(empty.ok());
  EXPECT_FALSE(empty->dataset_drift);
}

TEST(Profile, GivesTheSameAnswersAfterStoring) {
  types::Frame reference = Frame(1, 3000, 2, 0);
  reference.columns.push_back(MakeSample("words:5:3000:7:1", "a b%\n"));
  reference.columns.push_back({.name = "flag", .kind = types::Kind::kBool, .ints = std::vector<std::int64_t>(3000, 1)});
  types::Frame current = Frame(11, 400, 2, 0.3);
  current.columns.push_back(MakeSample("words:6:400:9:0", "a b%\n"));
  current.columns.push_back({.name = "flag", .kind = types::Kind::kBool, .ints = std::vector<std::int64_t>(400, 0)});
  const Profile stored = MakeProfile(reference);
  const std::string text = EncodeProfile(stored);
  const Result<Profile> back = DecodeProfile(text);
  ASSERT_TRUE(back.ok()) << back.error().what;
  EXPECT_EQ(EncodeProfile(*back), text);
  const Result<DatasetDrift> direct = CompareFrames(reference, current);
  const Result<DatasetDrift> from_text = CompareProfiles(*back, MakeProfile(current, {.like = &*back}));
  ASSERT_TRUE(direct.ok() && from_text.ok());
  ASSERT_EQ(direct->columns.size(), 4u);
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(direct->columns[i].name, from_text->columns[i].name);
    EXPECT_EQ(direct->columns[i].score, from_text->columns[i].score) << direct->columns[i].name;
  }
}

TEST(Profile, ASampleStaysNearTheWhole) {
  const types::Column reference = MakeSample("normal:1:60000:0:1");
  const ColumnProfile whole = MakeColumnProfile(reference, ColumnType::kNumeric);
  const ColumnProfile sample = MakeColumnProfile(reference, ColumnType::kNumeric, 2000);
  const ColumnProfile current = MakeColumnProfile(MakeSample("normal:2:5000:0.2:1"), ColumnType::kNumeric);
  EXPECT_EQ(sample.sorted.size(), 2000u);
  EXPECT_EQ(sample.sorted.front(), whole.sorted.front());
  EXPECT_EQ(sample.sorted.back(), whole.sorted.back());
  EXPECT_EQ(sample.count(), 60000u);
  EXPECT_EQ(sample.std, whole.std);
  for (const Method method : {Method::kWasserstein, Method::kJensenShannon, Method::kPsi}) {
    EXPECT_NEAR(*DriftScore(method, sample, current), *DriftScore(method, whole, current), 0.01) << Info(method).name;
  }
  EXPECT_EQ(DefaultMethod(sample, current), Method::kWasserstein);
}

TEST(Profile, DecodeTrustsNothing) {
  const std::string good = EncodeProfile(MakeProfile({.columns = {Reals({1, 2, 2, kNan}), MakeSample("words:1:9:2:0", "w")}}));
  ASSERT_TRUE(DecodeProfile(good).ok());
  for (std::size_t length = 0; length < good.size() - 1; ++length) {
    EXPECT_FALSE(DecodeProfile(good.substr(0, length)).ok()) << length;
  }
  const std::string head = "mlean-drift-profile 1\nrows 3\n";
  for (const std::string body :
       {"num x 3 0 1 0 2\n2\n1\nend\n", "num x 3 0 1 0 4\n1\n1\n1\n1\nend\n", "num x 3 4 1 0 1\n1\nend\n",
        "num x 3 0 nan 0 1\n1\nend\n", "num x 3 0 1 -1 1\n1\nend\n", "num x 3 0 1 0 1\ninf\nend\n", "num x 3 0 1 0 0\nend\n",
        "cat x 3 0 2\n1 a\n1 b\nend\n", "cat x 3 0 2\n1 b\n2 a\nend\n", "cat x 3 0 1\n3 %zz\nend\n", "cat x 3 0 1\n3 \nend\n",
        "cat x 3 0 1\n0 a\nend\n", "end\nmore\n", "num x 0 0 0 0 0\nnum x 0 0 0 0 0\nend\n",
        "num x 99999999999999 0 0 0 1\n1\nend\n"}) {
    const Result<Profile> decoded = DecodeProfile(head + body);
    EXPECT_FALSE(decoded.ok()) << body;
    if (!decoded) {
      EXPECT_EQ(decoded.error().code, Code::kCorrupt);
    }
  }
}

}  // namespace
}  // namespace mlean::drift

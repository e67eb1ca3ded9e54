#include "train/train.hpp"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <limits>

#include "codec/json.hpp"
#include "train/split.hpp"
#include "train/test_frames.hpp"

namespace mlean::train {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

TrainSpec LateSpec() {
  TrainSpec spec;
  spec.label = "late";
  spec.exclude = {"delay"};
  spec.params = {{"max_depth", "4"}, {"learning_rate", "0.3"}, {"nthread", "2"}};
  spec.rounds = 40;
  return spec;
}

types::Column& At(types::Frame& frame, const std::string& name) {
  return *std::find_if(frame.columns.begin(), frame.columns.end(), [&](const auto& column) { return column.name == name; });
}

double LastScore(const TrainOutcome& outcome) { return outcome.history.back().metrics.back().second; }

TEST(Train, LearnsAKnownClassifier) {
  const types::Frame train = MakeFlights(4000, 1);
  const types::Frame valid = MakeFlights(1000, 2);
  TrainSpec spec = LateSpec();
  spec.params["eval_metric"] = "logloss,auc";
  int rounds_seen = 0;
  spec.on_round = [&](const RoundScore& score) { EXPECT_EQ(score.round, rounds_seen++); };
  const Result<TrainOutcome> outcome = Train(train, &valid, spec);
  ASSERT_TRUE(outcome.ok()) << outcome.error().what;
  EXPECT_EQ(rounds_seen, 40);
  EXPECT_EQ(outcome->best_metric, "valid-auc");
  EXPECT_EQ(outcome->history[0].metrics.size(), 4u);
  EXPECT_EQ(outcome->history[0].metrics[0].first, "train-logloss");
  EXPECT_GT(LastScore(*outcome), 0.98);
  EXPECT_EQ(outcome->classes, (std::vector<std::string>{"false", "true"}));
  EXPECT_EQ(outcome->features, (std::vector<std::string>{"hour", "distance", "weekend", "carrier", "noise_0"}));
  EXPECT_EQ(outcome->importance.front().feature, "hour");
  double shares = 0;
  for (const Importance& item : outcome->importance) shares += item.gain;
  EXPECT_NEAR(shares, 1, 1e-9);
  EXPECT_FALSE(outcome->model.empty());
}

TEST(Train, LearnsARegressionAndManyClasses) {
  const types::Frame train = MakeFlights(3000, 1);
  const types::Frame valid = MakeFlights(800, 2);
  TrainSpec spec = LateSpec();
  spec.task = Task::kRegression;
  spec.label = "delay";
  spec.exclude = {"late"};
  spec.rounds = 80;
  const Result<TrainOutcome> regression = Train(train, &valid, spec);
  ASSERT_TRUE(regression.ok()) << regression.error().what;
  EXPECT_EQ(regression->best_metric, "valid-rmse");
  EXPECT_LT(regression->best_score, 3.5);  // the spread of the labels is about 16, of the noise 1.2
  EXPECT_TRUE(regression->classes.empty());

  types::Frame three = train;
  types::Column& late = At(three, "late");
  late.kind = types::Kind::kText;
  late.words = {"slow", "early", "on time"};
  for (std::size_t row = 0; row < late.ints.size(); ++row) {
    const double delay = At(three, "delay").reals[row];
    late.codes.push_back(delay > 20 ? 0 : delay < 0 ? 1 : 2);
  }
  late.ints.clear();
  const Result<TrainOutcome> many = Train(three, nullptr, LateSpec());
  ASSERT_TRUE(many.ok()) << many.error().what;
  EXPECT_EQ(many->classes, (std::vector<std::string>{"early", "on time", "slow"}));
  EXPECT_EQ(many->best_metric, "train-mlogloss");
  EXPECT_LT(many->best_score, 0.4);
}

TEST(Train, WritesTheSchemaIntoTheModel) {
  types::Frame train = MakeFlights(500, 1);
  TrainSpec spec = LateSpec();
  spec.min_category_count = 5;
  spec.positive = "false";
  spec.unknown_category = UnknownCategory::kError;
  const Result<TrainOutcome> outcome = Train(train, nullptr, spec);
  ASSERT_TRUE(outcome.ok()) << outcome.error().what;
  const Result<codec::Json> schema = codec::Json::Parse(outcome->schema);
  ASSERT_TRUE(schema.ok());
  EXPECT_EQ(schema->Dump(), outcome->schema);
  EXPECT_EQ(*schema->StringAt("task"), "classification");
  EXPECT_EQ(*schema->StringAt("positive"), "false");
  EXPECT_EQ(schema->Find("classes")->Dump(), R"(["true","false"])");
  EXPECT_EQ(*schema->StringAt("unknown_category"), "error");
  const codec::Json& features = *schema->Find("features");
  EXPECT_EQ(*features.AsArray()[0].StringAt("kind"), "integer");
  EXPECT_EQ(*features.AsArray()[1].StringAt("kind"), "number");
  EXPECT_EQ(*features.AsArray()[2].StringAt("kind"), "boolean");
  // Sorted by name, without the rare one.
  EXPECT_EQ(features.AsArray()[3].Find("categories")->Dump(), R"(["AA","AS","B6","DL","EV","MQ","UA","WN"])");
  EXPECT_NE(outcome->model.find("mlean.schema"), std::string::npos);
  ASSERT_EQ(outcome->warnings.size(), 1u);
  EXPECT_NE(outcome->warnings[0].find("'carrier': 2 training rows"), std::string::npos) << outcome->warnings[0];
}

TEST(Train, GivesTheSameBytesForTheSameSeed) {
  const types::Frame train = MakeFlights(3000, 1);
  TrainSpec spec = LateSpec();
  spec.params["subsample"] = "0.7";
  spec.params["colsample_bytree"] = "0.6";
  const Result<TrainOutcome> first = Train(train, nullptr, spec);
  const Result<TrainOutcome> second = Train(train, nullptr, spec);
  spec.params["seed"] = "1";
  const Result<TrainOutcome> other = Train(train, nullptr, spec);
  ASSERT_TRUE(first.ok() && second.ok() && other.ok());
  EXPECT_EQ(first->model, second->model);
  EXPECT_NE(first->model, other->model);
}

TEST(Train, StopsEarlyAndKeepsTheBestRounds) {
  const types::Frame train = MakeFlights(300, 1, 8);
  const types::Frame valid = MakeFlights(1000, 2, 8);
  TrainSpec spec = LateSpec();
  spec.rounds = 500;
  spec.params["eta"] = "0.8";
  spec.params.erase("learning_rate");
  spec.early_stopping_rounds = 5;
  const Result<TrainOutcome> stopped = Train(train, &valid, spec);
  ASSERT_TRUE(stopped.ok()) << stopped.error().what;
  EXPECT_TRUE(stopped->stopped_early);
  EXPECT_EQ(stopped->history.size(), static_cast<std::size_t>(stopped->best_round) + 6);
  for (const RoundScore& score : stopped->history) EXPECT_GE(score.metrics.back().second, stopped->best_score);

  // A run of exactly the best number of rounds is the same model but for nothing.
  spec.early_stopping_rounds = 0;
  spec.rounds = stopped->best_round + 1;
  const Result<TrainOutcome> exact = Train(train, &valid, spec);
  ASSERT_TRUE(exact.ok());
  EXPECT_EQ(exact->model, stopped->model);
}

TEST(Train, TakesWeights) {
  types::Frame train = MakeFlights(500, 1);
  types::Column& weight = AddColumn(train, "weight", types::Kind::kReal);
  for (std::size_t row = 0; row < 500; ++row) weight.reals.push_back(train.Find("late")->ints[row] != 0 ? 10 : 1);
  TrainSpec spec = LateSpec();
  const Result<TrainOutcome> as_feature = Train(train, nullptr, spec);
  spec.weight = "weight";
  const Result<TrainOutcome> weighted = Train(train, nullptr, spec);
  ASSERT_TRUE(weighted.ok() && as_feature.ok());
  EXPECT_EQ(weighted->features.size() + 1, as_feature->features.size());
  At(train, "weight").reals[3] = -1;
  EXPECT_EQ(Train(train, nullptr, spec).error().what,
            "cannot train on column 'weight': the weight of row 3 is '-1', but weights are finite and at least 0");
}

TEST(Train, WarnsOfConstantAndUnknown) {
  types::Frame train = MakeFlights(500, 1);
  types::Frame valid = MakeFlights(100, 2);
  At(train, "noise_0").reals.assign(500, 1.5);
  At(valid, "carrier").words[0] = "NEW";
  const Result<TrainOutcome> outcome = Train(train, &valid, LateSpec());
  ASSERT_TRUE(outcome.ok()) << outcome.error().what;
  ASSERT_EQ(outcome->warnings.size(), 2u);
  EXPECT_EQ(outcome->warnings[0], "column 'noise_0' is constant: it teaches nothing");
  EXPECT_NE(outcome->warnings[1].find("validation rows hold rare or unknown texts"), std::string::npos);
}

// One broken thing each, and the text it must give.
struct Refusal {
  const char* what;
  Code code;
  std::function<void(types::Frame&, TrainSpec&)> breaks;
};

TEST(Train, RefusesWithTheCause) {
  using types::Frame;
  const std::vector<Refusal> refusals{
      {"there are no training rows", Code::kInvalid, [](Frame& frame, TrainSpec&) { frame = TakeRows(frame, {}); }},
      {"'lat': there is no such column", Code::kNotFound, [](Frame&, TrainSpec& spec) { spec.label = "lat"; }},
      {"2 of 100 labels are missing, first at row 17", Code::kInvalid,
       [](Frame& frame, TrainSpec&) { At(frame, "late").ints[17] = At(frame, "late").ints[40] = types::kMissingInt; }},
      {"all labels are 'true', a classifier needs at least 2 classes", Code::kInvalid,
       [](Frame& frame, TrainSpec&) { At(frame, "late").ints.assign(100, 1); }},
      {"label '0.5' at row 2 is no class", Code::kInvalid,
       [](Frame& frame, TrainSpec& spec) {
         At(frame, "delay").reals.assign(100, 1);
         At(frame, "delay").reals[2] = 0.5;
         spec.label = "delay";
       }},
      {"its labels are text, a regression needs numbers", Code::kInvalid,
       [](Frame&, TrainSpec& spec) {
         spec.task = Task::kRegression;
         spec.label = "carrier";
       }},
      {"a time cannot be a label", Code::kInvalid, [](Frame&, TrainSpec& spec) { spec.label = "time"; }},
      {"a time only grows", Code::kUnsupported,
       [](Frame&, TrainSpec& spec) {
         spec.features = {"hour", "time"};
       }},
      {"the label cannot be a feature", Code::kInvalid,
       [](Frame&, TrainSpec& spec) {
         spec.features = {"hour", "late"};
       }},
      {"'hour': it is listed twice", Code::kInvalid,
       [](Frame&, TrainSpec& spec) {
         spec.features = {"hour", "hour"};
       }},
      {"the value of row 4 is infinite", Code::kInvalid, [](Frame& frame, TrainSpec&) { At(frame, "noise_0").reals[4] = 1e300; }},
      {"has 9 different texts, the limit is 3", Code::kTooLarge, [](Frame&, TrainSpec& spec) { spec.max_categories = 3; }},
      {"unknown parameter 'max_dept'", Code::kInvalid, [](Frame&, TrainSpec& spec) { spec.params["max_dept"] = "3"; }},
      {"given twice", Code::kInvalid, [](Frame&, TrainSpec& spec) { spec.params["eta"] = "0.1"; }},
      {"xgboost says: ", Code::kInvalid, [](Frame&, TrainSpec& spec) { spec.params["max_depth"] = "deep"; }},
      {"xgboost says: ", Code::kInvalid, [](Frame&, TrainSpec& spec) { spec.params["eval_metric"] = "nonsense"; }},
      {"objective 'reg:squarederror'", Code::kUnsupported,
       [](Frame&, TrainSpec& spec) { spec.params["objective"] = "reg:squarederror"; }},
      {"booster 'dart'", Code::kUnsupported, [](Frame&, TrainSpec& spec) { spec.params["booster"] = "dart"; }},
      {"'nthread' must be 1 to 1024", Code::kInvalid, [](Frame&, TrainSpec& spec) { spec.params["nthread"] = "0"; }},
      {"rounds must be 1 to 100000, not 0", Code::kInvalid, [](Frame&, TrainSpec& spec) { spec.rounds = 0; }},
      {"early stopping needs validation rows", Code::kInvalid, [](Frame&, TrainSpec& spec) { spec.early_stopping_rounds = 3; }},
      {"'maybe' is not one of two classes", Code::kInvalid, [](Frame&, TrainSpec& spec) { spec.positive = "maybe"; }},
  };
  for (const Refusal& refusal : refusals) {
    types::Frame frame = MakeFlights(100, 3);
    TrainSpec spec = LateSpec();
    refusal.breaks(frame, spec);
    const Result<TrainOutcome> outcome = Train(frame, nullptr, spec);
    ASSERT_FALSE(outcome.ok()) << refusal.what;
    EXPECT_NE(outcome.error().what.find(refusal.what), std::string::npos) << outcome.error().what;
    EXPECT_EQ(outcome.error().code, refusal.code) << outcome.error().what;
    EXPECT_EQ(outcome.error().what.find("Stack trace"), std::string::npos);
    EXPECT_EQ(outcome.error().what.find(".cc:"), std::string::npos) << outcome.error().what;
  }
}

TEST(Train, SaysWhatWasMeant) {
  TrainSpec spec = LateSpec();
  spec.params["max_dept"] = "3";
  EXPECT_EQ(Train(MakeFlights(100, 3), nullptr, spec).error().fix, "did you mean 'max_depth'?");
  spec = LateSpec();
  spec.params["n_estimators"] = "300";
  EXPECT_EQ(Train(MakeFlights(100, 3), nullptr, spec).error().fix, "set 'rounds' instead");
}

TEST(Train, RefusesValidationLabelsItDoesNotKnow) {
  types::Frame train = MakeFlights(100, 1);
  types::Frame valid = MakeFlights(50, 2);
  At(train, "late").kind = At(valid, "late").kind = types::Kind::kInt;
  At(valid, "late").ints[7] = 9;
  EXPECT_EQ(Train(train, &valid, LateSpec()).error().what,
            "cannot train on column 'late': validation label '9' at row 7 does not occur in the training rows");
  At(valid, "late").ints[7] = types::kMissingInt;
  EXPECT_EQ(Train(train, &valid, LateSpec()).error().what,
            "cannot train on column 'late': 1 of 50 validation labels are missing, first at row 7");
}

TEST(Train, StopsWhenCancelled) {
  std::atomic<bool> cancel{false};
  TrainSpec spec = LateSpec();
  spec.cancel = &cancel;
  spec.on_round = [&](const RoundScore& score) { cancel = score.round == 2; };
  const Result<TrainOutcome> outcome = Train(MakeFlights(200, 1), nullptr, spec);
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.error().code, Code::kCancelled);
  EXPECT_EQ(outcome.error().what, "cannot train: interrupted after 3 rounds");
}

TEST(SplitByTime, KeepsInstantsTogetherAndOrder) {
  types::Frame frame;
  types::Column& time = AddColumn(frame, "t", types::Kind::kTime);
  time.ints = {50, 10, 20, 20, 30, 30, 30, 40, 10, 50};
  const Result<TimeSplit> split = SplitByTime(frame, "t", 0.3, 0.2);
  ASSERT_TRUE(split.ok()) << split.error().what;
  EXPECT_EQ(split->train, (std::vector<std::size_t>{1, 8, 2, 3}));  // the cut inside the three 30s moved to their beginning
  EXPECT_EQ(split->valid, (std::vector<std::size_t>{4, 5, 6, 7}));
  EXPECT_EQ(split->test, (std::vector<std::size_t>{0, 9}));
  EXPECT_EQ(split->valid_from, 30);
  EXPECT_EQ(split->test_from, 50);
  const types::Frame part = TakeRows(frame, split->test);
  EXPECT_EQ(part.columns[0].ints, (std::vector<std::int64_t>{50, 50}));
}

TEST(SplitByTime, Refuses) {
  types::Frame frame;
  AddColumn(frame, "t", types::Kind::kTime).ints = {1, 1, 1, 2};
  AddColumn(frame, "x", types::Kind::kReal).reals = {1, 1, 1, kNan};
  EXPECT_EQ(SplitByTime(frame, "u", 0, 0.2).error().code, Code::kNotFound);
  EXPECT_FALSE(SplitByTime(frame, "x", 0, 0.2).ok());
  EXPECT_FALSE(SplitByTime(frame, "t", 0.5, 0.5).ok());
  EXPECT_FALSE(SplitByTime(frame, "t", -0.1, 0.5).ok());
  EXPECT_FALSE(SplitByTime(frame, "t", kNan, 0.5).ok());
  EXPECT_FALSE(SplitByTime(frame, "t", 0, 0.5).ok());  // moved to the beginning, nothing is left to train on
  EXPECT_TRUE(SplitByTime(frame, "t", 0, 0.25).ok());
  frame.columns[0].ints[2] = types::kMissingInt;
  EXPECT_EQ(SplitByTime(frame, "t", 0, 0.25).error().what, "cannot split by column 't': the time of row 2 is missing");
}

// Writes model.ubj, valid.csv and score.txt into $MLEAN_TRAIN_OUT for tests/golden/train/check_in_python.py.
TEST(Train, DISABLED_WritesAModelForPython) {
  const char* const folder = std::getenv("MLEAN_TRAIN_OUT");
  ASSERT_NE(folder, nullptr);
  const types::Frame train = MakeFlights(4000, 1);
  const types::Frame valid = MakeFlights(1000, 2);
  const Result<TrainOutcome> outcome = Train(train, &valid, LateSpec());
  ASSERT_TRUE(outcome.ok());
  std::ofstream(std::string(folder) + "/model.ubj", std::ios::binary) << outcome->model;
  std::ofstream(std::string(folder) + "/score.txt") << fmt::format("{:.17g}", outcome->best_score);
  std::ofstream csv(std::string(folder) + "/valid.csv");
  csv << "hour,distance,weekend,carrier,noise_0,late\n";
  for (std::size_t row = 0; row < valid.rows(); ++row) {
    const types::Column& carrier = *valid.Find("carrier");
    csv << fmt::format("{},{:.17g},{},{},{:.17g},{}\n", valid.columns[0].ints[row], valid.columns[1].reals[row],
                       valid.columns[2].ints[row],
                       carrier.Missing(row) ? "" : carrier.words[static_cast<std::size_t>(carrier.codes[row])],
                       valid.Find("noise_0")->reals[row], valid.Find("late")->ints[row]);
  }
}

}  // namespace
}  // namespace mlean::train

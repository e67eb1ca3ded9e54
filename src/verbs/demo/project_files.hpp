// The demo's project: what a team of two would have written by hand.
#pragma once

#include <string_view>

namespace mlean::verbs::demo {

inline constexpr std::string_view kModel = "arrival-delay";

inline constexpr std::string_view kMleanYaml =
    R"yaml(# The loop of the arrival-delay model. Every key is explained in docs/mlean-yaml.md.
project: flights
data:
  flights:
    path: data/months            # one Parquet file a month, delivered by the airports
    time: time
    key: [id]
    checks: checks/flights.json  # a Great Expectations suite
models:
  arrival-delay:
    task: classification
    label: late
    positive: "1"
    train: [features, train]
    model: model/arrival-delay.ubj
    metrics: metrics.json
    evaluate: data/test.parquet  # the newest labelled week: challenger and champion are both measured on it
    slices: [origin, carrier]
    gate:
      - metrics.auc >= 0.58
      - metrics.auc >= prod.metrics.auc - 0.002
      - metrics.calibration.ece <= 0.25
      - data.flights.checks.success
    rollout:
      strategy: canary
      steps: [10%, 50%]
      step_for: 1d
      min_requests: 30
      abort_if: [errors.rate > 0.01, latency.p99 > 100ms]
    monitor:
      reference: training
      window: 1mo
      drift: {share: 0.5}
      performance: [auc >= 0.66]
      labels: {delay: 2d}
    retrain:
      when: [performance.auc < 0.69]
      cooldown: 14d
    serve: {log: full, retention: 400d, fallback: [{constant: 0.23}]}
alerts:
  - {type: file, path: alerts.jsonl}
)yaml";

inline constexpr std::string_view kDvcYaml = R"yaml(stages:
  features:
    cmd: mlean features sql features/flights.sql --output train=data/train.parquet --output test=data/test.parquet
    deps:
    - data/months
    - features/flights.sql
    outs:
    - data/test.parquet
    - data/train.parquet
  train:
    cmd: mlean train data/train.parquet --label late --time time --exclude id --positive 1 --slices origin,carrier
      --test data/test.parquet --model model/arrival-delay.ubj --metrics metrics.json --quiet
    deps:
    - data/test.parquet
    - data/train.parquet
    params:
    - train
    outs:
    - model/arrival-delay.ubj
    metrics:
    - metrics.json:
        cache: false
)yaml";

inline constexpr std::string_view kParamsYaml = R"yaml(train:
  rounds: 200                # at most; stops earlier when the newest days get no better
  early_stopping_rounds: 30
  valid_fraction: 0.08
  unknown_category: missing  # a carrier never seen in training counts as missing
  max_depth: 6
  eta: 0.1
  min_child_weight: 20
  subsample: 0.8
  colsample_bytree: 0.8
  max_cat_to_onehot: 8
  eval_metric: auc
  nthread: 2
  seed: 1
)yaml";

inline constexpr std::string_view kFeaturesSql =
    R"sql(-- Training rows: the newest three months that were delivered. What is known before departure only.
CREATE TABLE flights AS
SELECT id, time, hour(time) AS hour, isodow(time) AS weekday, carrier, origin, dest, distance,
       temp, dewp, humid, wind_speed, precip, pressure, visib, late
FROM read_parquet('data/months/*.parquet')
WHERE late IS NOT NULL;
CREATE TABLE recent AS
SELECT * FROM flights WHERE time >= (SELECT date_trunc('month', max(time)) - INTERVAL 2 MONTH FROM flights);
-- The newest week is for judging, never for training.
CREATE TABLE test AS
SELECT * FROM recent WHERE time >= (SELECT date_trunc('day', max(time)) - INTERVAL 6 DAY FROM recent) ORDER BY time, id;
CREATE TABLE train AS
SELECT * FROM recent WHERE time < (SELECT min(time) FROM test) ORDER BY time, id;
)sql";

// What one of the two adds in autumn, meaning well: rare carriers and destinations are "noise". Offline nothing shows; live, they
// fly.
inline constexpr std::string_view kCleanupSql = R"sql(-- Clean-up: carriers and destinations with few flights only add noise.
CREATE TABLE newest AS SELECT * FROM flights WHERE time >= (SELECT max(time) - INTERVAL 3 MONTH FROM flights);
DELETE FROM flights WHERE carrier NOT IN (SELECT carrier FROM newest GROUP BY carrier HAVING count(*) >= 2000)
                       OR dest NOT IN (SELECT dest FROM newest GROUP BY dest HAVING count(*) >= 100);
)sql";

inline constexpr std::string_view kSuite = R"json({
  "name": "flights",
  "expectations": [
    {"type": "expect_table_columns_to_match_set", "kwargs": {"column_set": ["id", "time", "carrier", "origin", "dest", "distance", "temp", "dewp", "humid", "wind_speed", "precip", "pressure", "visib", "late"], "exact_match": true}},
    {"type": "expect_table_row_count_to_be_between", "kwargs": {"min_value": 20000, "max_value": 35000}},
    {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "id"}},
    {"type": "expect_column_values_to_be_unique", "kwargs": {"column": "id"}},
    {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "time"}},
    {"type": "expect_column_values_to_be_between", "kwargs": {"column": "time", "min_value": "2013-01-01", "max_value": "2014-01-01"}},
    {"type": "expect_column_values_to_be_in_set", "kwargs": {"column": "origin", "value_set": ["EWR", "JFK", "LGA"]}},
    {"type": "expect_column_value_lengths_to_equal", "kwargs": {"column": "dest", "value": 3}},
    {"type": "expect_column_values_to_match_regex", "kwargs": {"column": "carrier", "regex": "^[0-9A-Z]{2}$"}},
    {"type": "expect_column_unique_value_count_to_be_between", "kwargs": {"column": "carrier", "min_value": 10, "max_value": 20}},
    {"type": "expect_column_values_to_be_between", "kwargs": {"column": "distance", "min_value": 1, "max_value": 6000}},
    {"type": "expect_column_mean_to_be_between", "kwargs": {"column": "distance", "min_value": 800, "max_value": 1300}},
    {"type": "expect_column_values_to_be_between", "kwargs": {"column": "temp", "min_value": -20, "max_value": 120, "mostly": 0.999}},
    {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "temp", "mostly": 0.9}},
    {"type": "expect_column_values_to_be_between", "kwargs": {"column": "humid", "min_value": 0, "max_value": 100}},
    {"type": "expect_column_values_to_be_in_set", "kwargs": {"column": "late", "value_set": [0, 1]}},
    {"type": "expect_column_mean_to_be_between", "kwargs": {"column": "late", "min_value": 0.05, "max_value": 0.5}}
  ],
  "meta": {"notes": "Written once by hand from January; every delivered month is checked by itself."}
}
)json";

inline constexpr std::string_view kGitIgnore = "/data/months/\n/labels/\n/.mlean/\n/alerts.jsonl\n";

}  // namespace mlean::verbs::demo

// LoopConfig: mlean.yaml as plain values. Unknown keys, wrong types, bad durations, percents and window texts are errors
// "mlean.yaml:12:5: unknown key 'monitr'; did you mean 'monitor'?". What is absent has the default below.
//
// Durations are milliseconds, shares and weights fractions (5% is 0.05). Expressions are kept as text with their place; room
// policy compiles them. "${NAME}" stays in the text: call ExpandEnv where the value is used.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "codec/json.hpp"
#include "repo/project.hpp"

namespace mlean::repo {

// "mlean.yaml:20:9" for errors about an expression found later.
struct Place {
  std::string file;
  int line = 0;
  int column = 0;
  std::string Text() const;
};
struct Expression {
  std::string text;
  Place place;
};

struct DataConfig {
  std::string name;
  std::string path;    // file, folder, glob or URL, relative to the project; or
  std::string query;   // SQL for `source`
  std::string source;  // "postgres://…", may hold ${NAME}
  std::string time;    // column of the event time
  std::vector<std::string> key;
  std::string checks;             // suite file
  std::int64_t freshness_ms = 0;  // 0: not checked
  Place place;
};

// How much live data one monitoring window holds.
struct Window {
  enum class Kind : std::uint8_t { kDuration, kMonths, kRows };
  Kind kind = Kind::kDuration;
  std::int64_t amount = kDayMs;  // milliseconds, calendar months (UTC) or rows
};

struct RolloutConfig {
  std::string strategy = "canary";  // canary, blue_green, shadow, ab, instant
  std::vector<double> steps = {0.05, 0.25, 0.5};
  std::int64_t step_for_ms = 10 * kMinuteMs;
  std::int64_t min_requests = 100;
  std::vector<Expression> abort_if;
};

struct MonitorConfig {
  std::string reference = "training";  // "training", or a path
  Window window;
  double drift_share = 0.5;                // share of drifted columns that makes the data set drift
  std::string drift_method;                // "": chosen by column, as the drift room does
  std::vector<std::string> drift_columns;  // empty: all features
  std::vector<Expression> performance;     // must hold
  std::int64_t labels_delay_ms = 0;        // how long after a prediction its label may come
};

struct RetrainConfig {
  std::string schedule;  // cron line; "": none
  std::vector<Expression> when;
  std::int64_t cooldown_ms = 0;
};

struct Fallback {
  enum class Kind : std::uint8_t { kPrevious, kConstant };
  Kind kind = Kind::kPrevious;
  codec::Json constant;
};

struct ServeConfig {
  std::string log = "full";  // "full" (inputs and outputs), "outputs", "none"
  std::int64_t retention_ms = 90 * kDayMs;
  std::vector<Fallback> fallback;  // tried in order
};

struct ModelConfig {
  std::string name;
  std::string task;                   // "classification" or "regression"
  std::string label;                  // column
  std::string data;                   // name of its data entry; the only one when not given
  std::vector<std::string> train;     // stages to reproduce
  std::string model;                  // file or MLflow model folder which they write
  std::string metrics;                // file which they write
  std::string evaluate;               // newest labelled data on which challenger and champion are both evaluated
  std::vector<std::string> features;  // empty: all columns but label, key and time
  std::string positive;               // text of the positive class; "": the default of the label's type
  std::vector<std::string> slices;
  std::vector<std::string> sensitive;
  std::vector<Expression> gate;
  std::int64_t approvals = 0;
  std::optional<RolloutConfig> rollout;  // absent: promoted at once
  std::optional<MonitorConfig> monitor;
  std::optional<RetrainConfig> retrain;
  ServeConfig serve;
  Place place;
};

struct AlertConfig {
  std::string type;             // "slack", "webhook", "file"
  std::string url;              // slack, webhook; may hold ${NAME}
  std::string path;             // file
  std::vector<std::string> on;  // kinds of alerts; empty: all
  Place place;
};

struct LoopConfig {
  std::string project;
  std::vector<DataConfig> data;
  std::vector<ModelConfig> models;
  std::vector<AlertConfig> alerts;
  std::string ungated = "record";  // registry.ungated: what becomes of a promotion around the gate: "allow", "record", "deny"
  std::string file;                // as named in errors
  std::string text;                // the source, for hashes and edits

  const DataConfig* FindData(std::string_view name) const;
  const ModelConfig* FindModel(std::string_view name) const;
  // kNotFound with the nearest name.
  Result<const ModelConfig*> Model(std::string_view name) const;
  // The data entry of a model; nullptr when it has none.
  const DataConfig* DataOf(const ModelConfig& model) const;
};

Result<LoopConfig> ParseLoopConfig(std::string text, std::string_view file = "mlean.yaml");
// kNotFound "cannot read 'mlean.yaml': …" with fix "mlean init --data FILE".
Result<LoopConfig> LoadLoopConfig(const Project& project);

// Replaces each "${NAME}" by the environment's value; "$$" is one "$". A name that is not set is kNotFound "cannot expand
// '${NAME}': the environment variable is not set". The result may be a secret: do not print it.
Result<std::string> ExpandEnv(std::string_view text);
// The same with a given environment.
Result<std::string> ExpandWith(std::string_view text, const std::map<std::string, std::string, std::less<>>& environment);

}  // namespace mlean::repo

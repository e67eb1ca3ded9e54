#include "repo/loop_config.hpp"

#include <fstream>
#include <sstream>

#include "base/text.hpp"
#include "os/files.hpp"

namespace mlean::repo {
namespace {

std::string Example() { return *os::ReadFile(MLEAN_SOURCE_DIR "/tests/golden/repo/mlean.yaml"); }
std::string ErrorOf(std::string_view text) {
  const Result<LoopConfig> config = ParseLoopConfig(std::string(text));
  return config ? "no error" : config.error().what;
}
std::string ErrorWith(std::string_view from, std::string_view to) {
  const std::string text = Example();
  EXPECT_NE(text.find(from), text.npos) << from;
  return ErrorOf(ReplaceAll(text, from, to));
}

TEST(LoopConfig, ReadsTheWholeExample) {
  const Result<LoopConfig> read = ParseLoopConfig(Example());
  ASSERT_TRUE(read) << read.error().what;
  const LoopConfig& config = *read;
  EXPECT_EQ(config.project, "flights");
  const DataConfig& data = config.data.at(0);
  EXPECT_EQ(data.path, "data/flights.parquet");
  EXPECT_EQ(data.key, (std::vector<std::string>{"carrier", "flight", "time_hour"}));
  EXPECT_EQ(data.freshness_ms, 24 * kHourMs);
  const ModelConfig& model = **config.Model("arrival-delay");
  EXPECT_EQ(model.train, std::vector<std::string>{"train"});
  EXPECT_EQ(model.data, "flights");
  EXPECT_EQ(config.DataOf(model), &data);
  ASSERT_EQ(model.gate.size(), 4u);
  EXPECT_EQ(model.gate[1].text, "metrics.auc >= prod.metrics.auc - 0.002");
  EXPECT_EQ(model.gate[1].place.Text(), "mlean.yaml:20:9");
  EXPECT_EQ(model.rollout->steps, (std::vector<double>{0.05, 0.25, 0.5}));
  EXPECT_EQ(model.rollout->step_for_ms, 10 * kMinuteMs);
  EXPECT_EQ(model.rollout->abort_if[1].text, "latency.p99 > 100ms");
  EXPECT_EQ(model.rollout->min_requests, 100);
  EXPECT_EQ(model.monitor->window.amount, kDayMs);
  EXPECT_EQ(model.monitor->drift_share, 0.3);
  EXPECT_EQ(model.monitor->labels_delay_ms, 2 * kDayMs);
  EXPECT_EQ(model.retrain->schedule, "0 2 * * 0");
  EXPECT_EQ(model.retrain->when.size(), 3u);
  EXPECT_EQ(model.serve.retention_ms, 90 * kDayMs);
  ASSERT_EQ(model.serve.fallback.size(), 2u);
  EXPECT_EQ(model.serve.fallback[1].constant.AsDouble(), 0.2);
  EXPECT_EQ(config.alerts.at(0).url, "${SLACK_WEBHOOK}");
  EXPECT_EQ(config.alerts.at(0).on.size(), 5u);
}

TEST(LoopConfig, ErrorsSayWhereAndWhatWasMeant) {
  EXPECT_EQ(ErrorWith("    monitor:", "    monitr:"), "mlean.yaml:29:5: unknown key 'monitr'; did you mean 'monitor'?");
  EXPECT_EQ(ErrorWith("freshness: 24h", "freshness: 24"),
            "mlean.yaml:8:16: 'freshness' must be a duration like 90s, 10m, 6h or 1d");
  EXPECT_EQ(ErrorWith("canary", "canari"), "mlean.yaml:25:17: unknown strategy 'canari'; did you mean 'canary'?");
  EXPECT_EQ(ErrorWith("25%", "2%"), "mlean.yaml:26:19: 'steps' must rise from above 0%");
  EXPECT_EQ(ErrorWith("25%", "250%"), "mlean.yaml:26:19: 'steps' must be a share like 5% or 0.05");
  EXPECT_EQ(ErrorWith("approvals: 0", "approvals: none"), "mlean.yaml:23:16: 'approvals' must be an integer, not a string");
  EXPECT_EQ(ErrorWith("label: late", "data: flight"), "mlean.yaml:10:3: model 'arrival-delay' needs 'label'");
  EXPECT_EQ(ErrorWith("label: late", "label: late\n    data: flight"),
            "mlean.yaml:13:11: unknown data 'flight'; did you mean 'flights'?");
  EXPECT_EQ(ErrorWith("window: 1d", "window: 5000"),
            "mlean.yaml:31:15: 'window' must be a duration like 1d, 7d or 1mo, or {rows: N}");
  EXPECT_EQ(ErrorWith("{constant: 0.2}", "{constnt: 0.2}"),
            "mlean.yaml:39:61: a fallback must be 'previous' or {constant: VALUE}");
  EXPECT_EQ(ErrorWith("type: slack", "type: file"), "mlean.yaml:41:5: an alert of type 'file' needs 'path'");
  EXPECT_EQ(ErrorWith("    path: data/flights.parquet", "    query: select 1"),
            "mlean.yaml:3:3: data 'flights': 'query' and 'source' go together");
  EXPECT_EQ(ErrorOf("models: [a]\n"), "mlean.yaml:1:9: 'models' must be a mapping, not a list");
  EXPECT_EQ(ErrorOf(""), "no error");
}

TEST(LoopConfig, Windows) {
  const auto window = [](std::string_view text) {
    const std::string yaml = fmt::format("models: {{m: {{task: regression, label: y, monitor: {{window: {}}}}}}}", text);
    return ParseLoopConfig(yaml)->models.at(0).monitor->window;
  };
  EXPECT_EQ(window("1mo").kind, Window::Kind::kMonths);
  EXPECT_EQ(window("1mo").amount, 1);
  EXPECT_EQ(window("{rows: 5000}").kind, Window::Kind::kRows);
  EXPECT_EQ(window("{rows: 5000}").amount, 5000);
  EXPECT_EQ(window("7d").amount, 7 * kDayMs);
}

TEST(LoopConfig, EnvironmentIsReadWhereUsed) {
  EXPECT_EQ(*ExpandWith("a ${X}/${Y} $5 $$x", {{"X", "1"}, {"Y", "2"}}), "a 1/2 $5 $x");
  EXPECT_EQ(ExpandWith("${GONE}", {}).error().what, "cannot expand '${GONE}': the environment variable is not set");
  EXPECT_FALSE(ExpandWith("${GONE", {}));
}

}  // namespace
}  // namespace mlean::repo

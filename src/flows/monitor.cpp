#include "flows/monitor.hpp"

#include <fmt/core.h>

#include <cmath>

#include "base/text.hpp"
#include "drift/dataset_drift.hpp"
#include "flows/logged_predictions.hpp"
#include "flows/policy_values.hpp"
#include "flows/reference_profile.hpp"
#include "policy/program.hpp"
#include "quality/report.hpp"

namespace mlean::flows {
namespace {

codec::Json DriftJson(const drift::DatasetDrift& drift) {
  codec::Json columns = codec::Json::Array{};
  for (const drift::ColumnDrift& column : drift.columns) {
    codec::Json one = codec::Json::Object{{"name", column.name},
                                          {"method", drift::Info(column.method).name},
                                          {"threshold", column.threshold},
                                          {"verdict", drift::VerdictName(column.verdict)}};
    if (std::isfinite(column.score)) one.Set("score", column.score);
    columns.Push(std::move(one));
  }
  return codec::Json::Object{{"share", drift.share},
                             {"drifted", drift.drifted},
                             {"judged", drift.judged},
                             {"dataset_drift", drift.dataset_drift},
                             {"columns", std::move(columns)}};
}

Result<codec::Json> ObserveDrift(Workspace& workspace, const repo::ModelConfig& config, const LoggedPredictions& logged,
                                 const infer::Model& model) {
  TRY(const auto reference, LoadReference(workspace, config.name, model.digest()));
  if (!reference) return codec::Json();
  types::Frame live = logged.features;
  if (!logged.raw.outputs.columns.empty()) {
    live.columns.push_back(logged.raw.outputs.columns.front());
    live.columns.back().name = std::string(kPredictionColumn);
  }
  drift::DatasetOptions options = drift::RobustOptions();
  if (config.monitor) {
    options.share = config.monitor->drift_share;
    options.columns = config.monitor->drift_columns;
    if (!config.monitor->drift_method.empty()) {
      TRY(options.method, drift::ParseMethod(config.monitor->drift_method));
    }
  }
  const drift::Profile current = drift::MakeProfile(live, {.like = &*reference});
  TRY(const drift::DatasetDrift drift, drift::CompareProfiles(*reference, current, options));
  return DriftJson(drift);
}

Result<codec::Json> ObservePerformance(const LoggedPredictions& logged, const infer::Model& model) {
  quality::EvaluateInput input;
  std::vector<double> labels = LabelValues(logged, model);
  // What the constant answered in a first rollout is no model's performance.
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (logged.raw.versions[i] <= 0) labels[i] = NAN;
  }
  std::vector<double> predictions;
  for (std::size_t row = 0; row < logged.size(); ++row) {
    for (std::size_t k = 0; k < model.outputs(); ++k) predictions.push_back(logged.raw.outputs.columns[k].reals[row]);
  }
  input.task = model.schema().task == infer::Task::kClassification ? quality::Task::kClassification : quality::Task::kRegression;
  input.labels = labels;
  input.predictions = predictions;
  input.classes = model.schema().classes;
  TRY(const quality::MetricReport report, quality::Evaluate(input, {.threshold = model.schema().threshold}));
  codec::Json out = codec::Json::Object{};
  for (const quality::NamedValue& metric : report.metrics) {
    if (std::isfinite(metric.value) && metric.name.find('.') == metric.name.npos) out.Set(metric.name, metric.value);
  }
  return out;
}

// The start of the window that holds `time`.
TimeMs AlignDown(const repo::Window& window, TimeMs time) {
  if (window.kind == repo::Window::Kind::kMonths) {
    CivilDate date = CivilFromDays(time / kDayMs);
    return DaysFromCivil({date.year, date.month, 1}) * kDayMs;
  }
  return window.kind == repo::Window::Kind::kRows ? time : time - time % window.amount;
}

// The end of the window that starts at `start`; nothing when it is not there yet (a window of rows that is not full).
Result<std::optional<TimeMs>> EndOf(Workspace& workspace, const std::string& model, const repo::Window& window, TimeMs start) {
  if (window.kind == repo::Window::Kind::kDuration) return std::optional<TimeMs>(start + window.amount);
  if (window.kind == repo::Window::Kind::kMonths) {
    CivilDate date = CivilFromDays(start / kDayMs);
    const int months = date.year * 12 + date.month - 1 + static_cast<int>(window.amount);
    return std::optional<TimeMs>(DaysFromCivil({months / 12, months % 12 + 1, 1}) * kDayMs);
  }
  predictions::Window rows;
  rows.from = start;
  rows.features = false;
  rows.limit = static_cast<std::size_t>(window.amount);
  TRY(const predictions::Predictions read, predictions::ReadWindow(workspace.PredictionLogs() / model, rows));
  if (static_cast<std::int64_t>(read.size()) < window.amount) return std::optional<TimeMs>{};
  return std::optional<TimeMs>(read.times.back() + 1);
}

Result<std::optional<TimeMs>> NextStart(Workspace& workspace, const repo::ModelConfig& config) {
  TRY(const auto last, workspace.db->Read([&](sql::Conn& conn) { return loop::ListWindows(conn, config.name, 1); }));
  if (!last.empty()) return std::optional<TimeMs>(last.front().stop);
  predictions::Window first;
  first.features = false;
  first.limit = 1;
  TRY(const predictions::Predictions read, predictions::ReadWindow(workspace.PredictionLogs() / config.name, first));
  if (read.size() == 0) return std::optional<TimeMs>{};
  return std::optional<TimeMs>(AlignDown(config.monitor->window, read.times.front()));
}

// Alerts for a closed window: rules of mlean.yaml that do not hold, and drift of the data set.
Result<std::vector<notify::Alert>> WindowAlerts(const repo::ModelConfig& config, const loop::Window& window) {
  std::vector<notify::Alert> alerts;
  const std::string span = FormatDate(window.start) + " to " + FormatDate(window.stop);
  if (const codec::Json* performance = window.report.Find("performance")) {
    const policy::Value root = ToPolicyValue(*performance);
    for (const repo::Expression& rule : config.monitor->performance) {
      Result<policy::Program> program = policy::Program::Compile(rule.text);
      if (!program) return std::move(program).error().With(rule.place.Text());
      const policy::Decision decision = program->Decide(root);
      if (decision.allowed) continue;
      notify::Alert alert;
      alert.kind = "performance.critical";
      alert.severity = notify::Severity::kCritical;
      alert.title = fmt::format("{} performs below its rule, {}", config.name, span);
      alert.text = decision.reason;
      alert.dedup_key = fmt::format("{}/window/{}/{}", config.name, window.start, rule.text);
      alerts.push_back(std::move(alert));
    }
  }
  const codec::Json* drift = window.report.Find("drift");
  if (drift != nullptr && drift->Find("dataset_drift")->AsBool()) {
    notify::Alert alert;
    alert.kind = "drift.critical";
    alert.severity = notify::Severity::kWarning;
    alert.title = fmt::format("the live data of {} has drifted, {}", config.name, span);
    alert.text = fmt::format("{} of {} columns drifted (limit {})", drift->Find("drifted")->AsInt(),
                             drift->Find("columns")->AsArray().size(), FormatDouble(config.monitor->drift_share));
    alert.dedup_key = fmt::format("{}/window/{}/drift", config.name, window.start);
    alerts.push_back(std::move(alert));
  }
  return alerts;
}

}  // namespace

Result<codec::Json> ObserveWindow(Workspace& workspace, const repo::ModelConfig& config, TimeMs from, TimeMs to) {
  TRY(const LoggedPredictions logged, ReadLogged(workspace, config.name, from, to));
  const std::size_t labelled = logged.Labelled();
  codec::Json versions = codec::Json::Object{};
  std::map<int, std::int64_t> counts;
  for (const std::int32_t version : logged.raw.versions) ++counts[version];
  for (const auto& [version, count] : counts) versions.Set(std::to_string(version), count);
  codec::Json report = codec::Json::Object{{"requests", logged.size()},
                                           {"labelled", labelled},
                                           {"coverage", logged.size() == 0 ? 0.0 : double(labelled) / double(logged.size())},
                                           {"versions", std::move(versions)}};
  const int main = logged.MainVersion();
  if (main == 0) return report;
  report.Set("version", main);
  const infer::Model& model = *logged.models.at(main);
  TRY(codec::Json drift, ObserveDrift(workspace, config, logged, model));
  if (!drift.IsNull()) report.Set("drift", std::move(drift));
  if (labelled > 0) {
    TRY(codec::Json performance, ObservePerformance(logged, model));
    report.Set("performance", std::move(performance));
  }
  return report;
}

Result<std::vector<loop::Window>> CloseWindows(Workspace& workspace, const repo::ModelConfig& config, std::size_t limit) {
  std::vector<loop::Window> closed;
  if (!config.monitor) return closed;
  TRY(std::optional<TimeMs> start, NextStart(workspace, config));
  while (start && closed.size() < limit) {
    TRY(const std::optional<TimeMs> stop, EndOf(workspace, config.name, config.monitor->window, *start));
    if (!stop || workspace.Now() < *stop + config.monitor->labels_delay_ms) break;
    loop::Window window{config.name, *start, *stop, workspace.Now(), {}};
    TRY(window.report, ObserveWindow(workspace, config, *start, *stop));
    TRY(const std::vector<notify::Alert> alerts, WindowAlerts(config, window));
    TRYV(workspace.db->Write([&](sql::Txn& txn) -> Result<void> {
      TRYV(loop::AddWindow(txn, window));
      codec::Json detail = codec::Json::Object{{"from", FormatTime(window.start)}, {"to", FormatTime(window.stop)}};
      for (const std::string_view key : {"requests", "labelled", "performance"}) {
        if (const codec::Json* value = window.report.Find(key)) detail.Set(key, *value);
      }
      if (const codec::Json* drift = window.report.Find("drift")) detail.Set("drift_share", *drift->Find("share"));
      TRYV(Record(txn, workspace, "window.closed", "models/" + config.name + "/windows/" + FormatDate(window.start),
                  std::move(detail)));
      for (const notify::Alert& alert : alerts) TRYV(RaiseAlert(txn, workspace, alert));
      return {};
    }));
    start = *stop;
    closed.push_back(std::move(window));
  }
  return closed;
}

}  // namespace mlean::flows

// The texts that `mlean init --data` writes. Names from outside go through Yaml, Shell or Comment, never in as they are.
#include <fmt/core.h>

#include <cmath>

#include "base/text.hpp"
#include "codec/yaml_write.hpp"
#include "flows/init_project.hpp"

namespace mlean::flows {
namespace {

constexpr std::size_t kCommentNames = 8;  // names shown in a comment

std::string Yaml(const std::string& text) { return codec::WriteYamlFlow(codec::Json(text)); }
std::string Yaml(const std::vector<std::string>& list) {
  codec::Json::Array out;
  for (const std::string& text : list) out.emplace_back(text);
  return codec::WriteYamlFlow(codec::Json(std::move(out)));
}

// In dvc.yaml "${" begins a template; a backslash takes that from it.
std::string NoTemplate(const std::string& text) { return ReplaceAll(text, "${", "\\${"); }

// One word for sh.
std::string Shell(const std::string& text) {
  const bool plain =
      !text.empty() &&
      text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./:=@%+,-") == text.npos;
  return NoTemplate(plain && text.front() != '-' ? text : "'" + ReplaceAll(text, "'", "'\\''") + "'");
}

// Text that stays on the line of its '#'.
std::string Comment(std::string text) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 32 || c == 127) c = ' ';
  }
  return text;
}

std::string Some(const std::vector<std::string>& names) {
  std::vector<std::string> shown(names.begin(),
                                 names.begin() + static_cast<std::ptrdiff_t>(std::min(names.size(), kCommentNames)));
  return Comment(Join(shown, ", ") +
                 (names.size() > shown.size() ? fmt::format(" and {} more", names.size() - shown.size()) : ""));
}

std::string Count(std::int64_t rows) { return HumanCount(static_cast<std::uint64_t>(rows)); }

// What the gate asks of the task: the measure, its least value, and why that.
struct Bar {
  std::string metric;
  std::string least;
  std::string why;
};
Bar BarOf(const InitPlan& plan) {
  if (plan.task == "regression")
    return {"r2", "0", "0 is what the mean as constant answer gets; raise it once you know what is good"};
  if (plan.Binary()) return {"auc", "0.6", "0.5 is chance; raise it once you know what is good"};
  const double floor = std::floor(plan.majority * 100) / 100;
  return {"accuracy", FormatDouble(floor),
          Comment(fmt::format("what always answering '{}' gets; raise it once you know what is good", plan.classes.front()))};
}

std::string DataSection(const InitPlan& plan) {
  std::string out =
      fmt::format("data:\n  {}:\n    path: {}{}\n", plan.data_name, Yaml(plan.data_path),
                  "  # one file, or a folder to which deliveries are added: csv, parquet, jsonl; relative to this file");
  out += plan.time.empty()
             ? "    # time: COLUMN  # event time, when the rows have one: then the newest rows are the test, not random ones\n"
             : fmt::format("    time: {}  # event time: the newest rows are the test\n", Yaml(plan.time));
  out += plan.key.empty() ? "    # key: [COLUMN]  # identifies a row; no feature\n"
                          : fmt::format("    key: {}  # identifies a row; no feature\n", Yaml(plan.key));
  out += fmt::format(
      "    checks: {}  # what every delivery must meet; suggested from the data, each with its reason: prune and tighten it\n",
      Yaml(plan.SuitePath()));
  return out;
}

std::string GateSection(const InitPlan& plan) {
  const Bar bar = BarOf(plan);
  return fmt::format(
      "    gate:  # CEL; all must hold before a version is registered; what is undefined denies\n"
      "      - metrics.{0} >= {1}  # {2}\n"
      "      - metrics.{0} >= prod.metrics.{0} - 0.01  # not worse than the champion on the same data; passed over while there "
      "is none\n"
      "      - data.{3}.checks.success\n"
      "    approvals: 0  # people who must say `mlean approve {4}@VERSION` first\n",
      bar.metric, bar.least, bar.why, plan.data_name, plan.model);
}

constexpr std::string_view kRollout =
    "    # Without this section a version that passes the gate is promoted at once. With it live traffic moves to the version in "
    "steps,\n"
    "    # and back by itself when a condition to abort holds. It needs traffic: steps with fewer than min_requests requests do "
    "not end.\n"
    "    # rollout:\n"
    "    #   strategy: canary  # or blue_green, shadow, ab, instant\n"
    "    #   steps: [5%, 25%, 50%]\n"
    "    #   step_for: 10m\n"
    "    #   min_requests: 100\n"
    "    #   abort_if: [errors.rate > 0.005, latency.p99 > 100ms]\n";

std::string LiveSections(const InitPlan& plan) {
  const Bar bar = BarOf(plan);
  return fmt::format(
      "    monitor:  # windows of live requests, compared with the reference\n"
      "      reference: training  # the data the version was trained on, or a path\n"
      "      window: 1d  # or 7d, 1mo, {{rows: 5000}}\n"
      "      drift: {{share: 0.3}}  # an alert when this share of the features has drifted\n"
      "      performance: [{0} >= {1}]  # an alert when it does not hold on the labels that came (`mlean labels add`)\n"
      "      labels: {{delay: 1d}}  # how long after a prediction its label may come; the window is closed then\n"
      "    retrain:  # a running `mlean server` starts a turn when\n"
      "      # schedule: \"0 2 * * 0\"  # Sundays at two, UTC\n"
      "      when: [drift.share >= 0.3, performance.{0} < {1}, data.{2}.rows_added_ratio >= 0.10]  # one of these holds for a "
      "window\n"
      "      cooldown: 6h  # and the last turn is that long ago\n"
      "    serve:\n"
      "      log: full  # requests are kept for drift and labels: full, outputs or none\n"
      "      retention: 90d\n"
      "      fallback: [previous]  # what answers when the champion cannot; also {{constant: VALUE}}\n",
      bar.metric, bar.least, plan.data_name);
}

std::string LoopText(const InitPlan& plan) {
  const std::string label =
      plan.task == "regression" ? "numbers" : fmt::format("{} classes: {}", plan.classes.size(), Some(plan.classes));
  std::string out = fmt::format(
      "# The loop of one model, made by `mlean init` from {} ({} rows, {} columns). Yours to edit: an unknown key is an error "
      "with its line.\n"
      "#   mlean loop run    one turn: validate, split, train, evaluate, gate, register, promote\n"
      "#   mlean server      POST /predict/{}, monitoring, retraining\n"
      "project: {}\n\n{}\nmodels:\n  {}:\n",
      Comment(plan.data_path), Count(plan.rows), plan.columns, plan.model, Yaml(plan.project), DataSection(plan),
      Yaml(plan.model));
  out += fmt::format("    task: {}  # classification or regression; the label has {}\n", plan.task, label);
  out += fmt::format("    label: {}\n", Yaml(plan.label));
  out += fmt::format("    data: {}\n", plan.data_name);
  out += "    train: [split, train]  # stages of dvc.yaml to bring up to date; your own training goes there\n";
  out += fmt::format("    model: {}  # what they write: an XGBoost file\n    metrics: metrics.json\n", Yaml(plan.ModelPath()));
  out += fmt::format("    evaluate: {}/test.parquet  # champion and challenger are both measured on it; never trained on\n",
                     plan.split_dir);
  out += plan.slices.empty() ? "    # slices: [COLUMN]  # metrics by the values of these columns\n"
                             : fmt::format("    slices: {}  # metrics by the values of these columns\n", Yaml(plan.slices));
  if (plan.Binary())
    out += "    # sensitive: [COLUMN]  # fairness by these; then a gate can ask fairness.COLUMN.dp_ratio >= 0.8\n";
  return out + GateSection(plan) + std::string(kRollout) + LiveSections(plan) +
         "\n# alerts:\n#   - {type: slack, url: \"${SLACK_WEBHOOK}\", on: [validation.failed, gate.failed, drift.critical, "
         "job.failed]}\n";
}

std::string StagesText(const InitPlan& plan) {
  const std::string train = plan.split_dir + "/train.parquet";
  const std::string test = plan.split_dir + "/test.parquet";
  std::string out =
      "# The pipeline, in DVC's format: `mlean loop run` and `dvc repro` both run it. A stage runs again when a dep or a param "
      "has changed.\n"
      "stages:\n"
      "  split:\n";
  out += fmt::format("    desc: {}\n", plan.time.empty() ? "a fixed random fifth of the rows is the test"
                                                         : "the newest fifth of the rows is the test");
  out += fmt::format("    cmd: >-\n      mlean features split {}\n      --train {}\n      --test {}\n      --label {}\n",
                     Shell(plan.data_path), train, test, Shell(plan.label));
  if (!plan.time.empty()) out += fmt::format("      --time {}\n", Shell(plan.time));
  out += fmt::format("    deps:\n      - {}\n    outs:\n      - {}\n      - {}\n", Yaml(NoTemplate(plan.data_path)), train, test);
  out +=
      "  # Any program that writes the model file can stand here: `cmd: python train.py` with your own XGBoost code, for one.\n";
  std::vector<std::string> excluded;
  if (!plan.left_out.empty()) out += "  # Not learnt from (see --exclude):\n";
  for (const LeftOut& one : plan.left_out) {
    out += Comment(fmt::format("  #   {}: {}", one.column, one.why)) + "\n";
    const bool nameable = one.column.find(',') == one.column.npos && Comment(one.column) == one.column;
    if (one.column != plan.time && nameable) excluded.push_back(one.column);
  }
  out += fmt::format("  train:\n    cmd: >-\n      mlean train {}\n      --label {}\n      --task {}\n", train, Shell(plan.label),
                     plan.task);
  if (!plan.time.empty()) out += fmt::format("      --time {}\n", Shell(plan.time));
  if (!excluded.empty()) out += fmt::format("      --exclude {}\n", Shell(Join(excluded, ",")));
  if (!plan.slices.empty()) out += fmt::format("      --slices {}\n", Shell(Join(plan.slices, ",")));
  out += fmt::format("      --test {}\n      --model {}\n      --metrics metrics.json\n", test, plan.ModelPath());
  out += fmt::format(
      "    deps:\n      - {}\n      - {}\n    params:\n      - train  # of params.yaml\n    outs:\n      - {}\n"
      "    metrics:\n      - metrics.json:\n          cache: false  # small: for git, not for DVC's cache\n",
      train, test, plan.ModelPath());
  return out;
}

std::string ParamsText(const InitPlan& plan) {
  std::string out =
      "# What the stage train reads. A change here makes the next turn train again.\n"
      "train:\n"
      "  rounds: 300  # trees at most (for each class)\n"
      "  early_stopping_rounds: 20  # stop when that many rounds bring nothing on the held-back rows\n"
      "  valid_fraction: 0.15  # training rows held back for that\n"
      "  unknown_category: missing  # a text never seen in training counts as missing when served; or: error\n"
      "  min_category_count: 1  # texts rarer than that count as missing in training\n";
  if (plan.Binary()) out += "  threshold: 0.5  # from this probability on the answer is the positive class\n";
  return out +
         "  # Everything else is XGBoost's own, by its names: eta, max_depth, min_child_weight, subsample, objective, "
         "eval_metric …\n"
         "  eta: 0.1\n"
         "  max_depth: 6\n"
         "  seed: 42\n";
}

}  // namespace

std::vector<ProjectFile> RenderProject(const InitPlan& plan) {
  return {{"mlean.yaml", LoopText(plan)},
          {"dvc.yaml", StagesText(plan)},
          {"params.yaml", ParamsText(plan)},
          {plan.SuitePath(), check::SuiteJson(plan.suite).Pretty() + "\n"}};
}

}  // namespace mlean::flows

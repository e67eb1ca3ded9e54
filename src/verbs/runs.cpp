// mlean runs list, show, compare, delete, restore.
#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "base/text.hpp"
#include "flows/lineage.hpp"
#include "flows/log_run.hpp"
#include "metrics/sparkline.hpp"
#include "metrics/table.hpp"
#include "track/experiment_store.hpp"
#include "track/filter.hpp"
#include "track/metric_store.hpp"
#include "track/run_store.hpp"
#include "verbs/verbs.hpp"

namespace mlean::verbs {
namespace {

using codec::Json;

constexpr std::size_t kMetricColumns = 4;
constexpr std::size_t kSparkline = 24;  // blocks at most
constexpr std::size_t kShortestId = 4;
constexpr std::int64_t kMaxRows = 50'000;

Json PairsJson(const std::vector<track::Tag>& pairs) {
  Json out = Json::Object{};
  for (const track::Tag& pair : pairs) out.Set(pair.key, pair.value);
  return out;
}

Json RunJson(const track::Run& run) {
  Json metrics = Json::Object{};
  for (const track::Metric& metric : run.metrics) metrics.Set(metric.key, metric.value);
  Json inputs = Json::Array{};
  for (const track::DatasetInput& input : run.datasets) {
    inputs.Push(Json::Object{{"name", input.dataset.name}, {"digest", input.dataset.digest}, {"source", input.dataset.source}});
  }
  return Json::Object{{"run_id", run.info.run_id},
                      {"name", run.info.name},
                      {"experiment_id", run.info.experiment_id},
                      {"status", track::RunStatusName(run.info.status)},
                      {"stage", track::StageName(run.info.stage)},
                      {"start_time", FormatTime(run.info.start_time)},
                      {"end_time", run.info.end_time ? Json(FormatTime(*run.info.end_time)) : Json()},
                      {"metrics", std::move(metrics)},
                      {"params", PairsJson(run.params)},
                      {"tags", PairsJson(run.tags)},
                      {"inputs", std::move(inputs)}};
}

Result<flows::Workspace> Open(Context& context) {
  TRY(flows::Workspace workspace, flows::OpenWorkspace(context.directory, *context.clock, flows::CliActor()));
  TRYV(flows::EndLostRuns(workspace));
  return workspace;
}

// The experiments that --experiment names, by name or id; all of them without it.
Result<std::vector<std::string>> ExperimentIds(sql::Conn& conn, const Arguments& arguments) {
  if (!arguments.Has("experiment")) return track::AllExperimentIds(conn);
  std::vector<std::string> ids;
  for (const std::string& named : arguments.List("experiment")) {
    Result<track::Experiment> found = track::GetExperimentByName(conn, named);
    if (!found && ParseInt(named)) found = track::GetExperiment(conn, named);
    if (!found) return Fail(found.error().code, found.error().what, "mlean experiment list");
    ids.push_back(found->id);
  }
  return ids;
}

Result<track::Query> MakeQuery(sql::Conn& conn, const Arguments& arguments) {
  track::Query query;
  auto where = track::ParseFilter(arguments.Text("filter"), track::RunGrammar());
  if (!where) return Fail(where.error().code, "cannot use --filter: " + where.error().what);
  query.where = *std::move(where);
  for (const std::string& text : arguments.List("order-by")) {
    Result<track::Order> order = track::ParseOrder(text, track::RunGrammar());
    if (!order) return Fail(order.error().code, "cannot use --order-by: " + order.error().what);
    query.order.push_back(*std::move(order));
  }
  TRY(const std::int64_t rows, arguments.Int("max", 100));
  if (rows < 1 || rows > kMaxRows) {
    return Fail(Code::kUsage, fmt::format("cannot use --max {}: expected 1 to {}", rows, kMaxRows));
  }
  query.limit = static_cast<std::size_t>(rows);
  if (arguments.Has("deleted")) query.view = track::View::kDeletedOnly;
  TRY(query.experiment_ids, ExperimentIds(conn, arguments));
  if (arguments.Has("data")) TRYV(flows::AddDataClause(query, arguments.Text("data")));
  return query;
}

// The id that is meant: all of it, or a beginning that only one run has.
Result<std::string> FindRun(sql::Conn& conn, const std::string& typed) {
  Result<track::RunInfo> exact = track::GetRunInfo(conn, typed);
  const bool hex = typed.size() >= kShortestId && typed.find_first_not_of("0123456789abcdef") == typed.npos;
  const Error none = Fail(Code::kNotFound, fmt::format("cannot find run '{}': no run has this id", typed), "mlean runs list");
  if (exact) return exact->run_id;
  if (exact.error().code != Code::kNotFound && exact.error().code != Code::kInvalid) return std::move(exact).error();
  if (!hex) return none;
  track::Query query{.view = track::View::kAll};
  TRY(query.experiment_ids, track::AllExperimentIds(conn));
  query.where = {{track::Field::kAttribute, "run_id", track::Op::kLike, typed + "%"}};
  query.limit = 2;
  TRY(const auto found, track::ListRunInfos(conn, query));
  if (found.empty()) return none;
  if (found.size() > 1) return Fail(Code::kConflict, fmt::format("cannot tell which run '{}' is: several begin so", typed));
  return found.front().run_id;
}

// ---- list

void AddMetricKeys(const std::vector<track::Clause>& clauses, std::vector<std::string>& keys) {
  for (const track::Clause& clause : clauses) {
    for (const auto& list : clause.any) AddMetricKeys(list, keys);
    if (clause.any.empty() && clause.field == track::Field::kMetric) keys.push_back(clause.key);
  }
}

// The metrics that the question names, then those that most runs have.
std::vector<std::string> MetricColumns(const track::Query& query, const std::vector<track::Run>& runs) {
  std::vector<std::string> asked;
  AddMetricKeys(query.where, asked);
  for (const track::Order& order : query.order) {
    if (order.field == track::Field::kMetric) asked.push_back(order.key);
  }
  std::map<std::string, std::size_t> counts;
  for (const track::Run& run : runs) {
    for (const track::Metric& metric : run.metrics) ++counts[metric.key];
  }
  std::vector<std::pair<std::size_t, std::string>> common;
  for (const auto& [key, count] : counts) {
    const bool beside = key.find('.') != key.npos || key.starts_with("process/") || key.starts_with("system/");
    common.emplace_back(count + (beside ? 0 : runs.size()), key);  // "training.auc" after "auc"
  }
  std::stable_sort(common.begin(), common.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
  std::vector<std::string> out;
  for (const std::string& key : asked) {
    if (std::find(out.begin(), out.end(), key) == out.end()) out.push_back(key);
  }
  for (const auto& [count, key] : common) {
    if (out.size() < kMetricColumns && std::find(out.begin(), out.end(), key) == out.end()) out.push_back(key);
  }
  return out;
}

std::string MetricText(const track::Run& run, const std::string& key) {
  const auto found = std::find_if(run.metrics.begin(), run.metrics.end(), [&](const auto& metric) { return metric.key == key; });
  return found == run.metrics.end() ? "-" : fmt::format("{:.5g}", found->value);
}

Result<int> RunsList(const Arguments& arguments, Context& context) {
  TRY(const flows::Workspace workspace, Open(context));
  track::Query query;
  std::vector<track::Run> runs;
  TRYV(workspace.db->Read([&](sql::Conn& conn) -> Result<void> {
    TRY(query, MakeQuery(conn, arguments));
    TRY(runs, track::ListRuns(conn, query));
    return {};
  }));
  if (context.json) {
    Json list = Json::Array{};
    for (const track::Run& run : runs) list.Push(RunJson(run));
    PrintJson(list);
    return 0;
  }
  if (runs.empty()) return 0;
  const std::vector<std::string> columns = MetricColumns(query, runs);
  metrics::Table table{{"run", "start", "name", "status"}, {}};
  table.headers.insert(table.headers.end(), columns.begin(), columns.end());
  for (const track::Run& run : runs) {
    std::vector<std::string> row = {run.info.run_id, FormatTime(run.info.start_time).substr(0, 16), OneLine(run.info.name),
                                    std::string(track::RunStatusName(run.info.status))};
    for (const std::string& key : columns) row.push_back(MetricText(run, key));
    table.rows.push_back(std::move(row));
  }
  Print(metrics::TableText(table));
  return 0;
}

// ---- show

// The metric's curve; "" when it has one point.
Result<std::string> Curve(sql::Conn& conn, const std::string& run_id, const std::string& key) {
  TRY(const auto points, track::MetricInterval(conn, {.run_ids = {run_id}, .key = key, .max_points = kSparkline}));
  std::vector<double> values;
  for (const track::Metric& point : points) values.push_back(point.value);
  return metrics::Sparkline(values);
}

Result<void> PrintRun(sql::Conn& conn, const track::Run& run, const Json& lineage) {
  PrintLine(fmt::format("{}  {}  {}{}", run.info.run_id, OneLine(run.info.name), track::RunStatusName(run.info.status),
                        run.info.stage == track::Stage::kDeleted ? "  deleted" : ""));
  for (const track::DatasetInput& input : run.datasets)
    PrintLine(fmt::format("  data    {:<28} {}", OneLine(input.dataset.name), OneLine(input.dataset.digest)));
  for (const track::Param& param : run.params) PrintLine(fmt::format("  param   {:<28} {}", param.key, OneLine(param.value)));
  for (const track::Metric& metric : run.metrics) {
    TRY(const std::string curve, Curve(conn, run.info.run_id, metric.key));
    PrintLine(
        std::string(Trim(fmt::format("| metric  {:<28} {:<12.6g} {}", metric.key, metric.value, curve))).replace(0, 1, " "));
  }
  for (const track::Tag& tag : run.tags) PrintLine(fmt::format("  tag     {:<28} {}", OneLine(tag.key), OneLine(tag.value)));
  for (const Json& version : lineage.Find("versions")->AsArray()) {
    PrintLine(fmt::format("  version {:<28} {} rollouts, {} predictions",
                          fmt::format("{}@{}", OneLine(version.Find("model")->AsString()), version.Find("version")->AsInt()),
                          version.Find("rollouts")->AsArray().size(), version.Find("predictions")->AsInt()));
  }
  return {};
}

Result<int> RunsShow(const Arguments& arguments, Context& context) {
  TRY(const flows::Workspace workspace, Open(context));
  TRY(const std::string id, workspace.db->Read([&](sql::Conn& conn) { return FindRun(conn, arguments.Text("RUN")); }));
  TRY(const Json lineage, flows::RunLineage(workspace, id));
  return workspace.db->Read([&](sql::Conn& conn) -> Result<int> {
    TRY(const track::Run run, track::GetRun(conn, id));
    if (context.json) {
      Json out = RunJson(run);
      out.Set("lineage", lineage);
      PrintJson(out);
    } else {
      TRYV(PrintRun(conn, run, lineage));
    }
    return 0;
  });
}

// ---- compare

// What a run is made of, as "param depth" → "8".
std::map<std::string, std::string> Facts(const track::Run& run) {
  std::map<std::string, std::string> out;
  out["status"] = track::RunStatusName(run.info.status);
  for (const track::Param& param : run.params) out["param   " + param.key] = param.value;
  for (const track::Metric& metric : run.metrics) out["metric  " + metric.key] = fmt::format("{:.6g}", metric.value);
  for (const track::DatasetInput& input : run.datasets) out["data    " + input.dataset.name] = input.dataset.digest;
  for (const track::Tag& tag : run.tags) {
    const bool kept =
        tag.key.starts_with("mlflow.source.") || tag.key.starts_with("mlean.git.") || tag.key.starts_with("mlean.env.");
    if (kept || !(tag.key.starts_with("mlflow.") || tag.key.starts_with("mlean."))) out["tag     " + tag.key] = tag.value;
  }
  return out;
}

Result<std::vector<track::Run>> RunsToCompare(sql::Conn& conn, const Arguments& arguments) {
  std::vector<track::Run> runs;
  for (const std::string& typed : arguments.List("RUN")) {
    TRY(const std::string id, FindRun(conn, typed));
    TRY(track::Run run, track::GetRun(conn, id));
    runs.push_back(std::move(run));
  }
  if (runs.empty() && arguments.Has("filter")) {
    TRY(const track::Query query, MakeQuery(conn, arguments));
    TRY(runs, track::ListRuns(conn, query));
  }
  if (runs.size() < 2) {
    return Fail(
        Code::kUsage,
        fmt::format("cannot compare {} run{}: name two or more, or give --filter", runs.size(), runs.size() == 1 ? "" : "s"),
        "mlean runs list");
  }
  return runs;
}

Result<int> RunsCompare(const Arguments& arguments, Context& context) {
  TRY(const flows::Workspace workspace, Open(context));
  TRY(const auto runs, workspace.db->Read([&](sql::Conn& conn) { return RunsToCompare(conn, arguments); }));
  std::vector<std::map<std::string, std::string>> facts;
  std::set<std::string> keys;
  for (const track::Run& run : runs) {
    facts.push_back(Facts(run));
    for (const auto& [key, value] : facts.back()) keys.insert(key);
  }
  metrics::Table table{{""}, {}};
  Json list = Json::Array{};
  for (const track::Run& run : runs) {
    table.headers.push_back(fmt::format("{} {}", run.info.run_id.substr(0, 8), OneLine(run.info.name)));
    list.Push(RunJson(run));
  }
  Json differences = Json::Object{};
  for (const std::string& key : keys) {
    std::vector<std::string> row = {key};
    Json values = Json::Array{};
    for (const auto& one : facts) {
      const auto found = one.find(key);
      row.push_back(found == one.end() ? "-" : OneLine(found->second));
      values.Push(found == one.end() ? Json() : Json(found->second));
    }
    const bool differs = std::any_of(row.begin() + 2, row.end(), [&](const std::string& value) { return value != row[1]; });
    if (!differs && !arguments.Has("all")) continue;
    std::vector<std::string> words = Split(key, ' ');
    if (differs) differences.Set(words.size() == 1 ? key : words.front() + " " + key.substr(8), std::move(values));
    table.rows.push_back(std::move(row));
  }
  if (context.json) PrintJson(Json::Object{{"runs", std::move(list)}, {"differences", std::move(differences)}});
  if (!context.json) Print(metrics::TableText(table, {.keep_whitespace = true}));
  return 0;
}

// ---- delete, restore

using Change = Result<void> (*)(sql::Txn& txn, std::string_view run_id, TimeMs now);

Result<int> ChangeRuns(const Arguments& arguments, Context& context, const char* done, Change change) {
  TRY(const flows::Workspace workspace, Open(context));
  const TimeMs now = workspace.Now();
  Json list = Json::Array{};
  TRYV(workspace.db->Write([&](sql::Txn& txn) -> Result<void> {
    for (const std::string& typed : arguments.List("RUN")) {
      TRY(const std::string id, FindRun(txn, typed));
      TRYV(change(txn, id, now));
      list.Push(id);
    }
    return {};
  }));
  if (list.AsArray().empty()) return Fail(Code::kUsage, "cannot do this without a run: name one or more", "mlean runs list");
  if (context.json) PrintJson(Json::Object{{done, list}});
  if (!context.json) {
    for (const Json& id : list.AsArray()) PrintLine(fmt::format("{} {}", done, id.AsString()));
  }
  return 0;
}

constexpr const char* kExitCodes = "0 done · 1 failed · 2 usage · 4 no such run · 5 an id that begins several";

std::vector<OptionSpec> SearchOptions() {
  return {Repeated("--experiment", "NAME", "only of this experiment, by name or id; may be repeated"),
          ValueOption("--filter", "TEXT", "MLflow's filter string"),
          Repeated("--order-by", "KEY", "\"metrics.auc DESC\"; may be repeated; else newest first"),
          ValueOption("--max", "N", "at most so many", "100")};
}

}  // namespace

VerbSpec RunsListVerb() {
  VerbSpec spec{
      .words = {"runs", "list"},
      .summary = "list tracked runs, newest first",
      .description = "The columns are the metrics that the filter or order names, then those that most runs have.",
      .options = SearchOptions(),
      .examples = {"mlean runs list",
                   "mlean runs list --filter \"metrics.auc > 0.7 and params.depth = '6'\" --order-by 'metrics.auc DESC'",
                   "mlean runs list --data 3f2c8a914b70"},
      .exit_codes = "0 done · 1 failed, also of a filter that does not parse · 2 usage · 4 no such experiment",
      .run = RunsList};
  spec.options.push_back(
      ValueOption("--data", "HASH", "only runs that had data with this hash (its first 8 characters or more)"));
  spec.options.push_back(Flag("--deleted", "those that were deleted"));
  return spec;
}
VerbSpec RunsShowVerb() {
  return {.words = {"runs", "show"},
          .summary = "show a run: data, params, metrics with their curves, tags, versions",
          .options = {Positional("RUN", "its 32 hex digits, or how they begin")},
          .examples = {"mlean runs show 0123456789abcdef0123456789abcdef", "mlean runs show 01234567 --json"},
          .exit_codes = kExitCodes,
          .run = RunsShow};
}
VerbSpec RunsCompareVerb() {
  VerbSpec spec{.words = {"runs", "compare"},
                .summary = "show what differs between runs",
                .options = {Rest("RUN", "two or more, as for runs show")},
                .examples = {"mlean runs compare 01234567 89abcdef", "mlean runs compare --filter \"tags.sweep = '7'\" --json"},
                .exit_codes = kExitCodes,
                .run = RunsCompare};
  for (OptionSpec& option : SearchOptions()) spec.options.push_back(std::move(option));
  spec.options.push_back(Flag("--all", "also what is equal"));
  return spec;
}
VerbSpec RunsDeleteVerb() {
  return {.words = {"runs", "delete"},
          .summary = "mark runs deleted; they can be restored",
          .options = {Rest("RUN", "as for runs show")},
          .examples = {"mlean runs delete 01234567"},
          .exit_codes = kExitCodes,
          .run = [](const Arguments& arguments, Context& context) {
            return ChangeRuns(arguments, context, "deleted", track::DeleteRun);
          }};
}
VerbSpec RunsRestoreVerb() {
  return {.words = {"runs", "restore"},
          .summary = "bring deleted runs back",
          .options = {Rest("RUN", "as for runs show")},
          .examples = {"mlean runs restore 01234567"},
          .exit_codes = kExitCodes,
          .run = [](const Arguments& arguments, Context& context) {
            return ChangeRuns(arguments, context, "restored",
                              [](sql::Txn& txn, std::string_view run_id, TimeMs) { return track::RestoreRun(txn, run_id); });
          }};
}

}  // namespace mlean::verbs

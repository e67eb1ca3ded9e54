#include "verbs/demo/year_summary.hpp"

#include <fmt/core.h>

#include <cmath>

#include "base/text.hpp"
#include "flows/champion.hpp"
#include "flows/logged_predictions.hpp"
#include "flows/monitor.hpp"
#include "flows/render.hpp"
#include "quality/binary.hpp"
#include "verbs/demo/project_files.hpp"

namespace mlean::verbs::demo {
namespace {

using codec::Json;

// AUC that version 1 would have had on the requests of the span: its answers to the logged features.
Result<std::optional<double>> FirstModelAuc(flows::Workspace& workspace, TimeMs from, TimeMs to) {
  const std::string model(kModel);
  TRY(const auto first, workspace.db->Read([&](sql::Conn& conn) { return registry::GetVersion(conn, model, 1); }));
  TRY(const auto loaded, flows::LoadVersion(first));
  TRY(const flows::LoggedPredictions logged, flows::ReadLogged(workspace, model, from, to));
  if (logged.MainVersion() == 0) return std::optional<double>{};
  TRY(const std::vector<float> rows, loaded->encoder().EncodeFrame(logged.features));
  std::vector<float> answers(logged.size());
  loaded->PredictRows(rows, logged.size(), answers);
  const std::vector<double> labels = flows::LabelValues(logged, *loaded);
  std::vector<unsigned char> truth;
  std::vector<double> scores;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (std::isnan(labels[i]) || logged.raw.versions[i] <= 0) continue;
    truth.push_back(labels[i] == 1 ? 1 : 0);
    scores.push_back(static_cast<double>(answers[i]));
  }
  const double auc = quality::Auc(truth, scores);
  return std::isfinite(auc) ? std::optional<double>(auc) : std::nullopt;
}

std::string Text(const Json& json, std::string_view key) {
  const Json* member = json.Find(key);
  if (member == nullptr || member->IsNull()) return {};
  return member->IsString() ? member->AsString() : member->Dump();
}

// The event as a decision in words; "" for events that are none.
std::string DecisionText(const audit::Event& event) {
  const std::string version = Text(event.detail, "version");
  if (event.action == "turn.started") return fmt::format("turn {}: {}", Text(event.detail, "turn"), Text(event.detail, "detail"));
  if (event.action == "validation.failed") return "stopped at validation: " + Text(event.detail, "message");
  if (event.action == "gate.denied") return "gate denied: " + Text(event.detail, "message");
  if (event.action == "turn.unchanged") return "nothing new";
  if (event.action == "turn.failed") return "turn failed: " + Text(event.detail, "message");
  if (event.action == "version.registered") return fmt::format("version {} registered", version);
  if (event.action == "rollout.started")
    return fmt::format("canary of version {} at {} of traffic", version, Text(event.detail, "weight"));
  if (event.action == "rollout.step") return fmt::format("canary of version {} at {}", version, Text(event.detail, "weight"));
  if (event.action == "rollout.aborted") return fmt::format("version {} taken back: {}", version, Text(event.detail, "reason"));
  if (event.action == "version.promoted") return fmt::format("version {} promoted", version);
  return {};
}

Result<Json> MonthRow(flows::Workspace& workspace, const std::vector<audit::Event>& events, int month, int& champion) {
  const TimeMs from = DaysFromCivil({2013, month, 1}) * kDayMs;
  const TimeMs to = month == 12 ? DaysFromCivil({2014, 1, 1}) * kDayMs : DaysFromCivil({2013, month + 1, 1}) * kDayMs;
  TRY(const repo::ModelConfig* config, workspace.config.Model(kModel));
  TRY(const Json report, flows::ObserveWindow(workspace, *config, from, to));
  TRY(const auto first, FirstModelAuc(workspace, from, to));
  Json decisions = Json::Array{};
  for (const audit::Event& event : events) {
    if (event.time < from || event.time >= to) continue;
    const std::string text = DecisionText(event);
    if (!text.empty()) decisions.Push(Json::Object{{"time", FormatTime(event.time)}, {"action", event.action}, {"text", text}});
    if (event.action == "version.promoted") champion = static_cast<int>(event.detail.Find("version")->AsInt());
  }
  const Json* drift = report.Find("drift");
  const Json* performance = report.Find("performance");
  Json row = Json::Object{{"month", fmt::format("2013-{:02}", month)},
                          {"requests", *report.Find("requests")},
                          {"labelled", *report.Find("labelled")}};
  row.Set("drift_share", drift == nullptr ? Json() : *drift->Find("share"));
  row.Set("auc", performance == nullptr || performance->Find("auc") == nullptr ? Json() : *performance->Find("auc"));
  row.Set("auc_first_model", first ? Json(*first) : Json());
  row.Set("champion", champion);
  row.Set("decisions", std::move(decisions));
  return row;
}

std::string Number(const Json& row, std::string_view key, int digits) {
  const Json* value = row.Find(key);
  return value == nullptr || !value->IsNumber() ? "–" : fmt::format("{:.{}f}", value->AsDouble(), digits);
}

}  // namespace

Result<Json> SummarizeYear(flows::Workspace& workspace) {
  std::vector<audit::Event> events;
  for (std::int64_t after = 0;;) {
    TRY(const auto page,
        workspace.db->Read([&](sql::Conn& conn) { return audit::List(conn, {.after_seq = after, .limit = 10'000}); }));
    if (page.empty()) break;
    after = page.back().seq;
    events.insert(events.end(), page.begin(), page.end());
  }
  Json months = Json::Array{};
  int champion = 0;
  for (int month = 3; month <= 12; ++month) {
    TRY(Json row, MonthRow(workspace, events, month, champion));
    months.Push(std::move(row));
  }
  TRY(const auto turns, workspace.db->Read([](sql::Conn& conn) { return loop::ListTurns(conn, std::string(kModel), 1000); }));
  Json list = Json::Array{};
  for (auto turn = turns.rbegin(); turn != turns.rend(); ++turn) list.Push(flows::TurnJson(*turn));
  TRY(const audit::Verdict verdict, workspace.db->Read([](sql::Conn& conn) { return audit::Verify(conn); }));
  return Json(Json::Object{{"months", std::move(months)},
                           {"turns", std::move(list)},
                           {"audit", Json::Object{{"events", verdict.events}, {"intact", verdict.intact}}}});
}

std::string YearTable(const Json& summary, bool colour) {
  const std::string bold = colour ? "\x1b[1m" : "";
  const std::string plain = colour ? "\x1b[0m" : "";
  std::string out = fmt::format("{}{:<8} {:>9} {:>9} {:>6} {:>7} {:>12} {:>9}  {}{}\n", bold, "month", "requests", "labelled",
                                "drift", "AUC", "first model", "champion", "what the program decided", plain);
  for (const Json& row : summary.Find("months")->AsArray()) {
    out += fmt::format("{:<8} {:>9} {:>9} {:>6} {:>7} {:>12} {:>9}", Text(row, "month"),
                       HumanCount(static_cast<std::uint64_t>(row.Find("requests")->AsInt())),
                       HumanCount(static_cast<std::uint64_t>(row.Find("labelled")->AsInt())), Number(row, "drift_share", 2),
                       Number(row, "auc", 3), Number(row, "auc_first_model", 3), fmt::format("v{}", Text(row, "champion")));
    bool first = true;
    for (const Json& decision : row.Find("decisions")->AsArray()) {
      const std::string action = Text(decision, "action");
      if (action == "version.registered" || action == "rollout.step") continue;
      std::string text = Text(decision, "time").substr(5, 5) + " " + Text(decision, "text");
      // At most 110 bytes, cut between characters.
      if (text.size() > 110) {
        std::size_t cut = 109;
        while ((static_cast<unsigned char>(text[cut]) & 0xC0) == 0x80) --cut;
        text = text.substr(0, cut) + "…";
      }
      out += first ? "  " + text + "\n" : std::string(68, ' ') + text + "\n";
      first = false;
    }
    if (first) out += "\n";
  }
  const Json* audit = summary.Find("audit");
  out += fmt::format("\naudit chain: {} over {} events\n", audit->Find("intact")->AsBool() ? "intact" : "BROKEN",
                     audit->Find("events")->AsInt());
  return out;
}

}  // namespace mlean::verbs::demo

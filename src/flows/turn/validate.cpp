// Step validate: every data entry with a suite must pass it. A failed delivery ends the turn with an alert that names the file,
// the column, the rule, the counts and sample values; production is untouched.
#include <fmt/core.h>

#include "base/text.hpp"
#include "flows/turn/engine.hpp"
#include "flows/validate_data.hpp"

namespace mlean::flows {
namespace {

// "data/months/2013-07.parquet: column 'distance': values must be between 1 and 6000 — 871 of 29,425 values, such as -212, -719"
std::string FindingLine(const std::string& path, const codec::Json& finding) {
  const auto text = [&](std::string_view key) {
    const codec::Json* member = finding.Find(key);
    return member != nullptr && member->IsString() ? member->AsString() : std::string();
  };
  std::string line = path + ": ";
  const std::string column = "'" + text("column") + "'";
  if (text("rule").starts_with(column)) {
    line += "column ";  // the rule goes on with its name
  } else if (!text("column").empty()) {
    line += fmt::format("column {}: ", column);
  }
  line += text("rule");
  if (!text("cause").empty()) line += " — " + text("cause");
  if (const codec::Json* samples = finding.Find("samples");
      samples != nullptr && samples->IsArray() && !samples->AsArray().empty()) {
    line += ", such as ";
    for (std::size_t i = 0; i < samples->AsArray().size() && i < 3; ++i) {
      line += (i > 0 ? ", " : "") + samples->AsArray()[i].Dump();
    }
  }
  return line;
}

}  // namespace

Result<StepResult> ValidateStep(TurnContext& context) {
  StepResult result;
  codec::Json checks = codec::Json::Object{};
  codec::Json findings = codec::Json::Array{};
  std::vector<std::string> lines;
  std::size_t files = 0;
  std::size_t known = 0;
  for (const repo::DataConfig& entry : context.workspace.config.data) {
    if (entry.checks.empty()) continue;
    TRY(const EntryVerdict verdict, ValidateEntry(context.workspace, entry));
    checks.Set(entry.name, codec::Json::Object{{"success", verdict.success}, {"files", verdict.files.size()}});
    for (const FileVerdict& file : verdict.files) {
      ++files;
      known += file.known ? 1 : 0;
      if (file.success) continue;
      for (const codec::Json& finding : file.findings.AsArray()) {
        if (const codec::Json* vacuous = finding.Find("vacuous"); vacuous != nullptr && vacuous->IsBool() && vacuous->AsBool())
          continue;
        codec::Json named = finding;
        named.Set("file", file.path);
        findings.Push(std::move(named));
        lines.push_back(FindingLine(file.path, finding));
      }
    }
  }
  result.outputs = codec::Json::Object{{"checks", std::move(checks)}, {"findings", findings}};
  if (lines.empty()) {
    result.kind = files == 0 ? StepResult::Kind::kSkipped : StepResult::Kind::kDone;
    result.message = files == 0 ? "no suite" : fmt::format("{} files pass, {} of them checked before", files, known);
    return result;
  }
  result.kind = StepResult::Kind::kEnd;
  result.turn_status = "stopped";
  result.action = "validation.failed";
  result.message = Join(lines, "; ");
  notify::Alert alert;
  alert.kind = "validation.failed";
  alert.severity = notify::Severity::kCritical;
  alert.title = fmt::format("data for {} failed validation; production is untouched", context.model.name);
  alert.text = Join(lines, "\n");
  alert.fields = codec::Json::Object{{"findings", std::move(findings)}};
  result.alert = std::move(alert);
  return result;
}

}  // namespace mlean::flows

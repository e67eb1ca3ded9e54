// The people of the demo's world: callers, airports, the team.
#include <fmt/core.h>

#include <cmath>

#include "base/text.hpp"
#include "codec/csv.hpp"
#include "codec/json.hpp"
#include "os/files.hpp"
#include "repo/git.hpp"
#include "verbs/demo/project_files.hpp"
#include "verbs/demo/world.hpp"

namespace mlean::verbs::demo {
namespace {

constexpr std::string_view kAuthor = "Demo Team <team@example.org>";
constexpr const char* kFeatures[] = {"hour", "weekday", "carrier",    "origin", "dest",     "distance", "temp",
                                     "dewp", "humid",   "wind_speed", "precip", "pressure", "visib"};

std::string WordAt(const types::Column& column, std::size_t row) {
  return column.words[static_cast<std::size_t>(column.codes[row])];
}

void AppendValue(std::string& out, const types::Column& column, std::size_t row) {
  if (column.Missing(row)) {
    out += "null";
  } else if (column.kind == types::Kind::kText) {
    codec::AppendJsonString(out, WordAt(column, row));
  } else if (column.kind == types::Kind::kReal) {
    codec::AppendJsonNumber(out, column.reals[row]);
  } else {
    out += std::to_string(column.ints[row]);
  }
}

// On odd days every caller asks for one flight; on even days one caller asks for each hour's flights at once.
bool AsksOneByOne(std::int64_t day) { return day % 2 != 0; }
std::string BatchId(std::int64_t day, std::int64_t hour) { return fmt::format("{}-h{:02}", FormatDate(day * kDayMs), hour); }

struct Scene {
  CivilDate day;  // at its beginning
  const char* name;
};
// What happens to this team in this year.
constexpr Scene kScenes[] = {{{2013, 3, 1}, "first"},
                             {{2013, 8, 3}, "corrupt"},
                             {{2013, 8, 4}, "corrected"},
                             {{2013, 9, 10}, "cleanup"},
                             {{2013, 9, 20}, "revert cleanup"},
                             {{2013, 11, 12}, "tiny trees"},
                             {{2013, 11, 13}, "revert tiny trees"}};
bool Plays(std::int64_t day, std::string_view name) {
  for (const Scene& scene : kScenes) {
    if (scene.name == name) return DaysFromCivil(scene.day) == day;
  }
  return false;
}

}  // namespace

Result<void> World::SendDay(std::int64_t day) {
  // Before the first traffic the team trains the first version; it is then tried on that traffic.
  if (day == DaysFromCivil(kFirstDay)) TRYV(EditAndRun("the first model"));
  const types::Frame flights = flights_->Day(day);
  if (flights.rows() == 0) return {};
  return AsksOneByOne(day) ? SendSingles(flights) : SendBatches(day, flights);
}

Result<void> World::SendSingles(const types::Frame& flights) {
  const types::Column& ids = *flights.Find("id");
  const types::Column& times = *flights.Find("time");
  std::string body;
  for (std::size_t row = 0; row < flights.rows(); ++row) {
    body = "{";
    for (const char* name : kFeatures) {
      body += body.size() > 1 ? ",\"" : "\"";
      body += name;
      body += "\":";
      AppendValue(body, *flights.Find(name), row);
    }
    body += '}';
    clock_->Set(times.ints[row]);
    TRY(const net::Response response, Send("POST", fmt::format("/predict/{}", kModel), body, WordAt(ids, row)));
    if (response.status != 200) {
      return Fail(Code::kInternal,
                  fmt::format("cannot predict flight '{}': status {}: {}", WordAt(ids, row), response.status, response.body));
    }
    ++sent_;
  }
  return {};
}

Result<void> World::SendBatches(std::int64_t day, const types::Frame& flights) {
  const types::Column& times = *flights.Find("time");
  const types::Column& hours = *flights.Find("hour");
  for (std::size_t first = 0; first < flights.rows();) {
    std::size_t last = first;
    while (last < flights.rows() && hours.ints[last] == hours.ints[first]) ++last;
    const std::string id = BatchId(day, hours.ints[first]);
    std::string body = "{\"id\":\"" + id + "\",\"inputs\":[";
    for (const char* name : kFeatures) {
      const types::Column& column = *flights.Find(name);
      const std::string_view datatype = column.kind == types::Kind::kText   ? "BYTES"
                                        : column.kind == types::Kind::kReal ? "FP64"
                                                                            : "INT64";
      if (body.back() != '[') body += ',';
      body += fmt::format("{{\"name\":\"{}\",\"datatype\":\"{}\",\"shape\":[{}],\"data\":[", name, datatype, last - first);
      for (std::size_t row = first; row < last; ++row) {
        if (row > first) body += ',';
        AppendValue(body, column, row);
      }
      body += "]}";
    }
    body += "]}";
    clock_->Set(times.ints[first]);
    TRY(const net::Response response, Send("POST", fmt::format("/v2/models/{}/infer", kModel), body, ""));
    if (response.status != 200) {
      return Fail(Code::kInternal, fmt::format("cannot predict batch '{}': status {}: {}", id, response.status, response.body));
    }
    sent_ += static_cast<std::int64_t>(last - first);
    first = last;
  }
  return {};
}

// The truth of that day's flights, as a file from the airports, told through `mlean labels add`.
Result<void> World::TellLabels(std::int64_t day) {
  const types::Frame flights = flights_->Day(day);
  if (day < DaysFromCivil(kFirstDay) || flights.rows() == 0) return {};
  const types::Column& ids = *flights.Find("id");
  const types::Column& hours = *flights.Find("hour");
  const types::Column& late = *flights.Find("late");
  std::string csv;
  codec::AppendCsvRow(csv, {"id", "row", "label"});
  std::size_t first_of_hour = 0;
  for (std::size_t row = 0; row < flights.rows(); ++row) {
    if (hours.ints[row] != hours.ints[first_of_hour]) first_of_hour = row;
    if (late.Missing(row)) continue;  // cancelled: nobody will ever know
    const bool single = AsksOneByOne(day);
    codec::AppendCsvRow(csv, {single ? WordAt(ids, row) : BatchId(day, hours.ints[row]),
                              std::to_string(single ? 0 : row - first_of_hour), std::to_string(late.ints[row])});
  }
  const std::filesystem::path file = project_ / "labels" / (FormatDate(day * kDayMs) + ".csv");
  TRYV(os::MakeDirs(file.parent_path()));
  TRYV(os::WriteFileAtomic(file, csv, {.sync = false}));
  TRY(const os::ProcessOutcome outcome, RunMlean({"labels", "add", std::string(kModel), file.string()}));
  if (outcome.exit_code == 0) return {};
  return Fail(Code::kInternal,
              fmt::format("cannot add the labels of {}: exit code {}", FormatDate(day * kDayMs), outcome.exit_code),
              fmt::format("look into {}", (options_.folder / "team.log").string()));
}

// A month's file comes on the third day of the next one.
Result<void> World::Deliver(std::int64_t tomorrow) {
  const CivilDate date = CivilFromDays(tomorrow);
  const bool corrected = Plays(tomorrow, "corrected");
  const int month = date.year > 2013 ? 12 : date.month - 1;
  if ((date.day != 3 && !corrected) || month < 3) return {};
  return flights_->DeliverMonth(month, Plays(tomorrow, "corrupt"),
                                project_ / fmt::format("data/months/2013-{:02}.parquet", month));
}

Result<bool> World::HasTurn(const std::string& reason) {
  TRY(const net::Response response, Send("GET", "/api/mlean/v1/turns?limit=1000", "", ""));
  TRY(const codec::Json body, codec::Json::Parse(response.body));
  TRY(const codec::Json* turns, body.ArrayAt("turns"));
  for (const codec::Json& turn : turns->AsArray()) {
    TRY(const std::string detail, turn.StringAt("detail"));
    TRY(const std::string status, turn.StringAt("status"));
    // One that was cut off is gone on with; one that waits or has ended is done.
    if (detail == reason) return status != "running";
  }
  return false;
}

// Commits what was edited and runs the loop by hand, once per reason.
Result<void> World::EditAndRun(const std::string& reason) {
  TRYV(repo::GitAdd(project_, {"."}));
  const Result<std::string> commit = repo::GitCommit(project_, reason, kAuthor, clock_->Now());
  if (!commit && commit.error().code != Code::kConflict) return commit.error();
  TRY(const bool done, HasTurn(reason));
  if (done) return {};
  TRY(const os::ProcessOutcome outcome, RunMlean({"loop", "run", "--reason", reason}));
  // 0 promoted or waiting, 6 denied or stopped: both are the program's decision, not ours.
  if (outcome.exit_code == 0 || outcome.exit_code == 6) return {};
  return Fail(Code::kInternal, fmt::format("cannot run the loop ({}): exit code {}", reason, outcome.exit_code),
              fmt::format("look into {}", (options_.folder / "team.log").string()));
}

Result<void> World::PlayScenes(std::int64_t tomorrow) {
  if (Plays(tomorrow, "corrected")) return EditAndRun("the airports sent July again");
  if (Plays(tomorrow, "cleanup")) {
    const std::string sql =
        ReplaceAll(kFeaturesSql, "CREATE TABLE recent AS", std::string(kCleanupSql) + "CREATE TABLE recent AS");
    TRYV(os::WriteFileAtomic(project_ / "features/flights.sql", sql));
    TRYV(os::WriteFileAtomic(project_ / "params.yaml",
                             ReplaceAll(kParamsYaml, "unknown_category: missing ", "unknown_category: error ")));
    return EditAndRun("leave rare carriers out, refuse unknown ones");
  }
  if (Plays(tomorrow, "tiny trees")) {
    TRYV(os::WriteFileAtomic(project_ / "params.yaml",
                             ReplaceAll(ReplaceAll(kParamsYaml, "max_depth: 6", "max_depth: 1"), "rounds: 200 ", "rounds: 5 ")));
    return EditAndRun("try a much smaller model");
  }
  if (Plays(tomorrow, "revert cleanup") || Plays(tomorrow, "revert tiny trees")) {
    TRYV(os::WriteFileAtomic(project_ / "features/flights.sql", kFeaturesSql));
    TRYV(os::WriteFileAtomic(project_ / "params.yaml", kParamsYaml));
    TRYV(repo::GitAdd(project_, {"."}));
    const Result<std::string> commit = repo::GitCommit(project_, "Take the last change back", kAuthor, clock_->Now());
    if (!commit && commit.error().code != Code::kConflict) return commit.error();
  }
  return {};
}

}  // namespace mlean::verbs::demo

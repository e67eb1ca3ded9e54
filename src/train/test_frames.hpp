// Flights: a made-up but learnable data set for tests and benchmarks: late or not, from hour, distance, carrier and noise.
// Not part of the room.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <string>

#include "types/frame.hpp"

namespace mlean::train {

inline types::Column& AddColumn(types::Frame& frame, const std::string& name, types::Kind kind) {
  return frame.columns.emplace_back(types::Column{.name = name, .kind = kind});
}

// Columns: hour (int), distance (real, 5 % missing), weekend (bool), carrier (text of 8, some missing, "RARE" twice),
// noise_0 … (real), time (time), late (bool; known from the others but for a little noise), delay (real).
inline types::Frame MakeFlights(std::size_t rows, std::uint64_t seed, int noise_columns = 1) {
  std::mt19937_64 random(seed);
  const auto uniform = [&random] { return static_cast<double>(random() >> 11) * 0x1p-53; };
  types::Frame frame;
  frame.columns.reserve(static_cast<std::size_t>(noise_columns) + 8);
  types::Column& hour = AddColumn(frame, "hour", types::Kind::kInt);
  types::Column& distance = AddColumn(frame, "distance", types::Kind::kReal);
  types::Column& weekend = AddColumn(frame, "weekend", types::Kind::kBool);
  types::Column& carrier = AddColumn(frame, "carrier", types::Kind::kText);
  carrier.words = {"UA", "AA", "DL", "B6", "WN", "EV", "MQ", "AS", "RARE"};
  for (int i = 0; i < noise_columns; ++i) AddColumn(frame, "noise_" + std::to_string(i), types::Kind::kReal);
  types::Column& time = AddColumn(frame, "time", types::Kind::kTime);
  types::Column& late = AddColumn(frame, "late", types::Kind::kBool);
  types::Column& delay = AddColumn(frame, "delay", types::Kind::kReal);
  for (std::size_t row = 0; row < rows; ++row) {
    hour.ints.push_back(static_cast<std::int64_t>(random() % 24));
    const double miles = 100 + 2400 * uniform();
    distance.reals.push_back(uniform() < 0.05 ? std::numeric_limits<double>::quiet_NaN() : miles);
    weekend.ints.push_back(random() % 7 < 2 ? 1 : 0);
    const auto code = static_cast<std::int32_t>(row < 2 ? 8 : random() % 8);
    carrier.codes.push_back(random() % 50 == 0 ? types::kMissingCode : code);
    for (int i = 0; i < noise_columns; ++i) frame.columns[4 + static_cast<std::size_t>(i)].reals.push_back(uniform());
    time.ints.push_back(static_cast<std::int64_t>(row) * 60'000);
    const double minutes = 2.0 * static_cast<double>(hour.ints.back()) + (code % 3 == 0 ? 15 : 0) - miles / 200 -
                           (weekend.ints.back() != 0 ? 8 : 0) + 4 * (uniform() - 0.5);
    delay.reals.push_back(minutes);
    late.ints.push_back(minutes > 18 ? 1 : 0);
  }
  return frame;
}

}  // namespace mlean::train

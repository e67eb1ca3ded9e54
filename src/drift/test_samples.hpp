// Samples of tests and benchmarks, made from a description: the same numbers as tests/golden/drift/generate.py. Not part of the
// room.
#pragma once

#include <fmt/format.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "base/text.hpp"
#include "types/frame.hpp"

namespace mlean::drift {

// splitmix64, the upper 53 bits.
inline double UniformAt(std::uint64_t seed, std::uint64_t index) {
  std::uint64_t z = seed * 1'000'003 + (index + 1) * 0x9E3779B97F4A7C15u;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  z ^= z >> 31;
  return static_cast<double>(z >> 11) * 0x1p-53;
}

// "<maker>:<seed>:<n>:<a>:<b>[:nan|:inf]"
inline types::Column MakeSample(const std::string& description, const std::string& name = "x") {
  const std::vector<std::string> part = Split(description, ':');
  const std::string& maker = part.at(0);
  const auto seed = static_cast<std::uint64_t>(*ParseInt(part.at(1)));
  const auto n = static_cast<std::size_t>(*ParseInt(part.at(2)));
  const double a = *ParseDouble(part.at(3));
  const double b = *ParseDouble(part.at(4));
  types::Column column{.name = name};
  if (maker == "words") {
    column.kind = types::Kind::kText;
    for (int i = 0; i < static_cast<int>(a); ++i) column.words.push_back(fmt::format("w{:03}", i));
    for (std::size_t i = 0; i < n; ++i) {
      const double u = UniformAt(seed, i);
      column.codes.push_back(static_cast<std::int32_t>(std::floor(a * (b == 1 ? u * u : u))));
    }
    return column;
  }
  for (std::size_t i = 0; i < n; ++i) {
    double value = a;
    if (maker == "normal" || maker == "rounded") {
      double sum = 0;
      for (std::size_t k = 0; k < 12; ++k) sum += UniformAt(seed, 12 * i + k);
      value = a + b * (sum - 6);
      if (maker == "rounded") value = std::floor(value * 10 + 0.5) / 10;
    } else if (maker == "uniform") {
      value = a + (b - a) * UniformAt(seed, i);
    } else if (maker == "ints") {
      value = a + std::floor(UniformAt(seed, i) * (b - a + 1));
    }
    column.reals.push_back(value);
  }
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (std::size_t i = 0; part.back() == "nan" && i < n; i += 7) column.reals[i] = nan;
  for (std::size_t i = 0; part.back() == "inf" && i < n; i += 11) column.reals[i] = std::numeric_limits<double>::infinity();
  return column;
}

}  // namespace mlean::drift

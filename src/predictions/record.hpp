// Record: one prediction, as the log keeps it. Plain values; spans and texts are borrowed for the duration of a call.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"

namespace mlean::predictions {

// Which model answered. A shadow's answer is logged beside the one that was served, under the same request id.
enum class Variant : std::uint8_t { kChampion = 0, kCandidate = 1, kShadow = 2, kFallback = 3 };
std::string_view VariantName(Variant variant);  // "champion", "candidate", "shadow", "fallback"

constexpr std::size_t kMaxRequestId = 128;   // bytes; longer ids are refused
constexpr std::size_t kMaxFeatures = 16384;  // per record
constexpr std::size_t kMaxOutputs = 4096;    // per record

struct Record {
  TimeMs time = 0;  // event time
  std::string_view request_id;
  std::uint32_t row = 0;     // index of the row in its request
  std::int32_t version = 0;  // model version
  Variant variant = Variant::kChampion;
  std::uint16_t status = 200;  // HTTP status of the reply
  std::uint32_t latency_us = 0;
  std::array<std::uint8_t, 16> input_hash = {};
  std::span<const float> features;  // in the order of Schema::features; NaN is missing. Empty: not logged
  std::span<const float> outputs;   // in the order of Schema::outputs
};

// Names of a segment's features and outputs. A segment has one schema; a model version with other features gets a segment of its
// own.
struct Schema {
  std::vector<std::string> features;
  std::vector<std::string> outputs;
  friend bool operator==(const Schema&, const Schema&) = default;
};

}  // namespace mlean::predictions

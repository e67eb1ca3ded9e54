#include "predictions/segment.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include <fmt/format.h>

#include "base/text.hpp"
#include "codec/json.hpp"
#include "predictions/checksum.hpp"

namespace mlean::predictions {
namespace {

static_assert(std::endian::native == std::endian::little, "the format is little-endian and copied as it is");

constexpr std::string_view kMagic = "MLNPLOG\n";
constexpr std::size_t kFrame = 8;              // length, checksum
constexpr std::size_t kFixed = 56;             // a prediction's fields before its id
constexpr std::size_t kSummary = 32;           // a summary's payload
constexpr std::size_t kMaxRecord = 1u << 20;   // payload bytes
constexpr TimeMs kLastTime = 253402300799999;  // 9999-12-31
constexpr std::uint8_t kPrediction = 1;
constexpr std::uint8_t kSealed = 2;

template <class T>
void Put(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}
template <class T>
T Take(std::string_view bytes, std::size_t at) {
  T value;
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

// Reserves a frame; Close fills in length and checksum of what was appended since.
std::size_t OpenFrame(std::string& out) {
  out.append(kFrame, '\0');
  return out.size();
}
void CloseFrame(std::string& out, std::size_t payload) {
  const auto size = static_cast<std::uint32_t>(out.size() - payload);
  const std::uint32_t crc = Crc32c(out.data() + payload, size);
  std::memcpy(out.data() + payload - 8, &size, 4);
  std::memcpy(out.data() + payload - 4, &crc, 4);
}

bool IsTorn(std::string_view bytes, std::size_t at, std::size_t max_size) {
  if (bytes.size() - at < kFrame) return true;
  const auto size = Take<std::uint32_t>(bytes, at);
  return size <= max_size && bytes.size() - at - kFrame < size;
}

// The payload of the frame at `at`; nothing when it is not whole and sound.
std::optional<std::string_view> FrameAt(std::string_view bytes, std::size_t at, std::size_t max_size) {
  if (bytes.size() - at < kFrame) return std::nullopt;
  const auto size = Take<std::uint32_t>(bytes, at);
  if (size == 0 || size > max_size || bytes.size() - at - kFrame < size) return std::nullopt;
  const std::string_view payload = bytes.substr(at + kFrame, size);
  if (Crc32c(payload.data(), payload.size()) != Take<std::uint32_t>(bytes, at + 4)) return std::nullopt;
  return payload;
}

std::optional<SegmentSummary> ParseSummary(std::string_view payload) {
  if (payload.size() != kSummary || payload[0] != kSealed) return std::nullopt;
  return SegmentSummary{Take<std::uint64_t>(payload, 8), Take<std::int64_t>(payload, 16), Take<std::int64_t>(payload, 24)};
}

Result<std::vector<std::string>> Names(const codec::Json& json, std::string_view key, std::size_t limit) {
  TRY(const codec::Json* list, json.ArrayAt(key));
  if (list->AsArray().size() > limit) return Fail(Code::kCorrupt, fmt::format("'{}' has too many names", key));
  std::vector<std::string> out;
  for (const codec::Json& name : list->AsArray()) {
    if (!name.IsString()) return Fail(Code::kCorrupt, fmt::format("'{}' has a name that is no text", key));
    out.push_back(name.AsString());
  }
  return out;
}

codec::Json ToJson(const std::vector<std::string>& names) {
  codec::Json::Array out;
  for (const std::string& name : names) out.emplace_back(name);
  return out;
}

// Decodes one prediction; false when its counts do not add up to its size or to the schema.
bool Decode(std::string_view payload, const Schema& schema, std::vector<float>& floats, Record& out) {
  if (payload.size() < kFixed) return false;
  const std::size_t id_size = Take<std::uint16_t>(payload, 4);
  const std::size_t features = Take<std::uint32_t>(payload, 48);
  const std::size_t outputs = Take<std::uint32_t>(payload, 52);
  if (id_size > kMaxRequestId || (features != 0 && features != schema.features.size()) || outputs != schema.outputs.size())
    return false;
  if (payload.size() != kFixed + id_size + 4 * (features + outputs)) return false;
  const auto variant = static_cast<std::uint8_t>(payload[1]);
  if (variant > static_cast<std::uint8_t>(Variant::kFallback)) return false;
  out.variant = static_cast<Variant>(variant);
  out.status = Take<std::uint16_t>(payload, 2);
  out.row = Take<std::uint32_t>(payload, 8);
  out.version = Take<std::int32_t>(payload, 12);
  out.time = Take<std::int64_t>(payload, 16);
  out.latency_us = Take<std::uint32_t>(payload, 24);
  std::memcpy(out.input_hash.data(), payload.data() + 32, 16);
  out.request_id = payload.substr(kFixed, id_size);
  floats.resize(features + outputs);
  std::memcpy(floats.data(), payload.data() + kFixed + id_size, 4 * (features + outputs));
  out.features = std::span(floats).first(features);
  out.outputs = std::span(floats).subspan(features);
  return true;
}

}  // namespace

std::string_view VariantName(Variant variant) {
  switch (variant) {
    case Variant::kChampion: return "champion";
    case Variant::kCandidate: return "candidate";
    case Variant::kShadow: return "shadow";
    case Variant::kFallback: return "fallback";
  }
  return "champion";
}

std::string EncodeHeader(const SegmentHeader& header) {
  const codec::Json json = codec::Json::Object{{"version", static_cast<std::int64_t>(header.version)},
                                               {"model", header.model},
                                               {"created", header.created},
                                               {"features", ToJson(header.schema.features)},
                                               {"outputs", ToJson(header.schema.outputs)}};
  std::string out(kMagic);
  const std::size_t payload = OpenFrame(out);
  out += json.Dump();
  CloseFrame(out, payload);
  return out;
}

std::string EncodeSummary(const SegmentSummary& summary) {
  std::string out;
  const std::size_t payload = OpenFrame(out);
  Put(out, std::uint64_t{kSealed});
  Put(out, summary.records);
  Put(out, summary.first);
  Put(out, summary.last);
  CloseFrame(out, payload);
  return out;
}

std::size_t EncodedSize(const Record& record) {
  return kFrame + kFixed + record.request_id.size() + record.features.size_bytes() + record.outputs.size_bytes();
}

Result<void> AppendRecord(std::string& out, const Record& record, const Schema& schema) {
  if (record.request_id.size() > kMaxRequestId) {
    return Fail(Code::kInvalid, fmt::format("cannot log prediction: its request id has over {} bytes", kMaxRequestId));
  }
  if (record.time < 0 || record.time > kLastTime)
    return Fail(Code::kInvalid, "cannot log prediction: its time is not in 1970 to 9999");
  if (!record.features.empty() && record.features.size() != schema.features.size()) {
    return Fail(Code::kInvalid, fmt::format("cannot log prediction: it has {} features, the schema {}", record.features.size(),
                                            schema.features.size()));
  }
  if (record.outputs.size() != schema.outputs.size()) {
    return Fail(Code::kInvalid, fmt::format("cannot log prediction: it has {} outputs, the schema {}", record.outputs.size(),
                                            schema.outputs.size()));
  }
  const std::size_t payload = OpenFrame(out);
  out.resize(payload + EncodedSize(record) - kFrame);
  char* at = out.data() + payload;
  const auto put = [base = at](std::size_t offset, auto value) { std::memcpy(base + offset, &value, sizeof value); };
  put(0, kPrediction);
  put(1, static_cast<std::uint8_t>(record.variant));
  put(2, record.status);
  put(4, static_cast<std::uint16_t>(record.request_id.size()));
  put(8, record.row);
  put(12, record.version);
  put(16, record.time);
  put(24, record.latency_us);
  put(32, record.input_hash);
  put(48, static_cast<std::uint32_t>(record.features.size()));
  put(52, static_cast<std::uint32_t>(record.outputs.size()));
  at = std::copy(record.request_id.begin(), record.request_id.end(), at + kFixed);
  const auto copy = [&at](std::span<const float> floats) {
    if (!floats.empty()) std::memcpy(at, floats.data(), floats.size_bytes());
    at += floats.size_bytes();
  };
  copy(record.features);
  copy(record.outputs);
  CloseFrame(out, payload);
  return {};
}

Result<ParsedHeader> ParseHeader(std::string_view bytes) {
  if (!bytes.starts_with(kMagic)) return Fail(Code::kCorrupt, "cannot read segment: it does not start as one");
  const auto payload = FrameAt(bytes, kMagic.size(), kMaxHeader);
  if (!payload) return Fail(Code::kCorrupt, "cannot read segment: its header is torn or damaged");
  Result<codec::Json> json = codec::Json::Parse(*payload);
  if (!json) return Fail(Code::kCorrupt, "cannot read segment: " + json.error().what);
  ParsedHeader out;
  const auto read = [&]() -> Result<void> {
    TRY(const std::int64_t version, json->IntAt("version"));
    if (version != kSegmentVersion) return Fail(Code::kUnsupported, fmt::format("format version {}", version));
    TRY(out.header.model, json->StringAt("model"));
    TRY(out.header.created, json->IntAt("created"));
    TRY(out.header.schema.features, Names(*json, "features", kMaxFeatures));
    TRY(out.header.schema.outputs, Names(*json, "outputs", kMaxOutputs));
    return {};
  };
  if (Result<void> done = read(); !done) {
    const Code code = done.error().code == Code::kUnsupported ? Code::kUnsupported : Code::kCorrupt;
    return Fail(code, "cannot read segment: " + done.error().what);
  }
  out.size = kMagic.size() + kFrame + payload->size();
  return out;
}

std::optional<SegmentSummary> FindSummary(std::string_view bytes) {
  if (bytes.size() < kFrame + kSummary) return std::nullopt;
  const auto payload = FrameAt(bytes, bytes.size() - kFrame - kSummary, kSummary);
  return payload ? ParseSummary(*payload) : std::nullopt;
}

ScanResult ScanRecords(std::string_view bytes, std::size_t start, const Schema& schema,
                       const std::function<bool(const Record&)>& visit) {
  ScanResult result{.sound = start};
  std::vector<float> floats;
  Record record;
  while (result.sound < bytes.size()) {
    const auto payload = FrameAt(bytes, result.sound, kMaxRecord);
    if (!payload) break;
    if ((*payload)[0] == kSealed) {
      if (!ParseSummary(*payload)) break;
      result.sound += kFrame + payload->size();
      result.sealed = true;
      break;
    }
    if ((*payload)[0] != kPrediction || !Decode(*payload, schema, floats, record)) break;
    result.sound += kFrame + payload->size();
    if (!visit(record)) return result;
  }
  if (result.sound < bytes.size()) {
    result.torn = !result.sealed && IsTorn(bytes, result.sound, kMaxRecord);
    result.damaged = !result.torn;
  }
  return result;
}

}  // namespace mlean::predictions

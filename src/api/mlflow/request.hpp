// Request: what an MLflow client sent, brought to the types of its protobuf message (reference/mlflow.md 1.1, 2-6).
//
// Clients differ: Python sends numbers, Java int64 as text, R every scalar as text, GET puts everything into the query. After
// ReadRequest a handler finds one JSON object whose members have the type that its table says (integers as int64, lists as lists)
// and that lacks what was not sent or was null. Unknown members are left out. Errors carry MLflow's texts.
//
//   constexpr Field kFields[] = {{"run_id", Type::kString, kRequired}, {"key", Type::kString, kRequired}, {"step", Type::kInt}};
//   TRY(const Json request, ReadRequest(call, kFields));
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "codec/json.hpp"
#include "net/message.hpp"
#include "track/types.hpp"

namespace mlean::api::mlflow {

enum class Type : std::uint8_t {
  kString,
  kId,      // a string that may be sent as an integer
  kInt,     // int64; also "12", "1e3", 3.0
  kTime,    // the same in milliseconds; a fraction is cut off
  kDouble,  // also "NaN", "-Infinity", "0.5", true
  kBool,
  kEnum,  // a name or a number, kept as it was sent
  kObject,
  kStrings,
  kIds,
  kObjects,
};

constexpr bool kRequired = true;

struct Field {
  std::string_view name;
  Type type = Type::kString;
  bool required = false;
  std::span<const Field> fields = {};  // of kObject and kObjects; empty: anything
};

// From the query of a GET (from its body when there is no query), else from the JSON body. A path capture with a field's name
// counts as sent. Errors (kInvalid): "Missing value for required parameter 'f'. …", "Invalid value … for parameter 'f' supplied:
// …", wrong content type, a body that is not JSON. `run_uuid` is taken for `run_id`.
Result<codec::Json> ReadRequest(const net::Call& call, std::span<const Field> fields);

// The error for a value that has the right type but not the right content.
Error InvalidValue(std::string_view parameter, const codec::Json& value, std::string_view hint = {});

// Typed reading of what ReadRequest made; absent gives the default.
std::string TextOf(const codec::Json& request, std::string_view key, std::string_view otherwise = {});
std::int64_t IntOf(const codec::Json& request, std::string_view key, std::int64_t otherwise = 0);
bool BoolOf(const codec::Json& request, std::string_view key, bool otherwise = false);
// The elements of a list; none when absent.
std::span<const codec::Json> ListOf(const codec::Json& request, std::string_view key);
std::vector<std::string> TextsOf(const codec::Json& request, std::string_view key);
// A list of {"key": …, "value": …}, as kPair reads it.
constexpr Field kPair[] = {{"key", Type::kString, kRequired}, {"value"}};
std::vector<track::Tag> PairsOf(const codec::Json& request, std::string_view key);
// ACTIVE_ONLY, DELETED_ONLY, ALL or their numbers; anything else means active only.
track::View ViewOf(const codec::Json& request, std::string_view key);

}  // namespace mlean::api::mlflow

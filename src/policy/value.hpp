// Value: what an expression reads and gives. The value types of the Common Expression Language (CEL): null, bool, int, uint,
// double, string, bytes, list, map, duration, timestamp, type.
//
// Immutable once made, so copies share their contents and are cheap (strings, lists and maps are behind shared pointers: values
// are copied out of lists and maps at every step of an evaluation). Safe to read from any number of threads.
//
//   const Value root = Value::Object({{"metrics", Value::Object({{"auc", 0.7}})}, {"approvals", Value::ListOf({"ann"})}});
//
// Numbers for gates: give counts as std::int64_t (kInt), not as size_t (kUint): CEL has no arithmetic between int and uint. Give
// latencies as Value(Duration{…}) when expressions compare them with `100ms`.
#pragma once

#include <compare>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.hpp"

namespace mlean::policy {

// A signed span of time in nanoseconds, ±292 years.
struct Duration {
  std::int64_t ns = 0;
  friend auto operator<=>(const Duration&, const Duration&) = default;

  static Duration FromMs(std::int64_t ms) { return {ms * 1'000'000}; }
};

// A point of time: seconds since 1970-01-01 UTC (years 0001 to 9999) and 0 … 999,999,999 nanoseconds after that.
struct Timestamp {
  std::int64_t seconds = 0;
  std::int32_t nanos = 0;
  friend auto operator<=>(const Timestamp&, const Timestamp&) = default;

  static Timestamp FromMs(std::int64_t ms);
};

enum class Kind : std::uint8_t {
  kNull,
  kBool,
  kInt,
  kUint,
  kDouble,
  kString,
  kBytes,
  kList,
  kMap,
  kDuration,
  kTimestamp,
  kType,
};

class Value {
 public:
  using List = std::vector<Value>;
  using Entry = std::pair<Value, Value>;
  using Map = std::vector<Entry>;  // sorted by key, keys unique

  Value() = default;                                             // null
  Value(bool value) : data_(value) {}                            // NOLINT: implicit on purpose, all of these
  Value(int value) : data_(static_cast<std::int64_t>(value)) {}  // NOLINT
  Value(std::int64_t value) : data_(value) {}                    // NOLINT
  Value(std::uint64_t value) : data_(value) {}                   // NOLINT
  Value(double value) : data_(value) {}                          // NOLINT
  Value(Duration value) : data_(value) {}                        // NOLINT
  Value(Timestamp value) : data_(value) {}                       // NOLINT
  Value(const char* value) : Value(std::string(value)) {}        // NOLINT
  Value(std::string_view value) : Value(std::string(value)) {}   // NOLINT
  Value(std::string value);                                      // NOLINT: UTF-8

  static Value Bytes(std::string value);
  static Value ListOf(List elements);
  // Keys are bool, int, uint or string. Errors: another kind of key, a key that occurs twice (1 and 1u are the same key).
  static Result<Value> MapOf(Map entries);
  // A map with string keys; of members with the same name the last one stays.
  static Value Object(std::vector<std::pair<std::string, Value>> members);
  static Value TypeValue(Kind kind);

  Kind kind() const { return static_cast<Kind>(data_.index()); }
  bool Is(Kind kind) const { return this->kind() == kind; }
  bool IsNumber() const { return Is(Kind::kInt) || Is(Kind::kUint) || Is(Kind::kDouble); }

  // Unchecked: asks for what kind() has said. Wrong use is a bug and aborts.
  bool AsBool() const { return Get<bool>(); }
  std::int64_t AsInt() const { return Get<std::int64_t>(); }
  std::uint64_t AsUint() const { return Get<std::uint64_t>(); }
  double AsDouble() const { return Get<double>(); }
  Duration AsDuration() const { return Get<Duration>(); }
  Timestamp AsTimestamp() const { return Get<Timestamp>(); }
  Kind AsType() const { return Get<Kind>(); }
  const std::string& AsString() const { return *Get<Text>().text; }
  const std::string& AsBytes() const { return *Get<Octets>().octets; }
  const List& AsList() const { return *Get<std::shared_ptr<const List>>(); }
  const Map& AsMap() const { return *Get<std::shared_ptr<const Map>>(); }

  // The value under a key of a map; nullptr when it is absent or this is no map. Numeric keys match by value: 1, 1u and 1.0.
  const Value* FindKey(const Value& key) const;
  const Value* Find(std::string_view key) const;

 private:
  struct Text {
    std::shared_ptr<const std::string> text;
  };
  struct Octets {
    std::shared_ptr<const std::string> octets;
  };

  template <class T>
  const T& Get() const {
    const T* held = std::get_if<T>(&data_);
    CHECK_BUG(held != nullptr);
    return *held;
  }

  // The order of the alternatives is the order of Kind.
  std::variant<std::monostate, bool, std::int64_t, std::uint64_t, double, Text, Octets, std::shared_ptr<const List>,
               std::shared_ptr<const Map>, Duration, Timestamp, Kind>
      data_;
};

// CEL's ==: numbers by value whatever their kind, lists and maps by content, other kinds must agree; NaN equals nothing.
bool Equal(const Value& a, const Value& b);

// CEL's < and >: numbers of any kinds by value (an integer against a double is rounded to a double); bool, string, bytes,
// duration, timestamp with their own kind. Empty: the kinds cannot be compared. `unordered` for NaN.
std::optional<std::partial_ordering> Compare(const Value& a, const Value& b);

// "null_type", "bool", "int", … "google.protobuf.Duration": CEL's names of its types.
std::string_view TypeName(Kind kind);

// The value as a CEL literal, for reasons, logs and audit: 0.62, "text", [1, 2], {"a": 1}, 1h30m. Cut at about `max_bytes`
// with "…" at the end.
std::string Show(const Value& value, std::size_t max_bytes = 200);

}  // namespace mlean::policy

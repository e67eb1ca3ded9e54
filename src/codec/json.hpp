// Json: a plain JSON value (RFC 8259) with strict parsing, typed access that reports paths, and a compact writer.
//
// Integers that fit int64 stay integers; other numbers are doubles. Objects keep the order of their members; a key that occurs
// twice is an error. Integers beyond int64 become doubles (but see allow_nan). A Parse error reads "cannot parse JSON: 3:14:
// expected ','" (line and column from 1, columns in characters). Parsing refuses invalid UTF-8, NaN/Infinity tokens (unless
// ParseOptions::allow_nan), nesting over `max_depth`, more than `max_values` and trailing text; it never throws. Values own their
// data and are copyable; thread-safe as any plain value.
//
//   TRY(const Json body, Json::Parse(text));
//   TRY(const std::string name, body.StringAt("name"));          // error names the member and what was found
//   out = Json::Object{{"name", name}, {"rows", 3}};  out.Dump();
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.hpp"

namespace mlean::codec {

struct JsonParseOptions {
  std::size_t max_depth = 100;
  // Of text from outside: a value takes 40 bytes, a member of an object some 200, its text perhaps two.
  std::size_t max_values = std::numeric_limits<std::size_t>::max();
  // As Python's json reads: the bare tokens NaN, Infinity, -Infinity; 1e999 is infinity; integers beyond int64 are BigIntegers.
  bool allow_nan = false;
  bool surrogate_escape = false;  // a lone "\udc80".."\udcff" gives the raw byte 80..ff, as Python's file names do
};

class Json {
 public:
  using Array = std::vector<Json>;
  using Member = std::pair<std::string, Json>;
  using Object = std::vector<Member>;

  Json() = default;                                                      // null
  Json(std::nullptr_t) {}                                                // NOLINT: implicit on purpose, all of these
  Json(bool value) : value_(value) {}                                    // NOLINT
  Json(int value) : value_(static_cast<std::int64_t>(value)) {}          // NOLINT
  Json(std::int64_t value) : value_(value) {}                            // NOLINT
  Json(std::size_t value) : value_(static_cast<std::int64_t>(value)) {}  // NOLINT
  Json(double value) : value_(value) {}                                  // NOLINT
  Json(const char* value) : value_(std::string(value)) {}                // NOLINT
  Json(std::string_view value) : value_(std::string(value)) {}           // NOLINT
  Json(std::string value) : value_(std::move(value)) {}                  // NOLINT
  Json(Array value) : value_(std::move(value)) {}                        // NOLINT
  Json(Object value) : value_(std::move(value)) {}                       // NOLINT

  // An integer beyond int64 by its decimal digits ("-123…"), as Python has them. It IsDouble() and AsDouble() is the nearest one,
  // so that only what writes or compares numbers as Python does asks for Digits().
  static Json BigInteger(std::string digits);
  static Result<Json> Parse(std::string_view text, const JsonParseOptions& options = {});

  bool IsNull() const { return value_.index() == 0; }
  bool IsBool() const { return value_.index() == 1; }
  bool IsInt() const { return value_.index() == 2; }
  bool IsDouble() const { return value_.index() == 3 || value_.index() == 7; }
  bool IsNumber() const { return IsInt() || IsDouble(); }
  bool IsString() const { return value_.index() == 4; }
  bool IsArray() const { return value_.index() == 5; }
  bool IsObject() const { return value_.index() == 6; }

  // Unchecked access: asks for what Is…() has said. Wrong use is a bug and aborts.
  bool AsBool() const;
  std::int64_t AsInt() const;
  double AsDouble() const;            // of an integer too
  const std::string* Digits() const;  // of a BigInteger; else nullptr
  const std::string& AsString() const;
  const Array& AsArray() const;
  Array& AsArray();
  const Object& AsObject() const;
  Object& AsObject();

  // The member of an object; nullptr when absent or when this is no object.
  const Json* Find(std::string_view key) const;
  Json* Find(std::string_view key);
  // Adds or replaces a member; null becomes an object first.
  void Set(std::string_view key, Json value);
  void Push(Json value);  // null becomes an array first

  // Checked members for parsing input. Errors: kInvalid "'metrics' must be a number, not a string" / "'name' is missing".
  Result<std::string> StringAt(std::string_view key) const;
  Result<double> DoubleAt(std::string_view key) const;
  Result<std::int64_t> IntAt(std::string_view key) const;  // 3.0 counts as 3
  Result<bool> BoolAt(std::string_view key) const;
  Result<const Json*> ArrayAt(std::string_view key) const;
  Result<const Json*> ObjectAt(std::string_view key) const;
  // The same with a default for an absent or null member.
  Result<std::string> StringAt(std::string_view key, std::string_view otherwise) const;
  Result<double> DoubleAt(std::string_view key, double otherwise) const;
  Result<std::int64_t> IntAt(std::string_view key, std::int64_t otherwise) const;
  Result<bool> BoolAt(std::string_view key, bool otherwise) const;

  // "null", "a bool", "an integer", "a number", "a string", "a list", "an object": for error texts.
  std::string_view TypeName() const;

  // Compact text. Doubles are written shortest (3.0 stays "3.0"); NaN and infinities as null, or as Python's tokens when asked.
  std::string Dump(bool python_nan = false) const;
  // Indented by `indent` blanks, for people.
  std::string Pretty(int indent = 2) const;
  // Sorted keys, compact: the same value always gives the same text (hash input).
  std::string Canonical() const;
  // Python's json.dumps byte for byte: ", " and ": ", ASCII only, floats by repr, NaN and Infinity as bare tokens.
  std::string DumpPython(bool sort_keys = false) const;

  // Integers and doubles differ (1 is not 1.0), the order of an object's members does not matter.
  friend bool operator==(const Json& a, const Json& b);

 private:
  friend class JsonParser;
  struct Big {
    std::string digits;
    friend bool operator==(const Big&, const Big&) = default;
  };
  std::variant<std::monostate, bool, std::int64_t, double, std::string, Array, Object, Big> value_;
};

// Appends `text` quoted and escaped to `out`; for writers on hot paths that build their reply by hand.
void AppendJsonString(std::string& out, std::string_view text);
// Appends the shortest text of `value` ("null" for NaN and infinities).
void AppendJsonNumber(std::string& out, double value);

}  // namespace mlean::codec

#include "api/oip/usual_request.hpp"

#include <algorithm>
#include <cstddef>

namespace mlean::api::oip {
namespace {

class Cursor {
 public:
  explicit Cursor(std::string_view text) : at_(text.data()), end_(at_ + text.size()) {}

  bool Eat(char c) {
    Blanks();
    if (at_ == end_ || *at_ != c) return false;
    ++at_;
    return true;
  }
  bool AtEnd() {
    Blanks();
    return at_ == end_;
  }
  // A string of plain ASCII; `out` without its quotes.
  bool Text(std::string_view& out) {
    if (!Eat('"')) return false;
    const char* const start = at_;
    while (at_ != end_ && *at_ != '"') {
      const auto c = static_cast<unsigned char>(*at_++);
      if (c < 0x20 || c >= 0x80 || c == '\\') return false;
    }
    out = Since(start);
    return Eat('"');
  }
  bool Key(std::string_view& out) { return Text(out) && Eat(':'); }
  // The text of one scalar: a string with its quotes, or what could be a number or null; whoever takes it looks closer.
  bool Scalar(std::string_view& out) {
    Blanks();
    const char* const start = at_;
    if (at_ != end_ && *at_ == '"') {
      std::string_view text;
      if (!Text(text)) return false;
    } else {
      while (at_ != end_ && *at_ != ',' && *at_ != ']' && *at_ != ' ' && *at_ != '\n' && *at_ != '\r' && *at_ != '\t') ++at_;
    }
    out = Since(start);
    return !out.empty();
  }

 private:
  void Blanks() {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\t' || *at_ == '\r')) ++at_;
  }
  std::string_view Since(const char* start) const { return {start, static_cast<std::size_t>(at_ - start)}; }

  const char* at_;
  const char* end_;
};

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Nine digits fit every type that is taken here.
bool IsSmallInteger(std::string_view value) {
  if (value.starts_with('-')) value.remove_prefix(1);
  return !value.empty() && value.size() <= 9 && std::all_of(value.begin(), value.end(), IsDigit);
}

// Short and without a positive exponent: far inside the range of a 32-bit float. Its grammar is checked by who reads the row.
bool IsModestNumber(std::string_view value) {
  if (value.size() > 32 || !(IsDigit(value.front()) || value.front() == '-')) return false;
  const std::size_t exponent = value.find_first_of("eE");
  if (exponent != value.npos && value.substr(exponent + 1, 1) != "-") return false;
  return value.find_first_not_of("0123456789+-.eE") == value.npos;
}

bool Fits(std::string_view value, std::string_view datatype) {
  if (datatype == "BYTES") return value.front() == '"' || value == "null";
  if (value == "null") return datatype == "FP32" || datatype == "FP64" || datatype == "INT64" || datatype == "INT32";
  if (datatype == "FP32" || datatype == "FP64") return IsModestNumber(value);
  return (datatype == "INT64" || datatype == "INT32") && IsSmallInteger(value);
}

// {"name": "hour", "shape": [1], "datatype": "FP32", "data": [5]}, members in any order; appends "hour":5.
bool ReadTensor(Cursor& cursor, std::string& row) {
  std::string_view name;
  std::string_view datatype;
  std::string_view shape;
  std::string_view value;
  if (!cursor.Eat('{')) return false;
  do {
    std::string_view key;
    if (!cursor.Key(key)) return false;
    if (key == "name" && name.empty()) {
      if (!cursor.Text(name)) return false;
    } else if (key == "datatype" && datatype.empty()) {
      if (!cursor.Text(datatype)) return false;
    } else if (key == "shape" && shape.empty()) {
      if (!cursor.Eat('[') || !cursor.Scalar(shape) || shape != "1" || !cursor.Eat(']')) return false;
    } else if (key == "data" && value.empty()) {
      if (!cursor.Eat('[') || !cursor.Scalar(value) || !cursor.Eat(']')) return false;
    } else {
      return false;
    }
  } while (cursor.Eat(','));
  if (!cursor.Eat('}') || name.empty() || shape.empty() || value.empty() || !Fits(value, datatype)) return false;
  row += '"';
  row += name;
  row += "\":";
  row += value;
  return true;
}

bool ReadTensors(Cursor& cursor, std::string& row) {
  if (!cursor.Eat('[')) return false;
  row += '{';
  do {
    if (row.size() > 1) row += ',';
    if (!ReadTensor(cursor, row)) return false;
  } while (cursor.Eat(','));
  row += '}';
  return cursor.Eat(']');
}

}  // namespace

bool ReadUsualRequest(std::string_view text, UsualRequest& out) {
  Cursor cursor(text);
  bool has_id = false;
  out.row.reserve(text.size() / 3);
  if (!cursor.Eat('{')) return false;
  do {
    std::string_view key;
    if (!cursor.Key(key)) return false;
    if (key == "id" && !has_id) {
      has_id = true;
      if (!cursor.Text(out.id)) return false;
    } else if (key == "inputs" && out.row.empty()) {
      if (!ReadTensors(cursor, out.row)) return false;
    } else {
      return false;
    }
  } while (cursor.Eat(','));
  return cursor.Eat('}') && cursor.AtEnd() && !out.row.empty();
}

}  // namespace mlean::api::oip

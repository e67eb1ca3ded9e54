#include "api/oip/usual_request.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace mlean::api::oip {
namespace {

// What a byte may be part of.
enum : std::uint8_t { kPlain = 1, kBlank = 2, kBare = 4, kNumber = 8 };

constexpr std::array<std::uint8_t, 256> MakeKinds() {
  std::array<std::uint8_t, 256> kinds{};
  for (std::size_t c = 0x20; c < 0x80; ++c) kinds[c] = kPlain | kBare;  // ASCII without controls
  for (const char c : std::string_view("\"\\")) kinds[static_cast<unsigned char>(c)] = 0;
  for (const char c : std::string_view(",] \n\r\t")) kinds[static_cast<unsigned char>(c)] &= static_cast<std::uint8_t>(~kBare);
  for (const char c : std::string_view(" \n\r\t")) kinds[static_cast<unsigned char>(c)] |= kBlank;
  for (const char c : std::string_view("0123456789+-.eE")) kinds[static_cast<unsigned char>(c)] |= kNumber;
  return kinds;
}
constexpr std::array<std::uint8_t, 256> kKinds = MakeKinds();

bool Is(char c, std::uint8_t kind) { return (kKinds[static_cast<unsigned char>(c)] & kind) != 0; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }

class Cursor {
 public:
  explicit Cursor(std::string_view text) : at_(text.data()), end_(at_ + text.size()) {}

  bool Eat(char c) {
    if (at_ == end_ || *at_ != c) {
      Skip(kBlank);
      if (at_ == end_ || *at_ != c) return false;
    }
    ++at_;
    return true;
  }
  bool AtEnd() {
    Skip(kBlank);
    return at_ == end_;
  }
  // A string of plain ASCII; `out` without its quotes, which are the bytes beside it.
  bool Text(std::string_view& out) {
    if (!Eat('"')) return false;
    const char* const start = at_;
    Skip(kPlain);
    out = Since(start);
    if (at_ == end_ || *at_ != '"') return false;
    ++at_;
    return true;
  }
  // A text that stands here literally, after blanks: `"name":`, a key as all writers of JSON write it.
  template <std::size_t kSize>
  bool Word(const char (&word)[kSize]) {
    constexpr std::size_t kLength = kSize - 1;
    if (static_cast<std::size_t>(end_ - at_) < kLength || std::memcmp(at_, word, kLength) != 0) {
      if (at_ == end_ || !Is(*at_, kBlank)) return false;
      Skip(kBlank);
      if (static_cast<std::size_t>(end_ - at_) < kLength || std::memcmp(at_, word, kLength) != 0) return false;
    }
    at_ += kLength;
    return true;
  }
  // The text of one scalar: a string with its quotes, or what could be a number or null; whoever takes it looks closer.
  bool Scalar(std::string_view& out) {
    Skip(kBlank);
    const char* const start = at_;
    if (at_ != end_ && *at_ == '"') {
      std::string_view text;
      if (!Text(text)) return false;
    } else {
      Skip(kBare);
    }
    out = Since(start);
    return !out.empty();
  }

 private:
  void Skip(std::uint8_t kind) {
    while (at_ != end_ && Is(*at_, kind)) ++at_;
  }
  std::string_view Since(const char* start) const { return {start, static_cast<std::size_t>(at_ - start)}; }

  const char* at_;
  const char* end_;
};

// Nine digits fit every type that is taken here.
bool IsSmallInteger(std::string_view value) {
  if (value.starts_with('-')) value.remove_prefix(1);
  return !value.empty() && value.size() <= 9 && std::all_of(value.begin(), value.end(), IsDigit);
}

// Short and without a positive exponent: far inside the range of a 32-bit float. Its grammar is checked by who reads the row.
bool IsModestNumber(std::string_view value) {
  if (value.size() > 32 || !(IsDigit(value.front()) || value.front() == '-')) return false;
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (!Is(value[i], kNumber)) return false;
    if ((value[i] == 'e' || value[i] == 'E') && value.substr(i + 1, 1) != "-") return false;
  }
  return true;
}

enum class Datatype : std::uint8_t { kNone, kReal, kInteger, kText };

Datatype ReadDatatype(Cursor& cursor) {
  if (cursor.Word("\"FP32\"") || cursor.Word("\"FP64\"")) return Datatype::kReal;
  if (cursor.Word("\"INT64\"") || cursor.Word("\"INT32\"")) return Datatype::kInteger;
  return cursor.Word("\"BYTES\"") ? Datatype::kText : Datatype::kNone;
}

bool Fits(std::string_view value, Datatype datatype) {
  switch (datatype) {
    case Datatype::kNone: return false;
    case Datatype::kReal: return IsModestNumber(value) || value == "null";
    case Datatype::kInteger: return IsSmallInteger(value) || value == "null";
    case Datatype::kText: return value.front() == '"' || value == "null";
  }
  return false;
}

// {"name": "hour", "shape": [1], "datatype": "FP32", "data": [5]}, members in any order; appends "hour":5.
bool ReadTensor(Cursor& cursor, std::string& row) {
  std::string_view name;
  Datatype datatype = Datatype::kNone;
  bool has_shape = false;
  std::string_view value;
  if (!cursor.Eat('{')) return false;
  do {
    if (name.empty() && cursor.Word("\"name\":")) {
      if (!cursor.Text(name)) return false;
    } else if (!has_shape && cursor.Word("\"shape\":")) {
      if (!cursor.Eat('[') || !cursor.Eat('1') || !cursor.Eat(']')) return false;
      has_shape = true;
    } else if (datatype == Datatype::kNone && cursor.Word("\"datatype\":")) {
      datatype = ReadDatatype(cursor);
      if (datatype == Datatype::kNone) return false;
    } else if (value.empty() && cursor.Word("\"data\":")) {
      if (!cursor.Eat('[') || !cursor.Scalar(value) || !cursor.Eat(']')) return false;
    } else {
      return false;
    }
  } while (cursor.Eat(','));
  if (!cursor.Eat('}') || name.empty() || !has_shape || value.empty() || !Fits(value, datatype)) return false;
  row.append(name.data() - 1, name.size() + 2);  // with its quotes
  row += ':';
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
  out.row.reserve(text.size() / 2);
  if (!cursor.Eat('{')) return false;
  do {
    if (!has_id && cursor.Word("\"id\":")) {
      has_id = true;
      if (!cursor.Text(out.id)) return false;
    } else if (out.row.empty() && cursor.Word("\"inputs\":")) {
      if (!ReadTensors(cursor, out.row)) return false;
    } else {
      return false;
    }
  } while (cursor.Eat(','));
  return cursor.Eat('}') && cursor.AtEnd() && !out.row.empty();
}

}  // namespace mlean::api::oip

// RowEncoder's hot path: one pass over the text of a flat JSON object, straight into floats. It is strict, and gives up (false)
// on everything unusual: escapes in names and strings, nesting, repeated or absent columns, values that do not fit, odd numbers.
// The slow path then decides, so both give the same results and there is one place that words the errors.
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>

#include "infer/row_encoder_state.hpp"

namespace mlean::infer {
namespace {

constexpr double kPowersOfTen[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                   1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

// Of a string that can be taken as it stands: ASCII without controls, quotes and escapes.
constexpr std::array<bool, 256> MakePlain() {
  std::array<bool, 256> plain{};
  for (std::size_t c = 0x20; c < 0x80; ++c) plain[c] = c != '"' && c != '\\';
  return plain;
}
constexpr std::array<bool, 256> kPlain = MakePlain();

struct Cursor {
  const char* at;
  const char* end;

  void Blanks() {
    while (at != end && (*at == ' ' || *at == '\n' || *at == '\t' || *at == '\r')) ++at;
  }
  bool Eat(char c) {
    if (at == end || *at != c) {
      Blanks();
      if (at == end || *at != c) return false;
    }
    ++at;
    return true;
  }
  bool EatWord(std::string_view word) {
    if (static_cast<std::size_t>(end - at) < word.size() || std::string_view(at, word.size()) != word) return false;
    at += word.size();
    return true;
  }
  bool AtDigit() const { return at != end && *at >= '0' && *at <= '9'; }

  // A string of plain ASCII; others are for the slow path, which checks UTF-8 and escapes.
  bool Text(std::string_view& out) {
    if (!Eat('"')) return false;
    const char* const start = at;
    while (at != end && kPlain[static_cast<unsigned char>(*at)]) ++at;
    out = std::string_view(start, static_cast<std::size_t>(at - start));
    if (at == end || *at != '"') return false;
    ++at;
    return true;
  }

  // RFC 8259 numbers, correctly rounded. `whole`: without point and exponent.
  bool Number(double& out, bool& whole) {
    const char* const start = at;
    const bool negative = at != end && *at == '-';
    if (negative) ++at;
    if (!AtDigit()) return false;
    std::uint64_t digits = 0;
    const char* const first = at;
    while (AtDigit()) digits = digits * 10 + static_cast<std::uint64_t>(*at++ - '0');
    std::ptrdiff_t count = at - first;
    if (*first == '0' && count > 1) return false;
    std::ptrdiff_t places = 0;
    whole = true;
    if (at != end && *at == '.') {
      whole = false;
      const char* const point = ++at;
      while (AtDigit()) digits = digits * 10 + static_cast<std::uint64_t>(*at++ - '0');
      places = at - point;
      if (places == 0) return false;
      count += places;
    }
    bool exponent = false;
    if (at != end && (*at == 'e' || *at == 'E')) {
      exponent = true;
      whole = false;
      ++at;
      if (at != end && (*at == '+' || *at == '-')) ++at;
      if (!AtDigit()) return false;
      while (AtDigit()) ++at;
    }
    // Both numbers exact in double: their quotient is correctly rounded.
    if (!exponent && count <= 18 && digits < (std::uint64_t{1} << 53)) {
      out = static_cast<double>(digits) / kPowersOfTen[places];
      if (negative) out = -out;
      return true;
    }
    const auto [after, error] = std::from_chars(start, at, out);
    return error == std::errc() && after == at;
  }
};

// A value of a column the model does not know: any scalar.
bool SkipScalar(Cursor& cursor) {
  cursor.Blanks();
  if (cursor.at == cursor.end) return false;
  std::string_view text;
  double number = 0;
  bool whole = false;
  switch (*cursor.at) {
    case '"': return cursor.Text(text);
    case 't': return cursor.EatWord("true");
    case 'f': return cursor.EatWord("false");
    case 'n': return cursor.EatWord("null");
    default: return cursor.Number(number, whole);
  }
}

bool ReadNumber(Cursor& cursor, const EncodedColumn& column, float& out) {
  double number = 0;
  bool whole = false;
  const char* const start = cursor.at;
  if (!cursor.Number(number, whole)) return false;
  switch (column.kind) {
    case FeatureKind::kNumber:
    case FeatureKind::kTime: break;
    case FeatureKind::kInteger:
      if (std::trunc(number) != number) return false;
      break;
    case FeatureKind::kBoolean:
      if (number != 0 && number != 1) return false;
      break;
    case FeatureKind::kCategory:
      if (!whole) return false;
      if (column.categories.size() > 0) {
        const std::size_t code = column.categories.Find(std::string_view(start, static_cast<std::size_t>(cursor.at - start)));
        out = static_cast<float>(code);
        return code != NameIndex::kNone;
      }
      if (!(number >= 0 && number < (1 << 24))) return false;
      break;
  }
  out = static_cast<float>(number);
  return !std::isinf(out);
}

}  // namespace

bool RowEncoder::State::EncodeUsual(std::string_view body, std::span<float> out, EncodeReport& report) const {
  Cursor cursor{body.data(), body.data() + body.size()};
  for (float& value : out) value = AbsentMark();
  if (!cursor.Eat('{')) return false;
  std::size_t expected = 0;  // requests mostly keep the schema's order
  std::size_t found = 0;
  std::string cause;
  const bool empty = cursor.Eat('}');
  for (bool more = !empty; more; more = cursor.Eat(',')) {
    std::string_view name;
    if (!cursor.Text(name) || !cursor.Eat(':')) return false;
    const std::size_t index = expected < out.size() && names[expected] == name ? expected : names.Find(name);
    if (index == NameIndex::kNone) {
      // Repeated names of unknown columns are the only error that this path does not see: they change nothing.
      if (options.refuse_extra_columns || !SkipScalar(cursor)) return false;
      ++report.extra_columns;
      continue;
    }
    expected = index + 1;
    float& value = out[index];
    if (!IsAbsent(value)) return false;
    ++found;
    cursor.Blanks();
    if (cursor.at == cursor.end) return false;
    std::string_view text;
    switch (*cursor.at) {
      case '"':
        if (!cursor.Text(text) || !FromWord(index, text, value, report, cause)) return false;
        break;
      case 't':
        if (!cursor.EatWord("true") || !FromBool(index, true, value, cause)) return false;
        break;
      case 'f':
        if (!cursor.EatWord("false") || !FromBool(index, false, value, cause)) return false;
        break;
      case 'n':
        if (!cursor.EatWord("null") || !FromMissing(index, value, report, cause)) return false;
        break;
      default:
        if (!ReadNumber(cursor, columns[index], value)) return false;
    }
  }
  if (!empty && !cursor.Eat('}')) return false;
  cursor.Blanks();
  if (cursor.at != cursor.end) return false;
  return found == out.size() || Complete(out, report, cause);
}

}  // namespace mlean::infer

// EncodeProfile and DecodeProfile (reference_profile.hpp). One item a line:
//
//   mlean-drift-profile 1
//   rows <rows>
//   num <name> <rows> <missing> <mean> <std> <kept>        then <kept> lines of one value each
//   cat <name> <rows> <missing> <distinct>                 then <distinct> lines "<count> <value>"
//   end
//
// Names and values are percent-encoded: '%', blanks and control characters; the empty text is "%".
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <optional>

#include "base/text.hpp"
#include "drift/reference_profile.hpp"

namespace mlean::drift {

namespace {

constexpr std::string_view kHeader = "mlean-drift-profile 1";
constexpr std::int64_t kMaxRows = 100'000'000'000;
constexpr std::int64_t kMaxKept = 100'000'000;
constexpr std::size_t kMaxColumns = 10'000;

std::string EncodeText(std::string_view text) {
  if (text.empty()) return "%";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= ' ' || byte == '%' || byte == 0x7f) {
      fmt::format_to(std::back_inserter(out), "%{:02x}", byte);
    } else {
      out += c;
    }
  }
  return out;
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

std::optional<std::string> DecodeText(std::string_view text) {
  if (text == "%") return std::string();
  if (text.empty()) return std::nullopt;
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    const int high = HexDigit(text[i + 1]);
    const int low = HexDigit(text[i + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  // The next line split at blanks; empty at the end of the text.
  std::vector<std::string> Line() {
    if (rest_.empty()) return {};
    ++line_;
    const std::size_t end = rest_.find('\n');
    const std::string_view line = rest_.substr(0, end);
    rest_ = end == std::string_view::npos ? std::string_view() : rest_.substr(end + 1);
    return Split(line, ' ');
  }
  bool AtEnd() const { return rest_.empty(); }
  std::size_t bytes_left() const { return rest_.size(); }
  Error Bad(std::string_view cause) const {
    return Fail(Code::kCorrupt, fmt::format("cannot read drift profile: line {}: {}", line_, cause));
  }

 private:
  std::string_view rest_;
  std::size_t line_ = 0;
};

std::optional<std::int64_t> CountOf(std::string_view text, std::int64_t most) {
  const std::optional<std::int64_t> value = ParseInt(text);
  return value && *value >= 0 && *value <= most ? value : std::nullopt;
}

std::optional<double> FiniteOf(std::string_view text) {
  const std::optional<double> value = ParseDouble(text);
  return value && std::isfinite(*value) ? value : std::nullopt;
}

Result<void> ReadNumbers(Reader& reader, std::int64_t kept, ColumnProfile& column) {
  if (kept > static_cast<std::int64_t>(column.count()) || (kept == 0) != (column.count() == 0)) {
    return reader.Bad("the kept values do not fit the rows");
  }
  column.sorted.reserve(static_cast<std::size_t>(std::min<std::int64_t>(kept, static_cast<std::int64_t>(reader.bytes_left()))));
  for (std::int64_t i = 0; i < kept; ++i) {
    const std::vector<std::string> line = reader.Line();
    const std::optional<double> value = line.size() == 1 ? FiniteOf(line[0]) : std::nullopt;
    if (!value) return reader.Bad("a finite number was expected");
    if (!column.sorted.empty() && *value < column.sorted.back()) return reader.Bad("values must be ascending");
    column.sorted.push_back(*value);
  }
  return {};
}

Result<void> ReadCategories(Reader& reader, std::int64_t distinct, ColumnProfile& column) {
  std::int64_t sum = 0;
  for (std::int64_t i = 0; i < distinct; ++i) {
    const std::vector<std::string> line = reader.Line();
    const std::optional<std::int64_t> count = line.size() == 2 ? CountOf(line[0], kMaxRows) : std::nullopt;
    std::optional<std::string> value = count ? DecodeText(line[1]) : std::nullopt;
    if (!value || *count == 0) return reader.Bad("'<count> <value>' was expected");
    if (!column.categories.empty() && *value <= column.categories.back().value) return reader.Bad("values must be ascending");
    sum += *count;
    if (sum > kMaxRows) return reader.Bad("too many rows");
    column.categories.push_back({*std::move(value), *count});
  }
  if (sum != static_cast<std::int64_t>(column.count())) return reader.Bad("the counts do not add up to the rows");
  return {};
}

Result<ColumnProfile> ReadColumn(Reader& reader, const std::vector<std::string>& head) {
  const bool numeric = head[0] == "num" && head.size() == 7;
  if (!numeric && !(head[0] == "cat" && head.size() == 5)) return reader.Bad("'num' or 'cat' with its fields was expected");
  std::optional<std::string> name = DecodeText(head[1]);
  const std::optional<std::int64_t> rows = CountOf(head[2], kMaxRows);
  const std::optional<std::int64_t> missing = rows ? CountOf(head[3], *rows) : std::nullopt;
  const std::optional<std::int64_t> items = CountOf(head.back(), kMaxKept);
  if (!name || !missing || !items) return reader.Bad("a column's name or counts are wrong");
  ColumnProfile column{.name = *std::move(name), .type = numeric ? ColumnType::kNumeric : ColumnType::kCategorical};
  column.rows = static_cast<std::size_t>(*rows);
  column.missing = static_cast<std::size_t>(*missing);
  if (numeric) {
    const std::optional<double> mean = FiniteOf(head[4]);
    const std::optional<double> deviation = FiniteOf(head[5]);
    if (!mean || !deviation || *deviation < 0) return reader.Bad("a column's mean or deviation is wrong");
    column.mean = *mean;
    column.std = *deviation;
    TRYV(ReadNumbers(reader, *items, column));
  } else {
    TRYV(ReadCategories(reader, *items, column));
  }
  return column;
}

}  // namespace

std::string EncodeProfile(const Profile& profile) {
  std::string out = fmt::format("{}\nrows {}\n", kHeader, profile.rows);
  auto append = std::back_inserter(out);
  for (const ColumnProfile& column : profile.columns) {
    const std::string head =
        fmt::format("{} {} {} {}", ColumnTypeName(column.type), EncodeText(column.name), column.rows, column.missing);
    switch (column.type) {
      case ColumnType::kNumeric:
        fmt::format_to(append, "{} {} {} {}\n", head, FormatDouble(column.mean), FormatDouble(column.std), column.sorted.size());
        for (const double value : column.sorted) (out += FormatDouble(value)) += '\n';
        break;
      case ColumnType::kCategorical:
        fmt::format_to(append, "{} {}\n", head, column.categories.size());
        for (const CategoryCount& category : column.categories) {
          fmt::format_to(append, "{} {}\n", category.count, EncodeText(category.value));
        }
        break;
    }
  }
  out += "end\n";
  return out;
}

Result<Profile> DecodeProfile(std::string_view text) {
  Reader reader(text);
  if (Join(reader.Line(), " ") != kHeader) return reader.Bad(fmt::format("'{}' was expected", kHeader));
  const std::vector<std::string> rows_line = reader.Line();
  const std::optional<std::int64_t> rows =
      rows_line.size() == 2 && rows_line[0] == "rows" ? CountOf(rows_line[1], kMaxRows) : std::nullopt;
  if (!rows) return reader.Bad("'rows <count>' was expected");
  Profile profile{.rows = static_cast<std::size_t>(*rows)};
  for (;;) {
    const std::vector<std::string> head = reader.Line();
    if (head.empty()) return reader.Bad("'end' is missing");
    if (head.size() == 1 && head[0] == "end") break;
    if (profile.columns.size() == kMaxColumns) return reader.Bad(fmt::format("over {} columns", kMaxColumns));
    TRY(ColumnProfile column, ReadColumn(reader, head));
    if (profile.Find(column.name) != nullptr) return reader.Bad(fmt::format("column '{}' occurs twice", column.name));
    profile.columns.push_back(std::move(column));
  }
  if (!reader.AtEnd()) return reader.Bad("text after 'end'");
  return profile;
}

}  // namespace mlean::drift

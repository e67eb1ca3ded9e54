#include "flows/pandas_table.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <utility>

#include "base/text.hpp"
#include "tables/reader.hpp"

namespace mlean::flows {
namespace {

using types::Column;
using types::Frame;
using types::Kind;

bool IsBoolWord(const std::string& word) {
  constexpr std::array<std::string_view, 6> kWords = {"True", "TRUE", "true", "False", "FALSE", "false"};
  return std::find(kWords.begin(), kWords.end(), word) != kWords.end();
}

std::string_view Unsigned(std::string_view word) {
  word = Trim(word);
  if (word.size() > 1 && word[0] == '+' && word[1] != '-' && word[1] != '+') word.remove_prefix(1);
  return word;
}

// The column as numbers when every word is one; unchanged otherwise.
Column AsNumbers(Column column) {
  if (column.kind != Kind::kText || column.words.empty()) return column;
  std::vector<double> reals;
  std::vector<std::int64_t> ints;
  for (const std::string& word : column.words) {
    const std::optional<double> real = ParseDouble(Unsigned(word));
    if (!real) return column;
    reals.push_back(*real);
    if (const auto whole = ParseInt(Unsigned(word))) ints.push_back(*whole);
  }
  const bool whole = ints.size() == reals.size();
  Column numbers{.name = column.name, .kind = whole ? Kind::kInt : Kind::kReal};
  for (const std::int32_t code : column.codes) {
    const bool missing = code == types::kMissingCode;
    const auto at = static_cast<std::size_t>(code);
    if (whole) {
      numbers.ints.push_back(missing ? types::kMissingInt : ints[at]);
    } else {
      numbers.reals.push_back(missing ? std::numeric_limits<double>::quiet_NaN() : reals[at]);
    }
  }
  return numbers;
}

// The bools of a CSV again as they are written; those that are no bools for pandas stay text.
Result<void> RestoreWords(tables::Engine& engine, const std::filesystem::path& path, Frame& frame) {
  std::vector<std::string> names;
  for (const Column& column : frame.columns) {
    if (column.kind == Kind::kBool) names.push_back(column.name);
  }
  if (names.empty()) return {};
  TRY(Frame written, tables::ReadFrame(engine, {.path = path.string(), .pandas_types = true, .all_text = true}, names));
  for (Column& column : frame.columns) {
    if (column.kind != Kind::kBool) continue;
    for (Column& words : written.columns) {
      const bool text = words.name == column.name && words.kind == Kind::kText;
      if (!text || std::all_of(words.words.begin(), words.words.end(), IsBoolWord)) continue;
      column = std::move(words);
      break;
    }
  }
  return {};
}

}  // namespace

Result<Frame> ReadAsPandas(tables::Engine& engine, const std::filesystem::path& path, const std::vector<std::string>& columns) {
  const tables::DataSource source{.path = path.string(), .pandas_types = true};
  TRY(Frame frame, tables::ReadFrame(engine, source, columns));
  TRY(const std::string scan, tables::ScanSql(source));
  if (!scan.starts_with("read_csv")) return frame;  // the other kinds of file say their types
  TRYV(RestoreWords(engine, path, frame));
  for (Column& column : frame.columns) column = AsNumbers(std::move(column));
  return frame;
}

}  // namespace mlean::flows

#include "flows/pandas_table.hpp"

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

}  // namespace

Result<Frame> ReadAsPandas(tables::Engine& engine, const std::filesystem::path& path, const std::vector<std::string>& columns) {
  const tables::DataSource source{.path = path.string(), .pandas_types = true};
  TRY(Frame frame, tables::ReadFrame(engine, source, columns));
  TRY(const tables::Format format, tables::FormatOf(source));
  if (format != tables::Format::kCsv) return frame;  // the other kinds of file say their types
  for (Column& column : frame.columns) column = AsNumbers(std::move(column));
  return frame;
}

}  // namespace mlean::flows

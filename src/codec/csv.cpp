#include "codec/csv.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "base/text.hpp"

namespace mlean::codec {
namespace {

Error Bad(std::string_view cause, Code code = Code::kInvalid) { return Fail(code, fmt::format("cannot read CSV: {}", cause)); }

}  // namespace

CsvReader::CsvReader(std::string_view text, const CsvOptions& options) : text_(text), options_(options) {
  if (text_.starts_with("\xEF\xBB\xBF")) text_.remove_prefix(3);
}

bool CsvReader::AtRowEnd() const {
  return at_ == text_.size() || text_[at_] == '\n' || (text_[at_] == '\r' && at_ + 1 < text_.size() && text_[at_ + 1] == '\n');
}

Result<bool> CsvReader::Next(std::vector<std::string_view>& fields) {
  fields.clear();
  unescaped_.clear();
  // A blank line is a row only where rows have a single field, which is then empty.
  while (at_ < text_.size() && AtRowEnd() && fields_expected_ != 1) {
    at_ += text_[at_] == '\r' ? 2 : 1;
    ++line_;
  }
  row_line_ = line_;
  if (at_ == text_.size()) return false;
  std::vector<std::size_t> owned;  // fields whose text is in unescaped_: the vector may move its strings until the row is done
  for (;;) {
    const std::size_t before = unescaped_.size();
    TRY(const std::string_view field, Field());
    if (unescaped_.size() > before) owned.push_back(fields.size());
    fields.push_back(field);
    if (fields.size() > options_.max_fields)
      return Bad(fmt::format("line {} has over {} fields", row_line_, options_.max_fields), Code::kTooLarge);
    if (at_ == text_.size() || text_[at_] != options_.separator) break;
    ++at_;
  }
  for (std::size_t i = 0; i < owned.size(); ++i) fields[owned[i]] = unescaped_[i];
  if (at_ < text_.size()) {
    at_ += text_[at_] == '\r' ? 2 : 1;
    ++line_;
  }
  if (fields_expected_ == 0) fields_expected_ = fields.size();
  if (fields.size() != fields_expected_) {
    return Bad(
        fmt::format("line {} has {} field{}, not {}", row_line_, fields.size(), fields.size() == 1 ? "" : "s", fields_expected_));
  }
  return true;
}

Result<std::string_view> CsvReader::Field() {
  if (at_ < text_.size() && text_[at_] == '"') return QuotedField();
  const std::size_t begin = at_;
  while (!AtRowEnd() && text_[at_] != options_.separator) ++at_;
  if (at_ - begin > options_.max_field_bytes) {
    return Bad(fmt::format("a field on line {} is over {}", line_, HumanBytes(options_.max_field_bytes)), Code::kTooLarge);
  }
  return text_.substr(begin, at_ - begin);
}

Result<std::string_view> CsvReader::QuotedField() {
  const std::size_t begin_line = line_;
  std::size_t begin = ++at_;
  std::string joined;
  bool escaped = false;
  for (;;) {
    const std::size_t quote = text_.find('"', at_);
    if (quote == text_.npos) return Bad(fmt::format("the quoted field on line {} does not end", begin_line));
    line_ += static_cast<std::size_t>(
        std::count(text_.begin() + static_cast<std::ptrdiff_t>(at_), text_.begin() + static_cast<std::ptrdiff_t>(quote), '\n'));
    if (quote - begin + joined.size() > options_.max_field_bytes) {
      return Bad(fmt::format("a field on line {} is over {}", begin_line, HumanBytes(options_.max_field_bytes)), Code::kTooLarge);
    }
    at_ = quote + 1;
    if (at_ == text_.size() || text_[at_] != '"') {
      if (!AtRowEnd() && text_[at_] != options_.separator) return Bad(fmt::format("text after a quoted field on line {}", line_));
      if (!escaped) return text_.substr(begin, quote - begin);
      joined += text_.substr(begin, quote - begin);
      unescaped_.push_back(std::move(joined));
      return std::string_view(unescaped_.back());
    }
    joined += text_.substr(begin, at_ - begin);
    escaped = true;
    begin = ++at_;
  }
}

void AppendCsvRow(std::string& out, const std::vector<std::string>& fields, char separator) {
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (i > 0) out += separator;
    const std::string& field = fields[i];
    const bool blank_edge = !field.empty() && (field.front() == ' ' || field.back() == ' ');
    // A row of one empty field would be a blank line, a byte order mark at the start would be dropped.
    if (!blank_edge && field.find_first_of("\"\r\n") == field.npos && field.find(separator) == field.npos &&
        !(fields.size() == 1 && field.empty()) && !field.starts_with("\xEF\xBB\xBF")) {
      out += field;
      continue;
    }
    out += '"';
    for (const char c : field) {
      if (c == '"') out += '"';
      out += c;
    }
    out += '"';
  }
  out += '\n';
}

}  // namespace mlean::codec

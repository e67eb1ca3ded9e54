#include "tables/reader.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "base/text.hpp"
#include "os/files.hpp"
#include "tables/csv_shape.hpp"
#include "tables/quote.hpp"

namespace mlean::tables {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kFullSampleBytes = 64 << 20;
constexpr std::int64_t kSampleRows = 200'000;
constexpr std::size_t kMaxFiles = 100'000;

// pandas.read_csv's default missing words (pandas 2 and 3).
constexpr std::array<std::string_view, 19> kPandasMissing = {"",     "#N/A",   "#N/A N/A", "#NA",  "-1.#IND", "-1.#QNAN", "-NaN",
                                                             "-nan", "1.#IND", "1.#QNAN",  "<NA>", "N/A",     "NA",       "NULL",
                                                             "NaN",  "None",   "n/a",      "nan",  "null"};

Format FormatByName(std::string_view path) {
  std::string name = ToLower(path);
  for (const std::string_view packed : {".gz", ".zst"}) {
    if (name.ends_with(packed)) name.resize(name.size() - packed.size());
  }
  for (const std::string_view end : {".csv", ".tsv", ".txt"}) {
    if (name.ends_with(end)) return Format::kCsv;
  }
  for (const std::string_view end : {".parquet", ".pq"}) {
    if (name.ends_with(end)) return Format::kParquet;
  }
  for (const std::string_view end : {".jsonl", ".ndjson", ".json"}) {
    if (name.ends_with(end)) return Format::kJsonLines;
  }
  return Format::kAuto;
}

bool IsGlob(std::string_view path) { return path.find_first_of("*?[") != path.npos; }

// A path that names one existing file, for a function that expands patterns.
std::string EscapeGlob(std::string_view path) {
  std::string out;
  for (const char c : path) {
    if (c == '*' || c == '?' || c == '[') {
      out += '[';
      out += c;
      out += ']';
    } else {
      out += c;
    }
  }
  return out;
}

Error Missing(const std::string& path) {
  const fs::path wanted(path);
  const fs::path folder = wanted.has_parent_path() ? wanted.parent_path() : fs::path(".");
  Error error = Fail(Code::kNotFound, fmt::format("cannot read '{}': no such file", path));
  if (auto names = os::ListDir(folder)) {
    const std::string near = Nearest(wanted.filename().string(), *names);
    if (!near.empty()) error.fix = fmt::format("did you mean '{}'?", (wanted.parent_path() / near).string());
  } else {
    error.what = fmt::format("cannot read '{}': no such folder '{}'", path, folder.string());
  }
  return error;
}

struct Files {
  std::vector<std::string> patterns;  // quoted for DuckDB's pattern expansion
  std::string first;                  // an existing file to look into; empty for a pattern
  Format format = Format::kAuto;
};

Result<Files> FilesOfFolder(const DataSource& source) {
  TRY(const std::vector<std::string> names, os::ListDir(source.path));
  Files files;
  files.format = source.format;
  for (const std::string& name : names) {
    const Format format = FormatByName(name);
    const fs::path path = fs::path(source.path) / name;
    if (name.starts_with('.') || format == Format::kAuto || os::IsDir(path)) continue;
    if (source.format != Format::kAuto && format != source.format) continue;
    if (files.format == Format::kAuto) files.format = format;
    if (format != files.format) {
      return Fail(Code::kInvalid, fmt::format("cannot read '{}': files of several kinds ('{}' and '{}')", source.path,
                                              fs::path(files.first).filename().string(), name));
    }
    if (files.first.empty()) files.first = path.string();
    files.patterns.push_back(EscapeGlob(path.string()));
    if (files.patterns.size() > kMaxFiles) {
      return Fail(Code::kTooLarge, fmt::format("cannot read '{}': more than {} files", source.path, kMaxFiles));
    }
  }
  if (files.patterns.empty()) {
    return Fail(Code::kNotFound, fmt::format("cannot read '{}': no CSV, Parquet or JSON lines file in it", source.path));
  }
  return files;
}

Result<Files> FindFiles(const DataSource& source) {
  if (source.path.empty()) return Fail(Code::kInvalid, "cannot read '': no path given");
  if (os::IsDir(source.path)) return FilesOfFolder(source);
  Files files;
  files.format = source.format == Format::kAuto ? FormatByName(source.path) : source.format;
  if (os::Exists(source.path)) {
    files.patterns = {EscapeGlob(source.path)};
    files.first = source.path;
  } else if (IsGlob(source.path)) {
    files.patterns = {source.path};
  } else {
    return Missing(source.path);
  }
  if (files.format == Format::kAuto) {
    return Fail(Code::kUnsupported, fmt::format("cannot read '{}': unknown kind of file", source.path),
                "name it .csv, .tsv, .parquet or .jsonl");
  }
  return files;
}

std::string PathList(const Files& files) {
  std::vector<std::string> quoted;
  for (const std::string& pattern : files.patterns) quoted.push_back(QuoteLiteral(pattern));
  return quoted.size() == 1 ? quoted[0] : "[" + Join(quoted, ", ") + "]";
}

bool IsPacked(std::string_view path) { return path.ends_with(".gz") || path.ends_with(".zst"); }

Result<char> DelimiterOf(const DataSource& source, const Files& files) {
  if (source.delimiter != 0) return source.delimiter;
  const std::string_view name = files.first.empty() ? std::string_view(source.path) : std::string_view(files.first);
  const bool tabs = ToLower(name).find(".tsv") != std::string::npos;
  if (files.first.empty() || IsPacked(files.first)) return tabs ? '\t' : ',';
  TRY(const std::string header, FirstLine(files.first));
  return tabs ? '\t' : GuessDelimiter(header);
}

// `texts`: columns to be read as text whatever they look like.
Result<std::string> CsvScan(const DataSource& source, const Files& files, const std::vector<std::string>& texts = {}) {
  TRY(const char delimiter, DelimiterOf(source, files));
  std::int64_t sample = -1;
  if (!files.first.empty()) {
    TRY(const os::FileStat stat, os::Stat(files.first));
    if (stat.size > kFullSampleBytes) sample = kSampleRows;
  }
  // skip=0: else a line with too many fields makes DuckDB take it for the header and everything above it for a preamble.
  std::string sql = fmt::format(
      "read_csv({}, header=true, skip=0, delim={}, quote='\"', escape='\"', comment='', strict_mode=true, null_padding=false, "
      "ignore_errors=false, hive_partitioning=false, sample_size={}",
      PathList(files), QuoteLiteral(std::string_view(&delimiter, 1)), sample);
  if (source.all_text) sql += ", all_varchar=true";
  if (source.pandas_types) {
    std::vector<std::string> words;
    for (const std::string_view word : kPandasMissing) words.push_back(QuoteLiteral(word));
    sql += ", auto_type_candidates=['BOOLEAN', 'BIGINT', 'DOUBLE', 'VARCHAR'], nullstr=[" + Join(words, ", ") + "]";
  }
  std::vector<std::string> fixed;
  for (const std::string& name : texts) fixed.push_back(QuoteLiteral(name) + ": 'VARCHAR'");
  if (!fixed.empty()) sql += ", types={" + Join(fixed, ", ") + "}";
  return sql + ")";
}

// Errors of DuckDB with the source's name; for a CSV it could not make sense of, the line that is wrong.
Error ReadError(const DataSource& source, Error error) {
  if (error.code == Code::kCancelled || error.what.starts_with("cannot read")) return error;
  std::string file = source.path;
  if (auto files = FindFiles(source); files && files->format == Format::kCsv && error.code == Code::kInvalid) {
    // Only its own files are scanned; DuckDB names line but not file when there are several.
    const char delimiter = DelimiterOf(source, *files).value_or(',');
    std::vector<std::string> paths;
    if (os::IsDir(source.path)) {
      for (const std::string& name : os::ListDir(source.path).value_or({})) {
        if (FormatByName(name) == Format::kCsv) paths.push_back((fs::path(source.path) / name).string());
      }
    } else if (!files->first.empty()) {
      paths.push_back(files->first);
    }
    for (const std::string& path : paths) {
      const std::string ragged = IsPacked(path) ? std::string() : FindRagged(path, delimiter);
      if (!ragged.empty()) return Fail(Code::kInvalid, fmt::format("cannot read '{}': {}", path, ragged));
    }
  }
  if (error.what.starts_with("no files found")) error.what = "no file matches";
  return std::move(error).With(fmt::format("cannot read '{}'", file));
}

}  // namespace

const ColumnInfo* Schema::Find(std::string_view name) const {
  for (const ColumnInfo& column : columns) {
    if (column.name == name) return &column;
  }
  return nullptr;
}

std::vector<std::string> Schema::Names() const {
  std::vector<std::string> names;
  for (const ColumnInfo& column : columns) names.push_back(column.name);
  return names;
}

types::Kind KindOfSqlType(std::string_view sql_type) {
  using types::Kind;
  for (const std::string_view name : {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER"}) {
    if (sql_type == name) return Kind::kInt;
  }
  for (const std::string_view name : {"UBIGINT", "HUGEINT", "UHUGEINT", "FLOAT", "DOUBLE"}) {
    if (sql_type == name) return Kind::kReal;
  }
  if (sql_type.ends_with(']')) return Kind::kText;
  if (sql_type.starts_with("DECIMAL(")) return Kind::kReal;
  if (sql_type == "BOOLEAN") return Kind::kBool;
  if (sql_type == "DATE" || sql_type.starts_with("TIMESTAMP")) return Kind::kTime;
  return Kind::kText;
}

namespace {

Result<std::string> PlainScan(const DataSource& source, const Files& files) {
  switch (files.format) {
    case Format::kCsv: return CsvScan(source, files);
    case Format::kParquet: return fmt::format("read_parquet({}, hive_partitioning=false)", PathList(files));
    case Format::kJsonLines:
      return fmt::format("read_json({}, format='newline_delimited', hive_partitioning=false)", PathList(files));
    case Format::kAuto: break;
  }
  return Fail(Code::kInternal, "cannot read table: no format");
}

// Those of a CSV's BOOLEAN columns that hold other words than true and false: for DuckDB yes, no, y, n, t, f are bools too.
Result<std::vector<std::string>> WordColumns(Engine& engine, DataSource source, const Files& files, const Schema& schema) {
  std::vector<std::string> names;
  std::vector<std::string> asked;
  for (const ColumnInfo& column : schema.columns) {
    if (column.kind != types::Kind::kBool) continue;
    names.push_back(column.name);
    asked.push_back(fmt::format("coalesce(bool_and({} IN ('True', 'TRUE', 'true', 'False', 'FALSE', 'false')), true)",
                                QuoteIdentifier(column.name)));
  }
  if (names.empty()) return names;
  source.all_text = true;
  TRY(const std::string scan, CsvScan(source, files));
  TRY(const types::Frame answers, engine.Query(fmt::format("SELECT {} FROM {}", Join(asked, ", "), scan)));
  std::vector<std::string> words;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (answers.columns.at(i).ints.at(0) == 0) words.push_back(names[i]);
  }
  return words;
}

struct Scan {
  std::string sql;
  Schema schema;
};

Result<Scan> OpenScan(Engine& engine, const DataSource& source) {
  TRY(const Files files, FindFiles(source));
  Scan scan;
  TRY(scan.sql, PlainScan(source, files));
  Result<Schema> schema = DescribeRelation(engine, scan.sql);
  if (!schema) return ReadError(source, std::move(schema).error());
  scan.schema = *std::move(schema);
  if (files.format != Format::kCsv) return scan;
  const Result<std::vector<std::string>> texts = WordColumns(engine, source, files, scan.schema);
  if (!texts) return ReadError(source, texts.error());
  if (texts->empty()) return scan;
  TRY(scan.sql, CsvScan(source, files, *texts));
  for (ColumnInfo& column : scan.schema.columns) {
    if (std::find(texts->begin(), texts->end(), column.name) == texts->end()) continue;
    column.kind = types::Kind::kText;
    column.sql_type = "VARCHAR";
  }
  return scan;
}

}  // namespace

Result<Format> FormatOf(const DataSource& source) {
  TRY(const Files files, FindFiles(source));
  return files.format;
}

Result<std::string> ScanSql(Engine& engine, const DataSource& source) {
  TRY(Scan scan, OpenScan(engine, source));
  return std::move(scan.sql);
}

Result<Schema> DescribeRelation(Engine& engine, std::string_view relation) {
  TRY(const types::Frame frame, engine.Query(fmt::format("DESCRIBE SELECT * FROM {}", relation)));
  const types::Column* names = frame.Find("column_name");
  const types::Column* sql_types = frame.Find("column_type");
  if (names == nullptr || sql_types == nullptr) return Fail(Code::kInternal, "cannot describe table: unexpected layout");
  Schema schema;
  for (std::size_t i = 0; i < frame.rows(); ++i) {
    ColumnInfo column;
    column.name = names->words[static_cast<std::size_t>(names->codes[i])];
    column.sql_type = sql_types->words[static_cast<std::size_t>(sql_types->codes[i])];
    column.kind = KindOfSqlType(column.sql_type);
    schema.columns.push_back(std::move(column));
  }
  return schema;
}

Result<Schema> Describe(Engine& engine, const DataSource& source) {
  TRY(Scan scan, OpenScan(engine, source));
  return std::move(scan.schema);
}

Result<types::Frame> ReadFrame(Engine& engine, const DataSource& source, const std::vector<std::string>& columns,
                               std::string_view where) {
  TRY(const Scan scan, OpenScan(engine, source));
  std::vector<std::string> quoted;
  for (const std::string& column : columns) {
    quoted.push_back(QuoteIdentifier(column));
    if (scan.schema.Find(column) != nullptr) continue;
    const std::vector<std::string> names = scan.schema.Names();
    const std::string near = Nearest(column, names);
    return Fail(Code::kNotFound, fmt::format("cannot read column '{}' of '{}': no such column", column, source.path),
                near.empty() ? fmt::format("columns: {}", Join(names, ", ")) : fmt::format("did you mean '{}'?", near));
  }
  std::string sql = fmt::format("SELECT {} FROM {}", quoted.empty() ? "*" : Join(quoted, ", "), scan.sql);
  if (!where.empty()) sql += fmt::format(" WHERE {}", where);
  Result<types::Frame> frame = engine.Query(sql);
  if (!frame) return ReadError(source, std::move(frame).error());
  return frame;
}

Result<std::int64_t> CountRows(Engine& engine, const DataSource& source) {
  TRY(const Files files, FindFiles(source));
  TRY(const std::string scan, PlainScan(source, files));  // types do not matter
  Result<std::int64_t> rows = engine.ScalarInt(fmt::format("SELECT count(*) FROM {}", scan));
  if (!rows) return ReadError(source, std::move(rows).error());
  return rows;
}

Result<void> LoadTable(Engine& engine, const DataSource& source, std::string_view name) {
  TRY(const std::string scan, ScanSql(engine, source));
  Result<void> made =
      engine.Execute(fmt::format("CREATE OR REPLACE TEMP TABLE {} AS SELECT * FROM {}", QuoteIdentifier(name), scan));
  if (!made) return ReadError(source, std::move(made).error());
  return {};
}

}  // namespace mlean::tables

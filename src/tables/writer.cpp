#include "tables/writer.hpp"

#include <fmt/core.h>

#include "os/files.hpp"
#include "tables/quote.hpp"

namespace mlean::tables {
namespace {

// A frame under a name for the time of one statement.
class TempTable {
 public:
  TempTable(Engine& engine, std::string name) : engine_(engine), name_(std::move(name)) {}
  ~TempTable() { static_cast<void>(engine_.DropTable(name_).ok()); }
  TempTable(const TempTable&) = delete;
  TempTable& operator=(const TempTable&) = delete;

 private:
  Engine& engine_;
  std::string name_;
};

constexpr std::string_view kFrameTable = "mlean_written_frame";

Result<std::int64_t> Copy(Engine& engine, std::string_view select, const std::string& path, const std::string& options) {
  TRY(os::AtomicFile file, os::AtomicFile::Open(path));
  // DuckDB writes into the open temporary file by name; Commit syncs and renames it.
  const std::string copy =
      fmt::format("COPY ({}) TO {} ({}, USE_TMP_FILE false)", select, QuoteLiteral(file.temp_path().string()), options);
  TRY(const std::int64_t threads, engine.ScalarInt("SELECT current_setting('threads')"));
  // One thread: row groups and their order do not depend on timing.
  TRYV(engine.Execute("SET threads=1"));
  Result<std::int64_t> rows = engine.ScalarInt(copy);
  TRYV(engine.Execute(fmt::format("SET threads={}", threads)));
  if (!rows) {
    Error error = std::move(rows).error();
    // The caller knows the target, not the temporary name.
    const std::string temp = file.temp_path().string();
    for (std::size_t at = error.what.find(temp); at != std::string::npos; at = error.what.find(temp)) {
      error.what.replace(at, temp.size(), path);
    }
    return std::move(error).With(fmt::format("cannot write '{}'", path));
  }
  TRYV(file.Commit());
  return rows;
}

std::string ParquetOptions(const WriteOptions& options) {
  return fmt::format("FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 3, ROW_GROUP_SIZE {}", options.row_group_size);
}

constexpr std::string_view kCsvOptions = "FORMAT csv, HEADER true, DELIMITER ','";

Result<std::int64_t> CopyFrame(Engine& engine, const types::Frame& frame, const std::string& path, const std::string& options) {
  const TempTable table(engine, std::string(kFrameTable));
  TRYV(engine.RegisterFrame(kFrameTable, frame));
  return Copy(engine, fmt::format("SELECT * FROM {}", QuoteIdentifier(kFrameTable)), path, options);
}

}  // namespace

Result<std::int64_t> WriteParquet(Engine& engine, std::string_view select, const std::string& path, const WriteOptions& options) {
  return Copy(engine, select, path, ParquetOptions(options));
}
Result<std::int64_t> WriteParquet(Engine& engine, const types::Frame& frame, const std::string& path,
                                  const WriteOptions& options) {
  return CopyFrame(engine, frame, path, ParquetOptions(options));
}
Result<std::int64_t> WriteCsv(Engine& engine, std::string_view select, const std::string& path) {
  return Copy(engine, select, path, std::string(kCsvOptions));
}
Result<std::int64_t> WriteCsv(Engine& engine, const types::Frame& frame, const std::string& path) {
  return CopyFrame(engine, frame, path, std::string(kCsvOptions));
}

}  // namespace mlean::tables

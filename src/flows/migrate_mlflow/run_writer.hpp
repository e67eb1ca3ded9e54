// Inside of this folder: runs and their points collected to transactions of a good size.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "flows/migrate_mlflow/source.hpp"
#include "sql/database.hpp"

namespace mlean::flows::migrate_mlflow {

class RunWriter {
 public:
  RunWriter(sql::Database& db, std::int64_t import) : db_(db), import_(import) {}
  // All of a run, its points in pieces by `more` until that says the end. `run` has this store's experiment and address.
  Result<void> Add(SourceRun run, std::string source_uri,
                   const std::function<Result<std::vector<track::Metric>>(const SourceRun&, Place&)>& more);
  // Writes what is collected. Without it the last runs are lost.
  Result<void> Flush();
  std::int64_t rows() const { return rows_; }
  std::int64_t runs() const { return runs_; }

 private:
  // A part of a run: its row comes with the first part, the mark that it is all here with the last.
  struct Part {
    SourceRun run;
    std::string source_uri;
    std::string state;
    std::vector<track::Metric> points;
    bool first = false;
    bool last = false;
    std::int64_t points_in_all = 0;  // of the last part
  };
  Result<void> Write(sql::Txn& txn, const Part& part);

  sql::Database& db_;
  std::int64_t import_;
  std::vector<Part> parts_;
  std::size_t waiting_ = 0;  // rows in parts_
  std::int64_t rows_ = 0;
  std::int64_t runs_ = 0;
};

}  // namespace mlean::flows::migrate_mlflow

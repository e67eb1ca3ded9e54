// DuckTableSource: check::TableSource over tables::Engine, for validation of files and of any SELECT.
//
//   TRY(auto source, DuckTableSource::Open(*engine, {.path = "data/flights.parquet"}));
//   TRY(const check::SuiteResult result, check::Validate(suite, *source));
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "check/table_source.hpp"
#include "tables/engine.hpp"
#include "tables/reader.hpp"

namespace mlean::flows {

class DuckTableSource final : public check::TableSource {
 public:
  // The engine must outlive the source. A CSV is read once into a temporary table that goes with the source (its checks scan
  // it several times); Parquet and JSON lines are scanned in place.
  static Result<std::unique_ptr<DuckTableSource>> Open(tables::Engine& engine, const tables::DataSource& data);
  // `relation`: a quoted table name, table function or parenthesised SELECT.
  static Result<std::unique_ptr<DuckTableSource>> OpenRelation(tables::Engine& engine, std::string relation);
  ~DuckTableSource() override;

  const std::vector<check::SourceColumn>& columns() const override { return columns_; }
  const std::string& relation() const override { return relation_; }
  Result<std::vector<std::vector<codec::Json>>> Rows(const std::string& sql) override;

 private:
  DuckTableSource(tables::Engine& engine, std::string relation, std::string owned_table);
  tables::Engine& engine_;
  std::string relation_;
  std::string owned_table_;  // dropped at the end; empty when none
  std::vector<check::SourceColumn> columns_;
};

}  // namespace mlean::flows

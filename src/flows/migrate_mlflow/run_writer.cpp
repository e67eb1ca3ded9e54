#include "flows/migrate_mlflow/run_writer.hpp"

#include <algorithm>
#include <tuple>

#include "track/import_store.hpp"
#include "track/run_store.hpp"

namespace mlean::flows::migrate_mlflow {
namespace {

constexpr std::size_t kRowsAtOnce = 20'000;  // about 50 ms: how long a server's writer waits for us
constexpr std::size_t kBytesAtOnce = 16 << 20;

std::size_t RowsOf(const track::Run& run) { return 1 + run.params.size() + run.tags.size() + run.datasets.size(); }

std::size_t BytesOf(const track::Run& run) {
  std::size_t bytes = 0;
  for (const std::vector<track::Tag>* tags : {&run.params, &run.tags}) {
    for (const track::Tag& tag : *tags) bytes += tag.key.size() + tag.value.size();
  }
  for (const track::DatasetInput& input : run.datasets)
    bytes += input.dataset.source.size() + input.dataset.schema.value_or("").size() + input.dataset.profile.value_or("").size();
  return bytes;
}

}  // namespace

Result<void> RunWriter::Add(SourceRun run, std::string source_uri,
                            const std::function<Result<std::vector<track::Metric>>(const SourceRun&, Place&)>& more) {
  Place place;
  std::int64_t points = 0;
  const std::string state = track::StateOf(run.run);
  for (bool first = true; !place.end; first = false) {
    Part part;
    TRY(part.points, more(run, place));
    // In the order of the table, so that rows go to its end and not all over it.
    std::sort(part.points.begin(), part.points.end(), [](const track::Metric& a, const track::Metric& b) {
      return std::tie(a.key, a.timestamp, a.step) < std::tie(b.key, b.timestamp, b.step);
    });
    points += static_cast<std::int64_t>(part.points.size());
    part.first = first;
    part.last = place.end;
    part.points_in_all = points;
    part.state = state;
    part.run.run.info = run.run.info;
    // Rows are what a transaction takes time for, 1,000 bytes of text as much as one.
    waiting_ += part.points.size() + (first ? RowsOf(run.run) + BytesOf(run.run) / (kBytesAtOnce / kRowsAtOnce) : 0);
    if (first) {
      part.run = run;
      part.source_uri = source_uri;
      run.run.params.clear();
      run.run.tags.clear();
    }
    parts_.push_back(std::move(part));
    if (waiting_ >= kRowsAtOnce) TRYV(Flush());
  }
  return {};
}

Result<void> RunWriter::Flush() {
  if (parts_.empty()) return {};
  TRYV(db_.Write([&](sql::Txn& txn) -> Result<void> {
    for (const Part& part : parts_) TRYV(Write(txn, part));
    return {};
  }));
  for (const Part& part : parts_) {
    rows_ += static_cast<std::int64_t>(part.points.size() + (part.first ? RowsOf(part.run.run) : 0));
    runs_ += part.last ? 1 : 0;
  }
  parts_.clear();
  waiting_ = 0;
  return {};
}

Result<void> RunWriter::Write(sql::Txn& txn, const Part& part) {
  const std::string& run_id = part.run.run.info.run_id;
  std::int64_t number = 0;
  if (part.first) {
    TRY(number, track::ImportRun(txn, import_, part.run.run, part.run.deleted_time, part.source_uri));
  } else {
    TRY(number, track::RunNumber(txn, run_id));
  }
  TRYV(track::ImportPoints(txn, number, part.points));
  return part.last ? track::FinishRunImport(txn, import_, run_id, number, part.points_in_all, part.state) : Result<void>();
}

}  // namespace mlean::flows::migrate_mlflow

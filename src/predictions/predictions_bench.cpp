#include <benchmark/benchmark.h>

#include <filesystem>

#include <fmt/format.h>

#include "predictions/labels_store.hpp"
#include "predictions/log.hpp"
#include "predictions/migrations.hpp"
#include "predictions/reader.hpp"

namespace mlean::predictions {
namespace {

namespace fs = std::filesystem;

struct Folder {
  Folder() : path(fs::temp_directory_path() / "mlean-bench-predictions") { fs::remove_all(path); }
  ~Folder() { fs::remove_all(path); }
  fs::path path;
};

void BM_AppendBatch(benchmark::State& state) {
  const Folder folder;
  auto log = *LogWriter::Open({.folder = folder.path, .model = "m"});
  Schema schema{{}, {"p"}};
  for (int i = 0; i < 15; ++i) schema.features.push_back(fmt::format("f{}", i));
  const int handle = *log->AddSchema(schema);
  const std::vector<float> features(15, 1.5F);
  const float output[] = {0.5F};
  std::vector<Record> records(static_cast<std::size_t>(state.range(0)));
  for (Record& record : records) {
    record.request_id = "0190163d-8694-739b-aea5-966c26f8ad91";
    record.features = features;
    record.outputs = output;
  }
  for (auto _ : state) benchmark::DoNotOptimize(log->AppendBatch(handle, records).ok());
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(BM_AppendBatch)->Arg(1)->Arg(16)->Arg(256);

void BM_ReadWindow(benchmark::State& state) {
  const Folder folder;
  auto log = *LogWriter::Open({.folder = folder.path, .model = "m"});
  Schema schema{{}, {"p"}};
  for (int i = 0; i < 15; ++i) schema.features.push_back(fmt::format("f{}", i));
  const int handle = *log->AddSchema(schema);
  const std::vector<float> features(15, 1.5F);
  const float output[] = {0.5F};
  for (int i = 0; i < 300000; ++i) {
    const std::string id = fmt::format("request-{}", i);
    Record record{.time = i, .request_id = id};
    record.features = features;
    record.outputs = output;
    (void)log->AppendBatch(handle, {&record, 1}).ok();
  }
  for (auto _ : state) benchmark::DoNotOptimize(ReadWindow(folder.path, {})->size());
  state.SetItemsProcessed(state.iterations() * 300000);
}
BENCHMARK(BM_ReadWindow)->Unit(benchmark::kMillisecond);

void BM_AddAndJoinLabels(benchmark::State& state) {
  const bool join = state.range(0) == 1;
  const Folder folder;
  fs::create_directories(folder.path);
  auto db = *sql::Database::Open({.path = folder.path / "t.db"}, Migrations());
  std::vector<Label> labels;
  for (int i = 0; i < 300000; ++i) labels.push_back({fmt::format("request-{}", i * 7919LL % 300000), 0, "1", i});
  int round = 0;
  const auto add = [&] {
    return db->Write([&](sql::Txn& t) { return AddLabels(t, fmt::format("m{}", round++), labels, 1); }).ok();
  };
  if (!join) {
    for (auto _ : state) benchmark::DoNotOptimize(add());
    state.SetItemsProcessed(state.iterations() * 300000);
    return;
  }
  add();
  std::vector<LabelKey> keys;
  for (int i = 0; i < 30000; ++i) keys.push_back({labels[static_cast<std::size_t>(i)].id, 0});
  for (auto _ : state) benchmark::DoNotOptimize(db->Read([&](sql::Conn& c) { return JoinLabels(c, "m0", keys); })->size());
  state.SetItemsProcessed(state.iterations() * 30000);
}
BENCHMARK(BM_AddAndJoinLabels)->Arg(0)->Arg(1)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace mlean::predictions

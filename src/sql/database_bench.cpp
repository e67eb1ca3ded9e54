// Writes per second (each waits for its commit) and reads per second.
#include "sql/database.hpp"

#include <benchmark/benchmark.h>

#include "base/ids.hpp"

namespace mlean::sql {
namespace {

struct Shared {
  std::filesystem::path folder = std::filesystem::temp_directory_path() / ("sqlbench" + NewHex32());
  std::unique_ptr<Database> db;
};

std::unique_ptr<Shared> shared;  // set up and torn down by benchmark's hooks, before and after the threads

void SetUp(Sync sync) {
  shared = std::make_unique<Shared>();
  shared->db = *Database::Open({.path = shared->folder / "bench.db", .sync = sync},
                               {{"bench", 1, "CREATE TABLE rows(id INTEGER PRIMARY KEY, name TEXT, value REAL)"}});
}
void TearDown(const benchmark::State&) {
  shared->db.reset();
  std::filesystem::remove_all(shared->folder);
  shared.reset();
}

void Write(benchmark::State& state) {
  for (auto _ : state) {
    const Result<void> done =
        shared->db->Write([](Txn& txn) { return txn.Exec("INSERT INTO rows(name, value) VALUES(?1, ?2)", "metric", 0.5); });
    if (!done) state.SkipWithError(done.error().what.c_str());
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(Write)
    ->Name("Write/normal")
    ->Threads(1)
    ->Threads(32)
    ->UseRealTime()
    ->Teardown(TearDown)
    ->Setup([](const benchmark::State&) { SetUp(Sync::kNormal); });
BENCHMARK(Write)
    ->Name("Write/full")
    ->Threads(1)
    ->Threads(32)
    ->UseRealTime()
    ->Teardown(TearDown)
    ->Setup([](const benchmark::State&) { SetUp(Sync::kFull); });

void Read(benchmark::State& state) {
  for (auto _ : state) {
    const Result<std::int64_t> value = shared->db->Read([](Conn& conn) -> Result<std::int64_t> {
      TRY(Stmt stmt, conn.Prepare("SELECT ?1"));
      TRYV(stmt.Bind(7).Step());
      return stmt.Int(0);
    });
    benchmark::DoNotOptimize(*value);
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(Read)->Threads(1)->Threads(8)->UseRealTime()->Teardown(TearDown)->Setup([](const benchmark::State&) {
  SetUp(Sync::kNormal);
});

void OpenAgain(benchmark::State& state) {
  for (auto _ : state) {
    auto db = Database::Open({.path = shared->folder / "bench.db"},
                             {{"bench", 1, "CREATE TABLE rows(id INTEGER PRIMARY KEY, name TEXT, value REAL)"}});
    benchmark::DoNotOptimize(db);
  }
}
BENCHMARK(OpenAgain)->UseRealTime()->Teardown(TearDown)->Setup([](const benchmark::State&) { SetUp(Sync::kNormal); });

}  // namespace
}  // namespace mlean::sql

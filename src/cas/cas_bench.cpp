// One large file, 100,000 small ones through the life of a DVC folder, and the memory of a million. Files lie in the temporary
// folder (TMPDIR) and are read from the page cache.
#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <malloc.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "cas/checkout.hpp"
#include "cas/file_hash.hpp"
#include "cas/gc.hpp"
#include "cas/object_store.hpp"

namespace mlean::cas {
namespace {

namespace fs = std::filesystem;

constexpr int kFiles = 100'000;
constexpr int kMillion = 1'000'000;
constexpr std::size_t kLarge = std::size_t{1} << 30;

struct Folder {
  explicit Folder(const char* name) : path(fs::temp_directory_path() / fmt::format("mlean-bench-cas-{}", name)) {
    fs::remove_all(path);
    fs::create_directories(path);
  }
  ~Folder() { fs::remove_all(path); }
  fs::path path;
};

void WriteFile(const fs::path& path, std::string_view text) {
  std::ofstream(path, std::ios::binary).write(text.data(), static_cast<std::streamsize>(text.size()));
}

// kFiles of 1 KiB in folders of 1000, old enough to be remembered.
class Project {
 public:
  Project() {
    for (int i = 0; i < kFiles; ++i) {
      const fs::path folder = data() / fmt::format("{:03}", i / 1000);
      if (i % 1000 == 0) fs::create_directories(folder);
      WriteFile(folder / fmt::format("{:06}.bin", i), fmt::format("{:01024}", i));
    }
    Settle();
  }
  fs::path data() const { return folder_.path / "data"; }
  fs::path cache() const { return folder_.path / "cache"; }
  fs::path state() const { return folder_.path / "state"; }
  static void Settle() { std::this_thread::sleep_for(std::chrono::milliseconds(20)); }

  // What a command does: a store with the state from its file, which is saved.
  template <class Function>
  auto Run(const Function& function) const {
    HashState state = *HashState::Open(this->state());
    ObjectStore store({.cache_dir = cache(), .state = &state});
    auto done = function(store);
    benchmark::DoNotOptimize(state.Save().ok());
    return done;
  }
  ObjectInfo Add() const {
    return Run([&](ObjectStore& store) { return *store.Put(data(), {.relink = true}); });
  }
  void ForgetStored() const {
    fs::remove_all(cache());
    fs::remove(state());
  }

 private:
  Folder folder_{"project"};
};

// Made once: that takes longer than what is measured. Each measurement leaves it stored and remembered.
const Project& TheProject() {
  static const Project project;
  static const ObjectInfo stored = project.Add();
  return project;
}

void BM_HashOneLargeFile(benchmark::State& state) {
  const Folder folder("one");
  const std::string block(1 << 20, 'x');
  std::ofstream file(folder.path / "f", std::ios::binary);
  for (std::size_t i = 0; i < kLarge / block.size(); ++i) file << block;
  file.close();
  for (auto _ : state) benchmark::DoNotOptimize(HashFile(folder.path / "f").ok());
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(kLarge));
}
BENCHMARK(BM_HashOneLargeFile)->Unit(benchmark::kMillisecond)->UseRealTime();

// What `add` of it costs: hashed and copied in one reading.
void BM_PutOneLargeFile(benchmark::State& state) {
  const Folder folder("one");
  const std::string block(1 << 20, 'x');
  std::ofstream file(folder.path / "f", std::ios::binary);
  for (std::size_t i = 0; i < kLarge / block.size(); ++i) file << block;
  file.close();
  for (auto _ : state) {
    ObjectStore store(folder.path / "cache");
    benchmark::DoNotOptimize(store.Put(folder.path / "f").ok());
    state.PauseTiming();
    fs::remove_all(folder.path / "cache");
    state.ResumeTiming();
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(kLarge));
}
BENCHMARK(BM_PutOneLargeFile)->Unit(benchmark::kMillisecond)->UseRealTime();

void BM_AddCold(benchmark::State& state) {
  const Project& project = TheProject();
  for (auto _ : state) {
    state.PauseTiming();
    project.ForgetStored();
    state.ResumeTiming();
    benchmark::DoNotOptimize(project.Add());
  }
  state.SetItemsProcessed(state.iterations() * kFiles);
}
BENCHMARK(BM_AddCold)->Unit(benchmark::kMillisecond)->UseRealTime()->Iterations(3);

void BM_AddUnchanged(benchmark::State& state) {
  const Project& project = TheProject();
  for (auto _ : state) benchmark::DoNotOptimize(project.Add());
  state.SetItemsProcessed(state.iterations() * kFiles);
}
BENCHMARK(BM_AddUnchanged)->Unit(benchmark::kMillisecond)->UseRealTime();

void BM_AddAfterOneChange(benchmark::State& state) {
  const Project& project = TheProject();
  int number = 0;
  for (auto _ : state) {
    state.PauseTiming();
    WriteFile(project.data() / "050" / "changed", fmt::format("{}", ++number));
    Project::Settle();
    state.ResumeTiming();
    benchmark::DoNotOptimize(project.Add());
  }
}
BENCHMARK(BM_AddAfterOneChange)->Unit(benchmark::kMillisecond)->UseRealTime();

void BM_StatusWarm(benchmark::State& state) {
  const Project& project = TheProject();
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        project.Run([&](ObjectStore& store) { return *HashPath(project.data(), {.state = store.options().state}); }));
  }
  state.SetItemsProcessed(state.iterations() * kFiles);
}
BENCHMARK(BM_StatusWarm)->Unit(benchmark::kMillisecond)->UseRealTime();

void BM_Checkout(benchmark::State& state) {
  const Project& project = TheProject();
  const ObjectInfo info = project.Add();
  for (auto _ : state) {
    state.PauseTiming();
    fs::remove_all(project.data());
    state.ResumeTiming();
    project.Run([&](ObjectStore& store) { return Checkout(store, info, project.data(), false)->added; });
  }
  state.SetItemsProcessed(state.iterations() * kFiles);
}
BENCHMARK(BM_Checkout)->Unit(benchmark::kMillisecond)->UseRealTime()->Iterations(3);

void BM_CheckoutNothingToDo(benchmark::State& state) {
  const Project& project = TheProject();
  const ObjectInfo info = project.Add();
  for (auto _ : state) {
    project.Run([&](ObjectStore& store) { return Checkout(store, info, project.data(), false)->change; });
  }
}
BENCHMARK(BM_CheckoutNothingToDo)->Unit(benchmark::kMillisecond)->UseRealTime();

void BM_Gc(benchmark::State& state) {
  const Project& project = TheProject();
  const ObjectInfo info = project.Add();
  for (auto _ : state) {
    project.Run([&](ObjectStore& store) {
      ObjectSet keep;
      keep.Add(*ObjectId::Parse(info.md5));
      keep.AddFilesOf(*store.ReadTree(info.md5));
      keep.Seal();
      return CollectGarbage(store, keep, false, {.dry = true})->objects;
    });
  }
}
BENCHMARK(BM_Gc)->Unit(benchmark::kMillisecond)->UseRealTime();

double HeapMb() {
  const struct mallinfo2 info = ::mallinfo2();
  return static_cast<double>(info.uordblks + info.hblkhd) / 1e6;
}

Md5 Number(std::uint64_t i) {
  Md5 md5{};
  for (std::size_t at = 0; at < 8; ++at) md5[at] = md5[at + 8] = static_cast<std::uint8_t>(i * 0x9E3779B97F4A7C15u >> (8 * at));
  return md5;
}

// A .dir object of a million files, written and read back.
void BM_TreeOfAMillion(benchmark::State& state) {
  Tree made;
  for (int i = 0; i < kMillion; ++i)
    made.Add(fmt::format("train/{:03}/{:07}.jpg", i / 1000, i), Number(static_cast<std::uint64_t>(i)));
  made.Seal();
  const std::string body = made.Body();
  made = Tree();
  const double before = HeapMb();
  for (auto _ : state) {
    const Tree tree = *Tree::Parse(body);
    state.counters["heap_MB"] = HeapMb() - before;
    benchmark::DoNotOptimize(tree.Id());
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(2 * body.size()));
}
BENCHMARK(BM_TreeOfAMillion)->Unit(benchmark::kMillisecond);

// The remembered hashes of a million files, read from their file.
void BM_StateOfAMillion(benchmark::State& state) {
  const Folder folder("one");
  {
    HashState made = *HashState::Open(folder.path / "state");
    std::vector<HashState::Record> records;
    for (std::uint64_t i = 0; i < kMillion; ++i)
      records.push_back({HashState::KeyOfFile(fmt::format("data/{}", i), {}), Number(i)});
    made.Remember(std::move(records));
    benchmark::DoNotOptimize(made.Save().ok());
  }
  const double before = HeapMb();
  for (auto _ : state) {
    const HashState read = *HashState::Open(folder.path / "state");
    state.counters["heap_MB"] = HeapMb() - before;
    benchmark::DoNotOptimize(read.Find(HashState::KeyOfFile("data/4711", {})));
  }
}
BENCHMARK(BM_StateOfAMillion)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace mlean::cas

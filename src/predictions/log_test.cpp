#include "predictions/log.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <map>
#include <thread>

#include "predictions/checksum.hpp"
#include "predictions/reader.hpp"
#include "predictions/segment.hpp"
#include "predictions/segment_file.hpp"

namespace mlean::predictions {
namespace {

namespace fs = std::filesystem;

const Schema kSchema{{"dep_delay", "distance"}, {"predict"}};

class PredictionLog : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "mlean-plog-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = fs::path(pattern) / "m";
  }
  void TearDown() override { fs::remove_all(folder_.parent_path()); }
  std::unique_ptr<LogWriter> Open(LogOptions options = {}) {
    options.folder = folder_;
    options.model = "m";
    auto log = LogWriter::Open(options);
    EXPECT_TRUE(log) << log.error().what;
    return std::move(*log);
  }
  Predictions Read(const Window& window = {}, ReadStats* stats = nullptr) {
    auto got = ReadWindow(folder_, window, stats);
    EXPECT_TRUE(got) << got.error().what;
    return got ? *std::move(got) : Predictions{};
  }
  fs::path OnlySegment() {
    const auto names = ListSegments(folder_);
    EXPECT_EQ(names->size(), 1U);
    return names->front().path;
  }
  fs::path folder_;
};

// Record number i: everything in it follows from i.
struct Made {
  explicit Made(int i, TimeMs time) : id(fmt::format("req-{}", i)), features{0.5F * i, -1.0F * i}, outputs{i / 8.0F} {
    record.time = time;
    record.version = i % 3 + 1;
    record.variant = static_cast<Variant>(i % 4);
    record.latency_us = static_cast<std::uint32_t>(i);
    record.input_hash[0] = static_cast<std::uint8_t>(i);
  }
  const Record& Get() {
    record.request_id = id;
    record.features = features;
    record.outputs = outputs;
    return record;
  }
  std::string id;
  float features[2];
  float outputs[1];
  Record record;
};

TEST(Checksum, KnownValueAndBothWaysAgree) {
  EXPECT_EQ(Crc32c("123456789", 9), 0xE3069283U);
  std::string bytes;
  for (int i = 0; i < 300; ++i) {
    EXPECT_EQ(Crc32c(bytes.data(), bytes.size()), Crc32cPortable(bytes.data(), bytes.size()));
    bytes += static_cast<char>(i * 37);
  }
}

TEST_F(PredictionLog, WhatWasAppendedIsReadBack) {
  auto log = Open();
  const int schema = *log->AddSchema(kSchema);
  EXPECT_EQ(*log->AddSchema(kSchema), schema);
  for (int i = 0; i < 20000; i += 4) {
    std::vector<Made> made;
    for (int j = i; j < i + 4; ++j) made.emplace_back(j, 1000 + j);
    std::vector<Record> records;
    for (Made& m : made) records.push_back(m.Get());
    ASSERT_TRUE(log->AppendBatch(schema, records));
  }
  EXPECT_EQ(log->Appended(), 20000U);
  const Predictions got = Read();
  ASSERT_EQ(got.size(), 20000U);
  for (int i = 0; i < 20000; ++i) {
    const auto at = static_cast<std::size_t>(i);
    ASSERT_EQ(got.ids[at], fmt::format("req-{}", i));
    ASSERT_EQ(got.times[at], 1000 + i);
    ASSERT_EQ(got.versions[at], i % 3 + 1);
    ASSERT_EQ(got.variants[at], static_cast<Variant>(i % 4));
    ASSERT_EQ(got.latencies_us[at], static_cast<std::uint32_t>(i));
    ASSERT_EQ(got.input_hashes[at][0], static_cast<std::uint8_t>(i));
    ASSERT_EQ(got.features.Find("distance")->reals[at], -1.0 * i);
    ASSERT_EQ(got.outputs.Find("predict")->reals[at], i / 8.0);
  }
  EXPECT_EQ(Read({.from = 2000, .to = 3000}).size(), 1000U);
  EXPECT_EQ(Read({.variants = {Variant::kShadow}}).size(), 5000U);
  EXPECT_EQ(Read({.versions = {1, 2}, .features = false}).features.columns.size(), 0U);
  EXPECT_EQ(Read({.limit = 9000}).size(), 9000U);
  int chunks = 0;
  ASSERT_TRUE(ScanWindow(folder_, {}, [&](const Predictions& chunk) -> Result<bool> {
    EXPECT_LE(chunk.size(), 8192U);
    return ++chunks < 2;
  }));
  EXPECT_EQ(chunks, 2);
}

TEST_F(PredictionLog, RetriesCountOnceShadowsAndFailuresByThemselves) {
  auto log = Open();
  const int schema = *log->AddSchema(kSchema);
  const auto add = [&](const char* id, std::uint32_t row, TimeMs time, Variant variant, std::uint16_t status) {
    Made made(1, time);
    Record record = made.Get();
    record.request_id = id;
    record.row = row;
    record.variant = variant;
    record.status = status;
    ASSERT_TRUE(log->AppendBatch(schema, {&record, 1}));
  };
  const TimeMs t = kHourMs;
  add("a", 0, t, Variant::kChampion, 500);
  add("a", 0, t + 1, Variant::kChampion, 200);
  add("a", 0, t + 2, Variant::kCandidate, 200);  // the retry, routed elsewhere
  add("a", 0, t + 3, Variant::kShadow, 200);
  add("a", 1, t + 4, Variant::kChampion, 200);
  add("b", 0, t + 5, Variant::kChampion, 200);
  ReadStats stats;
  EXPECT_EQ(Read({}, &stats).times, (std::vector<TimeMs>{t, t + 1, t + 3, t + 4, t + 5}));
  EXPECT_EQ(stats.duplicates, 1U);
  EXPECT_EQ(Read({.ok = true}).times, (std::vector<TimeMs>{t + 1, t + 3, t + 4, t + 5}));
  EXPECT_EQ(Read({.from = t + 2}).times, (std::vector<TimeMs>{t + 3, t + 4, t + 5}));  // its first came before the window
}

TEST_F(PredictionLog, SegmentsRollBySizeDayAndSchema) {
  auto log = Open({.segment_bytes = 1000});
  const int one = *log->AddSchema(kSchema);
  const int two = *log->AddSchema({{"distance", "hour", "x"}, {"p0", "p1"}});
  EXPECT_NE(one, two);
  for (int i = 0; i < 40; ++i) {
    Made made(i, (i < 20 ? 0 : kDayMs) + i);
    Record record = made.Get();
    ASSERT_TRUE(log->AppendBatch(one, {&record, 1}));
  }
  const float features[] = {1, 2, std::nanf("")};
  const float outputs[] = {3, 4};
  Record record{.time = kDayMs + 100, .request_id = "z"};
  record.features = features;
  record.outputs = outputs;
  ASSERT_TRUE(log->AppendBatch(two, {&record, 1}));
  log.reset();
  EXPECT_GE(ListSegments(folder_)->size(), 4U);
  ReadStats stats;
  const Predictions got = Read({.from = kDayMs}, &stats);
  EXPECT_EQ(got.size(), 21U);
  EXPECT_GE(stats.skipped, 1U);
  EXPECT_EQ(got.features.Find("distance")->reals.back(), 1);
  EXPECT_EQ(got.features.Find("hour")->reals.back(), 2);
  EXPECT_TRUE(std::isnan(got.features.Find("hour")->reals.front()));
  EXPECT_TRUE(std::isnan(got.features.Find("x")->reals.back()));
  EXPECT_TRUE(std::isnan(got.outputs.Find("predict")->reals.back()));
  const std::uint64_t freed = *DropSegments(folder_, kDayMs);
  EXPECT_GT(freed, 0U);
  EXPECT_EQ(Read().size(), 21U);
  EXPECT_EQ(*DropSegments(folder_, kDayMs), 0U);
  EXPECT_GT(*TrimLog(folder_, 1500), 0U);
  EXPECT_LT(Read().size(), 21U);
}

TEST_F(PredictionLog, TornTailsAreIgnoredAndCutOffByTheNextOpen) {
  // Every place at which a crash can cut the last record.
  auto log = Open();
  const int schema = *log->AddSchema(kSchema);
  for (int i = 0; i < 3; ++i) {
    Made made(i, i);
    Record record = made.Get();
    ASSERT_TRUE(log->AppendBatch(schema, {&record, 1}));
  }
  const fs::path path = OnlySegment();
  std::ifstream file(path, std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(file)), {});
  log.reset();
  const std::size_t record_size = 8 + 56 + 5 + 12;
  for (std::size_t cut = 1; cut < record_size; ++cut) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes.substr(0, bytes.size() - cut);
    ASSERT_EQ(Read().size(), 2U) << cut;
    ReadStats stats;
    Open();
    ASSERT_EQ(Read({}, &stats).size(), 2U) << cut;
    ASSERT_EQ(stats.damaged, 0U);
    ASSERT_TRUE(SegmentFile::Open(path)->Summary()) << cut;
  }
  // A header cut off: nothing was acknowledged, the file goes.
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes.substr(0, 5);
  Open();
  EXPECT_FALSE(fs::exists(path));
}

TEST_F(PredictionLog, DamageIsCountedAndKept) {
  auto log = Open();
  const int schema = *log->AddSchema(kSchema);
  for (int i = 0; i < 9; ++i) {
    Made made(i, i);
    Record record = made.Get();
    ASSERT_TRUE(log->AppendBatch(schema, {&record, 1}));
  }
  const fs::path path = OnlySegment();
  log.reset();
  const auto size = fs::file_size(path);
  std::fstream(path, std::ios::binary | std::ios::in | std::ios::out).seekp(static_cast<std::streamoff>(size / 2 + 40)).put('!');
  ReadStats stats;
  const std::size_t sound = Read({}, &stats).size();
  EXPECT_LT(sound, 9U);
  EXPECT_GT(sound, 0U);
  EXPECT_EQ(stats.damaged, 1U);
  Open();
  EXPECT_EQ(fs::file_size(path), size);
}

TEST_F(PredictionLog, RefusalsLeaveTheLogAndAreCounted) {
  auto log = Open({.quota_bytes = 2000});
  const int schema = *log->AddSchema(kSchema);
  Made made(1, 1);
  Record record = made.Get();
  const std::string long_id(129, 'x');
  record.request_id = long_id;
  EXPECT_EQ(log->AppendBatch(schema, {&record, 1}).error().code, Code::kInvalid);
  record = made.Get();
  record.features = record.features.first(1);
  EXPECT_EQ(log->AppendBatch(schema, {&record, 1}).error().code, Code::kInvalid);
  record = made.Get();
  record.time = -1;
  EXPECT_EQ(log->AppendBatch(schema, {&record, 1}).error().code, Code::kInvalid);
  record = made.Get();
  record.features = {};  // not logged
  EXPECT_TRUE(log->AppendBatch(schema, {&record, 1}));
  int kept = 1;
  int refused = 0;
  for (int i = 2; i < 60; ++i) {
    Made next(i, i);
    const Result<void> done = log->AppendBatch(schema, {&next.Get(), 1});
    if (done) ++kept;
    if (!done && done.error().code == Code::kTooLarge) ++refused;
  }
  EXPECT_EQ(kept + refused, 59);
  EXPECT_GT(refused, 10);
  EXPECT_EQ(log->Dropped(), static_cast<std::uint64_t>(refused + 3));
  EXPECT_EQ(Read().size(), static_cast<std::size_t>(kept));
  EXPECT_TRUE(std::isnan(Read().features.columns[0].reals[0]));
}

TEST_F(PredictionLog, AFullDiskCutsNothingInHalf) {
  // RLIMIT_FSIZE stands in for the full disk: write(2) takes a part, then fails.
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    signal(SIGXFSZ, SIG_IGN);
    rlimit limit{4000, RLIM_INFINITY};
    setrlimit(RLIMIT_FSIZE, &limit);
    auto log = LogWriter::Open({.folder = folder_, .model = "m"});
    const int schema = *(*log)->AddSchema(kSchema);
    int refused = 0;
    for (int i = 0; i < 100; ++i) {
      Made made(i, i);
      if (!(*log)->AppendBatch(schema, {&made.Get(), 1})) ++refused;
    }
    limit.rlim_cur = RLIM_INFINITY;  // there is room again
    setrlimit(RLIMIT_FSIZE, &limit);
    Made made(100, 100);
    if (!(*log)->AppendBatch(schema, {&made.Get(), 1})) _exit(2);
    _exit((*log)->Dropped() == static_cast<std::uint64_t>(refused) && refused > 0 && refused < 100 ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(WEXITSTATUS(status), 0);
  ReadStats stats;
  const Predictions got = Read({}, &stats);
  EXPECT_GT(got.size(), 10U);
  EXPECT_EQ(got.ids.back(), "req-100");
  EXPECT_EQ(stats.damaged, 0U);
}

// A child appends and says so; it is killed without warning, again and again. Everything it said is read back, each once.
TEST_F(PredictionLog, KillNineLosesNothingAcknowledged) {
  int acknowledged = 0;
  for (int round = 0; round < 5; ++round) {
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      close(ends[0]);
      auto log = LogWriter::Open({.folder = folder_, .model = "m", .segment_bytes = 20000});
      if (!log) _exit(1);
      const int schema = *(*log)->AddSchema(kSchema);
      // The client repeats its last request, as it does not know whether that was logged.
      for (int i = std::max(0, acknowledged - 1);; ++i) {
        Made made(i * 4, i);
        if (!(*log)->AppendBatch(schema, {&made.Get(), 1})) _exit(1);
        if (write(ends[1], &i, sizeof i) != sizeof i) _exit(1);
      }
    }
    close(ends[1]);
    int last = -1;
    while (last < acknowledged + 400 + round * 37 && read(ends[0], &last, sizeof last) == sizeof last) {
    }
    kill(child, SIGKILL);
    while (read(ends[0], &last, sizeof last) == sizeof last) {
    }
    close(ends[0]);
    int status = 0;
    waitpid(child, &status, 0);
    ASSERT_TRUE(WIFSIGNALED(status));
    acknowledged = last + 1;
    const Predictions got = Read();
    std::map<std::string, int> seen;
    for (const std::string& id : got.ids) ++seen[id];
    for (int i = 0; i < acknowledged; ++i) ASSERT_EQ(seen[fmt::format("req-{}", i * 4)], 1) << i;
    ASSERT_LE(got.size(), static_cast<std::size_t>(acknowledged) + 1);
  }
  EXPECT_GT(acknowledged, 1500);
}

TEST_F(PredictionLog, ManyThreadsAndASecondWriter) {
  auto log = Open({.segment_bytes = 50000});
  auto other = Open();
  const int schema = *log->AddSchema(kSchema);
  const int other_schema = *other->AddSchema(kSchema);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 1000; ++i) {
        Made made(t * 1000 + i, i);
        const Result<void> done =
            t == 0 ? other->AppendBatch(other_schema, {&made.Get(), 1}) : log->AppendBatch(schema, {&made.Get(), 1});
        ASSERT_TRUE(done);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(Read().size(), 4000U);
}

TEST(Segment, HostileHeadersAreRefused) {
  EXPECT_FALSE(ParseHeader(""));
  EXPECT_FALSE(ParseHeader("MLNPLOG\n"));
  const std::string good = EncodeHeader({.model = "m", .schema = kSchema});
  EXPECT_TRUE(ParseHeader(good));
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] = static_cast<char>(bad[i] ^ 0x20);
    EXPECT_FALSE(ParseHeader(bad)) << i;
    EXPECT_FALSE(ParseHeader(std::string_view(good).substr(0, i)));
  }
  EXPECT_EQ(ParseHeader(EncodeHeader({.version = 2, .model = "m"})).error().code, Code::kUnsupported);
}

}  // namespace
}  // namespace mlean::predictions

#include "cas/hash_state.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <random>
#include <thread>

#include "base/digest.hpp"
#include "cas/file_hash.hpp"
#include "cas/state_file.hpp"
#include "cas/test_folder.hpp"

namespace mlean::cas {
namespace {

Md5 Number(std::uint64_t i) { return *ParseMd5(fmt::format("{:032x}", i)); }
HashState::Key KeyNumber(std::uint64_t i) { return {i * 0x9E3779B97F4A7C15u, i + 1}; }

class HashStateTest : public TestFolder {
 protected:
  HashState Open() { return *HashState::Open(dir_ / "tmp/state"); }
  // Waits until files written so far are older than the clock.
  void LetTheClockTick(const HashState& state, const std::filesystem::path& file) {
    while (!HashState::IsSettled(*FactsOf(dir_ / file), state.Now())) std::this_thread::yield();
  }
  void Overwrite(const std::filesystem::path& path, std::string_view text) {
    const int fd = ::open((dir_ / path).c_str(), O_WRONLY);
    ASSERT_EQ(::pwrite(fd, text.data(), text.size(), 0), static_cast<ssize_t>(text.size()));
    ::close(fd);
  }
};

TEST_F(HashStateTest, RemembersWhatIsSettled) {
  ASSERT_TRUE(os::MakeDirs(dir_ / "tmp"));
  Write("f", "1");
  HashState state = Open();
  LetTheClockTick(state, "f");
  EXPECT_EQ(HashFile(dir_ / "f", {.state = &state})->md5, Md5Hex("1"));
  EXPECT_EQ(state.size(), 1u);
  // A remembered value is used without reading: a wrong one shows.
  const FileFacts facts = *FactsOf(dir_ / "f");
  state.Remember(HashState::KeyOfFile((dir_ / "f").native(), facts), Number(2));
  EXPECT_EQ(HashFile(dir_ / "f", {.state = &state})->md5, HexOf(Number(2)));
  EXPECT_EQ(HashFile(dir_ / "f", {.state = &state, .legacy = true})->md5, Md5Hex("1")) << "another hash";
  int field = 0;
  for (FileFacts other : {facts, facts, facts, facts}) {
    (field == 0 ? other.size : field == 1 ? other.inode : other.size) += field < 2;
    other.mtime_ns += field == 2;
    other.ctime_ns += field++ == 3;
    EXPECT_FALSE(state.Find(HashState::KeyOfFile((dir_ / "f").native(), other)));
  }
  EXPECT_FALSE(state.Find(HashState::KeyOfFile((dir_ / "g").native(), facts)));
}

// The same size, rewritten in place, as fast as possible: most of these fall into one tick of the clock.
TEST_F(HashStateTest, ARewriteInTheSameTickIsSeen) {
  ASSERT_TRUE(os::MakeDirs(dir_ / "tmp"));
  HashState state = Open();
  Write("f", "0000");
  Write("d/f", "0000");
  int remembered = 0;
  for (int i = 0; i < 3000; ++i) {
    const std::string text = fmt::format("{:04}", i);
    Overwrite("f", text);
    Overwrite("d/f", text);
    // Sometimes the file has time to settle, so that remembering is tried too.
    if (i % 50 == 0) LetTheClockTick(state, "d/f");
    const std::size_t before = state.size();
    ASSERT_EQ(HashFile(dir_ / "f", {.state = &state})->md5, Md5Hex(text)) << i;
    ASSERT_EQ(HashTree(dir_ / "d", {.state = &state})->tree.Find("f")->md5, *ParseMd5(Md5Hex(text))) << i;
    ASSERT_EQ(HashPath(dir_ / "d", {.state = &state})->md5, HashTree(dir_ / "d")->info.md5) << i;
    remembered += state.size() > before || i % 50 == 0;
  }
  EXPECT_GT(remembered, 10);
}

// The rule itself: not every kernel's clock is coarse enough for the test above to need it.
TEST_F(HashStateTest, OnlyWhatIsOlderThanTheClockIsSettled) {
  constexpr std::int64_t kNow = 5'000'000'000;
  const auto settled = [](std::int64_t mtime, std::int64_t ctime, std::uint32_t device) {
    return HashState::IsSettled({.mtime_ns = mtime, .ctime_ns = ctime, .device = device}, {.ns = kNow, .device = 7});
  };
  EXPECT_TRUE(settled(kNow - 1, kNow - 1, 7));
  EXPECT_FALSE(settled(kNow, kNow - 1, 7)) << "the same tick";
  EXPECT_FALSE(settled(kNow - 1, kNow, 7));
  EXPECT_FALSE(settled(kNow - 1, kNow - 1, 8)) << "another clock";
  EXPECT_FALSE(settled(kNow - 2'000'000'000, 0, 8));
  EXPECT_TRUE(settled(kNow - 2'000'000'001, 0, 8));
  // Hashing keeps to it: a file from the future is not remembered, nor is its folder.
  Write("d/f", "1");
  HashState state = Open();
  LetTheClockTick(state, "d/f");
  const struct timespec future[2] = {{4'000'000'000, 0}, {4'000'000'000, 0}};
  ASSERT_EQ(::utimensat(AT_FDCWD, (dir_ / "d/f").c_str(), future, 0), 0);
  ASSERT_TRUE(HashFile(dir_ / "d/f", {.state = &state}));
  ASSERT_TRUE(HashTree(dir_ / "d", {.state = &state}));
  EXPECT_EQ(state.size(), 0u);
}

TEST_F(HashStateTest, ATimeSetBackIsSeen) {
  ASSERT_TRUE(os::MakeDirs(dir_ / "tmp"));
  HashState state = Open();
  Write("f", "old!");
  LetTheClockTick(state, "f");
  ASSERT_EQ(HashFile(dir_ / "f", {.state = &state})->md5, Md5Hex("old!"));
  const auto time = std::filesystem::last_write_time(dir_ / "f");
  Overwrite("f", "new!");
  std::filesystem::last_write_time(dir_ / "f", time);
  EXPECT_EQ(HashFile(dir_ / "f", {.state = &state})->md5, Md5Hex("new!"));
}

TEST_F(HashStateTest, AFolderIsKnownAsAWhole) {
  ASSERT_TRUE(os::MakeDirs(dir_ / "tmp"));
  HashState state = Open();
  Write("d/a", "1");
  Write("d/s/b", "2");
  LetTheClockTick(state, "d/s/b");
  const ObjectInfo info = *HashPath(dir_ / "d", {.state = &state});
  const Listing listing = *ScanTree(dir_ / "d");
  const HashState::Key key = HashState::KeyOfFolder((dir_ / "d").native(), listing);
  EXPECT_EQ(state.Find(key), ObjectId::Parse(info.md5)->md5);
  state.Remember(key, Number(9));
  const ObjectInfo again = *HashPath(dir_ / "d", {.state = &state});
  EXPECT_EQ(again.md5, HexOf(Number(9)) + ".dir") << "taken as remembered";
  EXPECT_EQ(again.size, info.size);
  EXPECT_EQ(again.nfiles, 2u);
  Write("d/c", "3");
  EXPECT_EQ(HashPath(dir_ / "d", {.state = &state})->md5, HashTree(dir_ / "d")->info.md5);
}

TEST_F(HashStateTest, IsKeptInAFile) {
  {
    HashState state = Open();
    for (std::uint64_t i = 0; i < 100; ++i) state.Remember(KeyNumber(i), Number(i));
    ASSERT_TRUE(state.Save());
  }
  for (std::uint64_t round = 1; round < 40; ++round) {
    HashState state = Open();
    for (std::uint64_t i = 0; i < 100; ++i) ASSERT_EQ(state.Find(KeyNumber(i)), Number(i)) << round;
    if (round > 1) {
      ASSERT_EQ(state.Find({5, round - 1}), Number(round - 1));
    }
    ASSERT_FALSE(state.Find({5, round})) << "an older condition is forgotten or not yet known";
    state.Remember({5, round}, Number(round));
    ASSERT_TRUE(state.Save());
  }
  EXPECT_LT(os::Stat(dir_ / "tmp/state")->size, 101 * 32 + 40 * 60u) << "runs are merged";
}

TEST_F(HashStateTest, ManyRecordsAreFound) {
  HashState state = Open();
  std::mt19937_64 random(3);
  std::vector<HashState::Record> all;
  for (std::uint64_t i = 0; i < 50'000; ++i) all.push_back({{random(), random()}, Number(i)});
  // The ends of the range, where the search starts at its border.
  all.push_back({{0, 1}, Number(1)});
  all.push_back({{~std::uint64_t{0}, 1}, Number(2)});
  state.Remember(all);
  ASSERT_TRUE(state.Save());
  const HashState again = Open();
  for (const HashState::Record& record : all) ASSERT_EQ(again.Find(record.key), record.md5);
  for (int i = 0; i < 1000; ++i) ASSERT_FALSE(again.Find({random(), random()}));
}

TEST_F(HashStateTest, SeveralProcessesAppend) {
  HashState a = Open();
  HashState b = Open();
  a.Remember(KeyNumber(1), Number(1));
  b.Remember(KeyNumber(2), Number(2));
  ASSERT_TRUE(a.Save());
  ASSERT_TRUE(b.Save());
  for (std::uint64_t i = 3; i < 40; ++i) {
    HashState& one = i % 2 == 0 ? a : b;
    one.Remember(KeyNumber(i), Number(i));
    ASSERT_TRUE(one.Save());
  }
  const HashState both = Open();
  for (std::uint64_t i = 1; i < 40; ++i) EXPECT_EQ(both.Find(KeyNumber(i)), Number(i)) << i;
  // What was saved is not kept but read again, with what the others have added.
  for (std::uint64_t i = 1; i < 40; ++i) EXPECT_EQ(a.Find(KeyNumber(i)), Number(i)) << i;
}

// Any damage: what is before it stays, the rest is as if it had never been, and the next save works.
TEST_F(HashStateTest, DamageOnlyForgets) {
  {
    HashState state = Open();
    for (std::uint64_t i = 0; i < 20; ++i) state.Remember(KeyNumber(i), Number(i));
    ASSERT_TRUE(state.Save());
    for (std::uint64_t i = 20; i < 30; ++i) state.Remember(KeyNumber(i), Number(i));
    ASSERT_TRUE(state.Save());
  }
  const std::string whole = Read("tmp/state");
  const auto check = [&](const std::string& bytes) {
    Write("tmp/state", bytes);
    HashState state = Open();
    for (std::uint64_t i = 0; i < 30; ++i) {
      const auto found = state.Find(KeyNumber(i));
      ASSERT_TRUE(!found || *found == Number(i));
    }
    state.Remember(KeyNumber(99), Number(99));
    ASSERT_TRUE(state.Save());
    ASSERT_EQ(Open().Find(KeyNumber(99)), Number(99));
  };
  for (std::size_t cut = 0; cut < whole.size(); cut += 7) check(whole.substr(0, cut));
  for (std::size_t at = 0; at < whole.size(); at += 5) {
    std::string bad = whole;
    bad[at] = static_cast<char>(bad[at] ^ 0x10);
    check(bad);
  }
  check(whole + std::string(100, '\0'));
  check("something else altogether, longer than the header of the file");
  // A folder in its place.
  ASSERT_TRUE(os::Remove(dir_ / "tmp/state"));
  ASSERT_TRUE(os::MakeDirs(dir_ / "tmp/state"));
  HashState state = Open();
  EXPECT_EQ(state.size(), 0u);
  state.Remember(KeyNumber(1), Number(1));
  EXPECT_FALSE(state.Save());
}

TEST_F(HashStateTest, WhatWasMadeIsTrustedWhenItIsOld) {
  ASSERT_TRUE(os::MakeDirs(dir_ / "tmp"));
  HashState state = Open();
  FileFacts facts;
  facts.device = state.Now().device;
  facts.ctime_ns = state.Now().ns - 1'000'000'000;
  state.RememberMade(KeyNumber(1), Number(1), facts);
  facts.ctime_ns = state.Now().ns + 1'000'000'000;
  state.RememberMade(KeyNumber(2), Number(2), facts);
  EXPECT_FALSE(state.Find(KeyNumber(1)));
  ASSERT_TRUE(state.Save());
  EXPECT_TRUE(state.Find(KeyNumber(1)));
  EXPECT_FALSE(state.Find(KeyNumber(2)));
  // Elsewhere clocks may differ: two seconds.
  facts.device += 1;
  facts.ctime_ns = state.Now().ns - 1'000'000'000;
  EXPECT_FALSE(HashState::IsSettled(facts, state.Now()));
  facts.ctime_ns = state.Now().ns - 3'000'000'000;
  EXPECT_TRUE(HashState::IsSettled(facts, state.Now()));
}

}  // namespace
}  // namespace mlean::cas

#include "artifacts/artifact_store.hpp"

#include <string>

#include "base/digest.hpp"
#include "os/files.hpp"
#include "sql/temporary_database_test.hpp"

namespace mlean::artifacts {
namespace {

using ::testing::ElementsAre;

TEST(ArtifactPath, IsCleaned) {
  for (const auto& [given, clean] : std::vector<std::pair<std::string, std::string>>{
           {"", ""},
           {"a", "a"},
           {"a/b/", "a/b"},
           {"a//b", "a/b"},
           {"./a/./b", "a/b"},
           {"a b/ä", "a b/ä"},
           {"100%", "100%"},
           {"a%20b", "a b"},
           {"x/%2541", "x/A"},
           {"%c3%a4%zz", "ä%zz"},
           {"dogs%step%1%timestamp%1795%nf.png", "dogs%step%1%timestamp%1795%nf.png"},
           {"a\tb", "a%09b"},
           {"a%ff", "a\xEF\xBF\xBD"}}) {
    const auto path = CleanPath(given);
    ASSERT_TRUE(path) << given;
    EXPECT_EQ(*path, clean);
  }
}

TEST(ArtifactPath, IsRefusedWhenItLeadsOut) {
  for (const std::string given :
       {"..", "a/../b", "/a", "%2e%2e/a", "%252e%252e", "a/%2e%2e", "a\\b", "%5c", "a#b", "a%23b", "%2fetc", "a%00b"}) {
    EXPECT_FALSE(CleanPath(given)) << given;
  }
  EXPECT_FALSE(CleanPath(std::string("a\0b", 3)));
  EXPECT_FALSE(CleanPath("\xff"));
  EXPECT_FALSE(CleanPath(std::string(1001, 'a')));
}

class ArtifactStore : public sql::TemporaryDatabaseTest {
 protected:
  ArtifactStore() : TemporaryDatabaseTest(Migrations()) {}

  Result<void> Keep(const std::string& path, const std::string& text) {
    const std::filesystem::path file = folder_ / "upload";
    TRYV(os::WriteFileAtomic(file, text));
    TRY(Blob blob, DigestFile(file));
    return Write([&](sql::Txn& txn) { return Put(txn, Root(), path, blob, file); });
  }
  std::string Text(const std::string& path) {
    const auto blob = Read([&](sql::Conn& conn) { return Find(conn, path); });
    if (!blob || !*blob) return "none";
    return *os::ReadFile(BlobPath(Root(), (*blob)->digest));
  }
  std::vector<std::string> Names(const std::string& folder) {
    const auto entries = Read([&](sql::Conn& conn) { return List(conn, folder); });
    std::vector<std::string> out;
    for (const Entry& entry : *entries) out.push_back(entry.name + (entry.folder ? "/" : ""));
    return out;
  }
  std::int64_t Sweep() { return SweepAllUnused(*db_, Root())->blobs; }
  std::size_t Blobs() { return os::Exists(Root()) ? os::ListTree(Root())->size() : 0; }
  std::filesystem::path Root() const { return folder_ / "blobs"; }
};

TEST_F(ArtifactStore, KeepsEqualContentOnce) {
  ASSERT_TRUE(Keep("1/a", "same"));
  ASSERT_TRUE(Keep("1/b", "same"));
  EXPECT_EQ(Blobs(), 1u);
  EXPECT_EQ(Text("1/a"), "same");
  EXPECT_EQ(Text("1/b"), "same");
  EXPECT_EQ(*Write([&](sql::Txn& txn) { return Remove(txn, "1/a"); }), 1u);
  EXPECT_EQ(Sweep(), 0);
  EXPECT_EQ(Text("1/b"), "same");
  EXPECT_EQ(*Write([&](sql::Txn& txn) { return Remove(txn, "1"); }), 1u);
  EXPECT_EQ(Blobs(), 1u);  // until its row is surely gone
  EXPECT_EQ(Sweep(), 1);
  EXPECT_EQ(Blobs(), 0u);
  EXPECT_EQ(*Write([&](sql::Txn& txn) { return Remove(txn, "1"); }), 0u);
}

TEST_F(ArtifactStore, ReplacesAFile) {
  ASSERT_TRUE(Keep("a", "old"));
  ASSERT_TRUE(Keep("a", "new"));
  EXPECT_EQ(Text("a"), "new");
  EXPECT_EQ(Sweep(), 1);
  EXPECT_EQ(Blobs(), 1u);
  ASSERT_TRUE(Keep("a", "new"));
  EXPECT_EQ(Sweep(), 0);
  EXPECT_EQ(Text("a"), "new");
}

TEST_F(ArtifactStore, KeepsABlobThatWasNamedAgainBeforeTheSweep) {
  ASSERT_TRUE(Keep("a", "text"));
  ASSERT_TRUE(Write([&](sql::Txn& txn) { return Remove(txn, "a"); }));
  ASSERT_TRUE(Keep("b", "text"));
  EXPECT_EQ(Sweep(), 0);
  EXPECT_EQ(Text("b"), "text");
}

TEST_F(ArtifactStore, SweepsWhatNoRowNames) {
  ASSERT_TRUE(Keep("a", "kept"));
  const std::filesystem::path orphan = BlobPath(Root(), Sha256Hex("orphan"));
  ASSERT_TRUE(os::MakeDirs(orphan.parent_path()));
  ASSERT_TRUE(os::WriteFileAtomic(orphan, "orphan"));
  const auto swept = SweepOrphans(*db_, Root());
  ASSERT_TRUE(swept) << swept.error().what;
  EXPECT_EQ(swept->blobs, 1);
  EXPECT_EQ(swept->bytes, 6);
  EXPECT_EQ(Text("a"), "kept");
  EXPECT_EQ(Blobs(), 1u);
}

TEST_F(ArtifactStore, SaysWhichContentsAreThereAndWhichAreLoose) {
  for (const std::string path : {"a", "b", "c"}) ASSERT_TRUE(Keep(path, path == "c" ? "another" : "same"));
  const auto contents = *Read([&](sql::Conn& conn) { return ListContents(conn, "", 10); });
  ASSERT_EQ(contents.size(), 2u);
  EXPECT_EQ(Read([&](sql::Conn& conn) { return ListContents(conn, contents[0].digest, 10); })->size(), 1u);
  ASSERT_TRUE(Write([&](sql::Txn& txn) { return Remove(txn, "c"); }));
  const auto unused = *Read(ListUnused);
  ASSERT_EQ(unused.size(), 1u);
  EXPECT_EQ(unused[0].digest, Sha256Hex("another"));
  EXPECT_EQ(unused[0].size, 7);
  ASSERT_TRUE(Write([&](sql::Txn& txn) { return ForgetUnused(txn, unused[0].digest); }));
  EXPECT_TRUE(Read(ListUnused)->empty());
}

TEST_F(ArtifactStore, RemembersItsBucket) {
  EXPECT_FALSE(*Read(FindBucket));
  ASSERT_TRUE(Write([&](sql::Txn& txn) { return SaveBucket(txn, {"s3://a/b", "me", false}); }));
  ASSERT_TRUE(Write([&](sql::Txn& txn) { return SaveBucket(txn, {"s3://a/b", "me", true}); }));
  const auto bucket = *Read(FindBucket);
  ASSERT_TRUE(bucket);
  EXPECT_EQ(bucket->url, "s3://a/b");
  EXPECT_EQ(bucket->store, "me");
  EXPECT_TRUE(bucket->ready);
}

TEST_F(ArtifactStore, ListsOneLevel) {
  for (const std::string path : {"m/z", "m/a/1", "m/a/2", "m/a.txt", "m/a-b/c/d", "n/x", "m0"}) ASSERT_TRUE(Keep(path, path));
  EXPECT_THAT(Names("m"), ElementsAre("a/", "a-b/", "a.txt", "z"));
  EXPECT_THAT(Names(""), ElementsAre("m/", "m0", "n/"));
  EXPECT_THAT(Names("m/a"), ElementsAre("1", "2"));
  EXPECT_TRUE(Names("m/z").empty());
  EXPECT_TRUE(Names("none").empty());
  EXPECT_EQ(*Write([&](sql::Txn& txn) { return Remove(txn, "m/a"); }), 2u);
  EXPECT_THAT(Names("m"), ElementsAre("a-b/", "a.txt", "z"));
}

TEST_F(ArtifactStore, RefusesAFileThatWouldBeAFolder) {
  ASSERT_TRUE(Keep("a/b", "x"));
  EXPECT_EQ(Keep("a", "y").error().code, Code::kConflict);
  EXPECT_EQ(Keep("a/b/c", "y").error().code, Code::kConflict);
  EXPECT_EQ(Text("a/b"), "x");
}

}  // namespace
}  // namespace mlean::artifacts

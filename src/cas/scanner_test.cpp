#include "cas/scanner.hpp"

#include <sys/stat.h>

#include <set>

#include "cas/file_hash.hpp"
#include "cas/test_folder.hpp"

namespace mlean::cas {
namespace {

namespace fs = std::filesystem;

class ScannerTest : public TestFolder {
 protected:
  std::vector<std::string> Paths(const Listing& listing) {
    std::vector<std::string> paths;
    for (std::size_t i = 0; i < listing.size(); ++i) paths.emplace_back(listing.path(i));
    return paths;
  }
};

TEST_F(ScannerTest, ListsFilesSortedAsPython) {
  for (const char* path : {"d/b", "d/a/x", "d/a-b", "d/a.c", "d/.hidden", "d/\xFF"}) Write(path, "12");
  ASSERT_TRUE(os::MakeDirs(dir_ / "d/empty/deep"));
  const Listing listing = *ScanTree(dir_ / "d", {.folders = true});
  EXPECT_EQ(Paths(listing), (std::vector<std::string>{".hidden", "a-b", "a.c", "a/x", "b", "\xFF"}));
  EXPECT_EQ(listing.bytes(), 12u);
  EXPECT_EQ(listing.folders(), (std::vector<std::string>{"a", "empty", "empty/deep"}));
  EXPECT_TRUE(listing.facts(4).SameContent(*FactsOf(dir_ / "d/b")));
  ASSERT_EQ(listing.warnings().size(), 1u);
  EXPECT_EQ(listing.warnings()[0].kind, ScanWarning::Kind::kUndecodable);
  EXPECT_EQ(ScanTree(dir_ / "none").error().code, Code::kNotFound);
}

TEST_F(ScannerTest, ExecutableForAnybody) {
  Write("f", "1");
  for (const std::uint32_t mode : {0744u, 0654u, 0645u}) {
    ASSERT_TRUE(os::Chmod(dir_ / "f", mode));
    EXPECT_TRUE(FactsOf(dir_ / "f")->IsExec()) << mode;
  }
  ASSERT_TRUE(os::Chmod(dir_ / "f", 0644));
  EXPECT_FALSE(FactsOf(dir_ / "f")->IsExec());
}

TEST_F(ScannerTest, LinksAndSpecialFiles) {
  Write("d/a", "1");
  Write("other/b", "22");
  fs::create_symlink(dir_ / "other/b", dir_ / "d/link");
  fs::create_directory_symlink(dir_ / "other", dir_ / "d/folder");
  fs::create_directory_symlink(dir_ / "d", dir_ / "d/loop");
  ASSERT_EQ(::mkfifo((dir_ / "d/pipe").c_str(), 0600), 0);
  const Listing listing = *ScanTree(dir_ / "d");
  EXPECT_EQ(Paths(listing), (std::vector<std::string>{"a", "link"}));
  EXPECT_TRUE(listing.facts(1).is_link);
  EXPECT_EQ(listing.facts(1).size, 2u);
  std::vector<std::string> texts;
  for (const ScanWarning& warning : listing.warnings()) texts.push_back(warning.Text());
  EXPECT_EQ(texts, (std::vector<std::string>{"skipped 'folder': a link to a folder", "skipped 'loop': a link to a folder",
                                             "skipped 'pipe': not a regular file"}));
  EXPECT_EQ(HashTree(dir_ / "d")->info.nfiles, 2u) << "and no wait for the pipe";
  EXPECT_EQ(HashFile(dir_ / "d/pipe").error().code, Code::kInvalid);
  fs::create_directory_symlink(dir_ / "d", dir_ / "entry");
  EXPECT_EQ(ScanTree(dir_ / "entry")->size(), 2u) << "the root may be a link";
  fs::create_symlink("nowhere", dir_ / "d/broken");
  EXPECT_EQ(ScanTree(dir_ / "d").error().code, Code::kInvalid) << "not as if there were no folder";
  const Listing told = *ScanTree(dir_ / "d", {.broken_links = true});
  EXPECT_EQ(Paths(told), (std::vector<std::string>{"a", "link"}));
  EXPECT_EQ(told.warnings()[0].Text(), "skipped 'broken': a link to nothing");
  EXPECT_TRUE(ScanTree(dir_ / "d", {.ignored = [](std::string_view path, bool) { return path == "broken"; }}));
}

TEST_F(ScannerTest, IgnoredFilesAndFoldersAreLeftOut) {
  for (const char* path : {"d/a", "d/a.tmp", "d/s/b", "d/s/b.tmp", "d/gone/x", "d/gone"}) {
    if (std::string_view(path) != "d/gone") Write(path, "1");
  }
  const IgnoreRule rule = [](std::string_view path, bool is_dir) { return is_dir ? path == "gone" : path.ends_with(".tmp"); };
  EXPECT_EQ(Paths(*ScanTree(dir_ / "d", {.ignored = rule})), (std::vector<std::string>{"a", "s/b"}));
}

TEST_F(ScannerTest, ADvcignoreInsideIsRefused) {
  Write("d/s/a", "1");
  Write("d/s/.dvcignore", "x");
  const Result<Listing> listing = ScanTree(dir_ / "d");
  ASSERT_FALSE(listing);
  EXPECT_EQ(listing.error().what,
            fmt::format(".dvcignore file should not be in collected dir path: '{}'", (dir_ / "d/s").string()));
  EXPECT_TRUE(ScanTree(dir_ / "d", {.refuse_dvcignore = false}));
  EXPECT_TRUE(ScanTree(dir_ / "d", {.ignored = [](std::string_view path, bool) { return path == "s/.dvcignore"; }}));
  Write("d/.dvcignore", "x");
  EXPECT_EQ(ScanTree(dir_ / "d", {.work = {.threads = 1}}).error().what,
            fmt::format(".dvcignore file should not be in collected dir path: '{}'", (dir_ / "d").string()));
}

// Many folders and threads: nothing is lost or counted twice.
TEST_F(ScannerTest, ManyThreadsFindEverythingOnce) {
  std::set<std::string> expected;
  for (int i = 0; i < 300; ++i) {
    const std::string path = fmt::format("{}/{}/{}", i % 7, i % 31, i);
    Write("d/" + path, "x");
    expected.insert(path);
  }
  for (const int threads : {1, 2, 8}) {
    const Listing listing = *ScanTree(dir_ / "d", {.work = {.threads = threads}});
    const std::vector<std::string> paths = Paths(listing);
    EXPECT_EQ(std::set<std::string>(paths.begin(), paths.end()), expected);
    EXPECT_EQ(paths.size(), expected.size());
  }
  std::atomic<bool> stop = true;
  EXPECT_EQ(ScanTree(dir_ / "d", {.work = {.cancelled = &stop}}).error().code, Code::kCancelled);
}

}  // namespace
}  // namespace mlean::cas

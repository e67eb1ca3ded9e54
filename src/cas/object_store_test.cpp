#include "cas/object_store.hpp"

#include "base/digest.hpp"

namespace mlean::cas {
namespace {

namespace fs = std::filesystem;

class ObjectStoreTest : public testing::Test {
 protected:
  os::TempDir temp_ = *os::TempDir::Make();
  fs::path dir_ = temp_.path();
  ObjectStore store_{dir_ / "cache"};
  void Write(const fs::path& path, std::string_view text) {
    ASSERT_TRUE(os::MakeDirs((dir_ / path).parent_path()));
    ASSERT_TRUE(os::WriteFileAtomic(dir_ / path, text, {.sync = false}));
  }
  std::string Read(const fs::path& path) { return *os::ReadFile(dir_ / path); }
  std::uint32_t Mode(const fs::path& path) { return os::Stat(path)->mode; }
};

// Vectors by DVC 3.67.1 (reference/dvc.md, section 7).
TEST_F(ObjectStoreTest, TreesHashAsInDvc) {
  Write("d/a.txt", "hi\n");
  Write("d/sub/\xC3\xBC b.txt", "yo\n");
  const HashedTree tree = *HashTree(dir_ / "d");
  EXPECT_EQ(tree.info.md5, "5c902ca5d7982baa6c7789ece0ce7c02.dir");
  EXPECT_EQ(tree.body.size(), 141u);
  EXPECT_EQ(tree.info.size, 6u);
  EXPECT_EQ(tree.info.nfiles, 2u);
  ASSERT_TRUE(os::MakeDirs(dir_ / "n"));
  EXPECT_EQ(HashTree(dir_ / "n")->info.md5, "d751713988987e9331980363e24189ce.dir");
  for (const auto& [name, md5] :
       std::vector<std::pair<const char*, const char*>>{{"1", "71cef54cc30a058b18115947d09c62df.dir"},
                                                        {"2", "f437247ec66d73ba66b0ade0246fcb49.dir"},
                                                        {"3", "12f4b7d54a32e58818e27fba28376fba.dir"}}) {
    Write(fs::path("n") / name, std::string(name) + "\n");
    EXPECT_EQ(HashTree(dir_ / "n")->info.md5, md5);
  }
  Write("crlf", "x\r\ny\r\n");
  EXPECT_EQ(HashFile(dir_ / "crlf")->md5, "e20942bc0763636e19c18b95bb194501");
  EXPECT_EQ(HashPath(dir_ / "gone").error().code, Code::kNotFound);
}

TEST_F(ObjectStoreTest, PathsAreSortedAndEscapedAsByPython) {
  const std::vector<std::string> sorted = {"B",
                                           "a b",
                                           "a-b",
                                           "a.txt",
                                           "a/b",
                                           "a/b/c",
                                           "bad\xFF",
                                           "ctl\x01\x1F\x7F",
                                           "q\"uo\\te",
                                           "z\xE2\x80\xA8",
                                           "\xC3\xA9",
                                           "\xEF\xBF\xBF",
                                           "\xF0\x90\x80\x80",
                                           "\xF0\x9F\x98\x80"};
  const std::string md5(32, '0');
  std::vector<TreeFile> files;
  for (auto name = sorted.rbegin(); name != sorted.rend(); ++name) files.push_back({md5, *name});
  const std::string body = WriteDirObject(files);
  std::string expected;
  for (const char* name : {"B", "a b", "a-b", "a.txt", "a/b", "a/b/c", "bad\\udcff", "ctl\\u0001\\u001f\\u007f", "q\\\"uo\\\\te",
                           "z\\u2028", "\\u00e9", "\\uffff", "\\ud800\\udc00", "\\ud83d\\ude00"}) {
    expected += fmt::format("{}{{\"md5\": \"{}\", \"relpath\": \"{}\"}}", expected.empty() ? "[" : ", ", md5, name);
  }
  EXPECT_EQ(body, expected + "]");
  const std::vector<TreeFile> back = *ReadDirObject(body);
  ASSERT_EQ(back.size(), sorted.size());
  for (std::size_t i = 0; i < sorted.size(); ++i) EXPECT_EQ(back[i].path, sorted[i]);
}

TEST_F(ObjectStoreTest, HostileDirObjectsAreRefused) {
  const auto path = [](std::string_view name) {
    return fmt::format(R"([{{"md5": "{}", "relpath": "{}"}}])", std::string(32, 'a'), name);
  };
  EXPECT_TRUE(ReadDirObject(path("a/b")));
  for (const char* name : {"../x", "/etc/passwd", "a/../../x", "", "a//b", ".", "a/\\u0000"})
    EXPECT_FALSE(ReadDirObject(path(name))) << name;
  EXPECT_FALSE(ReadDirObject(R"([{"md5": "xyz", "relpath": "a"}])"));
  EXPECT_FALSE(ReadDirObject("{}"));
  EXPECT_FALSE(ReadDirObject(R"([{"relpath": "a"}])"));
}

TEST_F(ObjectStoreTest, FilesGoInAndComeBack) {
  Write("run.sh", "echo\n");
  ASSERT_TRUE(os::Chmod(dir_ / "run.sh", 0755));
  const ObjectInfo info = *store_.Put(dir_ / "run.sh");
  EXPECT_TRUE(info.is_exec);
  EXPECT_EQ(store_.PathOf(info.md5), dir_ / "cache/files/md5" / info.md5.substr(0, 2) / info.md5.substr(2));
  EXPECT_EQ(Mode(store_.PathOf(info.md5)), 0444u);
  EXPECT_TRUE(*store_.Has(info.md5));
  ASSERT_TRUE(os::Remove(dir_ / "run.sh"));
  ASSERT_TRUE(store_.Checkout(info, dir_ / "run.sh"));
  EXPECT_EQ(Read("run.sh"), "echo\n");
  EXPECT_EQ(Mode(dir_ / "run.sh") & 0700, 0700u);
  Write("run.sh", "changed");
  ASSERT_TRUE(store_.Checkout(info, dir_ / "run.sh"));
  EXPECT_EQ(Read("run.sh"), "echo\n");
  EXPECT_EQ(store_.Checkout({.md5 = std::string(32, '0')}, dir_ / "x").error().code, Code::kNotFound);
  EXPECT_FALSE(store_.Has("../../x"));
}

TEST_F(ObjectStoreTest, FoldersGoInAndComeBack) {
  Write("d/a", "1");
  Write("d/s/b", "2");
  const ObjectInfo info = *store_.Put(dir_ / "d");
  Write("d/s/b", "3");
  Write("d/extra", "x");
  ASSERT_TRUE(store_.Checkout(info, dir_ / "d"));
  EXPECT_EQ(Read("d/s/b"), "2");
  EXPECT_FALSE(os::Exists(dir_ / "d/extra"));
  EXPECT_EQ(HashTree(dir_ / "d")->info.md5, info.md5);
  // A folder is not there when one of its files is not.
  ASSERT_TRUE(os::Remove(store_.PathOf(Md5Hex("2"))));
  EXPECT_FALSE(*store_.Has(info.md5));
  EXPECT_FALSE(store_.Checkout(info, dir_ / "e"));
  EXPECT_FALSE(os::Exists(dir_ / "e"));
}

TEST_F(ObjectStoreTest, WritableObjectsAreCheckedAgain) {
  Write("f", "good");
  const ObjectInfo info = *store_.Put(dir_ / "f");
  const fs::path object = store_.PathOf(info.md5);
  ASSERT_TRUE(os::Chmod(object, 0644));
  EXPECT_TRUE(*store_.Has(info.md5));
  EXPECT_EQ(Mode(object), 0444u);
  ASSERT_TRUE(os::Chmod(object, 0644));
  ASSERT_TRUE(os::WriteFileAtomic(object, "bad"));
  EXPECT_FALSE(*store_.Has(info.md5));
  EXPECT_FALSE(os::Exists(object));
}

TEST_F(ObjectStoreTest, LinksCountByContent) {
  Write("d/a", "1");
  Write("other/b", "2");
  ASSERT_TRUE(os::Link(os::LinkKind::kSymbolic, dir_ / "other/b", dir_ / "d/l"));
  ASSERT_TRUE(os::Link(os::LinkKind::kSymbolic, dir_ / "other", dir_ / "d/skipped"));
  EXPECT_EQ(HashTree(dir_ / "d")->files.size(), 2u);
}

TEST_F(ObjectStoreTest, StateSparesUnchangedFiles) {
  Write("f", "1");
  os::FileStat stat = *os::Stat(dir_ / "f");
  const TimeMs later = stat.ctime_ns / 1'000'000 + 10'000;
  {
    HashState state = *HashState::Open(dir_ / "hashes");
    state.Remember(dir_ / "f", stat, Md5Hex("1"), stat.ctime_ns / 1'000'000 + 100);
    EXPECT_EQ(state.size(), 0u) << "changed just now: not to be trusted";
    state.Remember(dir_ / "f", stat, Md5Hex("1"), later);
    ASSERT_TRUE(state.Save());
  }
  HashState state = *HashState::Open(dir_ / "hashes");
  EXPECT_EQ(state.Find(dir_ / "f", stat), Md5Hex("1"));
  // A remembered value is used without reading: a wrong one shows.
  state.Remember(dir_ / "f", stat, Md5Hex("2"), later);
  EXPECT_EQ(HashFile(dir_ / "f", &state)->md5, Md5Hex("2"));
  stat.mtime_ns += 1;
  EXPECT_FALSE(state.Find(dir_ / "f", stat));
  std::string bytes = Read("hashes");
  bytes[20] ^= 1;
  Write("hashes", bytes);
  EXPECT_EQ(HashState::Open(dir_ / "hashes")->size(), 0u);
  Write("hashes", "x");
  EXPECT_EQ(HashState::Open(dir_ / "hashes")->size(), 0u);
}

}  // namespace
}  // namespace mlean::cas

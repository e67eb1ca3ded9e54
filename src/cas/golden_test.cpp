// Against values made by DVC's own packages: tests/golden/cas/generate.py.
#include <algorithm>

#include "cas/file_hash.hpp"
#include "cas/test_folder.hpp"
#include "cas/tree_diff.hpp"
#include "codec/json.hpp"

namespace mlean::cas {
namespace {

using codec::Json;

std::string FromHex(std::string_view hex) {
  std::string out;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    out += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  }
  return out;
}

const Json& Find(const Json& object, std::string_view key) { return *object.Find(key); }

class GoldenTest : public TestFolder {
 protected:
  Json golden_ = *Json::Parse(*os::ReadFile(MLEAN_SOURCE_DIR "/tests/golden/cas/golden.json"));
};

TEST_F(GoldenTest, FoldersHashAsInDvc) {
  int number = 0;
  for (const Json& entry : Find(golden_, "trees").AsArray()) {
    const std::filesystem::path folder = "t" + std::to_string(number++);
    ASSERT_TRUE(os::MakeDirs(dir_ / folder));
    for (const Json& file : Find(entry, "files").AsArray()) {
      Write(folder / FromHex(file.AsArray()[0].AsString()), FromHex(file.AsArray()[1].AsString()));
    }
    const HashedTree hashed = *HashTree(dir_ / folder);
    EXPECT_EQ(hashed.tree.Body(), Find(entry, "body").AsString());
    EXPECT_EQ(hashed.info.md5, Find(entry, "md5").AsString());
    EXPECT_EQ(hashed.info.size, static_cast<std::uint64_t>(Find(entry, "size").AsInt()));
    EXPECT_EQ(hashed.info.nfiles, static_cast<std::uint64_t>(Find(entry, "nfiles").AsInt()));
    EXPECT_TRUE(*Tree::Parse(Find(entry, "body").AsString()) == hashed.tree);
  }
  EXPECT_GT(number, 5);
}

TEST_F(GoldenTest, FilesHashAsInDvc) {
  for (const Json& entry : Find(golden_, "contents").AsArray()) {
    std::string content;
    for (const Json& run : Find(entry, "content").AsArray()) {
      const std::string unit = FromHex(run.AsArray()[0].AsString());
      for (std::int64_t i = 0; i < run.AsArray()[1].AsInt(); ++i) content += unit;
    }
    Write("f", content);
    EXPECT_EQ(HashFile(dir_ / "f")->md5, Find(entry, "md5").AsString());
    EXPECT_EQ(HashFile(dir_ / "f", {.legacy = true})->md5, Find(entry, "legacy").AsString()) << content.size();
  }
}

Tree TreeOf(const Json& files) {
  Tree tree;
  for (const auto& [path, md5] : files.AsObject()) tree.Add(path, *ParseMd5(md5.AsString()));
  tree.Seal();
  return tree;
}

TEST_F(GoldenTest, DifferencesAndRenamesAsInDvc) {
  std::size_t renamed = 0;
  for (const Json& entry : Find(golden_, "diffs").AsArray()) {
    const Tree before = TreeOf(Find(entry, "before"));
    const Tree after = TreeOf(Find(entry, "after"));
    const TreeDiff diff = DiffTrees(before, after, true);
    std::vector<std::string> got;
    for (const TreeFile* file : diff.added) got.push_back("add >" + std::string(file->path));
    for (const TreeFile* file : diff.deleted) got.push_back("delete " + std::string(file->path) + ">");
    for (const auto& [a, b] : diff.modified) got.push_back("modify " + std::string(a->path) + ">" + std::string(b->path));
    for (const auto& [a, b] : diff.renamed) got.push_back("rename " + std::string(a->path) + ">" + std::string(b->path));
    std::vector<std::string> expected;
    const auto text = [](const Json& value) { return value.IsString() ? value.AsString() : std::string(); };
    for (const Json& change : Find(entry, "changes").AsArray()) {
      const Json::Array& parts = change.AsArray();
      expected.push_back(parts[0].AsString() + " " + text(parts[1]) + ">" + text(parts[2]));
    }
    std::sort(got.begin(), got.end());
    std::sort(expected.begin(), expected.end());
    EXPECT_EQ(got, expected);
    renamed += diff.renamed.size();
  }
  EXPECT_GT(renamed, 10u);
}

}  // namespace
}  // namespace mlean::cas

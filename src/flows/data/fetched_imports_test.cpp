#include "flows/data/fetched_imports.hpp"

#include "os/files.hpp"

namespace mlean::flows {
namespace {

TEST(FetchedImports, RemembersWhatTheFileSaid) {
  const Result<os::TempDir> folder = os::TempDir::Make();
  ASSERT_TRUE(folder);
  const std::filesystem::path file = folder->path() / "state" / "imports";
  FetchedImports imports = FetchedImports::Open(file);
  ASSERT_TRUE(imports.Save());
  EXPECT_FALSE(os::Exists(file)) << "nothing to remember";
  pipeline::Stage stage;
  stage.text = "deps:\n- path: a\nouts:\n- path: a\n";
  EXPECT_FALSE(imports.Find(stage));
  pipeline::Content content{.hash = "5c902ca5d7982baa6c7789ece0ce7c02.dir"};
  content.size = 12;
  imports.Put(stage, content);
  ASSERT_TRUE(imports.Save());

  const FetchedImports again = FetchedImports::Open(file);
  const std::optional<pipeline::Content> found = again.Find(stage);
  ASSERT_TRUE(found);
  EXPECT_TRUE(found->SameAs(content));
  EXPECT_EQ(found->size, 12u);
  EXPECT_FALSE(found->nfiles);
  stage.text += "# another version\n";
  EXPECT_FALSE(again.Find(stage));
}

TEST(FetchedImports, PassesOverWhatIsNoLineOfIt) {
  const Result<os::TempDir> folder = os::TempDir::Make();
  ASSERT_TRUE(folder);
  const std::filesystem::path file = folder->path() / "imports";
  const std::string empty = "d41d8cd98f00b204e9800998ecf8427e";
  ASSERT_TRUE(os::WriteFileAtomic(file, "x\n\xff\xfe a b\n" + empty + " ../../etc 1 2\n"));
  EXPECT_FALSE(FetchedImports::Open(file).Find(pipeline::Stage()));
  ASSERT_TRUE(os::WriteFileAtomic(file, "x\n" + empty + " " + empty + " -1 many\n"));
  const std::optional<pipeline::Content> found = FetchedImports::Open(file).Find(pipeline::Stage());
  ASSERT_TRUE(found);
  EXPECT_FALSE(found->size || found->nfiles);
}

}  // namespace
}  // namespace mlean::flows

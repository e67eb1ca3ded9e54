#include "flows/data/partial_pushes.hpp"

#include "os/files.hpp"

namespace mlean::flows {
namespace {

TEST(PartialPushes, RemembersFoldersByRemote) {
  const Result<os::TempDir> folder = os::TempDir::Make();
  ASSERT_TRUE(folder);
  const std::filesystem::path file = folder->path() / "state" / "partial";
  const cas::ObjectId id = *cas::ObjectId::Parse("5c902ca5d7982baa6c7789ece0ce7c02.dir");
  PartialPushes pushes = PartialPushes::Open(file);
  ASSERT_TRUE(pushes.Save());
  EXPECT_FALSE(os::Exists(file)) << "nothing to remember";
  pushes.Add(id, "s3://bucket/a b");
  ASSERT_TRUE(pushes.Save());

  PartialPushes again = PartialPushes::Open(file);
  EXPECT_TRUE(again.Has(id, "s3://bucket/a b"));
  EXPECT_FALSE(again.Has(id, "s3://bucket/a"));
  EXPECT_FALSE(again.Has(*cas::ObjectId::Parse("5c902ca5d7982baa6c7789ece0ce7c02.dir", true), "s3://bucket/a b"));
  again.Remove(id, "s3://bucket/a b");
  ASSERT_TRUE(again.Save());
  EXPECT_FALSE(PartialPushes::Open(file).Has(id, "s3://bucket/a b"));
}

}  // namespace
}  // namespace mlean::flows

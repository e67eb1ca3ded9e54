#include "artifacts/upload_parts.hpp"

#include <gtest/gtest.h>

#include "base/digest.hpp"
#include "os/files.hpp"

namespace mlean::artifacts {
namespace {

class UploadParts : public ::testing::Test {
 protected:
  Result<std::string> Send(const std::string& id, int number, const std::string& text) {
    const std::filesystem::path file = uploads_ / "arriving";
    TRYV(os::WriteFileAtomic(file, text));
    return KeepPart(uploads_, id, number, file);
  }
  std::string What(const std::string& id, std::vector<PartName> parts) {
    const auto joined = JoinParts(uploads_, id, std::move(parts));
    return joined ? *os::ReadFile(joined->file) : joined.error().what;
  }

  os::TempDir folder_ = *os::TempDir::Make("parts");
  std::filesystem::path uploads_ = folder_.path() / "uploads";
};

TEST_F(UploadParts, AreJoinedInTheOrderOfTheirNumbers) {
  const std::string id = *BeginParts(uploads_);
  EXPECT_EQ(*Send(id, 10, "c"), "\"10-1\"");
  ASSERT_TRUE(Send(id, 2, "old"));
  EXPECT_EQ(*Send(id, 2, "bb"), "\"2-2\"");
  ASSERT_TRUE(Send(id, 1, "a"));
  const auto joined = JoinParts(uploads_, id, {{10, ""}, {1, "\"1-1\""}, {2, "\"2-2\""}});
  ASSERT_TRUE(joined);
  EXPECT_EQ(*os::ReadFile(joined->file), "abbc");
  EXPECT_EQ(joined->blob.digest, Sha256Hex("abbc"));
  EXPECT_EQ(joined->blob.size, 4);
  EXPECT_EQ(What(id, {{10, ""}}), "c") << "again, after one that was cut off";
  ASSERT_TRUE(DropParts(uploads_, id));
  EXPECT_TRUE(os::ListDir(uploads_)->empty());
  EXPECT_TRUE(DropParts(uploads_, id));
}

TEST_F(UploadParts, AreRefusedWhenTheyDoNotFit) {
  const std::string id = *BeginParts(uploads_);
  ASSERT_TRUE(Send(id, 1, "a"));
  EXPECT_EQ(What(id, {{1, ""}, {2, ""}}), "cannot complete the upload: part 2 was not sent");
  EXPECT_EQ(What(id, {{1, ""}, {1, ""}}), "cannot complete the upload: part 1 is named twice");
  EXPECT_EQ(What(id, {{1, "\"1-2\""}}), "cannot complete the upload: part 1 has another ETag, \"1-1\"");
  EXPECT_FALSE(Send(id, 0, "x"));
  EXPECT_FALSE(Send(id, kMaxParts + 1, "x"));
}

TEST_F(UploadParts, KnowOnlyTheirOwnUploads) {
  ASSERT_TRUE(BeginParts(uploads_));
  for (const std::string& id : {std::string(), std::string("../../etc"), std::string(32, 'a'), std::string(31, 'a') + "/"}) {
    const auto kept = Send(id, 1, "a");
    ASSERT_FALSE(kept) << id;
    EXPECT_EQ(kept.error().code, Code::kNotFound);
    EXPECT_TRUE(DropParts(uploads_, id));
  }
  EXPECT_EQ(os::ListDir(uploads_)->size(), 2u) << "nothing of it was removed";
}

TEST_F(UploadParts, AreSweptADayAfterTheLast) {
  const std::string old = *BeginParts(uploads_), fresh = *BeginParts(uploads_);
  ASSERT_TRUE(Send(old, 1, "a"));
  std::filesystem::last_write_time(uploads_ / ("parts-" + old),
                                   std::filesystem::file_time_type::clock::now() - std::chrono::hours(25));
  ASSERT_TRUE(os::WriteFileAtomic(uploads_ / "cut off", "x"));
  ASSERT_TRUE(SweepUploads(uploads_));
  EXPECT_EQ(*os::ListDir(uploads_), std::vector<std::string>{"parts-" + fresh});
  EXPECT_TRUE(SweepUploads(uploads_ / "none"));
}

}  // namespace
}  // namespace mlean::artifacts

#include "net/request_body.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <vector>

#include "os/files.hpp"

namespace mlean::net {
namespace {

constexpr std::size_t kPiece = 200'000;

std::string Content(std::size_t size, unsigned seed) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>((i + seed) * 2654435761u >> 13);
  return text;
}

void Append(RequestBody& body, std::string_view text) {
  for (; !text.empty(); text.remove_prefix(std::min(kPiece, text.size()))) {
    ASSERT_EQ(body.Append(text.substr(0, kPiece)), RequestBody::Outcome::kOk);
  }
}

class RequestBodyTest : public ::testing::Test {
 protected:
  void Begin(RequestBody& body, std::size_t size) {
    body.Begin(1u << 30, dir_.path().string(), size);
    body.Hash();
  }
  bool DirIsEmpty() const { return std::filesystem::is_empty(dir_.path()); }

  os::TempDir dir_ = *os::TempDir::Make("body");
};

TEST_F(RequestBodyTest, WhatIsSpooledIsHashed) {
  for (const std::size_t size : {0u, 1u, 300'000u, 8u << 20, 9'000'001u}) {
    RequestBody body;
    const std::string text = Content(size, 1);
    Begin(body, size);
    Append(body, text);
    ASSERT_EQ(body.Finish(), RequestBody::Outcome::kOk);
    const bool in_file = size > RequestBody::kSpoolOver;
    EXPECT_EQ(!body.file().empty(), in_file) << size;
    EXPECT_EQ(body.Sha256(), in_file ? Sha256Hex(text) : "") << size;
    if (in_file) EXPECT_EQ(*os::ReadFile(std::string(body.file())), text);
  }
  EXPECT_TRUE(DirIsEmpty());
}

TEST_F(RequestBodyTest, ManyLargeOnesAtOnceAreHashedEach) {
  constexpr std::size_t kBodies = 40;  // more than there are threads for
  constexpr std::size_t kSize = 8u << 20;
  const std::string text = Content(kSize + kBodies, 2);
  std::vector<RequestBody> bodies(kBodies);
  for (RequestBody& body : bodies) Begin(body, kSize);
  for (std::size_t at = 0; at < kSize; at += kPiece) {
    for (std::size_t i = 0; i < kBodies; ++i) {
      Append(bodies[i], std::string_view(text).substr(i + at, std::min(kPiece, kSize - at)));
    }
  }
  for (std::size_t i = 0; i < kBodies; ++i) {
    ASSERT_EQ(bodies[i].Finish(), RequestBody::Outcome::kOk);
    EXPECT_EQ(bodies[i].Sha256(), Sha256Hex(std::string_view(text).substr(i, kSize))) << i;
  }
}

TEST_F(RequestBodyTest, ALargeOneThatEndsHalfWayLeavesNothing) {
  {
    RequestBody body;
    Begin(body, 1u << 30);
    Append(body, Content(20u << 20, 3));
    EXPECT_FALSE(DirIsEmpty());
  }
  EXPECT_TRUE(DirIsEmpty());
}

TEST_F(RequestBodyTest, AFileWithLessThanWasWrittenHasNoDigest) {
  ASSERT_TRUE(os::WriteFileAtomic(dir_.path() / "short", "ten bytes!"));
  const OpenedFile file(::open((dir_.path() / "short").c_str(), O_RDONLY | O_CLOEXEC));
  for (const std::uint64_t claimed : {10u, 11u}) {
    const auto hasher = FileHasher::Follow(file.fd());
    ASSERT_TRUE(hasher);
    hasher->Written(claimed);
    EXPECT_EQ(hasher->Finish(), claimed == 10 ? Sha256Hex("ten bytes!") : "");
  }
}

}  // namespace
}  // namespace mlean::net

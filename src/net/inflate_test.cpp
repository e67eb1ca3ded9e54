#include "net/inflate.hpp"

#include <fstream>
#include <iterator>

namespace mlean::net {
namespace {

// Made by Python's gzip and zlib: tests/golden/net/make_golden.py.
std::string Golden(const std::string& name) {
  std::ifstream in(std::string(MLEAN_SOURCE_DIR) + "/tests/golden/net/" + name, std::ios::binary);
  EXPECT_TRUE(in) << name;
  return {std::istreambuf_iterator<char>(in), {}};
}

TEST(Inflate, ReadsWhatPythonWrites) {
  const std::string rows = Golden("rows.json");
  EXPECT_EQ(*Inflate("gzip", Golden("rows.json.gz"), rows.size()), rows);
  EXPECT_EQ(*Inflate("X-GZip", Golden("rows.json.gz"), 1 << 20), rows);
  const std::string zlib = Golden("rows.json.zz");
  EXPECT_EQ(*Inflate("deflate", zlib, 1 << 20), rows);
  EXPECT_EQ(*Inflate("deflate", zlib.substr(2, zlib.size() - 6), 1 << 20), rows);  // raw
}

TEST(Inflate, HoldsItsLimit) {
  EXPECT_EQ(Inflate("gzip", Golden("bomb.gz"), 1'000'000)->size(), 1'000'000u);
  EXPECT_EQ(Inflate("gzip", Golden("bomb.gz"), 999'999).error().code, Code::kTooLarge);
  EXPECT_EQ(Inflate("gzip", Golden("rows.json.gz"), 6000).error().code, Code::kTooLarge);  // in the second member
}

TEST(Inflate, RefusesDamage) {
  const std::string gzip = Golden("rows.json.gz");
  for (std::size_t size = 0; size < gzip.size(); size += 7) {
    const Result<std::string> plain = Inflate("gzip", gzip.substr(0, size), 1 << 20);
    EXPECT_TRUE(!plain || plain->size() == 5000) << size;  // whole after the first member
  }
  std::string damaged = gzip;
  damaged[gzip.size() - 6] ^= 1;  // the last checksum
  EXPECT_EQ(Inflate("gzip", damaged, 1 << 20).error().code, Code::kInvalid);
  std::string zlib = Golden("rows.json.zz");
  zlib.back() ^= 1;
  EXPECT_EQ(Inflate("deflate", zlib, 1 << 20).error().code, Code::kInvalid);
  EXPECT_EQ(Inflate("br", gzip, 1 << 20).error().code, Code::kUnsupported);
}

}  // namespace
}  // namespace mlean::net

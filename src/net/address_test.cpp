#include "net/address.hpp"

namespace mlean::net {
namespace {

bool IsPublic(const std::string& literal) {
  const auto found = Resolve(literal);
  EXPECT_TRUE(found) << literal;
  return found && found->size() == 1 && found->front().is_public;
}

TEST(Address, PublicOnesAreNeitherOursNorReserved) {
  for (const char* text : {"8.8.8.8", "1.1.1.1", "172.15.255.255", "172.32.0.0", "100.63.255.255", "223.255.255.255",
                           "2606:4700::1111", "::ffff:8.8.8.8", "2002:808:808::", "64:ff9b::808:808", "2001:4860::1"}) {
    EXPECT_TRUE(IsPublic(text)) << text;
  }
  for (const char* text :
       {"0.0.0.0",      "10.1.2.3",  "100.64.0.1",      "127.0.0.1",   "127.1",      "169.254.169.254", "172.16.0.1",
        "172.31.0.1",   "192.0.0.1", "192.0.2.1",       "192.168.1.1", "198.18.0.1", "198.51.100.1",    "203.0.113.9",
        "224.0.0.1",    "240.0.0.1", "255.255.255.255", "::",          "::1",        "::ffff:10.0.0.1", "64:ff9b::a00:1",
        "2002:a00:1::", "fe80::1",   "fc00::1",         "ff02::1",     "2001::1",    "2001:db8::1",     "100::1"}) {
    EXPECT_FALSE(IsPublic(text)) << text;
  }
}

TEST(Address, AnUnknownHostSaysWhy) {
  const auto found = Resolve("not a host name");
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, Code::kNotFound);
  EXPECT_EQ(found.error().what.find("[Errno -"), 0U);
}

}  // namespace
}  // namespace mlean::net

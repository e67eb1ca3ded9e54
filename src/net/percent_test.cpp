#include "net/percent.hpp"

namespace mlean::net {
namespace {

// The expected texts are those of Python's urllib.parse.quote(text, safe='') and quote(text, safe='/').
TEST(Percent, Encodes) {
  EXPECT_EQ(PercentEncode("az AZ/09-._~"), "az%20AZ%2F09-._~");
  EXPECT_EQ(PercentEncode("é&=+%\x01"), "%C3%A9%26%3D%2B%25%01");
  EXPECT_EQ(PercentEncodePath("a b/c:d"), "a%20b/c%3Ad");
}

TEST(Percent, Decodes) {
  struct Case {
    std::string_view text;
    bool plus;
    bool sound;
    std::string_view expected;
  };
  for (const Case& c : {Case{"a%20b", false, true, "a b"}, Case{"a+b", false, true, "a+b"}, Case{"a+b", true, true, "a b"},
                        Case{"%c3%A9", false, true, "é"}, Case{"%", false, false, ""}, Case{"%4", false, false, ""},
                        Case{"x%4g", false, false, ""}, Case{"%%41", false, false, ""}, Case{"%2541", false, true, "%41"}}) {
    std::string out = "kept ";
    EXPECT_EQ(PercentDecode(c.text, out, c.plus), c.sound) << c.text;
    EXPECT_EQ(out, "kept " + std::string(c.expected)) << c.text;
    EXPECT_EQ(IsPercentSound(c.text), c.sound) << c.text;
  }
}

TEST(Percent, ParsesQueries) {
  using Pairs = std::vector<std::pair<std::string, std::string>>;
  EXPECT_EQ(ParseQuery("a=1&b=x%20y+z&&a=2&c&d=&=e&f=%zz"),
            (Pairs{{"a", "1"}, {"b", "x y z"}, {"a", "2"}, {"c", ""}, {"d", ""}, {"", "e"}, {"f", "%zz"}}));
  EXPECT_EQ(ParseQuery(""), Pairs{});
  EXPECT_EQ(ParseQuery("a&b&c", 2), (Pairs{{"a", ""}, {"b", ""}}));
}

TEST(Percent, EncodedTextReadsBack) {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  std::string back;
  ASSERT_TRUE(PercentDecode(PercentEncode(all), back));
  EXPECT_EQ(back, all);
}

}  // namespace
}  // namespace mlean::net

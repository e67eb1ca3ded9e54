#include "base/base64.hpp"
#include "base/clock.hpp"
#include "base/digest.hpp"
#include "base/exit_code.hpp"
#include "base/ids.hpp"
#include "base/result.hpp"
#include "base/text.hpp"
#include "base/words.hpp"

namespace mlean {
namespace {

Result<int> Half(int x) {
  if (x % 2 != 0) return Fail(Code::kInvalid, "cannot halve 3: odd");
  return x / 2;
}
Result<int> Quarter(int x) {
  TRY(const int half, Half(x));
  TRY(const int quarter, Half(half));
  return quarter;
}

TEST(Result, TryReturnsTheFirstError) {
  EXPECT_EQ(*Quarter(12), 3);
  ASSERT_FALSE(Quarter(6));
  EXPECT_EQ(Quarter(6).error().what, "cannot halve 3: odd");
  EXPECT_EQ(ExitStatus(Code::kDenied), 6);
}

// The count and digest are Python's, one byte of 0 or 1 for each code point (tests/golden/base/make_words.py).
TEST(Words, ArePythons) {
  std::string all;
  for (char32_t point = 0; point < 0x110000; ++point) all += IsWordCharacter(point) ? '\1' : '\0';
  EXPECT_EQ(std::count(all.begin(), all.end(), '\1'), 133548);
  EXPECT_EQ(Sha256Hex(all), "fcfdf3622ac8204aaf7c626cb8bc18f912e25dad53e028b087660a893b2c06ac");
  EXPECT_TRUE(IsMadeOfWords("a_9/größe 名前.½", "/. "));
  for (const char* text : {"a-b", "😀", "a\u0301", "€", "\xff", "é\xc3", "a\n"}) EXPECT_FALSE(IsMadeOfWords(text, "")) << text;
  EXPECT_EQ(CountCharacters("größe"), 5U);
}

TEST(Clock, DatesGoThereAndBack) {
  for (std::int64_t day = -800000; day < 800000; day += 37) EXPECT_EQ(DaysFromCivil(CivilFromDays(day)), day);
  EXPECT_EQ(DaysFromCivil({2013, 1, 1}), 15706);
  EXPECT_EQ(FormatTime(*ParseTime("2013-12-31 23:59:30.25")), "2013-12-31T23:59:30.250Z");
  EXPECT_EQ(*ParseTime("2013-01-01T02:00+02:00"), *ParseTime("2013-01-01"));
  EXPECT_EQ(FormatDate(-1), "1969-12-31");
  EXPECT_FALSE(ParseTime("2013-02-29"));
  EXPECT_FALSE(ParseTime("2013-01-01x"));
}

TEST(Clock, DurationsGoThereAndBack) {
  EXPECT_EQ(*ParseDuration("1d12h"), kDayMs + 12 * kHourMs);
  EXPECT_EQ(*ParseDuration("1.5s"), 1500);
  EXPECT_EQ(FormatDuration(*ParseDuration("90m")), "1h30m");
  EXPECT_FALSE(ParseDuration("10"));
  EXPECT_FALSE(ParseDuration("10 minutes"));
}

TEST(Text, NumbersAreStrict) {
  EXPECT_EQ(ParseInt("-12"), -12);
  EXPECT_FALSE(ParseInt("12 "));
  EXPECT_FALSE(ParseInt("99999999999999999999"));
  EXPECT_EQ(ParseDouble("1e3"), 1000.0);
  EXPECT_FALSE(ParseDouble(""));
  EXPECT_EQ(HumanCount(336776), "336,776");
}

TEST(Text, NearestFindsTypingMistakesOnly) {
  const std::vector<std::string> keys = {"monitor", "retrain", "rollout"};
  EXPECT_EQ(Nearest("monitr", keys), "monitor");
  EXPECT_EQ(Nearest("banana", keys), "");
}

TEST(Text, Utf8) {
  EXPECT_TRUE(IsValidUtf8("ü€😀"));
  EXPECT_FALSE(IsValidUtf8("\xC0\x80"));
  EXPECT_FALSE(IsValidUtf8("\xED\xA0\x80"));
  EXPECT_FALSE(IsValidUtf8("\xE2\x82"));
}

TEST(Ids, UuidV7SortsByTime) {
  EXPECT_LT(NewUuidV7(1000), NewUuidV7(2000));
  EXPECT_EQ(NewUuidV7(1)[14], '7');
  EXPECT_EQ(NewHex32().size(), 32u);
}

TEST(Base64, GoesThereAndBack) {
  EXPECT_EQ(Base64("hello"), "aGVsbG8=");
  EXPECT_EQ(*FromBase64("aGVsbG8="), "hello");
  EXPECT_FALSE(FromBase64("a"));
  EXPECT_FALSE(FromBase64("****"));
}

TEST(Digest, EqualInConstantTime) {
  EXPECT_TRUE(EqualInConstantTime("", ""));
  EXPECT_TRUE(EqualInConstantTime("abc", "abc"));
  EXPECT_FALSE(EqualInConstantTime("abc", "abd"));
  EXPECT_FALSE(EqualInConstantTime("abc", "abcd"));
}

TEST(Digest, KnownVectors) {
  // RFC 4231, test case 2.
  EXPECT_EQ(HmacSha256("Jefe", "what do ya want for nothing?"), *FromBase64("W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM="));
  EXPECT_EQ(Sha256Hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(Md5Hex("[]"), "d751713988987e9331980363e24189ce");
  EXPECT_EQ(Fnv1a32("foobar"), 0xbf9cf968u);
}

}  // namespace
}  // namespace mlean

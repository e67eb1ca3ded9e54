#include "net/message.hpp"

#include "net/reply_head.hpp"

namespace mlean::net {
namespace {

TEST(Call, ReadsQueries) {
  const Call call = Call::For("GET", "/x?a=1&b=x%20y+z&a=2&empty&%63=d&bad=%2");
  EXPECT_EQ(call.path, "/x");
  EXPECT_EQ(call.Query("a"), "1");
  EXPECT_EQ(call.Query("b"), "x y z");
  EXPECT_EQ(call.Query("c"), "d");
  EXPECT_EQ(call.Query("empty"), "");
  EXPECT_EQ(call.Query("bad"), "%2");
  EXPECT_EQ(call.Query("none"), std::nullopt);
  EXPECT_EQ(call.QueryAll("a"), (std::vector<std::string>{"1", "2"}));
  EXPECT_EQ(call.QueryPairs().size(), 6u);
  EXPECT_EQ(Call::For("GET", "/x").Query("a"), std::nullopt);
}

TEST(Call, FindsHeadersWithoutCase) {
  const HeaderView headers[] = {{"Content-Type", "a"}, {"X-Y", ""}, {"content-type", "b"}};
  const Call call = Call::For("GET", "/", {}, headers);
  EXPECT_EQ(call.Header("CONTENT-type"), "a");
  EXPECT_TRUE(call.HasHeader("x-y"));
  EXPECT_FALSE(call.HasHeader("x-z"));
}

// RFC 9110, 14.1.2 for a file of 100 bytes.
TEST(Range, IsRead) {
  using Kind = ByteRange::Kind;
  struct Case {
    std::string_view header;
    Kind kind;
    std::uint64_t first = 0, last = 0;
  };
  for (const Case& c :
       {Case{"bytes=0-9", Kind::kPart, 0, 9}, Case{"bytes=90-", Kind::kPart, 90, 99}, Case{"bytes=90-200", Kind::kPart, 90, 99},
        Case{"bytes=-10", Kind::kPart, 90, 99}, Case{"bytes=-200", Kind::kPart, 0, 99}, Case{"Bytes=5-5", Kind::kPart, 5, 5},
        Case{"bytes=100-", Kind::kBad}, Case{"bytes=-0", Kind::kBad}, Case{"bytes=9-0", Kind::kWhole},
        Case{"bytes=0-1,3-4", Kind::kWhole}, Case{"items=0-1", Kind::kWhole}, Case{"bytes=a-b", Kind::kWhole},
        Case{"bytes=-", Kind::kWhole}, Case{"", Kind::kWhole}, Case{"bytes=99999999999999999999-", Kind::kWhole}}) {
    const ByteRange range = ParseRange(c.header, 100);
    EXPECT_EQ(range.kind, c.kind) << c.header;
    EXPECT_EQ(range.first, c.first) << c.header;
    EXPECT_EQ(range.last, c.last) << c.header;
  }
  EXPECT_EQ(ParseRange("bytes=0-", 0).kind, Kind::kBad);
}

TEST(ReplyHead, IsWrittenAndCannotBeSplit) {
  Reply reply = Reply::Json(201, "{}").With("Location", "/a\r\nSet-Cookie: x").With("bad name", "y");
  std::string out;
  AppendHead(out, reply, {.content_length = 2, .date = "D", .request_id = "id"});
  EXPECT_EQ(out,
            "HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: 2\r\nX-Content-Type-Options: nosniff\r\n"
            "Date: D\r\nX-Request-Id: id\r\nLocation: /a  Set-Cookie: x\r\n\r\n");
  out.clear();
  AppendHead(out, Reply::NoContent(), {.http11 = false, .keep_alive = true, .date = "D"});
  EXPECT_EQ(out, "HTTP/1.1 204 No Content\r\nX-Content-Type-Options: nosniff\r\nDate: D\r\nConnection: keep-alive\r\n\r\n");
}

// The examples of RFC 9110 and what `date -u -d @N` prints.
TEST(ReplyHead, WritesDates) {
  EXPECT_EQ(HttpDate(784111777), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(HttpDate(0), "Thu, 01 Jan 1970 00:00:00 GMT");
  EXPECT_EQ(HttpDate(1709251199), "Thu, 29 Feb 2024 23:59:59 GMT");
}

TEST(ReplyHead, KnowsWhenNothingChanged) {
  struct Case {
    std::string_view method, wanted;
    int status;
  };
  for (const Case& c : {Case{"GET", "\"a\"", 304}, Case{"HEAD", "\"x\", W/\"a\"", 304}, Case{"GET", "*", 304},
                        Case{"GET", "\"b\"", 200}, Case{"GET", "", 200}, Case{"POST", "\"a\"", 200}}) {
    const HeaderView headers[] = {{"If-None-Match", c.wanted}};
    Reply reply = Reply::Text(200, "body").With("ETag", "\"a\"");
    ApplyIfNoneMatch(Call::For(c.method, "/", {}, headers), reply);
    EXPECT_EQ(reply.status, c.status) << c.method << c.wanted;
    EXPECT_EQ(reply.body.empty(), c.status == 304);
  }
}

}  // namespace
}  // namespace mlean::net

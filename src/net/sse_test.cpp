#include "net/sse.hpp"

namespace mlean::net {
namespace {

std::string Event(std::string_view data, std::string_view event = {}, std::string_view id = {}) {
  std::string out;
  AppendEvent(out, data, event, id);
  return out;
}

TEST(Sse, WritesEvents) {
  EXPECT_EQ(Event("x"), "data: x\n\n");
  EXPECT_EQ(Event(""), "data: \n\n");
  EXPECT_EQ(Event("x", "metric", "7"), "event: metric\nid: 7\ndata: x\n\n");
  EXPECT_EQ(Event("a\nb\r\nc\rd\n"), "data: a\ndata: b\ndata: c\ndata: d\ndata: \n\n");
  EXPECT_EQ(Event("x", "a\nb", "1\r2"), "event: a b\nid: 1 2\ndata: x\n\n");
}

TEST(Sse, WritesCommentsAndRetry) {
  std::string out;
  AppendComment(out);
  AppendComment(out, "a\nb");
  AppendRetry(out, 1500);
  EXPECT_EQ(out, ": keep-alive\n\n: a b\n\nretry: 1500\n");
}

}  // namespace
}  // namespace mlean::net

#include "net/request_parser.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <cstring>

namespace mlean::net {
namespace {

using Step = RequestParser::Step;

// Gives the parser what it has room for, at most `bytes`. No when nothing is left.
bool Feed(RequestParser& parser, std::string_view& left, std::size_t bytes) {
  const std::span<char> space = parser.Space();
  bytes = std::min({bytes, left.size(), space.size()});
  std::memcpy(space.data(), left.data(), bytes);
  parser.Received(bytes);
  left.remove_prefix(bytes);
  return bytes > 0;
}

// "METHOD target body" of every request in the text, or the status of the refusal, as they come out when the text arrives in
// pieces of that many bytes.
std::vector<std::string> Parse(std::string_view text, std::size_t piece) {
  RequestParser parser(1024);
  RequestBody body;
  std::vector<std::string> requests;
  for (;;) {
    Step step = parser.ParseHead();
    while (step == Step::kMore && Feed(parser, text, piece)) step = parser.ParseHead();
    if (step == Step::kMore) return requests;
    std::string request(parser.head().method);
    request.append(" ").append(parser.head().target);
    if (step == Step::kReady && parser.head().HasBody()) {
      step = parser.ParseBody(body, 64, {});
      while (step == Step::kMore && Feed(parser, text, piece)) step = parser.ParseBody(body, 64, {});
      request.append(" ").append(body.text());
      body.Reset();
    }
    if (step == Step::kMore) request.append(" (unfinished)");
    if (step == Step::kBad) request = std::to_string(parser.error_status());
    requests.push_back(std::move(request));
    if (step != Step::kReady) return requests;
    parser.Next();
  }
}

TEST(RequestParser, PiecesOfAnySizeMakeTheSameRequests) {
  const std::string head = "POST /a HTTP/1.1\r\nHost: h\r\n";
  const std::string chunked = head + "Transfer-Encoding: chunked\r\n\r\n";
  struct Case {
    std::string text;
    std::vector<std::string> requests;
  };
  for (const Case& test : std::vector<Case>{
           {"GET /a HTTP/1.1\r\nHost: h\r\n\r\nGET /b HTTP/1.1\r\nHost: h\r\n\r\n", {"GET /a", "GET /b"}},
           {head + "Content-Length: 3\r\n\r\nabcGET /b HTTP/1.1\r\nHost: h\r\n\r\n", {"POST /a abc", "GET /b"}},
           {chunked + "0\r\n\r\nGET /b HTTP/1.1\r\nHost: h\r\n\r\n", {"POST /a ", "GET /b"}},
           {chunked + "0;x=y\r\nTrailer: t\r\n\r\n", {"POST /a "}},
           {chunked + "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", {"POST /a abcde"}},
           {chunked + "0\r\n\r", {"POST /a  (unfinished)"}},
           {chunked + "0\r\n;x= chu", {"POST /a  (unfinished)"}},
           {chunked + "x\r\nabc\r\n", {"400"}},
       }) {
    for (std::size_t piece = 1; piece <= test.text.size(); ++piece) {
      SCOPED_TRACE(test.text + " in pieces of " + std::to_string(piece));
      EXPECT_EQ(Parse(test.text, piece), test.requests);
    }
  }
}

}  // namespace
}  // namespace mlean::net

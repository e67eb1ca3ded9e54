// Requests cut into pieces of any size: the parser ends in a request or a refusal, and the head it gives does not hold a line
// break.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "net/request_parser.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mlean::net;
  using Step = RequestParser::Step;
  if (size < 1) return 0;
  const std::size_t piece = 1 + data[0];
  std::string_view left(reinterpret_cast<const char*>(data) + 1, size - 1);
  RequestParser parser(1024);
  RequestBody body;
  const auto feed = [&] {
    const std::span<char> space = parser.Space();
    const std::size_t bytes = std::min({piece, left.size(), space.size()});
    if (!left.empty() && bytes == 0) std::abort();  // asks for more but has no room
    std::memcpy(space.data(), left.data(), bytes);
    parser.Received(bytes);
    left.remove_prefix(bytes);
    return bytes > 0;
  };
  for (;;) {
    Step step = parser.ParseHead();
    while (step == Step::kMore) {
      if (!feed()) return 0;
      step = parser.ParseHead();
    }
    if (step == Step::kBad) return parser.error_status() >= 400 ? 0 : (std::abort(), 0);
    for (const HeaderView& header : parser.head().headers) {
      if (header.value.find_first_of("\r\n") != std::string_view::npos) std::abort();
    }
    if (parser.head().HasBody()) {
      step = parser.ParseBody(body, 64 * 1024, {});
      while (step == Step::kMore) {
        if (!feed()) return 0;
        step = parser.ParseBody(body, 64 * 1024, {});
      }
      if (body.text().size() > 64 * 1024 && step != Step::kReady) std::abort();
      if (step == Step::kBad) return 0;
      body.Reset();
    }
    parser.Next();
  }
}

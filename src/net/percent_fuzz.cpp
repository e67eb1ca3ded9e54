// Decoding, query parsing and routing of any target: no crash, and what is decoded encodes back to the same.
#include <cstdint>
#include <cstdlib>

#include "net/percent.hpp"
#include "net/router.hpp"

namespace {

mlean::net::Router MakeRouter() {
  using namespace mlean::net;
  Router router;
  const auto echo = [](const Call& call) { return Reply::Text(200, std::string(call.Path("a")) + std::string(call.Path("b"))); };
  for (const char* pattern : {"/", "/x", "/x/{a}", "/x/{a}:predict", "/x/{a}/{b}", "/files/{a...}"})
    router.Add("GET", pattern, {}, echo);
  return router;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const mlean::net::Router router = MakeRouter();
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  std::string decoded;
  if (mlean::net::PercentDecode(text, decoded)) {
    std::string again;
    if (!mlean::net::PercentDecode(mlean::net::PercentEncode(decoded), again) || again != decoded) std::abort();
  }
  for (const auto& [key, value] : mlean::net::ParseQuery(text)) {
    if (key.size() + value.size() > size) std::abort();
  }
  const mlean::net::Call call = mlean::net::Call::For("GET", text);
  for (const auto& [key, value] : call.QueryPairs()) {
    if (!call.Query(key) || call.QueryAll(key).empty()) std::abort();
  }
  const mlean::net::Reply reply = router.Handle(call);
  if (reply.status != 200 && reply.status != 400 && reply.status != 404) std::abort();
  return 0;
}

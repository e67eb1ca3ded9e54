// Any bytes are a reply, the start of one, or an error; what is a reply stays one when more bytes follow.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "net/loopback_post.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using mlean::net::LoopbackReply;
  constexpr std::size_t kMax = 4096;
  const std::string text(reinterpret_cast<const char*>(data), size);
  const mlean::Result<std::optional<LoopbackReply>> reply = mlean::net::ReadLoopbackReply(text, kMax);
  if (!reply || !*reply) return 0;
  if ((*reply)->status < 200 || (*reply)->status > 599 || (*reply)->body.size() > kMax) std::abort();
  const mlean::Result<std::optional<LoopbackReply>> again = mlean::net::ReadLoopbackReply(text + "x", kMax);
  if (!again || !*again || (*again)->body != (*reply)->body) std::abort();
  return 0;
}

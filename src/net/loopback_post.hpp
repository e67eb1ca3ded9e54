// One small POST to a server of this machine, such as a command that tells `mlean server` about a change. A blocking socket and
// one deadline: it takes a fraction of a millisecond, where the library behind net/client.hpp takes ten to load. No TLS, names,
// redirects or chunked replies.
//
//   TRY(const LoopbackReply reply, LoopbackPost("http://127.0.0.1:5000/api/mlean/v1/sync", "", {}));
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace mlean::net {

struct LoopbackOptions {
  std::chrono::milliseconds timeout{10'000};  // for the whole exchange
  std::size_t max_reply_bytes = 1u << 20;     // head and body
  std::string bearer = {};                    // a token for the Authorization header; without CR and LF
};

struct LoopbackReply {
  int status = 0;
  std::string body;
};

// `url` is http://ADDRESS:PORT/PATH with an address 127.x.x.x or [::1]. A reply of any status is no error. kInvalid (url), kIo
// (no connection, or it ended early), kTimeout, kTooLarge, kCorrupt (the reply is no HTTP, or of a kind that is not read here).
Result<LoopbackReply> LoopbackPost(std::string_view url, std::string_view body, const LoopbackOptions& options);

// The reply when `text` is all of it, nothing when more must come. Errors are causes: kCorrupt, kTooLarge.
Result<std::optional<LoopbackReply>> ReadLoopbackReply(std::string_view text, std::size_t max_bytes);

}  // namespace mlean::net

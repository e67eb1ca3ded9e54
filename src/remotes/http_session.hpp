// Inside of the remotes room: HTTP requests to one store, with kept connections, authorisation, and retries. Thread-safe: a
// connection is used by one thread at a time; there are as many as threads asked at once.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "net/client.hpp"
#include "remotes/options.hpp"
#include "remotes/remote.hpp"

namespace mlean::remotes {

// Adds what proves who we are to a request that is complete otherwise; called anew for each try.
using Authorise = std::function<Result<void>(net::Request& request)>;

class HttpSession {
 public:
  struct Setup {
    RetryPolicy retry;
    const std::atomic<bool>* cancel = nullptr;
    net::Tls tls;
    std::int64_t connect_timeout_ms = 10'000;
    std::int64_t read_timeout_ms = 60'000;  // nothing moves for so long
    int max_redirects = 0;                  // of GET and HEAD
    std::string user_password;
    std::vector<std::pair<std::string, std::string>> headers;  // sent with every request
    Authorise authorise;
  };
  // The limits and the TLS settings that the options of all HTTP-like remotes share.
  static Result<Setup> MakeSetup(const Options& options);
  explicit HttpSession(Setup setup) : setup_(std::move(setup)) {}

  // Small files are read into memory first: they go out together with the head. The answer, whatever its status, unless the
  // status says "try again" to the end: then kBusy or kIo. Errors as of net::Client, after all tries.
  Result<net::Response> Send(net::Request request);
  // GET with a streamed body from `offset` on; goes on by itself where a connection broke off. kConflict when the file changed
  // meanwhile. A status that is no success is returned with its body.
  Result<net::Response> Stream(net::Request request, std::uint64_t offset, const ByteSink& sink);

 private:
  class Lease;
  Result<net::Response> Try(net::Request request);
  // Pauses before try number `attempt` (from 1); false: cancelled.
  bool Pause(int attempt, const Result<net::Response>& last) const;
  bool Cancelled() const { return setup_.cancel != nullptr && setup_.cancel->load(std::memory_order_relaxed); }

  Setup setup_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<net::Client>> idle_;  // guarded by mutex_
};

// The Error that a refusing answer means: "cannot <verb> '<what>': the server answers 403 Forbidden (AccessDenied: …)".
Error Refusal(std::string_view verb, std::string_view what, const net::Response& response);
// Tries again after an error or an answer of this kind?
bool IsPassing(const Result<net::Response>& answer);

}  // namespace mlean::remotes

// HttpSender: requests over net/client.hpp. One connection per host is kept; not thread-safe.
#pragma once

#include "notify/deliver.hpp"

namespace mlean::notify {

class HttpSender final : public Sender {
 public:
  Result<net::Response> Send(const net::Request& request) override { return client_.Send(request); }

 private:
  net::Client client_;
};

}  // namespace mlean::notify

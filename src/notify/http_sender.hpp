// HttpSender: alerts over net/client.hpp. One connection per host is kept; not thread-safe.
#pragma once

#include "net/client.hpp"
#include "notify/deliver.hpp"

namespace mlean::notify {

class HttpSender final : public Sender {
 public:
  Result<int> Post(std::string_view url, const std::vector<std::pair<std::string, std::string>>& headers, std::string_view body,
                   int timeout_ms) override;

 private:
  net::Client client_;
};

}  // namespace mlean::notify

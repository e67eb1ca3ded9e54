#include "notify/http_sender.hpp"

namespace mlean::notify {
namespace {

constexpr std::size_t kMaxAnswer = 64u << 10;  // only the status counts

}  // namespace

Result<int> HttpSender::Post(std::string_view url, const std::vector<std::pair<std::string, std::string>>& headers,
                             std::string_view body, int timeout_ms) {
  net::Request request;
  request.method = "POST";
  request.url = url;
  request.headers = headers;
  request.body = body;
  request.timeout_ms = timeout_ms;
  request.max_response_bytes = kMaxAnswer;
  Result<net::Response> response = client_.Send(request);
  if (!response) return std::move(response).error();
  return response->status;
}

}  // namespace mlean::notify

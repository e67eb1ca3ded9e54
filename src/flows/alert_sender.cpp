#include "flows/alert_sender.hpp"

#include "net/client.hpp"
#include "notify/deliver.hpp"

namespace mlean::flows {
namespace {

class HttpSender final : public notify::Sender {
 public:
  Result<int> Post(std::string_view url, const std::vector<std::pair<std::string, std::string>>& headers, std::string_view body,
                   int timeout_ms) override {
    net::Request request;
    request.method = "POST";
    request.url = std::string(url);
    for (const auto& [name, value] : headers) request.headers.push_back({name, value});
    request.body = std::string(body);
    request.timeout_ms = timeout_ms;
    TRY(const net::Response response, client_.Send(request));
    return response.status;
  }

 private:
  net::Client client_;  // the library is opened by the first Send
};

}  // namespace

Result<void> DeliverAlerts(Workspace& workspace) {
  HttpSender sender;
  TRY(const int sent, notify::DeliverDue(*workspace.db, AlertChannels(workspace), sender, *workspace.clock));
  static_cast<void>(sent);
  return {};
}

}  // namespace mlean::flows

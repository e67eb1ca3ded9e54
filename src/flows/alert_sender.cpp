#include "flows/alert_sender.hpp"

#include "notify/deliver.hpp"
#include "notify/http_sender.hpp"

namespace mlean::flows {
Result<void> DeliverAlerts(Workspace& workspace) {
  notify::HttpSender sender;  // the client library is opened by the first post
  TRY(const int sent, notify::DeliverDue(*workspace.db, AlertChannels(workspace), sender, *workspace.clock));
  static_cast<void>(sent);
  return {};
}

}  // namespace mlean::flows

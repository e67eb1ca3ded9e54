#include "flows/server_link.hpp"

#include <fmt/core.h>

#include "base/log.hpp"
#include "net/loopback_post.hpp"
#include "os/files.hpp"

namespace mlean::flows {

std::optional<std::string> ServerUrl(const Workspace& workspace) {
  const Result<std::string> text = os::ReadFile(workspace.ServerFile(), 4096);
  if (!text) return std::nullopt;
  const Result<codec::Json> info = codec::Json::Parse(*text);
  if (!info) return std::nullopt;
  const Result<std::string> url = info->StringAt("url");
  const Result<std::int64_t> pid = info->IntAt("pid");
  if (!url || !pid || !os::Exists(fmt::format("/proc/{}", *pid))) return std::nullopt;
  return *url;
}

void SyncServer(const Workspace& workspace) {
  const std::optional<std::string> url = ServerUrl(workspace);
  if (!url) return;
  const Result<net::LoopbackReply> reply = net::LoopbackPost(*url + "/api/mlean/v1/sync", "", {});
  if (!reply) {
    log::Warn("server.sync", {{"error", reply.error().what}});
  } else if (reply->status != 200) {
    log::Warn("server.sync", {{"error", reply->body}});
  }
}

}  // namespace mlean::flows

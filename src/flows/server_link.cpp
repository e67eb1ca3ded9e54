#include "flows/server_link.hpp"

#include <fmt/core.h>

#include <unistd.h>

#include "base/log.hpp"
#include "net/client.hpp"
#include "net/loopback_post.hpp"
#include "os/files.hpp"

namespace mlean::flows {

namespace {

struct Server {
  std::string url;
  std::string token;  // a secret of the running server; empty when it asks nobody who he is
  std::int64_t pid = 0;
};

std::optional<Server> FindServer(const Workspace& workspace) {
  const Result<std::string> text = os::ReadFile(workspace.ServerFile(), 4096);
  if (!text) return std::nullopt;
  const Result<codec::Json> info = codec::Json::Parse(*text);
  if (!info) return std::nullopt;
  const Result<std::string> url = info->StringAt("url");
  const Result<std::int64_t> pid = info->IntAt("pid");
  const Result<std::string> token = info->StringAt("token", "");
  if (!url || !pid || !token || !os::Exists(fmt::format("/proc/{}", *pid))) return std::nullopt;
  return Server{*url, *token, *pid};
}

// By a plain socket where that will do; the library that speaks TLS takes ten milliseconds to load. The certificate names the
// server as others know it, not by the address used here; whose port this is the server's own file has told.
Result<net::LoopbackReply> Post(const Server& server, const std::string& path) {
  if (server.url.starts_with("http://127.") || server.url.starts_with("http://[::1]")) {
    return net::LoopbackPost(server.url + path, "", {.bearer = server.token});
  }
  net::Client client;
  net::Request request{.method = "POST", .url = server.url + path};
  request.headers.emplace_back("Authorization", "Bearer " + server.token);
  request.tls.verify = false;
  TRY(const net::Response response, client.Send(request));
  return net::LoopbackReply{response.status, response.body};
}

}  // namespace

Result<void> WriteServerFile(const Workspace& workspace, const std::string& url, const std::string& token) {
  codec::Json info = codec::Json::Object{{"url", url}, {"pid", static_cast<std::int64_t>(::getpid())}};
  if (!token.empty()) info.Set("token", token);
  // A file that is there keeps its mode, and could be one that others may read.
  TRYV(os::Remove(workspace.ServerFile()));
  return os::WriteFileAtomic(workspace.ServerFile(), info.Dump(), {.mode = 0600, .sync = false});
}

Result<void> RemoveServerFile(const Workspace& workspace) {
  const std::optional<Server> told = FindServer(workspace);
  return told && told->pid == ::getpid() ? os::Remove(workspace.ServerFile()) : Result<void>();
}

std::optional<std::string> ServerUrl(const Workspace& workspace) {
  std::optional<Server> server = FindServer(workspace);
  if (!server) return std::nullopt;
  return std::move(server->url);
}

void SyncServer(const Workspace& workspace) {
  const std::optional<Server> server = FindServer(workspace);
  if (!server) return;
  const Result<net::LoopbackReply> reply = Post(*server, "/api/mlean/v1/sync");
  if (!reply) {
    log::Warn("server.sync", {{"error", reply.error().what}});
  } else if (reply->status != 200) {
    log::Warn("server.sync", {{"error", reply->body}});
  }
}

}  // namespace mlean::flows

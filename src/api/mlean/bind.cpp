#include "api/mlean/bind.hpp"

namespace mlean::api {

Result<void> Require(const net::Call& call, ApiContext& context, std::string_view model, access::Level level) {
  if (call.caller == nullptr) return {};
  return context.workspace.db->Read(
      [&](sql::Conn& conn) { return RequireOnModel(conn, call.caller.get(), context.rules, model, level); });
}

Result<bool> MayRead(sql::Conn& conn, const net::Call& call, const ApiContext& context, std::string_view model) {
  return AllowedOnModel(conn, call.caller.get(), context.rules, model, access::Level::kRead);
}

flows::Workspace Acting(const net::Call& call, ApiContext& context) {
  const std::lock_guard lock(context.config_mutex);
  return context.workspace.As(call.caller == nullptr ? context.workspace.actor : call.caller->Actor());
}

}  // namespace mlean::api

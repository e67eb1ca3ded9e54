// users/…: create, get, current, list, update-password, update-admin, delete (reference/mlflow.md 1.6).
#include <fmt/format.h>

#include "access/password.hpp"
#include "api/mlflow/bind.hpp"
#include "api/mlflow/grants.hpp"
#include "api/mlflow/reply.hpp"
#include "flows/access_change.hpp"

namespace mlean::api::mlflow {
namespace {

using codec::Json;

constexpr Field kCreate[] = {{"username", Type::kString, kRequired}, {"password", Type::kString, kRequired}};
constexpr Field kByName[] = {{"username", Type::kString, kRequired}};
constexpr Field kPassword[] = {
    {"username", Type::kString, kRequired}, {"password", Type::kString, kRequired}, {"current_password"}};
constexpr Field kAdmin[] = {{"username", Type::kString, kRequired}, {"is_admin", Type::kBool, kRequired}};

std::string Name(const Json& request) { return TextOf(request, "username"); }

Json UserJson(const access::User& user) {
  return Json::Object{{"id", user.no}, {"username", user.name}, {"is_admin", user.admin}};
}

// With what the user was granted, as 2.x clients read it.
Result<Json> WholeUserJson(sql::Conn& conn, const access::User& user) {
  Json out = UserJson(user);
  Json::Array experiments;
  Json::Array models;
  TRY(const std::vector<access::Grant> grants, access::ListGrants(conn, user.no));
  for (const access::Grant& grant : grants) {
    TRY(const std::optional<Json> json, GrantJson(conn, grant));
    if (json) (grant.object.kind == access::Kind::kExperiment ? experiments : models).push_back(*json);
  }
  out.Set("experiment_permissions", std::move(experiments));
  out.Set("registered_model_permissions", std::move(models));
  return out;
}

Result<Json> UserReply(Context& context, const std::string& name) {
  return context.workspace.db->Read([&](sql::Conn& conn) -> Result<Json> {
    TRY(const access::User user, access::FindUser(conn, name));
    TRY(Json json, WholeUserJson(conn, user));
    return Json(Json::Object{{"user", std::move(json)}});
  });
}

// What changed counts from this reply on.
Result<Json> Done(Context& context) {
  TRYV(context.rules.users->Refresh(*context.workspace.db));
  return Json(Json::Object{});
}

Error Denied() { return Fail(Code::kDenied, std::string(kPermissionDenied)); }

Result<Json> Create(const Json& request, Context& context) {
  TRYV(flows::AddUser(context.workspace, Name(request), TextOf(request, "password"), false));
  TRYV(Done(context));
  return UserReply(context, Name(request));
}

Result<Json> Get(const Json& request, Context& context) {
  if (!context.caller->admin && context.caller->name != Name(request)) return Denied();
  return UserReply(context, Name(request));
}

Result<Json> Current(const Json&, Context& context) {
  const Caller& caller = *context.caller;
  return Json(Json::Object{{"user", Json::Object{{"id", caller.user}, {"username", caller.name}, {"is_admin", caller.admin}}},
                           {"is_basic_auth", !caller.by_token}});
}

Result<Json> List(const Json&, Context& context) {
  TRY(const auto users, context.workspace.db->Read([](sql::Conn& conn) { return access::ListUsers(conn); }));
  Json::Array list;
  for (const access::User& user : users) {
    Json one = UserJson(user);
    one.Set("roles", Json::Array{});
    list.push_back(std::move(one));
  }
  return Json(Json::Object{{"users", std::move(list)}});
}

// Oneself says the old password once more when the request did not come with it; it is checked without the limits of the gate, as
// whoever comes here has proved who he is.
Result<Json> UpdatePassword(const Json& request, Context& context) {
  const bool self = context.caller->name == Name(request);
  if (!self && !context.caller->admin) return Denied();
  const std::string current = TextOf(request, "current_password");
  if (self && current.empty() && context.caller->by_token) {
    return Fail(Code::kInvalid, "Current password is required when changing your own password.");
  }
  if (self && !current.empty()) {
    TRY(const access::User user,
        context.workspace.db->Read([&](sql::Conn& conn) { return access::FindUser(conn, Name(request)); }));
    if (!access::PasswordMatches(current, user.password)) return Fail(Code::kInvalid, "Current password does not match.");
    if (current == TextOf(request, "password")) {
      return Fail(Code::kInvalid, "New password must differ from the current password.");
    }
  }
  TRYV(flows::SetPassword(context.workspace, Name(request), TextOf(request, "password")));
  return Done(context);
}

Result<Json> UpdateAdmin(const Json& request, Context& context) {
  TRYV(flows::SetAdmin(context.workspace, Name(request), BoolOf(request, "is_admin")));
  return Done(context);
}

Result<Json> Delete(const Json& request, Context& context) {
  if (context.caller->name == Name(request)) {
    return Fail(Code::kUsage, "Users cannot delete their own account. Ask another admin to delete this user instead.");
  }
  TRYV(flows::RemoveUser(context.workspace, Name(request)));
  return Done(context);
}

}  // namespace

void BindUsers(net::Router& router, Context& context) {
  Endpoint(router, context, "POST", "users/create", kCreate, kForAdmins, Create);
  Endpoint(router, context, "GET", "users/get", kByName, kForUsers, Get);
  Endpoint(router, context, "GET", "users/current", {}, kForUsers, Current);
  Endpoint(router, context, "GET", "users/list", {}, kForAdmins, List);
  Endpoint(router, context, "PATCH", "users/update-password", kPassword, kForWriters, UpdatePassword);
  Endpoint(router, context, "PATCH", "users/update-admin", kAdmin, kForAdmins, UpdateAdmin);
  Endpoint(router, context, "DELETE", "users/delete", kByName, kForAdmins, Delete);
}

}  // namespace mlean::api::mlflow

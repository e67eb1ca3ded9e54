// What a user may do with an experiment or registered model: experiments/permissions/… and registered-models/permissions/… of
// clients up to 3.6, users/permissions/… of newer ones (reference/mlflow.md 1.6). The same grants underneath.
#include "api/mlflow/grants.hpp"

#include <fmt/format.h>

#include "api/mlflow/bind.hpp"
#include "api/mlflow/reply.hpp"
#include "base/text.hpp"
#include "flows/access_change.hpp"
#include "registry/model_store.hpp"
#include "track/experiment_store.hpp"

namespace mlean::api::mlflow {
namespace {

using access::Kind;
using codec::Json;

constexpr Field kExperiment[] = {
    {"experiment_id", Type::kId, kRequired}, {"username", Type::kString, kRequired}, {"permission", Type::kString, kRequired}};
constexpr Field kModel[] = {
    {"name", Type::kString, kRequired}, {"username", Type::kString, kRequired}, {"permission", Type::kString, kRequired}};
constexpr Field kOfUser[] = {{"username", Type::kString, kRequired},
                             {"resource_type", Type::kString, kRequired},
                             {"resource_id", Type::kId, kRequired},
                             {"permission", Type::kString, kRequired}};
template <std::size_t N>
constexpr std::span<const Field> WithoutPermission(const Field (&fields)[N]) {
  return std::span(fields).first(N - 1);
}

// What a request is about, by either of its ways to say it.
struct Target {
  access::Object object;
  std::string id;     // "5", "arrival-delay"
  std::string named;  // in the audit chain
};

Result<Target> TargetOf(sql::Conn& conn, Kind kind, const std::string& id) {
  if (kind == Kind::kExperiment) {
    TRY(const track::Experiment experiment, track::GetExperiment(conn, id));
    return Target{{kind, ParseInt(experiment.id).value_or(-1)}, id, "experiments/" + experiment.id};
  }
  TRY(const std::int64_t number, registry::ModelNumber(conn, id));
  return Target{{kind, number}, id, "models/" + id};
}

Result<Kind> KindOf(const Json& request) {
  const std::string type = TextOf(request, "resource_type");
  if (type == "experiment") return Kind::kExperiment;
  if (type == "registered_model" || type == "prompt") return Kind::kModel;
  return Fail(Code::kInvalid, fmt::format("Invalid resource type '{}'. Valid resource types are: ('experiment', 'prompt', "
                                          "'registered_model')",
                                          type));
}

Result<Target> TargetOf(sql::Conn& conn, const Json& request) {
  if (request.Find("resource_type") != nullptr) {
    TRY(const Kind kind, KindOf(request));
    return TargetOf(conn, kind, TextOf(request, "resource_id"));
  }
  if (request.Find("experiment_id") != nullptr) return TargetOf(conn, Kind::kExperiment, TextOf(request, "experiment_id"));
  return TargetOf(conn, Kind::kModel, TextOf(request, "name"));
}

Result<std::vector<access::Object>> OfTarget(sql::Conn& conn, const Json& request, const net::Call&) {
  TRY(const Target target, TargetOf(conn, request));
  return std::vector{target.object};
}

Result<access::Level> LevelIn(const Json& request) {
  const std::string text = TextOf(request, "permission");
  if (const std::optional<access::Level> level = access::ParseLevel(text)) return *level;
  return Fail(Code::kInvalid, fmt::format("Invalid permission '{}'. Valid permissions are: ('READ', 'USE', 'EDIT', 'MANAGE', "
                                          "'NO_PERMISSIONS', 'DENY')",
                                          text));
}

std::string Spell(const Target& target, const std::string& user) {
  return target.object.kind == Kind::kExperiment ? fmt::format("experiment_id={} and username={}", target.id, user)
                                                 : fmt::format("name={} and username={}", target.id, user);
}
std::string_view WordOf(const Target& target) {
  return target.object.kind == Kind::kExperiment ? "Experiment permission" : "Registered model permission";
}
std::string_view KeyOf(const Target& target) {
  return target.object.kind == Kind::kExperiment ? "experiment_permission" : "registered_model_permission";
}

// "Permission for user=bob on resource_type=experiment, resource_id=5"
std::string OfUser(const Json& request) {
  return fmt::format("Permission for user={} on resource_type={}, resource_id={}", TextOf(request, "username"),
                     TextOf(request, "resource_type"), TextOf(request, "resource_id"));
}

Error NoGrant(const Target& target, const std::string& user) {
  return Fail(Code::kNotFound, fmt::format("{} with {} not found", WordOf(target), Spell(target, user)));
}

// Finds target, user and grant, and hands them to `act`.
template <class Conn, class Act>
auto WithGrant(Conn& conn, const Json& request, const Act& act)
    -> std::invoke_result_t<Act, const Target&, const access::User&, const std::optional<access::Level>&> {
  TRY(const Target target, TargetOf(conn, request));
  TRY(const access::User user, access::FindUser(conn, TextOf(request, "username")));
  TRY(const std::optional<access::Level> level, access::FindGrant(conn, user.no, target.object));
  return act(target, user, level);
}

Result<Json> GrantReply(sql::Conn& conn, const Target& target, const access::Grant& grant) {
  TRY(const std::optional<Json> json, GrantJson(conn, grant));
  if (!json) return Fail(Code::kNotFound, fmt::format("cannot show {}: it is gone", target.named));
  Json out = Json::Object{};
  out.Set(std::string(KeyOf(target)), *json);
  return out;
}

Result<Json> Create(const Json& request, Context& context) {
  TRY(const access::Level level, LevelIn(request));
  return context.workspace.db->Write([&](sql::Txn& txn) {
    return WithGrant(txn, request, [&](const Target& target, const access::User& user, const auto& known) -> Result<Json> {
      if (known) {
        return Fail(Code::kExists,
                    fmt::format("{} ({}) already exists.", WordOf(target), ReplaceAll(Spell(target, user.name), " and ", ", ")));
      }
      const access::Grant grant{user.no, target.object, level};
      TRYV(flows::SetGrant(txn, context.workspace, grant, user.name, target.named));
      return GrantReply(txn, target, grant);
    });
  });
}

Result<Json> Get(const Json& request, Context& context) {
  return context.workspace.db->Read([&](sql::Conn& conn) {
    return WithGrant(conn, request, [&](const Target& target, const access::User& user, const auto& known) -> Result<Json> {
      if (!known) return NoGrant(target, user.name);
      return GrantReply(conn, target, {user.no, target.object, *known});
    });
  });
}

Result<Json> Update(const Json& request, Context& context) {
  TRY(const access::Level level, LevelIn(request));
  TRYV(context.workspace.db->Write([&](sql::Txn& txn) {
    return WithGrant(txn, request, [&](const Target& target, const access::User& user, const auto& known) -> Result<void> {
      if (!known) return NoGrant(target, user.name);
      return flows::SetGrant(txn, context.workspace, {user.no, target.object, level}, user.name, target.named);
    });
  }));
  return Json(Json::Object{});
}

// As Create and Delete, in the words of newer clients.
Result<Json> GrantToUser(const Json& request, Context& context) {
  Result<Json> made = Create(request, context);
  if (made) return Json(Json::Object{});
  return made.error().code == Code::kExists ? Fail(Code::kExists, OfUser(request) + " already exists.") : made;
}
Result<Json> Delete(const Json& request, Context& context) {
  TRYV(context.workspace.db->Write([&](sql::Txn& txn) {
    return WithGrant(txn, request, [&](const Target& target, const access::User& user, const auto& known) -> Result<void> {
      if (!known) return NoGrant(target, user.name);
      return flows::RemoveGrant(txn, context.workspace, {user.no, target.object, *known}, user.name, target.named);
    });
  }));
  return Json(Json::Object{});
}

Result<Json> RevokeFromUser(const Json& request, Context& context) {
  TRYV(context.workspace.db->Write([&](sql::Txn& txn) {
    return WithGrant(txn, request, [&](const Target& target, const access::User& user, const auto& known) -> Result<void> {
      if (!known) return Fail(Code::kNotFound, OfUser(request) + " not found.");
      return flows::RemoveGrant(txn, context.workspace, {user.no, target.object, *known}, user.name, target.named);
    });
  }));
  return Json(Json::Object{});
}

// What the user may in the end, by grant, default or as an administrator. About oneself anybody may ask. As the real server's, it
// does not tell whether the experiment or model is there: of what is not, everybody has the default.
Result<Json> Effective(const Json& request, Context& context) {
  return context.workspace.db->Read([&](sql::Conn& conn) -> Result<Json> {
    TRY(const Kind kind, KindOf(request));
    TRY(const access::User user, access::FindUser(conn, TextOf(request, "username")));
    const Result<Target> target = TargetOf(conn, kind, TextOf(request, "resource_id"));
    if (!target && target.error().code != Code::kNotFound) return target.error();
    const access::Object object = target ? target->object : access::Object{kind, -1};
    if (user.no != context.caller->user) {
      TRY(const bool may, Allowed(conn, context.caller, context.rules, object, access::Level::kManage));
      if (!may) return Fail(Code::kDenied, std::string(kPermissionDenied));
    }
    const Caller as_caller{.user = user.no, .name = user.name, .admin = user.admin};
    TRY(const access::Level level, access::LevelOf(conn, as_caller, object, context.rules.by_default));
    return Json(Json::Object{{"allowed", level >= access::Level::kUse}, {"permission", access::LevelName(level)}});
  });
}

void BindOn(net::Router& router, Context& context, const std::string& path, std::span<const Field> with_permission) {
  const std::span<const Field> fields = with_permission.first(with_permission.size() - 1);
  Endpoint(router, context, "POST", path + "/create", with_permission, Manages(OfTarget), Create);
  Endpoint(router, context, "GET", path + "/get", fields, SeesGrants(OfTarget), Get);
  Endpoint(router, context, "PATCH", path + "/update", with_permission, Manages(OfTarget), Update);
  Endpoint(router, context, "DELETE", path + "/delete", fields, Manages(OfTarget), Delete);
}

}  // namespace

Result<std::optional<Json>> GrantJson(sql::Conn& conn, const access::Grant& grant) {
  Json out = Json::Object{};
  if (grant.object.kind == Kind::kExperiment) {
    out.Set("experiment_id", fmt::to_string(grant.object.no));
  } else {
    Result<std::string> name = registry::ModelName(conn, grant.object.no);
    if (!name && name.error().code == Code::kNotFound) return std::optional<Json>();
    if (!name) return std::move(name).error();
    out.Set("name", *std::move(name));
  }
  out.Set("user_id", grant.user);
  out.Set("permission", access::LevelName(grant.level));
  return std::optional<Json>(std::move(out));
}

void BindGrants(net::Router& router, Context& context) {
  BindOn(router, context, "experiments/permissions", kExperiment);
  BindOn(router, context, "registered-models/permissions", kModel);
  Endpoint(router, context, "POST", "users/permissions/grant", kOfUser, Manages(OfTarget), GrantToUser);
  Endpoint(router, context, "POST", "users/permissions/revoke", WithoutPermission(kOfUser), Manages(OfTarget), RevokeFromUser);
  Endpoint(router, context, "GET", "users/permissions/get", WithoutPermission(kOfUser), kForUsers, Effective);
}

}  // namespace mlean::api::mlflow

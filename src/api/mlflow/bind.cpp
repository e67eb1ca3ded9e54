#include "api/mlflow/bind.hpp"

#include <algorithm>
#include <string>

#include <fmt/format.h>

#include "api/mlflow/reply.hpp"
#include "flows/artifact_folder.hpp"

namespace mlean::api::mlflow {
namespace {

using codec::Json;

constexpr std::uint64_t kMaxBody = 32ull << 20;  // of tracking and registry calls; artifacts have their own limit
constexpr std::string_view kPrefixes[] = {"/api/2.0/", "/ajax-api/2.0/", "/api/3.0/", "/ajax-api/3.0/"};

// What MLflow's server has for generative models and this one has not: clients show the text, and most go on without.
constexpr std::string_view kGenAi[] = {"/mlflow/traces", "/mlflow/scorers", "/mlflow/datasets", "/mlflow/gateway/",
                                       "/mlflow/prompt-optimization"};

net::Reply Refused(int status, std::string_view message, const net::Call& call) {
  if (status != 404) return ErrorReply(status, message);
  std::string text = fmt::format("No route for {} {}", call.method, call.path);
  const auto about = [&](std::string_view what) { return call.path.find(what) != call.path.npos; };
  if (std::any_of(std::begin(kGenAi), std::end(kGenAi), about)) {
    text += ": this server keeps no traces, scorers or evaluation data sets";
  }
  return ErrorReply(404, text);
}

// What `need` asks of the caller, before the request's own work begins. False: refused.
Result<bool> MayGoOn(const Context& context, const Need& need, const Json& request, const net::Call& call) {
  if (call.caller == nullptr || need.objects == nullptr) return true;
  return context.workspace.db->Read([&](sql::Conn& conn) -> Result<bool> {
    if (call.caller->admin && !call.caller->read_only) return true;
    TRY(const std::vector<access::Object> objects, need.objects(conn, request, call));
    for (const access::Object& object : objects) {
      TRY(const bool allowed, Allowed(conn, call.caller.get(), context.rules, object, need.level));
      if (!allowed) return false;
    }
    return true;
  });
}

std::optional<net::Reply> Refusal(const Context& context, const Need& need, const Json& request, const net::Call& call) {
  const Result<bool> may = MayGoOn(context, need, request, call);
  if (!may) return ErrorReply(may.error());
  if (!*may) return net::Reply::Text(403, std::string(kPermissionDenied));
  return std::nullopt;
}

// Runs `work` in the context of the call's sender, once he may.
template <class Work>
net::Reply Serve(Context& server, const Need& need, const Json& request, const net::Call& call, const Work& work) {
  std::optional<net::Reply> refusal = Refusal(server, need, request, call);
  if (refusal) return *std::move(refusal);
  if (call.caller == nullptr) return work(server);
  flows::Workspace acting = server.workspace.As(call.caller->Actor());
  Context own{acting, server.rules, server.follow_registry, server.config, server.artifact_root, call.caller.get()};
  return work(own);
}

net::Handler Guarded(Context& context, const Need& need, RawHandler handler) {
  return [&context, need, handler](const net::Call& call) {
    return Serve(context, need, Json(Json::Object{}), call, [&](Context& own) {
      Result<net::Reply> reply = handler(call, own);
      return reply ? *std::move(reply) : ErrorReply(reply.error());
    });
  };
}

void AddEverywhere(net::Router& router, std::string_view method, std::string_view path, net::RouteOptions options,
                   const net::Handler& handler) {
  options.label = std::string(kPrefixes[0]) + std::string(path);
  for (const std::string_view prefix : kPrefixes) router.Add(method, std::string(prefix) + std::string(path), options, handler);
}

template <class Work>
net::Handler Answer(Context& context, std::span<const Field> fields, const Need& need, Work handler) {
  return [&context, fields, need, handler = std::move(handler)](const net::Call& call) {
    const Result<Json> request = ReadRequest(call, fields);
    if (!request) return ErrorReply(request.error());
    return Serve(context, need, *request, call, [&](Context& own) { return ToReply(handler(*request, own)); });
  };
}

std::optional<net::Reply> ChangeAtOnce(Context& context, std::span<const Field> fields, Change change, const net::Call& call) {
  const Result<Json> request = ReadRequest(call, fields);
  if (!request) return ErrorReply(request.error());
  const flows::Workspace& workspace = context.workspace;
  std::optional<Result<void>> done = workspace.db->WriteAtOnce([&](sql::Txn& txn) { return change(txn, *request, workspace); });
  if (!done) return std::nullopt;
  return *done ? ToReply(Json(Json::Object{})) : ErrorReply(done->error());
}

}  // namespace

void RawEndpoint(net::Router& router, Context& context, std::string_view method, std::string_view path, net::RouteOptions options,
                 Need need, RawHandler handler) {
  options.access = need.access;
  // The objects are named in the head, so nothing is taken of a body that its sender may not send, or that has no place.
  const bool asks = context.rules.users != nullptr && need.objects != nullptr;
  const bool places = !options.spool_dir.empty() && !context.workspace.folder.place.empty();
  if (asks || places) {
    options.refuse = [&context, need, asks, places,
                      own = std::move(options.refuse)](const net::Call& call) -> std::optional<net::Reply> {
      if (const Result<void> there = places ? flows::CheckFolder(context.workspace) : Result<void>(); !there) {
        return ErrorReply(there.error());
      }
      std::optional<net::Reply> refusal;
      if (asks) refusal = Refusal(context, need, Json(Json::Object{}), call);
      return refusal || !own ? refusal : own(call);
    };
  }
  AddEverywhere(router, method, path, std::move(options), Guarded(context, need, handler));
}

void PlainEndpoint(net::Router& router, Context& context, std::string_view method, std::string_view path, Need need,
                   RawHandler handler) {
  router.Add(method, path, {.access = need.access}, Guarded(context, need, handler));
}

void Endpoint(net::Router& router, Context& context, std::string_view method, std::string_view path,
              std::span<const Field> fields, Need need, Handler handler) {
  AddEverywhere(router, method, "mlflow/" + std::string(path), {.max_body = kMaxBody, .access = need.access},
                Answer(context, fields, need, std::move(handler)));
}

void ReplyEndpoint(net::Router& router, Context& context, std::string_view method, std::string_view path,
                   std::span<const Field> fields, Need need, ReplyHandler handler) {
  AddEverywhere(router, method, "mlflow/" + std::string(path), {.max_body = kMaxBody, .access = need.access},
                Answer(context, fields, need, handler));
}

void ChangeEndpoint(net::Router& router, Context& context, std::string_view method, std::string_view path,
                    std::span<const Field> fields, Need need, Change change, After after) {
  net::RouteOptions options{.max_body = kMaxBody, .access = need.access};
  // Where there are users, who may do it is asked of the database first, which may have to wait.
  if (after == After::kReplyAtOnce && context.rules.users == nullptr) {
    options.at_once = [&context, fields, change](const net::Call& call) { return ChangeAtOnce(context, fields, change, call); };
  }
  const Handler handler = [change, after](const Json& request, Context& own) -> Result<Json> {
    TRYV(own.workspace.db->Write([&](sql::Txn& txn) { return change(txn, request, own.workspace); }));
    if (after == After::kFollowRegistry) own.follow_registry();
    return Json(Json::Object{});
  };
  AddEverywhere(router, method, "mlflow/" + std::string(path), std::move(options), Answer(context, fields, need, handler));
}

Result<void> ChangeByConfig(Context& context, const std::function<Result<void>(sql::Txn& txn)>& change) {
  context.workspace.config = context.config();
  TRYV(context.workspace.db->Write(change));
  context.follow_registry();
  return {};
}

void BindMlflow(net::Router& router, Context& context) {
  for (const std::string_view prefix : kPrefixes) router.SetErrorBody(prefix, Refused);
  BindExperiments(router, context);
  BindRuns(router, context);
  BindRunData(router, context);
  BindRunInputs(router, context);
  BindMetricHistory(router, context);
  BindLoggedModels(router, context);
  BindRegisteredModels(router, context);
  BindModelVersions(router, context);
  BindWebhooks(router, context);
  BindArtifactProxy(router, context);
  BindMultipart(router, context);
  BindRunArtifacts(router, context);
  BindServerInfo(router, context);
  // Without users there is nothing to ask about them: no such route, as with the real server.
  if (context.rules.users == nullptr) return;
  BindUsers(router, context);
  BindGrants(router, context);
}

}  // namespace mlean::api::mlflow

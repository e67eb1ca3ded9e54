#include "api/mlflow/bind.hpp"

#include <string>

#include "api/mlflow/reply.hpp"

namespace mlean::api::mlflow {
namespace {

constexpr std::uint64_t kMaxBody = 32ull << 20;  // of tracking and registry calls; artifacts have their own limit
constexpr std::string_view kPrefixes[] = {"/api/2.0/", "/ajax-api/2.0/", "/api/3.0/", "/ajax-api/3.0/"};

net::Reply Refused(int status, std::string_view message, const net::Call& call) {
  if (status == 404) return ErrorReply(404, "No route for " + std::string(call.method) + " " + std::string(call.path));
  return ErrorReply(status, message);
}

}  // namespace

void RawEndpoint(net::Router& router, std::string_view method, std::string_view path, net::RouteOptions options,
                 const net::Handler& handler) {
  options.label = std::string(kPrefixes[0]) + std::string(path);
  for (const std::string_view prefix : kPrefixes) router.Add(method, std::string(prefix) + std::string(path), options, handler);
}

void Endpoint(net::Router& router, std::string_view method, std::string_view path, std::span<const Field> fields,
              Handler handler) {
  RawEndpoint(router, method, "mlflow/" + std::string(path), {.max_body = kMaxBody},
              [fields, handler = std::move(handler)](const net::Call& call) {
                const Result<codec::Json> request = ReadRequest(call, fields);
                return request ? ToReply(handler(*request)) : ErrorReply(request.error());
              });
}

void ChangeEndpoint(net::Router& router, Context& context, std::string_view method, std::string_view path,
                    std::span<const Field> fields, Change change, After after) {
  Endpoint(router, method, path, fields, [&context, change, after](const codec::Json& request) -> Result<codec::Json> {
    TRYV(context.workspace.db->Write([&](sql::Txn& txn) { return change(txn, request, context.workspace); }));
    if (after == After::kFollowRegistry) context.follow_registry();
    return codec::Json(codec::Json::Object{});
  });
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
}

}  // namespace mlean::api::mlflow

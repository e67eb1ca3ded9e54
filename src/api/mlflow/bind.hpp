// MLflow's REST API (reference/mlflow.md 1): the wire of the track and registry rooms, one file per resource. Every endpoint
// answers under /api and /ajax-api, in versions 2.0 and 3.0. Handlers run on the pool.
#pragma once

#include <functional>
#include <mutex>
#include <span>
#include <string_view>

#include "api/mlflow/need.hpp"
#include "api/mlflow/request.hpp"
#include "api/rights.hpp"
#include "flows/workspace.hpp"
#include "net/router.hpp"

namespace mlean::api::mlflow {

struct Context {
  flows::Workspace& workspace;  // the API's own handle on the database; in a request the caller acts in it
  Rules rules;
  // Brings serving in step with the registry; returns when new requests see the change.
  const std::function<void()>& follow_registry;
  // mlean.yaml as it is now, or as it was when it was sound.
  const std::function<repo::LoopConfig()>& config;
  const std::string& artifact_root;  // of experiments that are made without a place of their own
  const Caller* caller = nullptr;    // of a request, when the server asks who it is
};

// All of them, and the shape of errors that the server finds by itself.
void BindMlflow(net::Router& router, Context& context);

// ---- for the files of this folder
// Takes the request as ReadRequest made it, and the context of this request: its workspace and caller are the sender's.
using Handler = std::function<Result<codec::Json>(const codec::Json& request, Context& context)>;

// `path` after "/api/2.0/mlflow/". `fields` must live as long as the program.
void Endpoint(net::Router& router, Context& context, std::string_view method, std::string_view path,
              std::span<const Field> fields, Need need, Handler handler);
// The same for answers that are more than a text.
using ReplyHandler = Result<net::Reply> (*)(const codec::Json& request, Context& context);
void ReplyEndpoint(net::Router& router, Context& context, std::string_view method, std::string_view path,
                   std::span<const Field> fields, Need need, ReplyHandler handler);
// For requests that change something and are answered with {}: `change` runs in one transaction.
using Change = Result<void> (*)(sql::Txn& txn, const codec::Json& request, const flows::Workspace& workspace);
// kFollowRegistry: what is served follows before the reply. kReplyAtOnce: small enough to be done by the I/O thread, when it can.
enum class After { kReply, kReplyAtOnce, kFollowRegistry };
void ChangeEndpoint(net::Router& router, Context& context, std::string_view method, std::string_view path,
                    std::span<const Field> fields, Need need, Change change, After after = After::kReply);
// The same for a handler that sees the call itself, its `path` after "/api/2.0/".
using RawHandler = Result<net::Reply> (*)(const net::Call& call, Context& context);
void RawEndpoint(net::Router& router, Context& context, std::string_view method, std::string_view path, net::RouteOptions options,
                 Need need, RawHandler handler);
// The same at exactly that path.
void PlainEndpoint(net::Router& router, Context& context, std::string_view method, std::string_view path, Need need,
                   RawHandler handler);
// Runs `change` in one transaction, by what mlean.yaml says now: for changes that a project may refuse. Serving has followed it.
Result<void> ChangeByConfig(Context& context, const std::function<Result<void>(sql::Txn& txn)>& change);

void BindExperiments(net::Router& router, Context& context);
void BindRuns(net::Router& router, Context& context);
void BindRunData(net::Router& router, Context& context);
void BindRunInputs(net::Router& router, Context& context);
void BindMetricHistory(net::Router& router, Context& context);
void BindLoggedModels(net::Router& router, Context& context);
void BindRegisteredModels(net::Router& router, Context& context);
void BindModelVersions(net::Router& router, Context& context);
void BindWebhooks(net::Router& router, Context& context);
void BindArtifactProxy(net::Router& router, Context& context);
void BindMultipart(net::Router& router, Context& context);
void BindRunArtifacts(net::Router& router, Context& context);
void BindServerInfo(net::Router& router, Context& context);
void BindUsers(net::Router& router, Context& context);
void BindGrants(net::Router& router, Context& context);

}  // namespace mlean::api::mlflow

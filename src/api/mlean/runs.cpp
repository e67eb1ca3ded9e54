// POST /runs/gc {"older_than": "30d", "run_ids": […], "experiment_ids": […], "dry_run": true}: deletes for good what is deleted.
#include "api/errors.hpp"
#include "api/mlean/bind.hpp"
#include "flows/runs_gc.hpp"

namespace mlean::api {
namespace {

using codec::Json;

Result<std::vector<std::string>> Texts(const Json& body, std::string_view key) {
  std::vector<std::string> out;
  if (body.Find(key) == nullptr) return out;
  TRY(const Json* list, body.ArrayAt(key));
  for (const Json& one : list->AsArray()) {
    if (!one.IsString()) return Fail(Code::kInvalid, "'" + std::string(key) + "' must be a list of strings");
    out.push_back(one.AsString());
  }
  return out;
}

Result<Json> Gc(const net::Call& call, ApiContext& context) {
  TRY(const Json body, Json::Parse(call.body.empty() ? "{}" : call.body, kOfApi));
  flows::RunsGcOptions options;
  TRY(const std::string age, body.StringAt("older_than", "0s"));
  TRY(options.older_than, flows::ParseAge(age));
  TRY(options.run_ids, Texts(body, "run_ids"));
  TRY(options.experiment_ids, Texts(body, "experiment_ids"));
  TRY(options.dry, body.BoolAt("dry_run", false));
  const flows::Workspace acting = Acting(call, context);
  TRY(const flows::RunsGcReport report, flows::RunsGc(acting, options));
  return flows::RunsGcJson(report, options.dry);
}

}  // namespace

void BindRuns(net::Router& router, ApiContext& context) {
  router.Add("POST", "/api/mlean/v1/runs/gc", {.access = net::Access::kAdmin},
             [&](const net::Call& call) { return ToReply(Gc(call, context)); });
}

}  // namespace mlean::api

// server-info: what newer clients ask first (reference/mlflow.md 1.1 13).
#include "api/mlflow/bind.hpp"

namespace mlean::api::mlflow {
namespace {

using codec::Json;

}  // namespace

void BindServerInfo(net::Router& router, Context& context) {
  Endpoint(router, context, "GET", "server-info", {}, kForAnyone, [](const Json&, Context&) -> Result<Json> {
    return Json(Json::Object{{"store_type", "SqlStore"},
                             {"workspaces_enabled", false},
                             {"trace_archival_enabled", false},
                             {"multipart_uploads_enabled", false},
                             {"multipart_downloads_enabled", false}});
  });
}

}  // namespace mlean::api::mlflow

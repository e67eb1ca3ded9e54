// server-info, and the proxied multipart uploads that it does not advertise (reference/mlflow.md 1.1 13, 1.5).
#include "api/mlflow/bind.hpp"
#include "api/mlflow/reply.hpp"

namespace mlean::api::mlflow {
namespace {

using codec::Json;

net::Reply NoMultipart(const net::Call&) {
  return ErrorReply(Fail(Code::kUnsupported, "Multipart upload is not supported for the current artifact repository"));
}

}  // namespace

void BindServerInfo(net::Router& router, Context&) {
  Endpoint(router, "GET", "server-info", {}, [](const Json&) -> Result<Json> {
    return Json(Json::Object{{"store_type", "SqlStore"},
                             {"workspaces_enabled", false},
                             {"trace_archival_enabled", false},
                             {"multipart_uploads_enabled", false},
                             {"multipart_downloads_enabled", false}});
  });
  for (const char* step : {"create", "complete", "abort"}) {
    RawEndpoint(router, "POST", std::string("mlflow-artifacts/mpu/") + step + "/{path...}", {}, NoMultipart);
  }
}

}  // namespace mlean::api::mlflow

// GET /openapi.json and /api/mlean/v1/openapi.json: OpenAPI 3.1, made from the router's own table, so that it never lists what is
// not there and never misses what is.
#include <map>

#include "api/mlean/bind.hpp"
#include "base/text.hpp"

namespace mlean::api {
namespace {

using codec::Json;

// What each operation does, by method and pattern; an operation without a line here shows its path.
const std::map<std::string, std::string, std::less<>>& Summaries() {
  static const auto* const kSummaries = new std::map<std::string, std::string, std::less<>>{
      {"POST /predict/{model}", "Predict for one JSON object or a list of them"},
      {"POST /v2/models/{model}/infer", "Open Inference Protocol v2"},
      {"GET /api/mlean/v1/turns", "Turns of the loop, newest first"},
      {"POST /api/mlean/v1/turns", "Start a turn"},
      {"GET /api/mlean/v1/turns/{id}", "One turn with its steps"},
      {"GET /api/mlean/v1/rollouts", "Rollouts, newest first"},
      {"POST /api/mlean/v1/rollouts/{id}/abort", "Take a candidate back"},
      {"GET /api/mlean/v1/models", "Registered models and what serves them"},
      {"GET /api/mlean/v1/models/{model}/versions", "Versions of a model"},
      {"GET /api/mlean/v1/models/{model}/windows", "Closed monitor windows"},
      {"GET /api/mlean/v1/models/{model}/observe", "Drift and performance between two instants"},
      {"POST /api/mlean/v1/models/{model}/labels", "Add labels to earlier predictions"},
      {"POST /api/mlean/v1/runs/gc", "Delete for good what is deleted: runs, logged models, experiments, their files"},
      {"GET /api/mlean/v1/lineage/runs/{run}", "Data, code and environment of a run, and the versions that came of it"},
      {"GET /api/mlean/v1/lineage/models/{model}/versions/{version}", "The run of a version, its rollouts and predictions"},
      {"GET /api/mlean/v1/lineage/data/{digest}", "The runs that had this data, and their versions"},
      {"GET /api/mlean/v1/audit", "Events of the audit chain"},
      {"GET /api/mlean/v1/audit/verify", "Check the audit chain"},
      {"GET /api/mlean/v1/alerts", "Alerts and their deliveries"},
      {"POST /api/mlean/v1/tick", "One pass of the server's own work"},
      {"POST /api/mlean/v1/sync", "Bring serving in step with the registry"}};
  return *kSummaries;
}

Json::Array PathParameters(const std::string& pattern) {
  Json::Array out;
  for (std::size_t at = pattern.find('{'); at != pattern.npos; at = pattern.find('{', at + 1)) {
    const std::string name = ReplaceAll(pattern.substr(at + 1, pattern.find('}', at) - at - 1), "...", "");
    out.push_back(Json::Object{{"name", name}, {"in", "path"}, {"required", true}, {"schema", Json::Object{{"type", "string"}}}});
  }
  return out;
}

std::string Describe(const net::Router& router, const std::string& version) {
  Json paths = Json::Object{};
  for (const auto& route : router.Routes()) {
    const std::string pattern = ReplaceAll(route->pattern, "...}", "}");
    if (paths.Find(pattern) == nullptr) paths.Set(pattern, Json::Object{});
    const std::string key = route->method + " " + route->pattern;
    const auto found = Summaries().find(key);
    Json operation = Json::Object{{"summary", found == Summaries().end() ? key : found->second},
                                  {"operationId", ReplaceAll(ReplaceAll(ToLower(key), " ", ""), "/", "_")}};
    if (Json::Array parameters = PathParameters(route->pattern); !parameters.empty())
      operation.Set("parameters", std::move(parameters));
    if (route->method == "POST") {
      operation.Set("requestBody", Json::Object{{"content", Json::Object{{"application/json", Json::Object{}}}}});
    }
    operation.Set("responses", Json::Object{{"200", Json::Object{{"description", "OK"}}}});
    paths.Find(pattern)->Set(ToLower(route->method), std::move(operation));
  }
  return Json(Json::Object{{"openapi", "3.1.0"},
                           {"info", Json::Object{{"title", "mlean"}, {"version", version}}},
                           {"paths", std::move(paths)}})
      .Pretty();
}

}  // namespace

void BindOpenApi(net::Router& router, const std::string& version) {
  // Called last, so everything is bound.
  const std::string text = Describe(router, version);
  const auto handle = [text](const net::Call&) { return net::Reply::Json(200, text); };
  router.Add("GET", "/openapi.json", {.on = net::On::kInline, .access = net::Access::kReader}, handle);
  router.Add("GET", "/api/mlean/v1/openapi.json", {.on = net::On::kInline, .access = net::Access::kReader}, handle);
}

}  // namespace mlean::api

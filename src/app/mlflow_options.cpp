#include "app/mlflow_options.hpp"

#include <cstdlib>

#include "base/log.hpp"

namespace mlean::app {
namespace {

constexpr const char* kOwnStore = "experiments, runs and models are in the store of the folder --root";
constexpr const char* kMigrate = "mlean migrate mlflow URI";
constexpr const char* kOneProcess = "one process uses all cores; leave it out";
constexpr const char* kNoWorkspaces = "there are no workspaces; start one server for each, with a --root of its own";
constexpr const char* kNoGenAi = "traces and gateways are not kept here; leave it out";

}  // namespace

const std::vector<verbs::ForeignOption>& MlflowOptions() {
  static const std::vector<verbs::ForeignOption> kOptions = {
      {"--backend-store-uri", kOwnStore, kMigrate},
      {"--registry-store-uri", kOwnStore, kMigrate},
      {"--read-replica-backend-store-uri", kOwnStore},
      {"--serve-artifacts", "artifacts are always served; leave it out"},
      {"--no-serve-artifacts", "name the place that clients write to by themselves",
       "mlean server --default-artifact-root s3://BUCKET/PREFIX"},
      {"--artifacts-only", "the server always keeps runs and models, too; leave it out"},
      {"-w,--workers", kOneProcess},
      {"--gunicorn-opts,--uvicorn-opts,--waitress-opts", kOneProcess},
      {"--static-prefix", "all is at the top of the address; give the server a host name or a port of its own"},
      {"--app-name", "users are asked for with --auth", "mlean users add NAME --admin && mlean server --auth"},
      {"--disable-security-middleware", "what is checked is set by --allowed-hosts and --cors-allowed-origins",
       "mlean server --allowed-hosts '*' --cors-allowed-origins '*'"},
      {"--x-frame-options", "a proxy in front can set that header; leave it out"},
      {"--expose-prometheus", "GET /metrics always answers; leave it out"},
      {"--dev", "the log is on stderr, and nothing has to be loaded again; leave it out"},
      {"--workspace-store-uri,--enable-workspaces,--disable-workspaces", kNoWorkspaces},
      {"--trace-archival-config,--secrets-cache-ttl,--secrets-cache-max-size", kNoGenAi}};
  return kOptions;
}

void WarnOfMlflowVariables() {
  static constexpr std::pair<const char*, const char*> kVariables[] = {
      {"MLFLOW_AUTH_CONFIG_PATH", "users are asked for with --auth, and made by: mlean users add"},
      {"MLFLOW_BACKEND_STORE_URI", kOwnStore},
      {"MLFLOW_REGISTRY_STORE_URI", kOwnStore},
      {"MLFLOW_CREATE_MODEL_VERSION_SOURCE_VALIDATION_REGEX", "sources of versions are checked, but not by it"},
      {"MLFLOW_TRUNCATE_LONG_VALUES", "values of params and tags that are too long are always cut"}};
  for (const auto& [name, why] : kVariables) {
    if (std::getenv(name) != nullptr) log::Warn("server.variable_ignored", {{"name", name}, {"why", why}});
  }
}

}  // namespace mlean::app

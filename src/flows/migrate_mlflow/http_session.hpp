// Inside of this folder: requests to an MLflow server, signed in as MLflow's own client is (MLFLOW_TRACKING_USERNAME and
// MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN), trusting whom it trusts (MLFLOW_TRACKING_SERVER_CERT_PATH,
// MLFLOW_TRACKING_INSECURE_TLS), repeated a few times when the server or the network fails.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "artifacts/artifact_store.hpp"
#include "base/result.hpp"
#include "codec/json.hpp"
#include "net/client.hpp"

namespace mlean::flows::migrate_mlflow {

using Query = std::vector<std::pair<std::string, std::string>>;

class HttpSession {
 public:
  explicit HttpSession(std::string url);
  const std::string& url() const { return url_; }
  // `path` below the server's address. kNotFound for 404, kDenied for 401 and 403.
  Result<codec::Json> Get(const std::string& path, const Query& query);
  Result<std::string> GetText(const std::string& path);
  Result<codec::Json> Post(const std::string& path, const codec::Json& body);
  // Streams the answer to the new file `to`.
  Result<artifacts::Blob> Download(const std::string& path, const Query& query, const std::filesystem::path& to);

 private:
  Result<net::Response> Send(net::Request request);
  Result<net::Response> SendOnce(const net::Request& request);
  net::Request Make(const std::string& method, const std::string& path, const Query& query) const;

  std::string url_;
  std::string user_password_;
  std::string token_;
  net::Tls tls_;
  net::Client client_;
};

}  // namespace mlean::flows::migrate_mlflow

#include "api/mlflow/need.hpp"

#include <set>

#include "api/mlflow/request.hpp"
#include "artifacts/artifact_store.hpp"
#include "base/text.hpp"
#include "registry/model_store.hpp"
#include "track/experiment_store.hpp"
#include "track/logged_model_store.hpp"
#include "track/run_store.hpp"

namespace mlean::api::mlflow {
namespace {

using access::Kind;
using access::Object;
using codec::Json;
using Objects = std::vector<Object>;

constexpr std::int64_t kNobodys = -1;

Object Experiment(std::string_view id) { return {Kind::kExperiment, ParseInt(id).value_or(kNobodys)}; }

Result<Objects> RunObjects(sql::Conn& conn, const std::vector<std::string>& run_ids) {
  std::set<std::string> experiments;
  for (const std::string& run_id : run_ids) {
    TRY(std::string experiment, track::ExperimentOfRun(conn, run_id));
    experiments.insert(std::move(experiment));
  }
  Objects out;
  for (const std::string& id : experiments) out.push_back(Experiment(id));
  return out;
}

Result<Objects> ModelObject(sql::Conn& conn, std::string_view name) {
  TRY(const std::int64_t number, registry::ModelNumber(conn, name));
  return Objects{{Kind::kModel, number}};
}

Result<Objects> LoggedModelObject(sql::Conn& conn, std::string_view model_id) {
  TRY(const std::string experiment, track::ExperimentOfLoggedModel(conn, model_id));
  return Objects{Experiment(experiment)};
}

}  // namespace

Result<Objects> OfExperiment(sql::Conn&, const Json& request, const net::Call&) {
  return Objects{Experiment(TextOf(request, "experiment_id", "0"))};
}

Result<Objects> OfExperimentName(sql::Conn& conn, const Json& request, const net::Call&) {
  TRY(const track::Experiment found, track::GetExperimentByName(conn, TextOf(request, "experiment_name")));
  return Objects{Experiment(found.id)};
}

Result<Objects> OfRun(sql::Conn& conn, const Json& request, const net::Call&) {
  return RunObjects(conn, {TextOf(request, "run_id")});
}

Result<Objects> OfRuns(sql::Conn& conn, const Json& request, const net::Call&) {
  std::vector<std::string> ids = TextsOf(request, "run_id");
  for (std::string& id : TextsOf(request, "run_ids")) ids.push_back(std::move(id));
  Objects out;
  for (const std::string& id : ids) {
    const Result<Objects> one = RunObjects(conn, {id});
    if (one) out.insert(out.end(), one->begin(), one->end());  // a run that is not there shows nothing
  }
  return out;
}

Result<Objects> OfRunAndModels(sql::Conn& conn, const Json& request, const net::Call& call) {
  TRY(Objects out, OfRun(conn, request, call));
  std::set<std::string> models = {TextOf(request, "model_id")};
  for (const Json& metric : ListOf(request, "metrics")) models.insert(TextOf(metric, "model_id"));
  for (const std::string& model : models) {
    if (model.empty()) continue;
    const Result<Objects> one = LoggedModelObject(conn, model);
    if (one) out.insert(out.end(), one->begin(), one->end());
  }
  return out;
}

Result<Objects> OfLoggedModel(sql::Conn& conn, const Json& request, const net::Call&) {
  return LoggedModelObject(conn, TextOf(request, "model_id"));
}

Result<Objects> OfModel(sql::Conn& conn, const Json& request, const net::Call&) {
  return ModelObject(conn, TextOf(request, "name"));
}

Object ObjectOfArtifact(std::string_view clean_path) { return Experiment(clean_path.substr(0, clean_path.find('/'))); }

Result<Objects> OfArtifactPath(sql::Conn&, const Json&, const net::Call& call) {
  TRY(std::string path, artifacts::CleanPath(call.Path("path")));
  if (path.empty()) {
    TRY(path, artifacts::CleanPath(call.Path("folder")));
  }
  if (path.empty()) {
    TRY(path, artifacts::CleanPath(call.Query("path").value_or("")));
  }
  return Objects{ObjectOfArtifact(path)};
}

Result<Objects> OfQueryRun(sql::Conn& conn, const Json&, const net::Call& call) {
  const std::optional<std::string> id = call.Query("run_id");
  return RunObjects(conn, {id && !id->empty() ? *id : call.Query("run_uuid").value_or("")});
}

Result<Objects> OfQueryModel(sql::Conn& conn, const Json&, const net::Call& call) {
  return ModelObject(conn, call.Query("name").value_or(""));
}

Result<Objects> OfPathLoggedModel(sql::Conn& conn, const Json&, const net::Call& call) {
  return LoggedModelObject(conn, call.Path("model_id"));
}

}  // namespace mlean::api::mlflow

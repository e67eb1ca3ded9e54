// Need: what a request asks of its sender. Every endpoint of this folder states one, so nothing is open by forgetting.
//
//   Endpoint(router, context, "POST", "runs/log-metric", kMetric, Edits(OfRun), LogMetric);
//
// Runs, logged models and artifacts go by their experiment, versions by their model. As in MLflow: reading takes READ, changing
// EDIT, deleting and granting MANAGE. Searches take no more than a user and show what he may read.
#pragma once

#include <vector>

#include "access/grant_store.hpp"
#include "codec/json.hpp"
#include "net/message.hpp"
#include "net/router.hpp"

namespace mlean::api::mlflow {

// The objects a request is about. What is named and not there is left out or kNotFound, as the endpoint itself would say it.
using FindObjects = Result<std::vector<access::Object>> (*)(sql::Conn& conn, const codec::Json& request, const net::Call& call);

struct Need {
  net::Access access;
  access::Level level = access::Level::kNone;  // on all of `objects`
  FindObjects objects = nullptr;
};

inline constexpr Need kForAnyone{net::Access::kAnyone};
inline constexpr Need kForUsers{net::Access::kReader};    // the handler sees to it that only what may be read is shown
inline constexpr Need kForWriters{net::Access::kWriter};  // creates something of one's own
inline constexpr Need kForAdmins{net::Access::kAdmin};
constexpr Need Reads(FindObjects objects) { return {net::Access::kReader, access::Level::kRead, objects}; }
constexpr Need Edits(FindObjects objects) { return {net::Access::kWriter, access::Level::kEdit, objects}; }
constexpr Need Manages(FindObjects objects) { return {net::Access::kWriter, access::Level::kManage, objects}; }
// To see who may do what with an object takes MANAGE, though it changes nothing.
constexpr Need SeesGrants(FindObjects objects) { return {net::Access::kReader, access::Level::kManage, objects}; }

// By members of the request.
Result<std::vector<access::Object>> OfExperiment(sql::Conn&, const codec::Json&, const net::Call&);  // experiment_id, else "0"
Result<std::vector<access::Object>> OfExperimentName(sql::Conn&, const codec::Json&, const net::Call&);  // experiment_name
Result<std::vector<access::Object>> OfRun(sql::Conn&, const codec::Json&, const net::Call&);             // run_id
Result<std::vector<access::Object>> OfRuns(sql::Conn&, const codec::Json&, const net::Call&);  // run_id and run_ids, lists
// run_id, and the logged models that metrics are also written to: model_id, metrics[].model_id.
Result<std::vector<access::Object>> OfRunAndModels(sql::Conn&, const codec::Json&, const net::Call&);
Result<std::vector<access::Object>> OfLoggedModel(sql::Conn&, const codec::Json&, const net::Call&);  // model_id
Result<std::vector<access::Object>> OfModel(sql::Conn&, const codec::Json&, const net::Call&);        // name
// By the path or query of a call whose body is a file: "{path...}", "{folder...}" or ?path=.
Result<std::vector<access::Object>> OfArtifactPath(sql::Conn&, const codec::Json&, const net::Call&);
Result<std::vector<access::Object>> OfQueryRun(sql::Conn&, const codec::Json&, const net::Call&);
Result<std::vector<access::Object>> OfQueryModel(sql::Conn&, const codec::Json&, const net::Call&);
Result<std::vector<access::Object>> OfPathLoggedModel(sql::Conn&, const codec::Json&, const net::Call&);

// The experiment that a path below the artifact root belongs to: its first part. Number -1, which nobody but an administrator has
// rights on, for other paths.
access::Object ObjectOfArtifact(std::string_view clean_path);

}  // namespace mlean::api::mlflow

// logged-models/… of MLflow 3 (reference/mlflow.md 1.3).
#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "api/mlflow/bind.hpp"
#include "api/mlflow/render.hpp"
#include "api/mlflow/search.hpp"
#include "base/digest.hpp"
#include "base/text.hpp"
#include "track/logged_model_store.hpp"

namespace mlean::api::mlflow {
namespace {

using codec::Json;

constexpr Field kCreate[] = {{"experiment_id", Type::kId, kRequired},
                             {"name"},
                             {"model_type"},
                             {"source_run_id"},
                             {"params", Type::kObjects, false, kPair},
                             {"tags", Type::kObjects, false, kPair}};
constexpr Field kById[] = {{"model_id", Type::kString, kRequired}};
constexpr Field kGet[] = {{"model_id", Type::kString, kRequired}, {"allow_deleted"}};
constexpr Field kParams[] = {{"model_id", Type::kString, kRequired}, {"params", Type::kObjects, false, kPair}};
constexpr Field kTags[] = {{"model_id", Type::kString, kRequired}, {"tags", Type::kObjects, false, kPair}};
constexpr Field kTag[] = {{"model_id", Type::kString, kRequired}, {"tag_key", Type::kString, kRequired}};
constexpr Field kFinalize[] = {{"model_id", Type::kString, kRequired}, {"status", Type::kEnum, kRequired}};
constexpr Field kDataset[] = {{"dataset_name", Type::kString, kRequired}, {"dataset_digest"}};
constexpr Field kOrder[] = {
    {"field_name", Type::kString, kRequired}, {"ascending", Type::kBool}, {"dataset_name"}, {"dataset_digest"}};
constexpr Field kSearch[] = {{"experiment_ids", Type::kIds, kRequired},     {"filter"},
                             {"datasets", Type::kObjects, false, kDataset}, {"max_results", Type::kInt},
                             {"order_by", Type::kObjects, false, kOrder},   {"page_token"}};

constexpr EntityWord kEntities[] = {
    {"attributes", Entity::kAttribute}, {"metrics", Entity::kMetric}, {"params", Entity::kParam}, {"tags", Entity::kTag}};
constexpr AttributeWord kAttributes[] = {
    {.word = "name", .column = "name"},
    {.word = "model_id", .column = "model_id"},
    {.word = "model_type", .column = "model_type"},
    {.word = "status", .column = "status"},
    {.word = "source_run_id", .column = "source_run_id"},
    {.word = "experiment_id", .column = "experiment_id"},
    {.word = "creation_timestamp", .column = "creation_timestamp", .number = true},
    {.word = "creation_timestamp_ms", .column = "creation_timestamp", .number = true},
    {.word = "creation_time", .column = "creation_timestamp", .number = true},
    {.word = "last_updated_timestamp", .column = "last_updated_timestamp", .number = true},
    {.word = "last_updated_timestamp_ms", .column = "last_updated_timestamp", .number = true},
    {.word = "last_updated_time", .column = "last_updated_timestamp", .number = true}};
constexpr Grammar kGrammar{.entities = kEntities,
                           .valid_entities = "['attributes', 'metrics', 'params', 'tags']",
                           .attributes = kAttributes,
                           .null_tests = true,
                           .any_list = true,
                           .pair_lists = true,
                           .of_models = true};

Json ModelReply(const track::LoggedModel& model) { return Json::Object{{"model", LoggedModelJson(model)}}; }

std::string Id(const Json& request) { return TextOf(request, "model_id"); }

Result<Json> Create(const Json& request, Context& context) {
  track::NewLoggedModel spec{.experiment_id = TextOf(request, "experiment_id"),
                             .name = TextOf(request, "name"),
                             .model_type = TextOf(request, "model_type"),
                             .source_run_id = TextOf(request, "source_run_id")};
  spec.params = PairsOf(request, "params");
  spec.tags = PairsOf(request, "tags");
  TRY(const track::LoggedModel model,
      context.workspace.db->Write([&](sql::Txn& txn) { return track::CreateLoggedModel(txn, spec, context.workspace.Now()); }));
  return ModelReply(model);
}

Result<Json> Finalize(const Json& request, Context& context) {
  const Json* status = request.Find("status");
  const auto parsed = track::ParseModelStatus(status->AsString());
  if (!parsed) return InvalidValue("status", *status);
  TRY(const track::LoggedModel model, context.workspace.db->Write([&](sql::Txn& txn) {
    return track::FinalizeLoggedModel(txn, Id(request), *parsed, context.workspace.Now());
  }));
  return ModelReply(model);
}

track::OnDataset DatasetOf(const Json& object) { return {TextOf(object, "dataset_name"), TextOf(object, "dataset_digest")}; }

// The name of a metric stands as it is, blanks and all.
Result<track::Order> OrderOf(const Json& object) {
  const std::string name = TextOf(object, "field_name");
  const bool ascending = BoolOf(object, "ascending", true);
  constexpr std::string_view kMetrics = "metrics.";
  if (name.starts_with(kMetrics) && name.size() > kMetrics.size() && name.find('`') == name.npos) {
    return track::Order{Entity::kMetric, name.substr(kMetrics.size()), ascending};
  }
  Result<track::Order> key = track::ParseOrder(name, kGrammar);
  if (!key || (key->field != Entity::kMetric && key->field != Entity::kAttribute)) {
    return Fail(Code::kInvalid, fmt::format("Invalid order by field name: {}", name));
  }
  key->ascending = ascending;
  return key;
}

std::string Mark(std::string_view text) { return Sha256Hex(text).substr(0, 16); }

// What a page token is good for, at its end: MLflow tells clients when they go on with another search.
sql::SortPlace MarksOf(const Json& request) {
  std::vector<std::string> ids = TextsOf(request, "experiment_ids");
  std::sort(ids.begin(), ids.end());
  const Json* order = request.Find("order_by");
  return {Mark(Join(ids, ",")), Mark(order == nullptr ? "" : order->Dump()), Mark(TextOf(request, "filter"))};
}

// The place of a page token, without its marks.
Result<sql::SortPlace> PlaceIn(const Json& request) {
  TRY(sql::SortPlace place, ParsePlace(TextOf(request, "page_token")));
  if (place.empty()) return place;
  static constexpr std::string_view kOthers[] = {"Experiment IDs in the page token do not match the requested experiment IDs.",
                                                 "Order by in the page token does not match the requested order by.",
                                                 "Filter string in the page token does not match the requested filter string."};
  const sql::SortPlace marks = MarksOf(request);
  if (place.size() <= marks.size()) return Fail(Code::kInvalid, "Invalid page token");
  const std::size_t keys = place.size() - marks.size();
  for (std::size_t i = 0; i < marks.size(); ++i) {
    if (place[keys + i] != marks[i]) return Fail(Code::kInvalid, std::string(kOthers[i]));
  }
  place.resize(keys);
  return place;
}

Result<Json> Search(const Json& request, Context& context) {
  TRY(const std::size_t page, PageSize(request, 100));
  track::Query query;
  track::LoggedModelScope scope;
  TRY(query.where, track::ParseFilter(TextOf(request, "filter"), kGrammar));
  TRY(query.after, PlaceIn(request));
  query.limit = page;
  for (const Json& dataset : ListOf(request, "datasets")) scope.datasets.push_back(DatasetOf(dataset));
  for (const Json& order : ListOf(request, "order_by")) {
    TRY(track::Order key, OrderOf(order));
    query.order.push_back(std::move(key));
    scope.order.push_back(DatasetOf(order));
  }
  sql::SortPlace next;
  TRY(auto models, context.workspace.db->Read([&](sql::Conn& conn) -> Result<std::vector<track::LoggedModel>> {
    TRY(query.experiment_ids, ReadableExperiments(conn, context.caller, context.rules, TextsOf(request, "experiment_ids")));
    return track::ListLoggedModels(conn, query, scope, &next);
  }));
  Json out = Json::Object{};
  if (!next.empty()) std::ranges::copy(MarksOf(request), std::back_inserter(next));
  SetNextPage(out, next);
  Json::Array list;
  for (const track::LoggedModel& model : models) list.push_back(LoggedModelJson(model));
  SetList(out, "models", std::move(list));
  return out;
}

}  // namespace

void BindLoggedModels(net::Router& router, Context& server) {
  Endpoint(router, server, "POST", "logged-models", kCreate, Edits(OfExperiment), Create);
  Endpoint(router, server, "POST", "logged-models/search", kSearch, kForUsers, Search);
  Endpoint(router, server, "GET", "logged-models/{model_id}", kGet, Reads(OfLoggedModel),
           [](const Json& request, Context& context) -> Result<Json> {
             const bool with_deleted = ToLower(TextOf(request, "allow_deleted")) == "true";
             TRY(const track::LoggedModel model, context.workspace.db->Read([&](sql::Conn& conn) {
               return track::GetLoggedModel(conn, Id(request), with_deleted);
             }));
             return ModelReply(model);
           });
  Endpoint(router, server, "PATCH", "logged-models/{model_id}", kFinalize, Edits(OfLoggedModel), Finalize);
  ChangeEndpoint(router, server, "DELETE", "logged-models/{model_id}", kById, Manages(OfLoggedModel),
                 [](sql::Txn& txn, const Json& request, const flows::Workspace& workspace) {
                   return track::DeleteLoggedModel(txn, Id(request), workspace.Now());
                 });
  ChangeEndpoint(router, server, "POST", "logged-models/{model_id}/params", kParams, Edits(OfLoggedModel),
                 [](sql::Txn& txn, const Json& request, const flows::Workspace&) {
                   return track::LogLoggedModelParams(txn, Id(request), PairsOf(request, "params"));
                 });
  ChangeEndpoint(router, server, "PATCH", "logged-models/{model_id}/tags", kTags, Edits(OfLoggedModel),
                 [](sql::Txn& txn, const Json& request, const flows::Workspace&) {
                   return track::SetLoggedModelTags(txn, Id(request), PairsOf(request, "tags"));
                 });
  ChangeEndpoint(router, server, "DELETE", "logged-models/{model_id}/tags/{tag_key}", kTag, Edits(OfLoggedModel),
                 [](sql::Txn& txn, const Json& request, const flows::Workspace&) {
                   return track::DeleteLoggedModelTag(txn, Id(request), TextOf(request, "tag_key"));
                 });
}

}  // namespace mlean::api::mlflow

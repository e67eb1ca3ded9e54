#include "api/oip/v2.hpp"

#include <fmt/core.h>

#include "api/errors.hpp"
#include "api/model_reference.hpp"
#include "api/oip/infer_request.hpp"

namespace mlean::api::oip {
namespace {

using codec::Json;

std::string_view DatatypeOf(infer::FeatureKind kind) {
  switch (kind) {
    case infer::FeatureKind::kNumber: return "FP32";
    case infer::FeatureKind::kInteger: return "INT64";
    case infer::FeatureKind::kBoolean: return "BOOL";
    case infer::FeatureKind::kCategory: return "BYTES";
    case infer::FeatureKind::kTime: return "INT64";
  }
  return "FP32";
}

const serving::Loaded* Describable(const serving::Route& route, std::optional<int> version) {
  const auto fits = [&](const std::optional<serving::Loaded>& loaded) {
    return loaded && (!version || loaded->version == *version);
  };
  if (fits(route.champion)) return &*route.champion;
  if (fits(route.candidate)) return &*route.candidate;
  for (const serving::Loaded& other : route.others) {
    if (version && other.version == *version) return &other;
  }
  return nullptr;
}

Json Tensor(std::string_view name, std::string_view datatype, std::int64_t columns) {
  Json::Array shape = {Json(-1)};
  if (columns > 0) shape.emplace_back(columns);
  return Json::Object{{"name", name}, {"datatype", datatype}, {"shape", std::move(shape)}};
}

net::Reply Metadata(const net::Call& call, const serving::LiveModels& models) {
  Result<ModelReference> reference = FindLive(models, call.Path("model"), call.Path("version"));
  if (!reference) return ErrorReply(reference.error());
  const std::shared_ptr<const serving::Route> route = reference->live->route();
  const serving::Loaded* loaded = Describable(*route, reference->version);
  if (loaded == nullptr)
    return ErrorReply(Fail(Code::kNotFound, fmt::format("cannot find a loaded version of '{}'", call.Path("model"))));
  Json::Array versions;
  if (route->champion) versions.emplace_back(std::to_string(route->champion->version));
  if (route->candidate) versions.emplace_back(std::to_string(route->candidate->version));
  for (const serving::Loaded& other : route->others) versions.emplace_back(std::to_string(other.version));
  Json::Array inputs;
  for (const infer::Feature& feature : loaded->model->schema().features) {
    inputs.push_back(Tensor(feature.name, DatatypeOf(feature.kind), 0));
  }
  const auto outputs = static_cast<std::int64_t>(loaded->model->outputs());
  Json body = Json::Object{{"name", reference->live->name()},
                           {"versions", std::move(versions)},
                           {"platform", "xgboost_ubj"},
                           {"inputs", std::move(inputs)},
                           {"outputs", Json::Array{Tensor("predict", "FP32", outputs > 1 ? outputs : 0)}}};
  return net::Reply::Json(200, body.Dump());
}

net::Reply ModelReady(const net::Call& call, const serving::LiveModels& models) {
  Result<ModelReference> reference = FindLive(models, call.Path("model"), call.Path("version"));
  if (!reference) return ErrorReply(reference.error());
  const std::shared_ptr<const serving::Route> route = reference->live->route();
  const bool ready = Describable(*route, reference->version) != nullptr;
  return net::Reply::Json(ready ? 200 : 400, Json(Json::Object{{"name", reference->live->name()}, {"ready", ready}}).Dump());
}

void AppendOutput(std::string& out, std::string_view name, std::span<const float> values, std::size_t rows) {
  out += "{\"name\":\"";
  out += name;
  out += "\",\"datatype\":\"FP32\",\"shape\":[";
  out += std::to_string(rows);
  if (rows > 0 && values.size() > rows) out += fmt::format(",{}", values.size() / rows);
  out += "],\"data\":[";
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i > 0) out += ',';
    codec::AppendJsonNumber(out, static_cast<double>(values[i]));
  }
  out += "]}";
}

Result<void> CheckOutputs(const InferRequest& request) {
  for (const std::string& name : request.outputs) {
    if (name != "predict") {
      return Fail(Code::kInvalid, fmt::format("cannot answer output '{}': the model's output is 'predict'", name));
    }
  }
  return {};
}

net::Reply Infer(const net::Call& call, const serving::LiveModels& models, const Clock& clock) {
  Result<ModelReference> reference = FindLive(models, call.Path("model"), call.Path("version"));
  if (!reference) return ErrorReply(reference.error());
  if (call.HasHeader("Inference-Header-Content-Length")) {
    return ErrorReply(Fail(Code::kInvalid, "cannot read request: the binary tensor extension is not supported"));
  }
  Result<InferRequest> request = ParseInferRequest(call.body);
  if (!request) return ErrorReply(request.error());
  if (Result<void> known = CheckOutputs(*request); !known) return ErrorReply(known.error());
  const serving::EncodeRows encode = [&](const infer::Model& model, std::vector<float>& rows) {
    return EncodeRequest(*request, model, rows);
  };
  serving::Question question;
  question.id_given = !request->id.empty() || call.HasHeader("X-Request-Id");
  question.id = request->id.empty() ? call.request_id : std::string_view(request->id);
  question.version = reference->version;
  question.encode = &encode;
  Result<serving::Answer> answer = reference->live->Ask(question, clock.Now());
  if (!answer) return ErrorReply(answer.error());
  std::string out;
  out.reserve(160 + answer->outputs.size() * 12);
  out += "{\"model_name\":";
  codec::AppendJsonString(out, reference->live->name());
  const std::string version = VersionText(*answer);
  out.append(",\"model_version\":\"").append(version).append("\",\"id\":");
  codec::AppendJsonString(out, question.id);
  out += ",\"outputs\":[";
  AppendOutput(out, "predict", answer->outputs, answer->rows);
  out += "]}";
  net::Reply reply = net::Reply::Json(200, std::move(out)).With("mlean-model-version", version);
  // A version asked for by number is no variant of the traffic.
  if (!reference->version) reply.With("mlean-variant", std::string(predictions::VariantName(answer->variant)));
  return reply;
}

net::Reply Index(const serving::LiveModels& models) {
  Json::Array list;
  for (const std::string& name : models.Names()) {
    const serving::LiveModel* const live = models.Find(name);
    if (live == nullptr) continue;  // deleted since
    const std::shared_ptr<const serving::Route> route = live->route();
    const auto add = [&](const serving::Loaded& loaded) {
      list.push_back(
          Json::Object{{"name", name}, {"version", std::to_string(loaded.version)}, {"state", "READY"}, {"reason", ""}});
    };
    if (route->champion) add(*route->champion);
    if (route->candidate) add(*route->candidate);
    for (const serving::Loaded& other : route->others) add(other);
  }
  return net::Reply::Json(200, Json(std::move(list)).Dump());
}

}  // namespace

void BindV2(net::Router& router, const serving::LiveModels& models, const Clock& clock, std::string server_version) {
  const net::RouteOptions small{.on = net::On::kInline, .max_body = 1u << 20, .access = net::Access::kReader};
  const net::RouteOptions probe{.on = net::On::kInline, .max_body = 1u << 20, .access = net::Access::kAnyone};
  const net::RouteOptions infer{.on = net::On::kInline, .max_body = 64u << 20, .access = net::Access::kReader};
  router.Add("GET", "/v2", small, [server_version](const net::Call&) {
    return net::Reply::Json(
        200, Json(Json::Object{{"name", "mlean"}, {"version", server_version}, {"extensions", Json::Array{}}}).Dump());
  });
  router.Add("GET", "/v2/health/live", probe, [](const net::Call&) { return net::Reply::Json(200, R"({"live":true})"); });
  router.Add("GET", "/v2/health/ready", probe, [](const net::Call&) { return net::Reply::Json(200, R"({"ready":true})"); });
  const auto metadata = [&models](const net::Call& call) { return Metadata(call, models); };
  const auto ready = [&models](const net::Call& call) { return ModelReady(call, models); };
  const auto ask = [&models, &clock](const net::Call& call) { return Infer(call, models, clock); };
  for (const std::string prefix : {"/v2/models/{model}", "/v2/models/{model}/versions/{version}"}) {
    router.Add("GET", prefix, small, metadata);
    router.Add("GET", prefix + "/ready", small, ready);
    router.Add("POST", prefix + "/infer", infer, ask);
  }
  router.Add("POST", "/v2/repository/index", small, [&models](const net::Call&) { return Index(models); });
}

}  // namespace mlean::api::oip

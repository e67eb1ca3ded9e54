#include "api/predict.hpp"

#include <fmt/core.h>

#include "api/errors.hpp"
#include "api/model_reference.hpp"
#include "base/text.hpp"

namespace mlean::api {
namespace {

constexpr std::size_t kMaxRows = 100'000;

// {"prediction": 0.23, "label": "1", "version": 3}
void AppendOne(std::string& out, const serving::Answer& answer, std::size_t row) {
  const std::size_t columns = answer.rows == 0 ? 0 : answer.outputs.size() / answer.rows;
  const std::span<const float> outputs = std::span(answer.outputs).subspan(row * columns, columns);
  out += "{\"prediction\":";
  if (columns == 1) {
    codec::AppendJsonNumber(out, static_cast<double>(outputs[0]));
  } else {
    out += '[';
    for (std::size_t k = 0; k < columns; ++k) {
      if (k > 0) out += ',';
      codec::AppendJsonNumber(out, static_cast<double>(outputs[k]));
    }
    out += ']';
  }
  if (answer.model != nullptr) {
    const std::int32_t label = answer.model->LabelOf(outputs);
    const auto& classes = answer.model->schema().classes;
    if (label >= 0 && static_cast<std::size_t>(label) < classes.size()) {
      out += ",\"label\":";
      codec::AppendJsonString(out, classes[static_cast<std::size_t>(label)]);
    }
  }
  out += ",\"version\":\"";
  out += VersionText(answer);
  out += "\"}";
}

Result<void> EncodeList(const codec::Json& list, const infer::Model& model, std::vector<float>& rows) {
  if (list.AsArray().size() > kMaxRows) {
    return Fail(Code::kTooLarge, fmt::format("cannot predict: {} rows, at most {} a request", list.AsArray().size(), kMaxRows));
  }
  rows.resize(list.AsArray().size() * model.features());
  std::size_t at = 0;
  for (const codec::Json& row : list.AsArray()) {
    Result<void> done = model.encoder().Encode(row, std::span(rows).subspan(at, model.features()));
    if (!done) return std::move(done).error().With(fmt::format("row {}", at / std::max<std::size_t>(1, model.features())));
    at += model.features();
  }
  return {};
}

// What a request's body says: one flat object, left as text, or a list of them.
struct Asked {
  std::string_view body;
  bool is_list = false;
  codec::Json list;
};

net::Reply Predict(const net::Call& call, const serving::LiveModels& models, const Clock& clock) {
  Result<ModelReference> reference = FindLive(models, call.Path("model"), call.Path("version"));
  if (!reference) return DetailReply(reference.error());
  Asked asked{.body = Trim(call.body)};
  asked.is_list = !asked.body.empty() && asked.body.front() == '[';
  if (asked.is_list) {
    Result<codec::Json> parsed = codec::Json::Parse(asked.body);
    if (!parsed) return DetailReply(parsed.error());
    asked.list = *std::move(parsed);
  }
  // Holds no more than one pointer, so that std::function needs no memory of its own.
  const serving::EncodeRows encode = [&asked](const infer::Model& model, std::vector<float>& rows) -> Result<void> {
    if (asked.is_list) return EncodeList(asked.list, model, rows);
    rows.resize(model.features());
    return model.encoder().EncodeFlatJson(asked.body, rows);
  };
  serving::Question question;
  question.id = call.request_id;
  question.id_given = call.HasHeader("X-Request-Id");
  question.version = reference->version;
  question.encode = &encode;
  Result<serving::Answer> answer = reference->live->Ask(question, clock.Now());
  if (!answer) return DetailReply(answer.error());
  std::string out;
  out.reserve(64 * answer->rows + 2);
  if (asked.is_list) out += '[';
  for (std::size_t row = 0; row < answer->rows; ++row) {
    if (row > 0) out += ',';
    AppendOne(out, *answer, row);
  }
  if (asked.is_list) out += ']';
  net::Reply reply = net::Reply::Json(200, std::move(out)).With("mlean-model-version", VersionText(*answer));
  // A version asked for by number is no variant of the traffic.
  if (!reference->version) reply.With("mlean-variant", std::string(predictions::VariantName(answer->variant)));
  return reply;
}

}  // namespace

void BindPredict(net::Router& router, const serving::LiveModels& models, const Clock& clock) {
  const net::RouteOptions options{.on = net::On::kInline, .max_body = 16u << 20, .access = net::Access::kReader};
  const auto handle = [&models, &clock](const net::Call& call) { return Predict(call, models, clock); };
  router.SetErrorBody("/predict/",
                      [](int status, std::string_view message, const net::Call&) { return DetailReply(status, message); });
  router.Add("POST", "/predict/{model}", options, handle);
  router.Add("POST", "/predict/{model}/versions/{version}", options, handle);
}

}  // namespace mlean::api

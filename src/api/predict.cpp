#include "api/predict.hpp"

#include <fmt/core.h>

#include "api/errors.hpp"
#include "api/model_reference.hpp"
#include "base/text.hpp"
#include "codec/json_list.hpp"

namespace mlean::api {
namespace {

constexpr std::size_t kMaxRows = 100'000;
constexpr std::size_t kMaxFloats = 20'000'000;
constexpr codec::JsonParseOptions kRow{.max_values = 100'000};

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

// Row by row: never more of the list in memory than one of them. What is wrong with the list goes before what is wrong in a row.
Result<void> EncodeList(std::string_view list, const infer::Model& model, std::vector<float>& rows) {
  std::size_t count = 0;
  Result<void> encoded;
  rows.clear();
  TRYV(codec::ParseList(list, kRow, [&](const codec::Json& row) -> Result<void> {
    if (++count > kMaxRows || !encoded) return {};
    if (rows.size() + model.features() > kMaxFloats) {
      return Fail(Code::kTooLarge, fmt::format("cannot predict: over {} values in one request", kMaxFloats));
    }
    rows.resize(rows.size() + model.features());
    encoded = model.encoder().Encode(row, std::span(rows).last(model.features()));
    if (!encoded) encoded = std::move(encoded).error().With(fmt::format("row {}", count - 1));
    return {};
  }));
  if (count > kMaxRows) {
    return Fail(Code::kTooLarge, fmt::format("cannot predict: {} rows, at most {} a request", count, kMaxRows));
  }
  return encoded;
}

// What a request's body says: one flat object, or a list of them; left as text.
struct Asked {
  std::string_view body;
  bool is_list = false;
};

net::Reply Predict(const net::Call& call, const serving::LiveModels& models, const Clock& clock) {
  Result<ModelReference> reference = FindLive(models, call.Path("model"), call.Path("version"));
  if (!reference) return DetailReply(reference.error());
  Asked asked{.body = Trim(call.body)};
  asked.is_list = !asked.body.empty() && asked.body.front() == '[';
  // Holds no more than one pointer, so that std::function needs no memory of its own.
  const serving::EncodeRows encode = [&asked](const infer::Model& model, std::vector<float>& rows) -> Result<void> {
    if (asked.is_list) return EncodeList(asked.body, model, rows);
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

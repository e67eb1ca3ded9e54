#include "api/mlflow/search.hpp"

#include <optional>

#include <fmt/format.h>

#include "api/mlflow/request.hpp"
#include "base/base64.hpp"

namespace mlean::api::mlflow {
namespace {

using codec::Json;

constexpr std::string_view kPromptTag = "mlflow.prompt.is_prompt";

bool NamesPrompts(const std::vector<registry::Clause>& clauses) {
  for (const registry::Clause& clause : clauses) {
    if (clause.key == kPromptTag) return true;
    for (const auto& list : clause.any) {
      if (NamesPrompts(list)) return true;
    }
  }
  return false;
}

std::vector<registry::Clause> ToRegistry(std::vector<track::Clause> clauses) {
  std::vector<registry::Clause> out;
  for (track::Clause& from : clauses) {
    registry::Clause clause{from.field == Entity::kTag ? registry::Field::kTag : registry::Field::kAttribute, std::move(from.key),
                            from.op, std::move(from.value)};
    // Everything that is not a prompt lacks the tag; both ways to say "not a prompt" must find it.
    if (clause.field == registry::Field::kTag && clause.key == kPromptTag) {
      const std::string* text = std::get_if<std::string>(&clause.value);
      clause.or_absent =
          text != nullptr && ((clause.op == sql::Op::kNe && *text == "true") || (clause.op == sql::Op::kEq && *text == "false"));
    }
    for (std::vector<track::Clause>& list : from.any) clause.any.push_back(ToRegistry(std::move(list)));
    out.push_back(std::move(clause));
  }
  return out;
}

Error InvalidToken(std::string_view text) {
  return Fail(Code::kInvalid, fmt::format("Invalid page token, decoded value={}", text));
}

Json ValueJson(const sql::SortValue& value) {
  if (const auto* whole = std::get_if<std::int64_t>(&value)) return *whole;
  if (const auto* real = std::get_if<double>(&value)) return *real;
  if (const auto* words = std::get_if<std::string>(&value)) return *words;
  return nullptr;
}

}  // namespace

Result<std::size_t> PageSize(const Json& request, std::size_t otherwise, std::size_t limit) {
  const Json* asked = request.Find("max_results");
  if (asked == nullptr) return otherwise;
  const std::int64_t rows = asked->AsInt();
  if (rows >= 1 && rows <= static_cast<std::int64_t>(limit)) return static_cast<std::size_t>(rows);
  return Fail(Code::kInvalid, fmt::format("Invalid value {} for parameter 'max_results' supplied. It must be {}", rows,
                                          rows < 1 ? "a positive integer" : fmt::format("at most {}", limit)));
}

Result<sql::SortPlace> ParsePlace(std::string_view token) {
  sql::SortPlace place;
  if (token.empty()) return place;
  const std::optional<std::string> text = FromBase64(token);
  if (!text) return Fail(Code::kInvalid, "Invalid page token, could not base64-decode");
  const Result<Json> parsed = Json::Parse(*text, {.allow_nan = true});
  if (!parsed || !parsed->IsArray() || parsed->AsArray().empty()) return InvalidToken(*text);
  for (const Json& value : parsed->AsArray()) {
    if (value.IsNull())
      place.emplace_back(std::monostate{});
    else if (value.IsInt())
      place.emplace_back(value.AsInt());
    else if (value.IsDouble())
      place.emplace_back(value.AsDouble());
    else if (value.IsString())
      place.emplace_back(value.AsString());
    else
      return InvalidToken(*text);
  }
  return place;
}

Result<std::size_t> ParsePageToken(std::string_view token) {
  if (token.empty()) return std::size_t{0};
  const std::optional<std::string> text = FromBase64(token);
  if (!text) return Fail(Code::kInvalid, "Invalid page token, could not base64-decode");
  const Result<Json> parsed = Json::Parse(*text);
  const Json* offset = parsed ? parsed->Find("offset") : nullptr;
  if (offset == nullptr || !offset->IsInt() || offset->AsInt() <= 0) {
    return InvalidToken(*text);
  }
  return static_cast<std::size_t>(offset->AsInt());
}

std::string PageToken(std::size_t offset) { return Base64(fmt::format("{{\"offset\": {}}}", offset)); }

void SetNextPage(Json& reply, const sql::SortPlace& next) {
  if (next.empty()) return;
  Json::Array values;
  for (const sql::SortValue& value : next) values.push_back(ValueJson(value));
  reply.Set("next_page_token", Base64(Json(std::move(values)).Dump(true)));
}

Result<track::Query> TrackQuery(const Json& request, const Grammar& grammar, std::size_t page) {
  track::Query query;
  TRY(query.where, track::ParseFilter(TextOf(request, "filter"), grammar));
  for (const std::string& text : TextsOf(request, "order_by")) {
    TRY(track::Order order, track::ParseOrder(text, grammar));
    query.order.push_back(std::move(order));
  }
  TRY(query.after, ParsePlace(TextOf(request, "page_token")));
  query.limit = page;
  return query;
}

Result<registry::Query> RegistryQuery(const Json& request, const Grammar& grammar, std::size_t page) {
  TRY(track::Query asked, TrackQuery(request, grammar, page));
  registry::Query query;
  query.where = ToRegistry(std::move(asked.where));
  // Prompts are registered models and versions to the wire, but nobody who searches those means them.
  if (!NamesPrompts(query.where)) {
    query.where.push_back({registry::Field::kTag, std::string(kPromptTag), sql::Op::kNe, std::string("true"), true});
  }
  for (track::Order& order : asked.order) query.order.push_back({std::move(order.key), order.ascending});
  query.after = std::move(asked.after);
  query.limit = page;
  return query;
}

}  // namespace mlean::api::mlflow

#include "api/mlflow/search.hpp"

#include <optional>

#include <fmt/format.h>

#include "api/mlflow/request.hpp"
#include "base/base64.hpp"

namespace mlean::api::mlflow {
namespace {

using codec::Json;

track::Field TrackField(Entity entity) {
  switch (entity) {
    case Entity::kAttribute: return track::Field::kAttribute;
    case Entity::kMetric: return track::Field::kMetric;
    case Entity::kParam: return track::Field::kParam;
    case Entity::kTag: return track::Field::kTag;
    case Entity::kDataset: return track::Field::kDataset;
  }
  return track::Field::kAttribute;
}

track::Clause MakeClause(track::Clause*, Comparison& from) {
  return {TrackField(from.entity), std::move(from.key), from.op, std::move(from.value)};
}

registry::Clause MakeClause(registry::Clause*, Comparison& from) {
  registry::Clause out{from.entity == Entity::kTag ? registry::Field::kTag : registry::Field::kAttribute, std::move(from.key),
                       from.op, std::move(from.value)};
  // Everything that is not a prompt lacks the tag; both ways to say "not a prompt" must find it.
  if (out.field == registry::Field::kTag && out.key == "mlflow.prompt.is_prompt") {
    const std::string* text = std::get_if<std::string>(&out.value);
    out.or_absent =
        text != nullptr && ((out.op == sql::Op::kNe && *text == "true") || (out.op == sql::Op::kEq && *text == "false"));
  }
  return out;
}

template <class Clause>
std::vector<Clause> ToClauses(std::vector<Comparison> comparisons) {
  std::vector<Clause> out;
  for (Comparison& comparison : comparisons) {
    Clause clause = MakeClause(static_cast<Clause*>(nullptr), comparison);
    for (std::vector<Comparison>& list : comparison.any) clause.any.push_back(ToClauses<Clause>(std::move(list)));
    out.push_back(std::move(clause));
  }
  return out;
}

Error InvalidToken(std::string_view text) {
  return Fail(Code::kInvalid, fmt::format("Invalid page token, decoded value={}", text));
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

Json ValueJson(const sql::SortValue& value) {
  if (const auto* whole = std::get_if<std::int64_t>(&value)) return *whole;
  if (const auto* real = std::get_if<double>(&value)) return *real;
  if (const auto* words = std::get_if<std::string>(&value)) return *words;
  return nullptr;
}

// Where, order, limit and place; `add_order` appends one key.
template <class Query, class AddOrder>
Result<Query> MakeQuery(const Json& request, const Grammar& grammar, std::size_t page, const AddOrder& add_order) {
  Query query;
  TRY(std::vector<Comparison> comparisons, ParseFilter(TextOf(request, "filter"), grammar));
  query.where = ToClauses<typename decltype(query.where)::value_type>(std::move(comparisons));
  for (const std::string& text : TextsOf(request, "order_by")) {
    TRY(OrderKey key, ParseOrder(text, grammar));
    add_order(query, std::move(key));
  }
  TRY(query.after, ParsePlace(TextOf(request, "page_token")));
  query.limit = page;
  return query;
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

Result<std::vector<track::Clause>> TrackClauses(std::string_view filter, const Grammar& grammar) {
  TRY(std::vector<Comparison> comparisons, ParseFilter(filter, grammar));
  return ToClauses<track::Clause>(std::move(comparisons));
}

Result<track::Query> TrackQuery(const Json& request, const Grammar& grammar, std::size_t page) {
  return MakeQuery<track::Query>(request, grammar, page, [](track::Query& query, OrderKey key) {
    query.order.push_back({TrackField(key.entity), std::move(key.key), key.ascending});
  });
}

Result<registry::Query> RegistryQuery(const Json& request, const Grammar& grammar, std::size_t page) {
  return MakeQuery<registry::Query>(request, grammar, page, [](registry::Query& query, OrderKey key) {
    query.order.push_back({std::move(key.key), key.ascending});
  });
}

}  // namespace mlean::api::mlflow

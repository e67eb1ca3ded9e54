// What the searches of this folder share: how many rows a page has, page tokens, and filters as queries of the stores.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "api/mlflow/filter.hpp"
#include "codec/json.hpp"
#include "registry/search.hpp"
#include "track/search.hpp"

namespace mlean::api::mlflow {

constexpr std::size_t kMaxRows = 50'000;

// `max_results` of a request: `otherwise` when absent; kInvalid when not 1 … `limit`.
Result<std::size_t> PageSize(const codec::Json& request, std::size_t otherwise, std::size_t limit = kMaxRows);

// Opaque to clients: base64 of {"offset": N}, as MLflow's. An empty token is the beginning.
Result<std::size_t> ParsePageToken(std::string_view token);
std::string PageToken(std::size_t offset);

// The query of a search: filter, order_by, page_token and max_results of `request`. One row more than a page is asked for:
// TakePage takes it off and tells the token of the next page.
Result<track::Query> TrackQuery(const codec::Json& request, const Grammar& grammar, std::size_t page);
Result<registry::Query> RegistryQuery(const codec::Json& request, const Grammar& grammar, std::size_t page);
Result<std::vector<track::Clause>> TrackClauses(std::string_view filter, const Grammar& grammar);

// Sets next_page_token when `rows` has more than a page, and cuts the rest off.
template <class Row, class Query>
void TakePage(std::vector<Row>& rows, const Query& query, codec::Json& reply) {
  if (rows.size() < query.limit) return;
  rows.resize(query.limit - 1);
  reply.Set("next_page_token", PageToken(query.offset + query.limit - 1));
}

}  // namespace mlean::api::mlflow

// What the searches of this folder share: how many rows a page has, page tokens, and filters as queries of the stores.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "codec/json.hpp"
#include "registry/search.hpp"
#include "track/filter.hpp"
#include "track/search.hpp"

namespace mlean::api::mlflow {

using track::AttributeWord;
using track::EntityWord;
using track::Grammar;
using Entity = track::Field;  // Field is a request's here

constexpr std::size_t kMaxRows = 50'000;

// `max_results` of a request: `otherwise` when absent; kInvalid when not 1 … `limit`.
Result<std::size_t> PageSize(const codec::Json& request, std::size_t otherwise, std::size_t limit = kMaxRows);

// Opaque to clients: base64 of {"offset": N}, as MLflow's, where rows only ever come behind (webhooks);
// base64 of the place in the order elsewhere (sql/keyset.hpp). An empty token is the beginning.
Result<std::size_t> ParsePageToken(std::string_view token);
std::string PageToken(std::size_t offset);
Result<sql::SortPlace> ParsePlace(std::string_view token);
// Sets next_page_token unless there is no next page.
void SetNextPage(codec::Json& reply, const sql::SortPlace& next);

// The query of a search: filter, order_by, page_token of `request`, and `page` rows. Of the registry: no prompts, unless the
// filter is about them.
Result<track::Query> TrackQuery(const codec::Json& request, const Grammar& grammar, std::size_t page);
Result<registry::Query> RegistryQuery(const codec::Json& request, const Grammar& grammar, std::size_t page);

}  // namespace mlean::api::mlflow

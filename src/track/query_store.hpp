// Inside of this room: what the searches of its stores share.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "sql/filter.hpp"
#include "track/search.hpp"

namespace mlean::track {

// Adds " AND <alias>.deleted = …" or nothing.
void AddView(sql::SelectText& text, View view, std::string_view alias_deleted);
// Adds "(1, 2, 3)" of the ids that are numbers; false when none is.
bool AddExperimentIds(sql::SelectText& text, const std::vector<std::string>& ids);
// kInvalid when the query has too many clauses or orders.
Result<void> CheckSize(const Query& query);
// Or an order twice.
Result<void> CheckQuery(const Query& query);

}  // namespace mlean::track

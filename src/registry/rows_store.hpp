// Inside of this room: reading a version's row, and clauses of searches.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "registry/model_store.hpp"
#include "registry/search.hpp"
#include "registry/types.hpp"
#include "sql/database.hpp"

namespace mlean::registry {

// The version with its tags and aliases, by its row's number.
Result<ModelVersion> ReadVersion(sql::Conn& conn, std::int64_t number);
// As LatestVersions (version_store.hpp), of the model with this number.
Result<std::vector<ModelVersion>> LatestVersions(sql::Conn& conn, std::int64_t model, const std::vector<Stage>& stages);
Result<std::vector<Tag>> ReadTags(sql::Conn& conn, std::string_view sql, std::int64_t owner);
// The numbers that `stmt` gives in its first column.
Result<std::vector<std::int64_t>> Numbers(sql::Stmt stmt);

// Adds a clause on a tag; `exists` opens "EXISTS(SELECT 1 FROM <tags> t WHERE t.<owner> = … AND t.key = ".
Result<void> AddTagClause(sql::SelectText& text, std::string_view exists, const Clause& clause);
Result<void> CheckQuery(const Query& query);

}  // namespace mlean::registry

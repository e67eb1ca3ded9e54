// Grants: what a user may do with one experiment or registered model. Whoever has no grant on an object has the server's default
// level. Objects go by their numbers, which are never used twice: a renamed model keeps its grants, a new one of an old name
// inherits none.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "sql/database.hpp"
#include "sql/filter.hpp"
#include "types/caller.hpp"

namespace mlean::access {

// Each includes the ones before it. kDeny and kNone are the same but by name, kUse is kRead but by name: MLflow has words for
// both.
enum class Level : std::uint8_t { kDeny, kNone, kRead, kUse, kEdit, kManage };
// "DENY", "NO_PERMISSIONS", "READ", "USE", "EDIT", "MANAGE"; nothing for other texts.
std::optional<Level> ParseLevel(std::string_view text);
std::string_view LevelName(Level level);

enum class Kind : std::uint8_t { kExperiment = 1, kModel = 2 };
struct Object {
  Kind kind = Kind::kExperiment;
  std::int64_t no = 0;  // track's number of the experiment, the registry's of the model
};
struct Grant {
  std::int64_t user = 0;
  Object object;
  Level level = Level::kNone;
};

Result<std::optional<Level>> FindGrant(sql::Conn& conn, std::int64_t user, Object object);
Result<std::vector<Grant>> ListGrants(sql::Conn& conn, std::int64_t user);
// Puts it in the place of the one that is there.
Result<void> SetGrant(sql::Txn& txn, const Grant& grant);
Result<void> RemoveGrant(sql::Txn& txn, std::int64_t user, Object object);
// Of all users: the object is gone.
Result<void> RemoveGrantsOn(sql::Txn& txn, Object object);

// An administrator may everything; a read-only caller never more than read.
Result<Level> LevelOf(sql::Conn& conn, const Caller& caller, Object object, Level by_default);

// For searches: true for the objects that the caller may read. Empty for callers who may read all.
sql::RowCondition RowsReadableBy(const Caller& caller, Kind kind, Level by_default);

}  // namespace mlean::access

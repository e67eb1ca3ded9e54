// Registered models: names, descriptions, tags, aliases; and the counter that says "something changed".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "registry/search.hpp"
#include "registry/types.hpp"
#include "sql/database.hpp"

namespace mlean::registry {

// kExists "Registered Model (name=X) already exists."; names: not empty, at most 256 characters, no '/' and ':'.
Result<Model> CreateModel(sql::Txn& txn, std::string_view name, std::string_view description, const std::vector<Tag>& tags,
                          TimeMs now);
// The model, made when missing.
Result<Model> EnsureModel(sql::Txn& txn, std::string_view name, TimeMs now);
// kNotFound "Registered Model with name=X not found".
Result<Model> GetModel(sql::Conn& conn, std::string_view name);
// The model's number, which stays when it is renamed and is never given to another. kNotFound as GetModel.
Result<std::int64_t> ModelNumber(sql::Conn& conn, std::string_view name);
// The name now; kNotFound when the model is gone.
Result<std::string> ModelName(sql::Conn& conn, std::int64_t number);
// Default order and ties: name ASC.
// `next`, unless null: what Query::after must be for the page behind this one; empty when there is none.
Result<std::vector<Model>> ListModels(sql::Conn& conn, const Query& query, sql::SortPlace* next = nullptr);
Result<void> RenameModel(sql::Txn& txn, std::string_view name, std::string_view new_name, TimeMs now);
Result<void> DescribeModel(sql::Txn& txn, std::string_view name, std::string_view description, TimeMs now);
// With its versions, tags and aliases; a model made later under the name starts at version 1.
Result<void> DeleteModel(sql::Txn& txn, std::string_view name);
Result<void> SetModelTag(sql::Txn& txn, std::string_view name, const Tag& tag);
Result<void> DeleteModelTag(sql::Txn& txn, std::string_view name, std::string_view key);

// Aliases: [\w-]{1,255}, not "latest", not v<digits>; one version has any number, an alias one version.
Result<void> SetAlias(sql::Txn& txn, std::string_view name, std::string_view alias, int version);
Result<void> DeleteAlias(sql::Txn& txn, std::string_view name, std::string_view alias);
// The version's number. kInvalid "Registered model alias x not found." (MLflow answers 400 here, not 404).
Result<int> ResolveAlias(sql::Conn& conn, std::string_view name, std::string_view alias);

// Grows with every change of the registry, in the same transaction: servers poll it and reload when it differs.
Result<std::int64_t> ChangeCounter(sql::Conn& conn);
// For the stores of this room: counts one change.
Result<void> CountChange(sql::Txn& txn);

}  // namespace mlean::registry

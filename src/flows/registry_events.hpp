// The registry's changes that webhooks hear of. Each function makes its change through the registry room and puts the message for
// the webhooks into the outbox, in the caller's transaction. Whoever changes the registry in these ways comes through here
// (tools/check_layers.sh sees to it), so that no way of changing it is silent: MLflow's API, the verbs, the loop.
//
// Models with the tag mlflow.prompt.is_prompt = true are prompts and have events of their own names, as in MLflow.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "registry/version_store.hpp"

namespace mlean::flows {

// By the tags of a model or version.
bool IsPrompt(const std::vector<registry::Tag>& tags);

// registered_model.created
Result<registry::Model> CreateModel(sql::Txn& txn, std::string_view name, std::string_view description,
                                    const std::vector<registry::Tag>& tags, TimeMs now);
Result<registry::Model> EnsureModel(sql::Txn& txn, std::string_view name, TimeMs now);
// model_version.created; nothing when the version was there already (its idempotency key).
Result<registry::ModelVersion> CreateVersion(sql::Txn& txn, const registry::NewVersion& spec, TimeMs now);

// model_version_tag.set, .deleted
Result<void> SetVersionTag(sql::Txn& txn, std::string_view model, int version, const registry::Tag& tag, TimeMs now);
Result<void> DeleteVersionTag(sql::Txn& txn, std::string_view model, int version, std::string_view key, TimeMs now);
// Of prompts only: prompt_tag.set, .deleted
Result<void> SetModelTag(sql::Txn& txn, std::string_view model, const registry::Tag& tag, TimeMs now);
Result<void> DeleteModelTag(sql::Txn& txn, std::string_view model, std::string_view key, TimeMs now);

// model_version_alias.created, .deleted; nothing when the alias is there, or gone, already. Without an event of the audit chain:
// see registry_change.hpp.
Result<void> PointAlias(sql::Txn& txn, std::string_view model, std::string_view alias, int version, TimeMs now);
Result<void> RemoveAlias(sql::Txn& txn, std::string_view model, std::string_view alias, TimeMs now);

}  // namespace mlean::flows

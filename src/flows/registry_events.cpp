#include "flows/registry_events.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "notify/webhook_store.hpp"
#include "registry/model_store.hpp"

namespace mlean::flows {
namespace {

using codec::Json;

constexpr std::string_view kIsPrompt = "mlflow.prompt.is_prompt";
constexpr std::string_view kPromptType = "_mlflow_prompt_type";
constexpr std::string_view kPromptText = "mlflow.prompt.text";

// Of a key that is there twice the last value counts.
std::string ValueOf(const std::vector<registry::Tag>& tags, std::string_view key) {
  const auto found = std::find_if(tags.rbegin(), tags.rend(), [key](const registry::Tag& tag) { return tag.key == key; });
  return found == tags.rend() ? std::string() : found->value;
}

// A prompt's tags go without those that make it one.
Json TagsJson(const std::vector<registry::Tag>& tags, bool prompt) {
  Json out = Json::Object{};
  for (const registry::Tag& tag : tags) {
    if (!prompt || (tag.key != kIsPrompt && tag.key != kPromptType && tag.key != kPromptText)) out.Set(tag.key, tag.value);
  }
  return out;
}

Json OrNull(const std::string& text) { return text.empty() ? Json() : Json(text); }

// What happened to a version or an alias of a model that is there: "model_version_tag", of a prompt "prompt_version_tag".
Result<void> Publish(sql::Txn& txn, std::string_view model, std::string_view of_models, std::string_view of_prompts,
                     std::string_view action, const Json& data, TimeMs now) {
  TRY(const registry::Model found, registry::GetModel(txn, model));
  const std::string_view entity = IsPrompt(found.tags) ? of_prompts : of_models;
  if (entity.empty()) return {};
  return notify::Publish(txn, {std::string(entity), std::string(action)}, data, now);
}

// What whoever asks for a taken name is told: prompts and models share their names.
std::string NameTaken(std::string_view name, bool of_prompt, bool for_prompt) {
  constexpr std::string_view kWords[] = {"registered model", "prompt"};
  if (of_prompt == for_prompt)
    return fmt::format("{} (name={}) already exists.", of_prompt ? "Prompt" : "Registered Model", name);
  return fmt::format(
      "Tried to create a {} with name '{}', but the name is already taken by a {}. A prompt and a model cannot have the same "
      "name.",
      kWords[for_prompt ? 1 : 0], name, kWords[of_prompt ? 1 : 0]);
}

}  // namespace

bool IsPrompt(const std::vector<registry::Tag>& tags) { return ToLower(ValueOf(tags, kIsPrompt)) == "true"; }

Result<registry::Model> CreateModel(sql::Txn& txn, std::string_view name, std::string_view description,
                                    const std::vector<registry::Tag>& tags, TimeMs now) {
  const bool prompt = IsPrompt(tags);
  Result<registry::Model> created = registry::CreateModel(txn, name, description, tags, now);
  if (!created && created.error().code == Code::kExists) {
    TRY(const registry::Model there, registry::GetModel(txn, name));
    return Fail(Code::kExists, NameTaken(name, IsPrompt(there.tags), prompt));
  }
  TRY(registry::Model made, std::move(created));
  const Json data = Json::Object{{"name", name}, {"tags", TagsJson(tags, prompt)}, {"description", description}};
  TRYV(notify::Publish(txn, {prompt ? "prompt" : "registered_model", "created"}, data, now));
  return made;
}

Result<registry::Model> EnsureModel(sql::Txn& txn, std::string_view name, TimeMs now) {
  Result<registry::Model> found = registry::GetModel(txn, name);
  if (found || found.error().code != Code::kNotFound) return found;
  return CreateModel(txn, name, "", {}, now);
}

Result<registry::ModelVersion> CreateVersion(sql::Txn& txn, const registry::NewVersion& spec, TimeMs now) {
  TRY(const std::int64_t before, registry::ChangeCounter(txn));
  TRY(registry::ModelVersion made, registry::CreateVersion(txn, spec, now));
  TRY(const std::int64_t after, registry::ChangeCounter(txn));
  if (before == after) return made;
  const bool prompt = IsPrompt(spec.tags);
  Json data = Json::Object{{"name", made.model}, {"version", std::to_string(made.version)}};
  if (prompt) {
    data.Set("template", OrNull(ValueOf(spec.tags, kPromptText)));
  } else {
    data.Set("source", made.source);
    data.Set("run_id", OrNull(made.run_id));
  }
  data.Set("tags", TagsJson(spec.tags, prompt));
  data.Set("description", OrNull(made.description));
  TRYV(notify::Publish(txn, {prompt ? "prompt_version" : "model_version", "created"}, data, now));
  return made;
}

Result<void> SetVersionTag(sql::Txn& txn, std::string_view model, int version, const registry::Tag& tag, TimeMs now) {
  TRYV(registry::SetVersionTag(txn, model, version, tag));
  const Json data = Json::Object{{"name", model}, {"version", std::to_string(version)}, {"key", tag.key}, {"value", tag.value}};
  return Publish(txn, model, "model_version_tag", "prompt_version_tag", "set", data, now);
}

Result<void> DeleteVersionTag(sql::Txn& txn, std::string_view model, int version, std::string_view key, TimeMs now) {
  TRYV(registry::DeleteVersionTag(txn, model, version, key));
  const Json data = Json::Object{{"name", model}, {"version", std::to_string(version)}, {"key", key}};
  return Publish(txn, model, "model_version_tag", "prompt_version_tag", "deleted", data, now);
}

Result<void> SetModelTag(sql::Txn& txn, std::string_view model, const registry::Tag& tag, TimeMs now) {
  TRYV(registry::SetModelTag(txn, model, tag));
  const Json data = Json::Object{{"name", model}, {"key", tag.key}, {"value", tag.value}};
  return Publish(txn, model, "", "prompt_tag", "set", data, now);
}

Result<void> DeleteModelTag(sql::Txn& txn, std::string_view model, std::string_view key, TimeMs now) {
  TRYV(registry::DeleteModelTag(txn, model, key));
  const Json data = Json::Object{{"name", model}, {"key", key}};
  return Publish(txn, model, "", "prompt_tag", "deleted", data, now);
}

Result<void> PointAlias(sql::Txn& txn, std::string_view model, std::string_view alias, int version, TimeMs now) {
  const Result<int> before = registry::ResolveAlias(txn, model, alias);
  TRYV(registry::SetAlias(txn, model, alias, version));
  if (before && *before == version) return {};
  const Json data = Json::Object{{"name", model}, {"alias", alias}, {"version", std::to_string(version)}};
  return Publish(txn, model, "model_version_alias", "prompt_alias", "created", data, now);
}

Result<void> RemoveAlias(sql::Txn& txn, std::string_view model, std::string_view alias, TimeMs now) {
  const Result<int> before = registry::ResolveAlias(txn, model, alias);
  TRYV(registry::DeleteAlias(txn, model, alias));
  if (!before) return {};
  const Json data = Json::Object{{"name", model}, {"alias", alias}};
  return Publish(txn, model, "model_version_alias", "prompt_alias", "deleted", data, now);
}

}  // namespace mlean::flows

#include "flows/migrate_mlflow/merge_model.hpp"

#include <fmt/format.h>

#include <functional>
#include <map>
#include <optional>

#include "base/text.hpp"
#include "flows/promotion_policy.hpp"
#include "flows/registry_change.hpp"
#include "flows/registry_events.hpp"
#include "registry/model_store.hpp"
#include "registry/version_store.hpp"

namespace mlean::flows::migrate_mlflow {
namespace {

using codec::Json;
using Fields = std::map<std::string, std::string>;  // what is not there has no field

Fields TagsOf(const std::vector<registry::Tag>& tags) {
  Fields out;
  for (const registry::Tag& tag : tags) out[tag.key] = tag.value;
  return out;
}

Fields AliasesOf(const std::vector<registry::Alias>& aliases) {
  Fields out;
  for (const registry::Alias& alias : aliases) out[alias.name] = fmt::to_string(alias.version);
  return out;
}

Json ToJson(const Fields& fields) {
  Json out = Json::Object{};
  for (const auto& [key, value] : fields) out.Set(key, value);
  return out;
}

Fields FromJson(const Json* json) {
  Fields out;
  if (json == nullptr || !json->IsObject()) return out;
  for (const auto& [key, value] : json->AsObject()) {
    if (value.IsString()) out[key] = value.AsString();
  }
  return out;
}

// Facts that are always there, beside the tags.
Fields FactsOf(const registry::ModelVersion& version) {
  return {{"stage", std::string(registry::StageName(version.stage))}, {"description", version.description}};
}

class Merge {
 public:
  Merge(sql::Txn& txn, const Workspace& workspace, const std::string& name, const std::string& why)
      : txn_(txn), workspace_(workspace), name_(name), why_(why) {}

  // Null: the field went.
  using Apply = std::function<Result<void>(const std::string& key, const std::string* value)>;
  Result<void> Sides(const std::string& what, const Fields& before, const Fields& here, const Fields& there, const Apply& apply) {
    Fields keys = before;
    keys.insert(there.begin(), there.end());
    for (const auto& [key, ignored] : keys) {
      const std::string* const was = Find(before, key);
      const std::string* const now = Find(there, key);
      const std::string* const ours = Find(here, key);
      if (Same(was, now) || Same(ours, now)) continue;
      if (!Same(was, ours)) {
        ++out_.kept;
        continue;
      }
      Result<void> done = apply(key, now);
      if (!done && done.error().code == Code::kDenied) {
        out_.refused.push_back(fmt::format("{} '{}': {}", what, key, done.error().what));
        continue;
      }
      // A version that was deleted here stays deleted.
      if (!done && done.error().code == Code::kNotFound) {
        ++out_.kept;
        continue;
      }
      TRYV(std::move(done));
      ++out_.brought;
    }
    return {};
  }

  Result<void> Model(const Json& before, const registry::Model& there) {
    TRY(const registry::Model here, registry::GetModel(txn_, name_));
    const TimeMs now = workspace_.Now();
    const Json* const text = before.Find("description");
    TRYV(Sides("model", {{"description", text != nullptr && text->IsString() ? text->AsString() : ""}},
               {{"description", here.description}}, {{"description", there.description}},
               [&](const std::string&, const std::string* value) { return registry::DescribeModel(txn_, name_, *value, now); }));
    return Sides("tag", FromJson(before.Find("tags")), TagsOf(here.tags), TagsOf(there.tags),
                 [&](const std::string& key, const std::string* value) {
                   return value != nullptr ? flows::SetModelTag(txn_, name_, {key, *value}, now)
                                           : flows::DeleteModelTag(txn_, name_, key, now);
                 });
  }

  Result<void> Version(const Json& before, const registry::ModelVersion& there) {
    const Result<registry::ModelVersion> here = registry::GetVersion(txn_, name_, there.version);
    if (!here) return here.error().code == Code::kNotFound ? Result<void>() : here.error();
    const TimeMs now = workspace_.Now();
    TRYV(Sides(fmt::format("version {}", there.version), FromJson(before.Find("facts")), FactsOf(*here), FactsOf(there),
               [&](const std::string& key, const std::string* value) -> Result<void> {
                 if (key == "stage") {
                   TRYV(ChangeStage(txn_, workspace_, name_, there.version, there.stage, false, why_));
                   return {};
                 }
                 return registry::UpdateVersion(txn_, name_, there.version, {.description = *value}, now);
               }));
    return Sides(fmt::format("tag of version {}", there.version), FromJson(before.Find("tags")), TagsOf(here->tags),
                 TagsOf(there.tags), [&](const std::string& key, const std::string* value) {
                   return value != nullptr ? flows::SetVersionTag(txn_, name_, there.version, {key, *value}, now)
                                           : flows::DeleteVersionTag(txn_, name_, there.version, key, now);
                 });
  }

  Result<void> Aliases(const Json& before, const registry::Model& there) {
    TRY(const registry::Model here, registry::GetModel(txn_, name_));
    return Sides("alias", FromJson(before.Find("aliases")), AliasesOf(here.aliases), AliasesOf(there.aliases),
                 [&](const std::string& alias, const std::string* value) -> Result<void> {
                   if (value == nullptr) return DeleteAlias(txn_, workspace_, name_, alias, why_);
                   return Point(alias, static_cast<int>(ParseInt(*value).value_or(0)));
                 });
  }

  ModelMerge Take() { return std::move(out_); }

 private:
  // Not as a promotion: that moves stages and other aliases too, and those are as they are there.
  Result<void> Point(const std::string& alias, int version) {
    TRYV(registry::GetVersion(txn_, name_, version));
    if (alias == "champion" || alias == "previous") TRYV(AdmitByHand(txn_, workspace_, name_, version, alias, why_));
    TRYV(PointAlias(txn_, name_, alias, version, workspace_.Now()));
    return Record(txn_, workspace_, "alias.set", fmt::format("models/{}/versions/{}", name_, version),
                  Json::Object{{"alias", alias}, {"version", version}, {"why", why_}});
  }

  static const std::string* Find(const Fields& fields, const std::string& key) {
    const auto found = fields.find(key);
    return found == fields.end() ? nullptr : &found->second;
  }
  static bool Same(const std::string* a, const std::string* b) {
    return (a == nullptr) == (b == nullptr) && (a == nullptr || *a == *b);
  }

  sql::Txn& txn_;
  const Workspace& workspace_;
  const std::string& name_;
  const std::string& why_;
  ModelMerge out_;
};

}  // namespace

std::string ModelState(const registry::ImportedModel& source) {
  Json versions = Json::Object{};
  for (const registry::ModelVersion& version : source.versions) {
    versions.Set(fmt::to_string(version.version),
                 Json::Object{{"facts", ToJson(FactsOf(version))}, {"tags", ToJson(TagsOf(version.tags))}});
  }
  return Json(Json::Object{{"description", source.model.description},
                           {"tags", ToJson(TagsOf(source.model.tags))},
                           {"aliases", ToJson(AliasesOf(source.model.aliases))},
                           {"versions", std::move(versions)}})
      .Dump();
}

Result<ModelMerge> MergeModel(sql::Txn& txn, const Workspace& workspace, const std::string& name, const std::string& before,
                              const registry::ImportedModel& source, const std::string& why) {
  if (before.empty()) return ModelMerge{};
  TRY(const Json was, Json::Parse(before));
  Merge merge(txn, workspace, name, why);
  TRYV(merge.Model(was, source.model));
  const Json* const versions = was.Find("versions");
  for (const registry::ModelVersion& version : source.versions) {
    const Json* const one = versions != nullptr ? versions->Find(fmt::to_string(version.version)) : nullptr;
    if (one != nullptr) TRYV(merge.Version(*one, version));
  }
  TRYV(merge.Aliases(was, source.model));
  return merge.Take();
}

}  // namespace mlean::flows::migrate_mlflow

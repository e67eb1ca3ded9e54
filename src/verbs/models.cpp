// mlean models list|show|register|alias|promote|rollback, mlean approve.
#include <fmt/core.h>

#include "base/text.hpp"
#include "flows/approvals.hpp"
#include "flows/champion.hpp"
#include "flows/lineage.hpp"
#include "flows/registry_change.hpp"
#include "flows/render.hpp"
#include "flows/server_link.hpp"
#include "flows/store_model.hpp"
#include "os/machine.hpp"
#include "registry/model_store.hpp"
#include "verbs/verbs.hpp"

namespace mlean::verbs {
namespace {

Result<int> VersionNumber(const std::string& text) {
  const auto number = ParseInt(text);
  if (!number || *number < 1 || *number > 1'000'000'000) {
    return Fail(Code::kUsage, fmt::format("cannot use version '{}': expected a number from 1", text));
  }
  return static_cast<int>(*number);
}

std::string AliasText(const registry::ModelVersion& version) { return Join(version.aliases, ", "); }

Result<int> ModelsList(const Arguments&, Context& context) {
  TRY(flows::Workspace workspace, flows::OpenWorkspace(context.directory, *context.clock, flows::CliActor()));
  const registry::Query all = {.limit = 50'000};
  TRY(const auto models, workspace.db->Read([&](sql::Conn& conn) { return registry::ListModels(conn, all); }));
  codec::Json list = codec::Json::Array{};
  for (const registry::Model& model : models) {
    codec::Json aliases = codec::Json::Object{};
    std::vector<std::string> words;
    for (const registry::Alias& alias : model.aliases) {
      aliases.Set(alias.name, alias.version);
      words.push_back(fmt::format("{} → {}", alias.name, alias.version));
    }
    list.Push(codec::Json::Object{{"name", model.name}, {"aliases", std::move(aliases)}, {"description", model.description}});
    if (!context.json) PrintLine(fmt::format("{:<24} {}", OneLine(model.name), OneLine(Join(words, "  "))));
  }
  if (context.json) PrintJson(list);
  return 0;
}

std::string TextAt(const codec::Json& object, std::string_view key) {
  const codec::Json* const value = object.Find(key);
  if (value == nullptr || value->IsNull()) return {};
  return value->IsString() ? value->AsString() : value->Dump();
}

void PrintRunOfVersion(const codec::Json& run) {
  PrintLine(fmt::format("  run     {}  {}  {}", TextAt(run, "run_id"), OneLine(TextAt(run, "name")), TextAt(run, "status")));
  if (const codec::Json* data = run.Find("data")) {
    for (const codec::Json& one : data->AsArray())
      PrintLine(fmt::format("  data    {:<28} {}", OneLine(TextAt(one, "name")), OneLine(TextAt(one, "digest"))));
  }
  if (const codec::Json* git = run.Find("git")) {
    PrintLine(fmt::format("  git     {}  {}{}", TextAt(*git, "commit"), TextAt(*git, "branch"),
                          TextAt(*git, "dirty") == "true" ? "  dirty" : ""));
  }
  if (const codec::Json* environment = run.Find("environment")) {
    for (const char* const key : {"python", "host"}) {
      if (const std::string value = TextAt(*environment, key); !value.empty()) PrintLine(fmt::format("  {:<7} {}", key, value));
    }
  }
  if (const std::string command = TextAt(run, "command"); !command.empty()) PrintLine("  command " + OneLine(command));
}

// Of each version what it was made of and what came of it.
Result<int> ShowLineage(const flows::Workspace& workspace, const std::string& name,
                        const std::vector<registry::ModelVersion>& versions, const Context& context) {
  codec::Json list = codec::Json::Array{};
  for (const registry::ModelVersion& version : versions) {
    TRY(const codec::Json lineage, flows::VersionLineage(workspace, name, version.version));
    list.Push(lineage);
    if (context.json) continue;
    PrintLine(fmt::format("{}@{}  {}  {}", name, version.version, version.digest.substr(0, 12), AliasText(version)));
    if (const codec::Json& run = *lineage.Find("run"); run.IsObject()) PrintRunOfVersion(run);
    for (const codec::Json& rollout : lineage.Find("rollouts")->AsArray()) {
      PrintLine(fmt::format("  rollout {}  {}  {}", TextAt(rollout, "id"), TextAt(rollout, "status"), TextAt(rollout, "reason")));
    }
    PrintLine(fmt::format("  predictions {}", lineage.Find("predictions")->AsInt()));
  }
  if (context.json) PrintJson(list);
  return 0;
}

Result<int> ModelsShow(const Arguments& arguments, Context& context) {
  TRY(flows::Workspace workspace, flows::OpenWorkspace(context.directory, *context.clock, flows::CliActor()));
  const std::string name = arguments.Text("MODEL");
  Result<registry::Model> known = workspace.db->Read([&](sql::Conn& conn) { return registry::GetModel(conn, name); });
  if (!known) return std::move(known).error().With(fmt::format("cannot show '{}'", name));
  TRY(const auto versions, workspace.db->Read([&](sql::Conn& conn) { return registry::ListVersions(conn, name); }));
  if (arguments.Has("lineage")) return ShowLineage(workspace, name, versions, context);
  codec::Json list = codec::Json::Array{};
  for (const registry::ModelVersion& version : versions) {
    list.Push(flows::VersionJson(version));
    if (!context.json) {
      PrintLine(fmt::format("{:>4}  {}  {:<12} {:<12} {:<20} {}", version.version, FormatTime(version.created).substr(0, 16),
                            registry::StageName(version.stage), version.digest.substr(0, 12), AliasText(version),
                            OneLine(version.description)));
    }
  }
  if (context.json) PrintJson(list);
  return 0;
}

Result<int> ModelsRegister(const Arguments& arguments, Context& context) {
  TRY(flows::Workspace workspace, flows::OpenWorkspace(context.directory, *context.clock, flows::CliActor(), true));
  TRY(const registry::ModelVersion version,
      flows::RegisterFile(workspace, arguments.Text("NAME"), context.directory / arguments.Text("FILE"),
                          arguments.Text("description")));
  flows::SyncServer(workspace);
  if (context.json) PrintJson(flows::VersionJson(version));
  if (!context.json) PrintLine(fmt::format("{} version {}", version.model, version.version));
  return 0;
}

Result<int> ModelsAlias(const Arguments& arguments, Context& context) {
  TRY(flows::Workspace workspace, flows::OpenWorkspace(context.directory, *context.clock, flows::CliActor()));
  TRY(const int version, VersionNumber(arguments.Text("VERSION")));
  const std::string name = arguments.Text("NAME");
  const std::string alias = arguments.Text("ALIAS");
  Result<void> set = flows::SetVersionAlias(workspace, name, alias, version);
  if (!set) return std::move(set).error().With(fmt::format("cannot point '{}@{}' at version {}", name, alias, version));
  flows::SyncServer(workspace);
  if (context.json) PrintJson(codec::Json::Object{{"model", name}, {"alias", alias}, {"version", version}});
  if (!context.json) PrintLine(fmt::format("{}@{} is version {}", name, alias, version));
  return 0;
}

Result<int> ModelsPromote(const Arguments& arguments, Context& context) {
  TRY(flows::Workspace workspace, flows::OpenWorkspace(context.directory, *context.clock, flows::CliActor()));
  TRY(const int version, VersionNumber(arguments.Text("VERSION")));
  const std::string name = arguments.Text("NAME");
  const std::string reason = arguments.Text("reason", "promoted by hand");
  Result<void> done =
      workspace.db->Write([&](sql::Txn& txn) { return flows::SetAlias(txn, workspace, name, "champion", version, reason); });
  if (!done) return std::move(done).error().With(fmt::format("cannot promote version {} of '{}'", version, name));
  flows::SyncServer(workspace);
  if (context.json) PrintJson(codec::Json::Object{{"model", name}, {"champion", version}});
  if (!context.json) PrintLine(fmt::format("{} version {} is the champion", name, version));
  return 0;
}

Result<int> ModelsRollback(const Arguments& arguments, Context& context) {
  TRY(flows::Workspace workspace, flows::OpenWorkspace(context.directory, *context.clock, flows::CliActor()));
  const std::string name = arguments.Text("NAME");
  const std::string reason = arguments.Text("reason", "rolled back by hand");
  TRY(const int version, workspace.db->Write([&](sql::Txn& txn) { return flows::RollBack(txn, workspace, name, reason); }));
  flows::SyncServer(workspace);
  if (context.json) PrintJson(codec::Json::Object{{"model", name}, {"champion", version}});
  if (!context.json) PrintLine(fmt::format("{} is back at version {}", name, version));
  return 0;
}

Result<int> ApproveRun(const Arguments& arguments, Context& context) {
  const std::string reference = arguments.Text("MODEL@VERSION");
  const std::size_t at = reference.find('@');
  if (at == reference.npos) return Fail(Code::kUsage, fmt::format("cannot approve '{}': expected MODEL@VERSION", reference));
  TRY(const int version, VersionNumber(reference.substr(at + 1)));
  TRY(flows::Workspace workspace, flows::OpenWorkspace(context.directory, *context.clock, flows::CliActor()));
  TRYV(flows::Approve(workspace, reference.substr(0, at), version, os::DescribeMachine().user, arguments.Text("reason")));
  if (context.json) PrintJson(codec::Json::Object{{"model", reference.substr(0, at)}, {"version", version}});
  if (!context.json) PrintLine(fmt::format("approved {} version {}", reference.substr(0, at), version));
  return 0;
}

constexpr const char* kExitCodes = "0 done · 1 failed · 2 usage · 4 no such model or version";

}  // namespace

VerbSpec ModelsListVerb() {
  return {.words = {"models", "list"},
          .summary = "list registered models and their aliases",
          .examples = {"mlean models list --json"},
          .run = ModelsList};
}
VerbSpec ModelsShowVerb() {
  return {.words = {"models", "show"},
          .summary = "list a model's versions",
          .options = {Positional("MODEL", "its name"),
                      Flag("--lineage", "of each version its run with data, code and environment, its rollouts and predictions")},
          .examples = {"mlean models show arrival-delay", "mlean models show arrival-delay --lineage --json"},
          .exit_codes = kExitCodes,
          .run = ModelsShow};
}
VerbSpec ModelsRegisterVerb() {
  return {.words = {"models", "register"},
          .summary = "register a model file as a new version",
          .description = "The file is checked and kept under its digest. XGBoost JSON and UBJSON.",
          .options = {Positional("NAME", "the model's name"), Positional("FILE", "the model file"),
                      ValueOption("--description", "TEXT", "kept with the version")},
          .examples = {"mlean models register arrival-delay model/late.ubj"},
          .exit_codes = kExitCodes,
          .run = ModelsRegister};
}
VerbSpec ModelsAliasVerb() {
  return {.words = {"models", "alias"},
          .summary = "point an alias at a version",
          .description = "The alias champion is what a running server answers with; the verb returns once the change is live.",
          .options = {Positional("NAME", "the model's name"), Positional("ALIAS", "champion, candidate or your own"),
                      Positional("VERSION", "its number")},
          .examples = {"mlean models alias arrival-delay champion 3"},
          .exit_codes = kExitCodes,
          .run = ModelsAlias};
}
VerbSpec ModelsPromoteVerb() {
  return {.words = {"models", "promote"},
          .summary = "make a version the champion",
          .options = {Positional("NAME", "the model's name"), Positional("VERSION", "its number"),
                      ValueOption("--reason", "TEXT", "for the record")},
          .examples = {"mlean models promote arrival-delay 3 --reason 'checked by hand'"},
          .exit_codes = kExitCodes,
          .run = ModelsPromote};
}
VerbSpec ModelsRollbackVerb() {
  return {.words = {"models", "rollback"},
          .summary = "go back to the previous champion",
          .options = {Positional("NAME", "the model's name"), ValueOption("--reason", "TEXT", "for the record")},
          .examples = {"mlean models rollback arrival-delay --reason 'complaints'"},
          .exit_codes = kExitCodes,
          .run = ModelsRollback};
}
VerbSpec ApproveVerb() {
  return {.words = {"approve"},
          .summary = "approve a version for its rollout",
          .description = "Bound to the model file's digest: it does not count for another file.",
          .options = {Positional("MODEL@VERSION", "what to approve"), ValueOption("--reason", "TEXT", "for the record")},
          .examples = {"mlean approve arrival-delay@3 --reason 'card read'"},
          .exit_codes = kExitCodes,
          .run = ApproveRun};
}

}  // namespace mlean::verbs

// mlean remote add|default|modify|list|remove|rename: the remotes in DVC's configuration.
#include <utility>

#include "verbs/data/config_edit.hpp"
#include "verbs/data/dvc_command.hpp"
#include "verbs/verbs.hpp"

namespace mlean::verbs {
namespace {

constexpr const char* kExitCodes = "0 done · 1 wrong use of options · 251 unsound configuration or no such remote · 254 usage";

Result<int> Add(const Arguments& arguments, Context& context) {
  TRY(const repo::ConfigScene scene, SceneOf(arguments, context));
  return Carry(context, repo::AddRemote(scene, {.name = arguments.Text("NAME"),
                                                .url = arguments.Text("URL"),
                                                .make_default = arguments.Has("default"),
                                                .force = arguments.Has("force")}));
}

Result<int> Default(const Arguments& arguments, Context& context) {
  TRY(const repo::ConfigScene scene, SceneOf(arguments, context));
  return Carry(context, repo::DefaultRemote(scene, arguments.Text("NAME"), arguments.Has("unset")));
}

Result<int> Modify(const Arguments& arguments, Context& context) {
  TRY(const repo::ConfigScene scene, SceneOf(arguments, context));
  repo::RemoteModify request{
      .name = arguments.Text("NAME"), .option = arguments.Text("OPTION"), .value = {}, .unset = arguments.Has("unset")};
  if (arguments.Has("VALUE")) request.value = arguments.Text("VALUE");
  return Carry(context, repo::ModifyRemote(scene, request));
}

Result<int> List(const Arguments& arguments, Context& context) {
  TRY(const repo::ConfigScene scene, SceneOf(arguments, context));
  return Carry(context, repo::ListRemotes(scene));
}

Result<int> Remove(const Arguments& arguments, Context& context) {
  TRY(const repo::ConfigScene scene, SceneOf(arguments, context));
  return Carry(context, repo::RemoveRemote(scene, arguments.Text("NAME")));
}

Result<int> Rename(const Arguments& arguments, Context& context) {
  TRY(const repo::ConfigScene scene, SceneOf(arguments, context));
  return Carry(context, repo::RenameRemote(scene, arguments.Text("NAME"), arguments.Text("NEW")));
}

VerbSpec RemoteVerb(const char* word, const char* summary, std::vector<OptionSpec> options, std::vector<std::string> examples,
                    Result<int> (*run)(const Arguments&, Context&)) {
  VerbSpec spec;
  spec.words = {"remote", word};
  spec.summary = summary;
  spec.options = LevelOptions();
  for (OptionSpec& option : options) spec.options.push_back(std::move(option));
  spec.examples = std::move(examples);
  spec.exit_codes = kExitCodes;
  spec.run = run;
  return DvcVerb(std::move(spec));
}

}  // namespace

VerbSpec RemoteAddVerb() {
  return RemoteVerb(
      "add", "add a remote for data",
      {Positional("NAME", "its name"), Positional("URL", "a folder, s3://, ssh://, http(s)://, webdav(s)://, azure://, gs://"),
       Flag("-d,--default", "make it the default"), Flag("-f,--force", "replace one of that name")},
      {"mlean remote add -d store s3://bucket/dvc", "mlean remote add disk /mnt/dvc"}, Add);
}
VerbSpec RemoteDefaultVerb() {
  return RemoteVerb("default", "show, set or unset the default remote",
                    {Positional("NAME", "the remote", false), Flag("-u,--unset", "no default any more")},
                    {"mlean remote default store"}, Default);
}
VerbSpec RemoteModifyVerb() {
  return RemoteVerb(
      "modify", "set or unset an option of a remote",
      {Positional("NAME", "the remote"), Positional("OPTION", "as in DVC: endpointurl, region, user, jobs …"),
       Positional("VALUE", "what to set it to", false), Flag("-u,--unset", "unset it")},
      {"mlean remote modify store endpointurl http://127.0.0.1:9000", "mlean remote modify --local store secret_access_key KEY"},
      Modify);
}
VerbSpec RemoteListVerb() { return RemoteVerb("list", "list the remotes", {}, {"mlean remote list"}, List); }
VerbSpec RemoteRemoveVerb() {
  return RemoteVerb("remove", "remove a remote from the configuration; its data stays", {Positional("NAME", "the remote")},
                    {"mlean remote remove old"}, Remove);
}
VerbSpec RemoteRenameVerb() {
  return RemoteVerb("rename", "rename a remote", {Positional("NAME", "the remote"), Positional("NEW", "its new name")},
                    {"mlean remote rename store archive"}, Rename);
}

}  // namespace mlean::verbs

// mlean config: reads and sets options of DVC's configuration.
#include "verbs/data/config_edit.hpp"
#include "verbs/data/dvc_command.hpp"
#include "verbs/verbs.hpp"

namespace mlean::verbs {
namespace {

Result<int> Config(const Arguments& arguments, Context& context) {
  TRY(const repo::ConfigScene scene, SceneOf(arguments, context));
  repo::ConfigRequest request;
  request.name = arguments.Text("NAME");
  if (arguments.Has("VALUE")) request.value = arguments.Text("VALUE");
  request.unset = arguments.Has("unset");
  request.list = arguments.Has("list");
  request.show_origin = arguments.Has("show-origin");
  return Carry(context, repo::RunConfig(scene, request));
}

}  // namespace

VerbSpec ConfigVerb() {
  VerbSpec spec;
  spec.words = {"config"};
  spec.summary = "get or set options of DVC's configuration";
  spec.options = LevelOptions();
  spec.options.insert(spec.options.end(),
                      {Positional("NAME", "section.option or remote.NAME.option", false),
                       Positional("VALUE", "what to set it to", false), Flag("-u,--unset", "unset it"),
                       Flag("-l,--list", "list all values"), Flag("--show-origin", "with the file that holds each value")});
  spec.examples = {"mlean config core.autostage true", "mlean config --list --show-origin", "mlean config -u core.remote"};
  spec.exit_codes = "0 done · 1 wrong use of options · 251 unsound configuration or no such option · 254 usage";
  spec.run = Config;
  return DvcVerb(std::move(spec));
}

}  // namespace mlean::verbs

// mlean cache dir: shows or sets where the cache lies.
#include "verbs/data/config_edit.hpp"
#include "verbs/data/dvc_command.hpp"
#include "verbs/verbs.hpp"

namespace mlean::verbs {
namespace {

Result<int> CacheDir(const Arguments& arguments, Context& context) {
  TRY(const repo::ConfigScene scene, SceneOf(arguments, context));
  std::optional<std::string> value;
  if (arguments.Has("VALUE")) value = arguments.Text("VALUE");
  return Carry(context, repo::RunCacheDir(scene, value, arguments.Has("unset")));
}

}  // namespace

VerbSpec CacheDirVerb() {
  VerbSpec spec;
  spec.words = {"cache", "dir"};
  spec.summary = "show or set the folder of the cache";
  spec.options = LevelOptions();
  spec.options.push_back(Positional("VALUE", "a folder, relative to the working directory", false));
  spec.options.push_back(Flag("-u,--unset", "back to .dvc/cache"));
  spec.examples = {"mlean cache dir", "mlean cache dir /shared/dvc-cache"};
  spec.exit_codes = "0 done · 251 unsound configuration · 254 usage";
  spec.run = CacheDir;
  return DvcVerb(std::move(spec));
}

}  // namespace mlean::verbs

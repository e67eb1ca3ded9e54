#include "verbs/data/config_edit.hpp"

#include "repo/project.hpp"
#include "verbs/data/dvc_command.hpp"

namespace mlean::verbs {

std::vector<OptionSpec> LevelOptions() {
  return {Flag("--global", "the user's config"), Flag("--system", "the machine's config"),
          Flag("--project", "the project's config (.dvc/config)"), Flag("--local", "the local config (.dvc/config.local)")};
}

Result<repo::ConfigScene> SceneOf(const Arguments& arguments, const Context& context) {
  repo::ConfigScene scene;
  scene.cwd = context.directory;
  Result<std::filesystem::path> root = repo::FindDvcRoot(context.directory);
  if (root) scene.root = *std::move(root);
  TRY(scene.files, repo::ReadConfigFiles(scene.root.empty() ? scene.root : scene.root / ".dvc"));
  constexpr std::pair<std::string_view, repo::ConfigLevel> kLevels[] = {{"global", repo::ConfigLevel::kGlobal},
                                                                        {"system", repo::ConfigLevel::kSystem},
                                                                        {"project", repo::ConfigLevel::kRepo},
                                                                        {"local", repo::ConfigLevel::kLocal}};
  for (const auto& [name, level] : kLevels) {
    if (!arguments.Has(name)) continue;
    if (scene.level) return Fail(Code::kUsage, "only one of --global, --system, --project, --local may be given");
    scene.level = level;
  }
  return scene;
}

namespace {

// A name that is none is wrong usage, exit 254; other wrong uses DVC catches.
Result<int> Told(const Context& context, const Error& error) {
  if (error.code == Code::kUsage && !error.what.starts_with("name argument should")) return Caught(context, error.what);
  return error;
}

}  // namespace

Result<int> Carry(const Context& context, const Result<repo::ConfigEdit>& edit) {
  if (!edit) return Told(context, edit.error());
  for (const std::string& warning : edit->warnings) Warning(warning);
  TRYV(repo::WriteConfigEdit(*edit));
  if (!context.quiet) Print(edit->out);
  if (edit->error) return Told(context, *edit->error);
  return edit->exit;
}

}  // namespace mlean::verbs

// mlean studio token, mlean studio logout: the token of DVC Studio that the user's configuration keeps, as editors ask for it.
// Logging in is a matter between DVC and its service; a token is set by `mlean config --global studio.token`.
#include <fmt/core.h>

#include "verbs/data/config_edit.hpp"
#include "verbs/data/dvc_command.hpp"
#include "verbs/verbs.hpp"

namespace mlean::verbs {
namespace {

constexpr const char* kToken = "studio.token";

Result<repo::ConfigScene> UsersConfig(const Arguments& arguments, const Context& context) {
  TRY(repo::ConfigScene scene, SceneOf(arguments, context));
  scene.level = repo::ConfigLevel::kGlobal;
  return scene;
}

int NotLoggedIn(std::string_view text) {
  fmt::print(stderr, "{}\n", text);
  return 1;
}

Result<int> StudioToken(const Arguments& arguments, Context& context) {
  TRY(const repo::ConfigScene scene, UsersConfig(arguments, context));
  const Result<repo::ConfigEdit> token = repo::RunConfig(scene, {.name = kToken, .value = std::nullopt});
  if (!token || token->error) return NotLoggedIn("Not logged in to Studio.");
  if (!context.quiet) Print(token->out);
  return 0;
}

Result<int> StudioLogout(const Arguments& arguments, Context& context) {
  TRY(const repo::ConfigScene scene, UsersConfig(arguments, context));
  const Result<repo::ConfigEdit> edit = repo::RunConfig(scene, {.name = kToken, .value = std::nullopt, .unset = true});
  if (!edit || edit->error) return NotLoggedIn("Not logged in to Studio. Log in with 'dvc studio login'.");
  TRY(const int status, Carry(context, edit));
  Inform(context, "Logged out from Studio (you can log back in with 'dvc studio login')");
  return status;
}

VerbSpec Spec(const char* word, const char* summary) {
  VerbSpec spec;
  spec.words = {"studio", word};
  spec.summary = summary;
  spec.examples = {std::string("mlean studio ") + word};
  spec.exit_codes = "0 done · 1 there is none · 251 unsound configuration · 254 usage";
  return spec;
}

}  // namespace

VerbSpec StudioTokenVerb() {
  VerbSpec spec = Spec("token", "print the token of DVC Studio in the user's configuration");
  spec.run = StudioToken;
  return DvcVerb(std::move(spec));
}

VerbSpec StudioLogoutVerb() {
  VerbSpec spec = Spec("logout", "remove the token of DVC Studio from the user's configuration");
  spec.run = StudioLogout;
  return DvcVerb(std::move(spec));
}

}  // namespace mlean::verbs

#include "verbs/data/external_options.hpp"

#include <fmt/core.h>

#include "repo/project.hpp"

namespace mlean::verbs {

std::vector<OptionSpec> ExternalOptions() {
  return {ValueOption("--rev", "COMMIT", "a commit, branch or tag of the repository"),
          ValueOption("--config", "FILE", "a config file that is put over the repository's configuration"),
          ValueOption("--remote", "NAME", "its default remote for this command"),
          ListOption("--remote-config", "NAME=VALUE", "options for that remote")};
}

Result<codec::Json> NamedValues(const Arguments& arguments, const std::string& option) {
  codec::Json values = codec::Json::Object{};
  for (const std::string& text : arguments.List(option)) {
    if (text.empty()) continue;
    const std::size_t equals = text.find('=');
    if (equals == text.npos) {
      return Fail(Code::kUsage,
                  fmt::format("argument --{}: Could not parse argument \"{}\" as k1=v1 k2=v2 ... format", option, text));
    }
    values.Set(text.substr(0, equals), text.substr(equals + 1));
  }
  return values;
}

Result<flows::ExternalRequest> ExternalRequestOf(const Arguments& arguments, const Context& context) {
  flows::ExternalRequest request;
  request.url = arguments.Text("URL");
  request.path = arguments.Text("PATH");
  request.revision = arguments.Text("rev");
  request.remote = arguments.Text("remote");
  request.directory = context.directory;
  TRY(request.remote_config, NamedValues(arguments, "remote-config"));
  request.config_file = arguments.Text("config");
  if (const Result<std::filesystem::path> root = repo::FindDvcRoot(context.directory)) {
    request.clones = *root / ".dvc" / "tmp" / "mlean" / "clones";
  }
  return request;
}

}  // namespace mlean::verbs

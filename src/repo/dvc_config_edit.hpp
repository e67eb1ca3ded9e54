// The operations of `config`, `remote` and `cache dir`: what to print and which files to write, as pure functions over the files'
// texts. WriteConfigEdit writes `writes`, each beside its target and renamed; then the caller prints `out` to stdout, and reports
// `error` when there is one: DVC finds some errors only after it has printed or written something.
//
// As in DVC a level that is written is written anew from its values: comments go, relative paths are normalised against the
// file's folder. Errors: dvc_error.hpp ("config file error: …" is exit 251); kUsage errors are texts which DVC logs itself before
// it exits 1
// ("name argument is required").
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "repo/dvc_config.hpp"

namespace mlean::repo {

struct ConfigWrite {
  ConfigLevel level = ConfigLevel::kRepo;
  std::filesystem::path path;
  std::string text;
};

struct ConfigEdit {
  std::vector<ConfigWrite> writes;    // in this order
  std::string out;                    // for stdout, with its newlines
  std::vector<std::string> warnings;  // for stderr, without "WARNING: "
  std::optional<Error> error;         // to report after the above
  int exit = 0;                       // without an error: 1 for "No default remote set"
};

// Where the command runs.
struct ConfigScene {
  std::vector<ConfigFile> files;     // of ReadConfigFiles
  std::filesystem::path cwd;         // absolute; paths given by the user are relative to it
  std::filesystem::path root;        // of the repository; empty outside
  std::optional<ConfigLevel> level;  // of --system, --global, --project (kRepo), --local; nullopt: none given
  std::size_t width = 80;            // of the terminal, for `remote list`, which DVC wraps
};

struct OptionName {
  std::string top;      // "remote", "db" or ""
  std::string section;  // or the remote's name
  std::string option;
};
// "core.autostage", "remote.NAME.url"; lower-cased. kUsage "name argument should look like remote.name.option or db.name.option
// or section.option" (exit 254, DVC prints its usage in front and "ERROR: argument name: " before it).
Result<OptionName> ParseOptionName(std::string_view name);

struct ConfigRequest {
  std::string name;                  // "" not given
  std::optional<std::string> value;  // nullopt: not given
  bool unset = false;
  bool list = false;
  bool show_origin = false;
};
// `config`: prints or sets one option, or lists.
Result<ConfigEdit> RunConfig(const ConfigScene& scene, const ConfigRequest& request);

struct RemoteAdd {
  std::string name;
  std::string url;
  bool make_default = false;
  bool force = false;
};
Result<ConfigEdit> AddRemote(const ConfigScene& scene, const RemoteAdd& request);
struct RemoteModify {
  std::string name;
  std::string option;  // kept as typed, as DVC does
  std::optional<std::string> value;
  bool unset = false;
};
Result<ConfigEdit> ModifyRemote(const ConfigScene& scene, const RemoteModify& request);
// name "" and no unset: prints the default.
Result<ConfigEdit> DefaultRemote(const ConfigScene& scene, std::string_view name, bool unset);
Result<ConfigEdit> RenameRemote(const ConfigScene& scene, std::string_view name, std::string_view new_name);
Result<ConfigEdit> RemoveRemote(const ConfigScene& scene, std::string_view name);
Result<ConfigEdit> ListRemotes(const ConfigScene& scene);

// `cache dir [VALUE] [-u]`.
Result<ConfigEdit> RunCacheDir(const ConfigScene& scene, const std::optional<std::string>& value, bool unset);

Result<void> WriteConfigEdit(const ConfigEdit& edit);

}  // namespace mlean::repo

// DVC's configuration: four files merged, checked against DVC's closed schema, as typed values.
//
//   TRY(const DvcConfig config, LoadDvcConfig(DvcConfigFiles(root / ".dvc")));
//   TRY(const RemoteConfig remote, config.Remote("", "push"));      // the default one
//
// Later levels win: system < global < repo (.dvc/config) < local (.dvc/config.local). All section, option and remote names are
// lower case. Relative paths (cache.dir, url, keyfile …) are made absolute against the folder of the file they stand in. Errors
// carry DVC's text (dvc_error.hpp): "config file error: extra keys not allowed @ data['core']['foo']", exit 251. For reading a
// single raw value or changing a file see dvc_config_edit.hpp.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "codec/json.hpp"

namespace mlean::repo {

enum class ConfigLevel : std::uint8_t { kSystem, kGlobal, kRepo, kLocal };
constexpr std::array<ConfigLevel, 4> kConfigLevels = {ConfigLevel::kSystem, ConfigLevel::kGlobal, ConfigLevel::kRepo,
                                                      ConfigLevel::kLocal};

// One config file: where it lies and what is in it.
struct ConfigFile {
  ConfigLevel level = ConfigLevel::kRepo;
  std::filesystem::path path;       // absolute, also when the file does not exist
  std::optional<std::string> text;  // nullopt: there is no such file
};

// The folders DVC takes: $DVC_SYSTEM_CONFIG_DIR or the first of $XDG_CONFIG_DIRS (/etc/xdg) + "/dvc"; $DVC_GLOBAL_CONFIG_DIR or
// $XDG_CONFIG_HOME (~/.config) + "/dvc".
std::filesystem::path SystemConfigDir();
std::filesystem::path GlobalConfigDir();

// Reads what there is of the four files, in the order of kConfigLevels. `dvc_dir` is "ROOT/.dvc"; empty outside a repository: two
// files only.
Result<std::vector<ConfigFile>> ReadConfigFiles(const std::filesystem::path& dvc_dir);

struct CoreConfig {
  std::string remote;  // "" none
  std::optional<std::int64_t> checksum_jobs;
  bool interactive = false;
  bool analytics = true;
  bool hardlink_lock = false;
  bool no_scm = false;
  bool autostage = false;
  bool check_update = true;
  std::string site_cache_dir;  // "" not set
};

struct CacheConfig {
  std::string dir;                // absolute; "" not set: ROOT/.dvc/cache
  std::vector<std::string> type;  // of reflink, hardlink, symlink, copy in the order to try; empty: reflink, copy
  bool shared_group = false;
  bool slow_link_warning = true;
  bool verify = false;
};

// One remote. `options` are all its options but the URL, checked and typed: booleans, integers, doubles, strings, "type" a list
// of strings; DVC's defaults (use_ssl, verify …) are filled in.
struct RemoteConfig {
  std::string name;
  std::string url;     // local folders absolute; "remote://other/path" already replaced by the other one's URL and options
  std::string scheme;  // "" for a local folder, else "s3", "ssh", "http" …
  codec::Json options = codec::Json::Object{};
  std::optional<std::int64_t> jobs;
  std::optional<std::int64_t> checksum_jobs;  // the remote's, else core's
  bool verify = false;
  bool version_aware = false;
  bool worktree = false;

  // "" / `otherwise` when the option is not set.
  std::string Text(std::string_view option) const;
  bool Bool(std::string_view option, bool otherwise) const;
  std::int64_t Int(std::string_view option, std::int64_t otherwise) const;
  double Double(std::string_view option, double otherwise) const;
};

struct ParsingConfig {
  std::string boolean;  // "store_true" (also when not set: "") or "boolean_optional"
  std::string list;     // "nargs" (also "") or "append"
};
struct ExpConfig {
  std::optional<bool> auto_push;
  std::string git_remote;
};
struct PlotsConfig {
  std::string html_template;
  bool auto_open = false;
  std::string out_dir;
};
struct HydraConfig {
  bool enabled = false;
  std::string config_dir;
  std::string config_module;
  std::string config_name;
  std::string plugins_path;
};
struct DbConfig {
  std::string url;
  std::string username;
  std::string password;
};

struct DvcConfig {
  CoreConfig core;
  CacheConfig cache;
  ParsingConfig parsing;
  ExpConfig exp;
  PlotsConfig plots;
  HydraConfig hydra;
  std::map<std::string, DbConfig, std::less<>> db;
  codec::Json merged = codec::Json::Object{};  // all of it, typed, as DVC's own merged dictionary
  std::vector<std::string> warnings;           // "'feature.x' config option is unsupported"

  // The names of all remotes in DVC's order.
  std::vector<std::string> RemoteNames() const;
  // `name` "": core.remote. Errors: "config file error: remote 'x' doesn't exist"; without a default "config file error: no
  // remote specified in ROOT. Create a default remote with\n    dvc remote add -d …" or "… Setup default remote with …  dvc
  // COMMAND -r …". `shown_root`: how the repository is called in that text (its absolute root); `command`: "push", "fetch" …
  Result<RemoteConfig> Remote(std::string_view name, std::string_view shown_root, std::string_view command) const;
  // ROOT/.dvc/cache or what cache.dir says.
  std::filesystem::path CacheDir(const std::filesystem::path& dvc_dir) const;
};

// Parses, merges and checks. Pure. `override` (may be an empty object) is merged on top before the check, as the options of an
// import's `repo.config` and `repo.remote` are.
Result<DvcConfig> MergeConfig(const std::vector<ConfigFile>& files, const codec::Json& override = codec::Json::Object{});
// ReadConfigFiles and MergeConfig.
Result<DvcConfig> LoadDvcConfig(const std::filesystem::path& dvc_dir);

// $DVC_SITE_CACHE_DIR, else core.site_cache_dir, else /var/tmp/dvc.
std::string SiteCacheDir(const CoreConfig& core);

}  // namespace mlean::repo

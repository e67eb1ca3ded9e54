#include "repo/dvc_config.hpp"

#include <fmt/core.h>

#include <cstdlib>
#include <system_error>

#include "base/text.hpp"
#include "os/files.hpp"
#include "repo/config_level.hpp"
#include "repo/config_schema.hpp"
#include "repo/dvc_error.hpp"
#include "repo/ini.hpp"

namespace mlean::repo {
namespace {

namespace fs = std::filesystem;
using codec::Json;

constexpr int kMaxRemoteHops = 20;  // of remote:// URLs that refer to one another

std::string Environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// A section of the checked configuration, read by name. All values have the types of the schema.
class Section {
 public:
  Section(const Json& config, std::string_view name) : section_(config.Find(name)) {}
  std::string Text(std::string_view option) const {
    const Json* value = Find(option);
    return value != nullptr && value->IsString() ? value->AsString() : "";
  }
  bool Bool(std::string_view option, bool otherwise) const {
    const Json* value = Find(option);
    return value != nullptr && value->IsBool() ? value->AsBool() : otherwise;
  }
  std::optional<std::int64_t> Int(std::string_view option) const {
    const Json* value = Find(option);
    return value != nullptr && value->IsInt() ? std::optional(value->AsInt()) : std::nullopt;
  }
  const Json* Find(std::string_view option) const { return section_ == nullptr ? nullptr : section_->Find(option); }
  const Json* json() const { return section_; }

 private:
  const Json* section_;
};

DvcConfig Typed(Json merged) {
  DvcConfig config;
  const Section core(merged, "core");
  config.core = {.remote = core.Text("remote"),
                 .checksum_jobs = core.Int("checksum_jobs"),
                 .interactive = core.Bool("interactive", false),
                 .analytics = core.Bool("analytics", true),
                 .hardlink_lock = core.Bool("hardlink_lock", false),
                 .no_scm = core.Bool("no_scm", false),
                 .autostage = core.Bool("autostage", false),
                 .check_update = core.Bool("check_update", true),
                 .site_cache_dir = core.Text("site_cache_dir")};
  const Section cache(merged, "cache");
  config.cache.dir = cache.Text("dir");
  if (const Json* types = cache.Find("type"); types != nullptr && types->IsArray()) {
    for (const Json& type : types->AsArray()) config.cache.type.push_back(type.AsString());
  }
  config.cache.shared_group = cache.Text("shared") == "group";
  config.cache.slow_link_warning = cache.Bool("slow_link_warning", true);
  config.cache.verify = cache.Bool("verify", false);
  const Section parsing(merged, "parsing");
  config.parsing = {parsing.Text("bool"), parsing.Text("list")};
  const Section exp(merged, "exp");
  if (const Json* push = exp.Find("auto_push"); push != nullptr && push->IsBool()) config.exp.auto_push = push->AsBool();
  config.exp.git_remote = exp.Text("git_remote");
  const Section plots(merged, "plots");
  config.plots = {plots.Text("html_template"), plots.Bool("auto_open", false), plots.Text("out_dir")};
  const Section hydra(merged, "hydra");
  config.hydra = {hydra.Bool("enabled", false), hydra.Text("config_dir"), hydra.Text("config_module"), hydra.Text("config_name"),
                  hydra.Text("plugins_path")};
  const Section db(merged, "db");
  if (db.json() != nullptr) {
    for (const auto& [name, options] : db.json()->AsObject()) {
      const Section entry(*db.json(), name);
      config.db[name] = {entry.Text("url"), entry.Text("username"), entry.Text("password")};
    }
  }
  config.merged = std::move(merged);
  return config;
}

// The options of a remote with those of the remotes its URL refers to: "remote://base/path" is base's URL and options under its
// own.
Result<Json> ResolveReferences(const Json& remotes, std::string_view name, int hops) {
  const Json* options = remotes.Find(ToLower(name));
  if (options == nullptr) return ConfigFailure(fmt::format("remote '{}' doesn't exist", name));
  if (hops > kMaxRemoteHops) return ConfigFailure(fmt::format("remote '{}' refers to itself", name));
  const Result<UrlParts> url = ParseUrl(*options->StringAt("url"));
  if (!url || url->scheme != "remote") return *options;
  TRY(Json base, ResolveReferences(remotes, url->host, hops + 1));
  std::string_view path = url->path;
  while (path.starts_with('/')) path.remove_prefix(1);
  const std::string full = *base.StringAt("url") + "/" + std::string(path);
  MergeInto(base, *options);
  base.Set("url", full);
  return base;
}

Error NoDefaultRemote(const DvcConfig& config, std::string_view shown_root, std::string_view command) {
  if (config.RemoteNames().empty()) {
    return ConfigFailure(
        fmt::format("no remote specified in {}. Create a default remote with\n    dvc remote add -d <remote name> "
                    "<remote url>",
                    shown_root));
  }
  return ConfigFailure(
      fmt::format("no remote specified in {}. Setup default remote with\n    dvc remote default <remote name>\nor use:\n"
                  "    dvc {} -r <remote name>",
                  shown_root, command));
}

Result<std::optional<std::string>> ReadConfigFile(const fs::path& path) {
  std::error_code error;
  if (fs::is_directory(path, error)) return UnexpectedFailure(fmt::format("[Errno 21] Is a directory: '{}'", path.string()));
  Result<std::string> text = os::ReadFile(path, kMaxIniBytes);
  if (text) return std::optional(std::move(*text));
  if (text.error().code == Code::kNotFound || !os::Exists(path)) return std::optional<std::string>();
  return UnexpectedFailure(text.error().what);
}

}  // namespace

fs::path SystemConfigDir() {
  if (const std::string own = Environment("DVC_SYSTEM_CONFIG_DIR"); !own.empty()) return own;
  for (const std::string& dir : Split(Environment("XDG_CONFIG_DIRS"), ':')) {
    if (const std::string_view bare = Trim(dir); bare.starts_with('/')) return fs::path(bare) / "dvc";
  }
  return "/etc/xdg/dvc";
}

fs::path GlobalConfigDir() {
  if (const std::string own = Environment("DVC_GLOBAL_CONFIG_DIR"); !own.empty()) return own;
  const std::string xdg(Trim(Environment("XDG_CONFIG_HOME")));
  return xdg.starts_with('/') ? fs::path(xdg) / "dvc" : fs::path(ExpandUser("~/.config")) / "dvc";
}

std::string SiteCacheDir(const CoreConfig& core) {
  if (std::string own = Environment("DVC_SITE_CACHE_DIR"); !own.empty()) return own;
  return core.site_cache_dir.empty() ? "/var/tmp/dvc" : core.site_cache_dir;
}

Result<std::vector<ConfigFile>> ReadConfigFiles(const fs::path& dvc_dir) {
  std::vector<ConfigFile> files = {{ConfigLevel::kSystem, SystemConfigDir() / "config", {}},
                                   {ConfigLevel::kGlobal, GlobalConfigDir() / "config", {}}};
  if (!dvc_dir.empty()) {
    files.push_back({ConfigLevel::kRepo, dvc_dir / "config", {}});
    files.push_back({ConfigLevel::kLocal, dvc_dir / "config.local", {}});
  }
  for (ConfigFile& file : files) {
    std::error_code error;
    file.path = fs::absolute(file.path, error);
    TRY(file.text, ReadConfigFile(file.path));
  }
  return files;
}

Result<DvcConfig> MergeConfig(const std::vector<ConfigFile>& files, const Json& override) {
  Json merged = Json::Object{};
  for (const ConfigFile& file : files) {
    TRY(Json level, ParseLevel(file));
    const std::string conf_dir = file.path.parent_path().string();
    TRYV(ChangePaths(level, [&](const std::string& path) { return ResolvedPath(conf_dir, path); }));
    MergeInto(merged, level);
  }
  if (override.IsObject()) MergeInto(merged, override);
  std::vector<std::string> warnings;
  TRY(Json checked, CheckConfig(merged, &warnings));
  DvcConfig config = Typed(std::move(checked));
  config.warnings = std::move(warnings);
  return config;
}

Result<DvcConfig> LoadDvcConfig(const fs::path& dvc_dir) {
  TRY(const std::vector<ConfigFile> files, ReadConfigFiles(dvc_dir));
  return MergeConfig(files);
}

std::vector<std::string> DvcConfig::RemoteNames() const {
  std::vector<std::string> names;
  if (const Json* remotes = merged.Find("remote")) {
    for (const auto& remote : remotes->AsObject()) names.push_back(remote.first);
  }
  return names;
}

Result<RemoteConfig> DvcConfig::Remote(std::string_view name, std::string_view shown_root, std::string_view command) const {
  if (name.empty()) name = core.remote;
  if (name.empty()) return NoDefaultRemote(*this, shown_root, command);
  const Json* remotes = merged.Find("remote");
  TRY(const Json resolved, ResolveReferences(remotes == nullptr ? Json(Json::Object{}) : *remotes, name, 0));
  TRY(const Json options, CheckRemote(resolved));
  RemoteConfig remote;
  remote.name = name;
  Json::Object rest;
  for (const auto& [option, value] : options.AsObject()) {
    if (option == "url") {
      remote.url = value.AsString();
    } else {
      rest.emplace_back(option, value);
    }
  }
  remote.options = std::move(rest);
  const Result<UrlParts> url = ParseUrl(remote.url);
  if (url && !url->host.empty()) remote.scheme = url->scheme;
  const Json named = Json::Object{{"remote", remote.options}};
  const Section section(named, "remote");
  remote.jobs = section.Int("jobs");
  remote.checksum_jobs = section.Int("checksum_jobs");
  if (!remote.checksum_jobs) remote.checksum_jobs = core.checksum_jobs;
  remote.verify = section.Bool("verify", false);
  remote.worktree = section.Bool("worktree", false);
  if (remote.worktree && section.Find("version_aware") != nullptr && !section.Bool("version_aware", true)) {
    return ConfigFailure("worktree remotes require version_aware cloud");
  }
  remote.version_aware = section.Bool("version_aware", remote.worktree);
  return remote;
}

fs::path DvcConfig::CacheDir(const fs::path& dvc_dir) const {
  return cache.dir.empty() ? dvc_dir / "cache" : fs::path(cache.dir);
}

std::string RemoteConfig::Text(std::string_view option) const {
  const Json* value = options.Find(option);
  return value != nullptr && value->IsString() ? value->AsString() : "";
}
bool RemoteConfig::Bool(std::string_view option, bool otherwise) const {
  const Json* value = options.Find(option);
  return value != nullptr && value->IsBool() ? value->AsBool() : otherwise;
}
std::int64_t RemoteConfig::Int(std::string_view option, std::int64_t otherwise) const {
  const Json* value = options.Find(option);
  return value != nullptr && value->IsInt() ? value->AsInt() : otherwise;
}
double RemoteConfig::Double(std::string_view option, double otherwise) const {
  const Json* value = options.Find(option);
  return value != nullptr && value->IsNumber() ? value->AsDouble() : otherwise;
}

}  // namespace mlean::repo

#include "repo/config_level.hpp"

#include <pwd.h>
#include <unistd.h>

#include <array>
#include <cctype>
#include <cstdlib>
#include <optional>
#include <span>
#include <vector>

#include "base/text.hpp"
#include "repo/code_points.hpp"
#include "repo/config_schema.hpp"
#include "repo/dvc_error.hpp"
#include "repo/ini.hpp"

namespace mlean::repo {
namespace {

using codec::Json;

constexpr std::array<std::string_view, 3> kNamed = {"remote", "machine", "db"};

Json LowerKeys(const Json& tree) {
  if (!tree.IsObject()) return tree;
  Json out = Json::Object{};
  for (const auto& [key, value] : tree.AsObject()) out.Set(ToLower(key), LowerKeys(value));
  return out;
}

struct NamedSection {
  std::string_view kind;
  std::string name;
};
// `remote "store"`; nullopt for any other name.
std::optional<NamedSection> ParseNamed(std::string_view section) {
  section = PythonStrip(section);
  for (const std::string_view kind : kNamed) {
    if (!section.starts_with(kind)) continue;
    const std::string_view rest = PythonStrip(section.substr(kind.size()));
    if (rest.size() < 2 || rest.front() != '"' || rest.back() != '"' || rest.find('\n') != rest.npos) continue;
    return NamedSection{kind, std::string(rest.substr(1, rest.size() - 2))};
  }
  return std::nullopt;
}

bool IsUrl(std::string_view path) {
  std::size_t at = 0;
  const auto word = [](unsigned char c) { return std::isalnum(c) != 0 || c == '_' || c >= 0x80; };
  while (at < path.size() && word(path[at])) ++at;
  return at > 0 && path.substr(at).starts_with("://");
}

Result<void> ChangeIn(Json& section, std::span<const std::string_view> options, const PathChange& change) {
  for (const std::string_view option : options) {
    Json* value = section.Find(option);
    if (value == nullptr) continue;
    if (!value->IsString()) {
      if (value->IsArray()) return UnexpectedFailure("expected string or bytes-like object, got 'list'");
      return UnexpectedFailure("expected string or bytes-like object, got 'dict'");
    }
    *value = change(value->AsString());
  }
  return {};
}

bool IsEmpty(const Json& value) {
  if (value.IsObject()) return value.AsObject().empty();
  if (value.IsArray()) return value.AsArray().empty();
  return value.IsString() && value.AsString().empty();
}

}  // namespace

Result<Json> ParseLevel(const ConfigFile& file) {
  Json level = Json::Object{};
  if (file.text) {
    for (const std::string_view kind : kNamed) level.Set(kind, Json::Object{});
    Result<Json> tree = ParseIni(*file.text);
    if (!tree) {
      if (tree.error().code == Code::kCorrupt) return UnexpectedFailure(tree.error().what);
      return ConfigFailure(tree.error().what + ": " + tree.error().what);  // DVC shows the cause, which has the same text
    }
    Json sections = LowerKeys(*tree);
    for (auto& [section, value] : sections.AsObject()) {
      const std::optional<NamedSection> named = ParseNamed(section);
      if (!named) {
        level.Set(section, std::move(value));
        continue;
      }
      Json* names = level.Find(named->kind);
      if (!names->IsObject()) return UnexpectedFailure("'str' object does not support item assignment");
      names->Set(named->name, std::move(value));
    }
  }
  for (const std::string_view section : ConfigSections()) {
    if (level.Find(section) == nullptr) level.Set(section, Json::Object{});
  }
  return level;
}

Result<void> ChangePaths(Json& level, const PathChange& change) {
  constexpr std::array<std::string_view, 1> kCache = {"dir"};
  constexpr std::array<std::string_view, 8> kRemote = {"url",
                                                       "gdrive_user_credentials_file",
                                                       "gdrive_service_account_json_file_path",
                                                       "credentialpath",
                                                       "configpath",
                                                       "keyfile",
                                                       "cert_path",
                                                       "key_path"};
  constexpr std::array<std::string_view, 2> kMachine = {"startup_script", "setup_script"};
  for (auto& [name, section] : level.AsObject()) {
    if (name != "cache" && name != "remote" && name != "machine") continue;
    if (!section.IsObject()) return UnexpectedFailure("expected a dictionary for dictionary value @ data['" + name + "']");
    if (name == "cache") {
      TRYV(ChangeIn(section, kCache, change));
      continue;
    }
    for (auto& [entry, options] : section.AsObject()) {
      if (!options.IsObject()) {
        return UnexpectedFailure("expected a dictionary for dictionary value @ data['" + name + "'][" + PythonRepr(entry) + "]");
      }
      TRYV(ChangeIn(options, name == "remote" ? std::span<const std::string_view>(kRemote) : kMachine, change));
    }
  }
  return {};
}

std::string NormPath(std::string_view path) {
  if (path.empty()) return ".";
  const std::size_t slashes = path.starts_with("//") && !path.starts_with("///") ? 2 : path.starts_with("/") ? 1 : 0;
  std::vector<std::string> kept;
  for (std::string& part : Split(path, '/')) {
    if (part.empty() || part == ".") continue;
    if (part != ".." || (slashes == 0 && kept.empty()) || (!kept.empty() && kept.back() == "..")) {
      kept.push_back(std::move(part));
    } else if (!kept.empty()) {
      kept.pop_back();
    }
  }
  const std::string out = std::string(slashes, '/') + Join(kept, "/");
  return out.empty() ? "." : out;
}

std::string JoinPath(std::string_view base, std::string_view path) {
  if (path.starts_with('/') || base.empty()) return std::string(path);
  return std::string(base) + (base.ends_with('/') ? "" : "/") + std::string(path);
}

std::string RelPath(std::string_view path, std::string_view start) {
  const auto parts = [](std::string_view text) {
    std::vector<std::string> kept;
    for (std::string& part : Split(NormPath(text), '/')) {
      if (!part.empty()) kept.push_back(std::move(part));
    }
    return kept;
  };
  const std::vector<std::string> to = parts(path);
  const std::vector<std::string> from = parts(start);
  std::size_t common = 0;
  while (common < to.size() && common < from.size() && to[common] == from[common]) ++common;
  std::vector<std::string> out(from.size() - common, "..");
  out.insert(out.end(), to.begin() + static_cast<std::ptrdiff_t>(common), to.end());
  return out.empty() ? "." : Join(out, "/");
}

std::string ExpandUser(std::string_view path) {
  if (!path.starts_with('~')) return std::string(path);
  const std::size_t end = std::min(path.find('/'), path.size());
  const std::string user(path.substr(1, end - 1));
  std::string home;
  passwd entry{};
  passwd* found = nullptr;
  std::vector<char> buffer(16384);
  if (const char* own = std::getenv("HOME"); user.empty() && own != nullptr) {
    home = own;
  } else if (user.empty() ? ::getpwuid_r(::getuid(), &entry, buffer.data(), buffer.size(), &found) == 0
                          : ::getpwnam_r(user.c_str(), &entry, buffer.data(), buffer.size(), &found) == 0) {
    if (found == nullptr) return std::string(path);
    home = found->pw_dir;
  }
  while (home.ends_with('/')) home.pop_back();
  const std::string out = home + std::string(path.substr(end));
  return out.empty() ? "/" : out;
}

std::string ResolvedPath(const std::string& conf_dir, const std::string& path) {
  if (IsUrl(path) || path.starts_with('/')) return path;
  const std::string expanded = ExpandUser(path);
  if (expanded.starts_with('/')) return expanded;
  return NormPath(JoinPath(conf_dir, path));
}

std::string RestoredPath(const std::string& conf_dir, const std::string& path) {
  if (IsUrl(path) || path.starts_with('/') || ExpandUser(path).starts_with('/')) return path;
  return RelPath(JoinPath(conf_dir, path), conf_dir);
}

std::string StoredPath(const std::string& conf_dir, const std::string& cwd, const std::string& path) {
  if (IsUrl(path) || ExpandUser(path) != path || path.starts_with('/')) return path;
  return RelPath(JoinPath(cwd, path), conf_dir);
}

void MergeInto(Json& into, const Json& update) {
  for (const auto& [key, value] : update.AsObject()) {
    Json* old = into.Find(key);
    if (old != nullptr && old->IsObject() && value.IsObject()) {
      MergeInto(*old, value);
    } else {
      into.Set(key, value);
    }
  }
}

Result<std::string> LevelText(const Json& level) {
  Json::Object out;
  for (const auto& [name, section] : level.AsObject()) {
    if (name != "remote" && name != "machine" && name != "db" && !IsEmpty(section)) out.emplace_back(name, section);
  }
  for (const std::string_view kind : kNamed) {
    const Json* names = level.Find(kind);
    if (names == nullptr || !names->IsObject()) continue;
    for (const auto& [name, options] : names->AsObject()) out.emplace_back(std::string(kind) + " \"" + name + "\"", options);
  }
  Result<std::string> text = WriteIni(Json(std::move(out)));
  if (!text) return UnexpectedFailure(text.error().what);
  return text;
}

}  // namespace mlean::repo

#include "repo/dvc_config_edit.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <functional>

#include "base/text.hpp"
#include "os/files.hpp"
#include "repo/code_points.hpp"
#include "repo/config_level.hpp"
#include "repo/config_schema.hpp"
#include "repo/dvc_error.hpp"

namespace mlean::repo {
namespace {

namespace fs = std::filesystem;
using codec::Json;

std::string ShownValue(const Json& value) {
  if (!value.IsArray()) return value.IsString() ? value.AsString() : value.Dump();
  std::vector<std::string> items;
  for (const Json& item : value.AsArray()) items.push_back(item.AsString());
  return PythonRepr(items);
}

bool IsRepoLevel(ConfigLevel level) { return level == ConfigLevel::kRepo || level == ConfigLevel::kLocal; }

// The files as they are while a command edits one level after the other.
class Editor {
 public:
  explicit Editor(const ConfigScene& scene) : scene_(scene), files_(scene.files) {}

  // What every command does first: all files must be readable.
  Result<void> CheckReadable() const {
    for (const ConfigFile& file : files_) TRYV(Read(file.level));
    return {};
  }

  // A level with its paths resolved.
  Result<Json> Read(ConfigLevel level) const {
    const ConfigFile* file = Find(level);
    if (file == nullptr) return ConfigFailure("Not inside a DVC repo");
    TRY(Json conf, ParseLevel(*file));
    const std::string conf_dir = file->path.parent_path().string();
    TRYV(ChangePaths(conf, [&](const std::string& path) { return ResolvedPath(conf_dir, path); }));
    return conf;
  }

  // The merged levels below `end`; all with nullopt.
  Result<Json> ReadBelow(std::optional<ConfigLevel> end) const {
    Json merged = Json::Object{};
    for (const ConfigFile& file : files_) {
      if (end && file.level == *end) break;
      TRY(const Json level, Read(file.level));
      MergeInto(merged, level);
    }
    return merged;
  }

  // DVC's Config.edit: `change` gets the level; then it is checked with the levels below, written, and everything is checked
  // again.
  using Change = std::function<Result<void>(Json& conf)>;
  Result<void> Edit(ConfigLevel level, const Change& change) {
    ConfigFile* file = Find(level);
    if (file == nullptr) return ConfigFailure("Not inside a DVC repo");
    const std::string conf_dir = file->path.parent_path().string();
    TRY(Json conf, ParseLevel(*file));
    TRYV(ChangePaths(conf, [&](const std::string& path) { return RestoredPath(conf_dir, path); }));
    TRYV(change(conf));
    TRY(Json merged, ReadBelow(level));
    MergeInto(merged, conf);
    TRYV(Check(merged));
    TRY(file->text, LevelText(conf));
    edit_.writes.push_back({level, file->path, *file->text});
    TRY(const Json all, ReadBelow(std::nullopt));
    return Check(all);
  }

  // A path option given on the command line, as it goes into the level's file.
  Json Stored(ConfigLevel level, const std::string& path) const {
    const ConfigFile* file = Find(level);
    if (file == nullptr) return path;
    return StoredPath(file->path.parent_path().string(), scene_.cwd.string(), path);
  }
  // The same for an option that may be a path: NAME of a section or of a remote.
  Json StoredOption(ConfigLevel level, std::string_view top, const std::string& section, const std::string& option,
                    const std::string& value) const {
    Json inner = Json::Object{{section, Json::Object{{option, value}}}};
    if (top.empty() && (section == "remote" || section == "machine")) return value;  // no section of that form holds options
    Json probe = top.empty() ? inner : Json::Object{{std::string(top), inner}};
    const Result<void> changed = ChangePaths(probe, [&](const std::string& path) { return Stored(level, path).AsString(); });
    if (!changed) return value;
    const Json* at = top.empty() ? probe.Find(section) : probe.Find(top)->Find(section);
    return *at->Find(option);
  }

  ConfigEdit Done(Result<void> result) {
    if (!result) edit_.error = std::move(result).error();
    return std::move(edit_);
  }
  void Print(std::string_view line) { edit_.out += std::string(line) + "\n"; }
  ConfigEdit& edit() { return edit_; }
  const ConfigFile* Find(ConfigLevel level) const {
    const auto found = std::find_if(files_.begin(), files_.end(), [&](const ConfigFile& file) { return file.level == level; });
    return found == files_.end() ? nullptr : &*found;
  }

 private:
  // DVC warns once a run.
  Result<void> Check(const Json& merged) {
    TRYV(CheckConfig(merged, edit_.warnings.empty() ? &edit_.warnings : nullptr));
    return {};
  }
  ConfigFile* Find(ConfigLevel level) { return const_cast<ConfigFile*>(std::as_const(*this).Find(level)); }

  const ConfigScene& scene_;
  std::vector<ConfigFile> files_;
  ConfigEdit edit_;
};

ConfigLevel EditLevel(const ConfigScene& scene) { return scene.level.value_or(ConfigLevel::kRepo); }

// The levels from the last down to the one that a command edits.
std::vector<ConfigLevel> LevelsDownTo(ConfigLevel end) {
  std::vector<ConfigLevel> levels;
  for (auto at = kConfigLevels.rbegin(); at != kConfigLevels.rend(); ++at) {
    levels.push_back(*at);
    if (*at == end) break;
  }
  return levels;
}

Result<void> CheckOption(const Json& conf, std::string_view top, std::string_view section, std::string_view option) {
  const std::string_view kind = top.empty() ? "section" : top;
  const Json* found = conf.Find(section);
  if (found == nullptr) return ConfigFailure(fmt::format("{} '{}' doesn't exist", kind, section));
  if (!option.empty() && found->Find(option) == nullptr) {
    return ConfigFailure(fmt::format("option '{}' doesn't exist in {} '{}'", option, kind, section));
  }
  return {};
}

Result<void> CheckRemoteExists(const Json& conf, std::string_view name) {
  const Json* remotes = conf.Find("remote");
  if (remotes == nullptr || remotes->Find(name) == nullptr) return ConfigFailure(fmt::format("remote '{}' doesn't exist.", name));
  return {};
}

Json& SectionOf(Json& conf, std::string_view name) {
  if (conf.Find(name) == nullptr) conf.Set(name, Json::Object{});
  return *conf.Find(name);
}

void Erase(Json& section, std::string_view option) {
  std::erase_if(section.AsObject(), [&](const Json::Member& member) { return member.first == option; });
}

bool IsDefaultRemote(const Json& conf, std::string_view name) {
  const Json* core = conf.Find("core");
  const Json* remote = core == nullptr ? nullptr : core->Find("remote");
  return remote != nullptr && remote->IsString() && remote->AsString() == name;
}

std::string OriginPrefix(const ConfigScene& scene, const ConfigFile& file) {
  const std::string path = file.path.string();
  return (IsRepoLevel(file.level) ? RelPath(path, scene.root.string()) : path) + "\t";
}

// Levels to look at, lowest first.
Result<std::vector<const ConfigFile*>> ShownLevels(const ConfigScene& scene) {
  std::vector<const ConfigFile*> shown;
  for (const ConfigFile& file : scene.files) {
    if (!scene.level || file.level == *scene.level) shown.push_back(&file);
  }
  if (shown.empty() && scene.level) return ConfigFailure("Not inside a DVC repo");
  return shown;
}

void Flatten(const std::string& prefix, const Json& tree, std::vector<std::string>& lines) {
  for (const auto& [key, value] : tree.AsObject()) {
    if (value.IsObject()) {
      Flatten(prefix + key + ".", value, lines);
    } else {
      lines.push_back(prefix + key + "=" + ShownValue(value));
    }
  }
}

Result<void> PrintAll(const ConfigScene& scene, const ConfigRequest& request, Editor& editor) {
  TRY(const std::vector<const ConfigFile*> levels, ShownLevels(scene));
  for (const ConfigFile* file : levels) {
    TRY(const Json conf, editor.Read(file->level));
    std::vector<std::string> lines;
    Flatten("", conf, lines);
    for (const std::string& line : lines) editor.Print((request.show_origin ? OriginPrefix(scene, *file) : "") + line);
  }
  return {};
}

Result<void> PrintOption(const ConfigScene& scene, const ConfigRequest& request, const OptionName& name, Editor& editor) {
  TRY(const std::vector<const ConfigFile*> levels, ShownLevels(scene));
  for (auto file = levels.rbegin(); file != levels.rend(); ++file) {
    TRY(const Json whole, editor.Read((*file)->level));
    const Json& conf = name.top.empty() ? whole : *whole.Find(name.top);
    Result<void> found = CheckOption(conf, name.top, name.section, name.option);
    if (!found) {
      if (scene.level) return found;
      continue;
    }
    const Json& value = *conf.Find(name.section)->Find(name.option);
    editor.Print((request.show_origin ? OriginPrefix(scene, **file) : "") +
                 (value.IsObject() ? value.Dump() : ShownValue(value)));
    break;
  }
  return {};
}

Result<void> SetOption(const ConfigScene& scene, const ConfigRequest& request, const OptionName& name, Editor& editor) {
  const ConfigLevel level = EditLevel(scene);
  return editor.Edit(level, [&](Json& whole) -> Result<void> {
    Json& conf = name.top.empty() ? whole : SectionOf(whole, name.top);
    if (request.unset) {
      TRYV(CheckOption(conf, name.top, name.section, name.option));
      Erase(*conf.Find(name.section), name.option);
      return {};
    }
    Json& section = SectionOf(conf, name.section);
    if (!section.IsObject()) return UnexpectedFailure("'str' object does not support item assignment");
    section.Set(name.option, editor.StoredOption(level, name.top, name.section, name.option, *request.value));
    return {};
  });
}

// ---- `remote list`, which DVC prints through a library that wraps at the width of the terminal
std::string ExpandTabs(std::string_view text) {
  std::string out;
  std::size_t column = 0;
  for (const char c : text) {
    if (c != '\t') {
      out += c;
      column += (static_cast<unsigned char>(c) & 0xC0) != 0x80;
      continue;
    }
    const std::size_t fill = 8 - column % 8;
    out.append(fill, ' ');
    column += fill;
  }
  return out;
}

// Breaks between words; a word longer than the width is cut.
std::string Wrap(std::string_view text, std::size_t width) {
  const std::u32string wide = Decode(text);
  std::vector<std::size_t> breaks;
  std::size_t column = 0;
  for (std::size_t begin = 0; begin < wide.size();) {
    std::size_t word = begin;
    while (word < wide.size() && IsPythonSpace(wide[word])) ++word;
    while (word < wide.size() && !IsPythonSpace(wide[word])) ++word;
    const std::size_t bare = word - begin;
    std::size_t end = word;
    while (end < wide.size() && IsPythonSpace(wide[end])) ++end;
    if (width - std::min(column, width) >= bare) {
      column += end - begin;
    } else if (bare > width) {
      for (std::size_t at = begin; at < end; at += width) {
        if (at > 0) breaks.push_back(at);
        column = std::min(width, end - at);
      }
    } else if (column > 0 && begin > 0) {
      breaks.push_back(begin);
      column = end - begin;
    }
    begin = end;
  }
  breaks.push_back(wide.size());
  std::string out;
  std::size_t begin = 0;
  for (const std::size_t end : breaks) {
    std::u32string_view line = std::u32string_view(wide).substr(begin, end - begin);
    while (line.size() > width && IsPythonSpace(line.back())) line.remove_suffix(1);
    out += (begin == 0 ? "" : "\n") + Encode(line);
    begin = end;
  }
  return out;
}

}  // namespace

Result<OptionName> ParseOptionName(std::string_view name) {
  OptionName out;
  std::string_view rest = name;
  for (const std::string_view top : {"remote", "db"}) {
    if (rest.starts_with(top) && rest.substr(top.size()).starts_with('.') && std::count(rest.begin(), rest.end(), '.') == 2) {
      out.top = top;
      rest.remove_prefix(top.size() + 1);
      break;
    }
  }
  if (std::count(rest.begin(), rest.end(), '.') != 1) {
    return Fail(Code::kUsage, "name argument should look like remote.name.option or db.name.option or section.option");
  }
  const std::size_t dot = rest.find('.');
  out.section = ToLower(rest.substr(0, dot));
  out.option = ToLower(rest.substr(dot + 1));
  return out;
}

Result<ConfigEdit> RunConfig(const ConfigScene& scene, const ConfigRequest& request) {
  Editor editor(scene);
  OptionName name;
  if (!request.name.empty()) {
    TRY(name, ParseOptionName(request.name));
  }
  TRYV(editor.CheckReadable());
  if (request.show_origin && (request.value.value_or("") != "" || request.unset)) {
    return Fail(Code::kUsage, "--show-origin can't be used together with any of these options: -u/--unset, value");
  }
  if (request.list) {
    if (!request.name.empty() || request.value.value_or("") != "" || request.unset) {
      return Fail(Code::kUsage, "-l/--list can't be used together with any of these options: -u/--unset, name, value");
    }
    return editor.Done(PrintAll(scene, request, editor));
  }
  if (request.name.empty()) return Fail(Code::kUsage, "name argument is required");
  if (!request.value && !request.unset) return editor.Done(PrintOption(scene, request, name, editor));
  return editor.Done(SetOption(scene, request, name, editor));
}

Result<ConfigEdit> AddRemote(const ConfigScene& scene, const RemoteAdd& request) {
  Editor editor(scene);
  TRYV(editor.CheckReadable());
  const std::string name = ToLower(request.name);
  if (request.make_default) editor.Print(fmt::format("Setting '{}' as a default remote.", name));
  const ConfigLevel level = EditLevel(scene);
  return editor.Done(editor.Edit(level, [&](Json& conf) -> Result<void> {
    Json& remotes = SectionOf(conf, "remote");
    if (remotes.Find(name) != nullptr && !request.force) {
      return ConfigFailure(fmt::format("remote '{}' already exists. Use `-f|--force` to overwrite it.", name));
    }
    remotes.Set(name, Json::Object{{"url", editor.Stored(level, request.url)}});
    if (request.make_default) SectionOf(conf, "core").Set("remote", name);
    return {};
  }));
}

Result<ConfigEdit> ModifyRemote(const ConfigScene& scene, const RemoteModify& request) {
  Editor editor(scene);
  TRYV(editor.CheckReadable());
  const std::string name = ToLower(request.name);
  const ConfigLevel level = EditLevel(scene);
  return editor.Done(editor.Edit(level, [&](Json& conf) -> Result<void> {
    TRY(Json merged, editor.ReadBelow(scene.level));
    MergeInto(merged, conf);
    TRYV(CheckRemoteExists(merged, name));
    Json& section = SectionOf(SectionOf(conf, "remote"), name);
    if (request.unset) {
      Erase(section, request.option);
    } else if (!request.value) {
      section.Set(request.option, nullptr);
    } else {
      section.Set(request.option, editor.StoredOption(level, "remote", name, request.option, *request.value));
    }
    return {};
  }));
}

Result<ConfigEdit> DefaultRemote(const ConfigScene& scene, std::string_view given, bool unset) {
  Editor editor(scene);
  TRYV(editor.CheckReadable());
  if (given.empty() && !unset) {
    TRY(const Json conf, scene.level ? editor.Read(*scene.level) : editor.ReadBelow(std::nullopt));
    const Json* core = conf.Find("core");
    const Json* remote = core == nullptr ? nullptr : core->Find("remote");
    editor.Print(remote == nullptr ? "No default remote set" : ShownValue(*remote));
    editor.edit().exit = remote == nullptr ? 1 : 0;
    return editor.Done({});
  }
  const std::string name = ToLower(given);
  return editor.Done(editor.Edit(EditLevel(scene), [&](Json& conf) -> Result<void> {
    Json& core = SectionOf(conf, "core");
    if (unset) {
      Erase(core, "remote");
      return {};
    }
    TRY(Json merged, editor.ReadBelow(scene.level));
    MergeInto(merged, conf);
    if (!CheckRemoteExists(merged, name)) return ConfigFailure("default remote must be present in remote list.");
    core.Set("remote", name);
    return {};
  }));
}

Result<ConfigEdit> RenameRemote(const ConfigScene& scene, std::string_view given, std::string_view new_name) {
  Editor editor(scene);
  TRYV(editor.CheckReadable());
  const std::string name = ToLower(given);
  TRY(const Json all, editor.ReadBelow(std::nullopt));
  if (CheckRemoteExists(all, new_name)) {
    return ConfigFailure(fmt::format("Rename failed. Remote name {} already exists.", PythonRepr(new_name)));
  }
  const auto rename_default = [&](Json& conf) -> Result<void> {
    if (IsDefaultRemote(conf, name)) SectionOf(conf, "core").Set("remote", new_name);
    return {};
  };
  Result<void> edited = editor.Edit(EditLevel(scene), [&](Json& conf) -> Result<void> {
    TRYV(CheckRemoteExists(conf, name));
    Json& remotes = SectionOf(conf, "remote");
    Json options = *remotes.Find(name);
    remotes.Set(new_name, std::move(options));
    Erase(remotes, name);
    return rename_default(conf);
  });
  for (const ConfigLevel level : LevelsDownTo(EditLevel(scene))) {
    if (!edited || level == EditLevel(scene)) break;
    edited = editor.Edit(level, rename_default);
  }
  return editor.Done(std::move(edited));
}

Result<ConfigEdit> RemoveRemote(const ConfigScene& scene, std::string_view given) {
  Editor editor(scene);
  TRYV(editor.CheckReadable());
  const std::string name = ToLower(given);
  Result<void> edited = editor.Edit(EditLevel(scene), [&](Json& conf) -> Result<void> {
    TRYV(CheckRemoteExists(conf, name));
    Erase(SectionOf(conf, "remote"), name);
    return {};
  });
  for (const ConfigLevel level : LevelsDownTo(EditLevel(scene))) {
    if (!edited) break;
    edited = editor.Edit(level, [&](Json& conf) -> Result<void> {
      if (IsDefaultRemote(conf, name)) Erase(SectionOf(conf, "core"), "remote");
      return {};
    });
  }
  return editor.Done(std::move(edited));
}

Result<ConfigEdit> ListRemotes(const ConfigScene& scene) {
  Editor editor(scene);
  TRYV(editor.CheckReadable());
  TRY(const Json conf, scene.level ? editor.Read(*scene.level) : editor.ReadBelow(std::nullopt));
  const Json* remotes = conf.Find("remote");
  if (remotes == nullptr) return editor.Done({});
  for (const auto& [name, options] : remotes->AsObject()) {
    const Json* url = options.Find("url");
    if (url == nullptr) return editor.Done(UnexpectedFailure("'url'"));
    std::string line = name + "\t" + ShownValue(*url);
    if (IsDefaultRemote(conf, name)) line += "\t(default)";
    editor.Print(Wrap(ExpandTabs(line), std::max<std::size_t>(scene.width, 1)));
  }
  return editor.Done({});
}

Result<ConfigEdit> RunCacheDir(const ConfigScene& scene, const std::optional<std::string>& value, bool unset) {
  Editor editor(scene);
  TRYV(editor.CheckReadable());
  if (!value && !unset) {
    TRY(const Json conf, scene.level ? editor.Read(*scene.level) : editor.ReadBelow(std::nullopt));
    Result<void> found = CheckOption(conf, "", "cache", "dir");
    if (!found && (scene.root.empty() || scene.level)) return editor.Done(std::move(found));
    editor.Print(found ? ShownValue(*conf.Find("cache")->Find("dir")) : (scene.root / ".dvc" / "cache").string());
    return editor.Done({});
  }
  const ConfigLevel level = EditLevel(scene);
  return editor.Done(editor.Edit(level, [&](Json& conf) -> Result<void> {
    if (unset) {
      TRYV(CheckOption(conf, "", "cache", "dir"));
      Erase(*conf.Find("cache"), "dir");
    } else {
      SectionOf(conf, "cache").Set("dir", editor.Stored(level, *value));
    }
    return {};
  }));
}

Result<void> WriteConfigEdit(const ConfigEdit& edit) {
  for (const ConfigWrite& write : edit.writes) {
    TRYV(os::MakeDirs(write.path.parent_path()));
    os::WriteOptions options;
    if (write.level == ConfigLevel::kRepo || write.level == ConfigLevel::kLocal) {
      options.temp_dir = write.path.parent_path() / "tmp";
    }
    TRYV(os::WriteFileAtomic(write.path, write.text, options));
  }
  return {};
}

}  // namespace mlean::repo

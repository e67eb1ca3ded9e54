#include "repo/dvc_config_edit.hpp"

#include <algorithm>
#include <map>

#include "base/text.hpp"
#include "os/files.hpp"
#include "repo/dvc_error.hpp"

namespace mlean::repo {
namespace {

namespace fs = std::filesystem;
using codec::Json;

const std::map<std::string, std::pair<ConfigLevel, std::string>> kPlaces = {
    {"system", {ConfigLevel::kSystem, "/sys/config"}},
    {"global", {ConfigLevel::kGlobal, "/glob/config"}},
    {"repo", {ConfigLevel::kRepo, "/r/.dvc/config"}},
    {"local", {ConfigLevel::kLocal, "/r/.dvc/config.local"}}};

struct Answer {
  int exit = 0;
  std::string out;
  std::string err;
  std::map<std::string, std::string> files;
};

// A command line taken apart as the verbs do it.
struct Line {
  std::vector<std::string> words;
  std::vector<std::string> flags;
  std::optional<ConfigLevel> level;
  bool Has(std::string_view flag) const { return std::find(flags.begin(), flags.end(), flag) != flags.end(); }
  std::optional<std::string> Word(std::size_t i) const { return i < words.size() ? std::optional(words[i]) : std::nullopt; }
};
Line ParseLine(const Json& argv) {
  Line line;
  for (const Json& item : argv.AsArray()) {
    const std::string& word = item.AsString();
    if (word == "--system")
      line.level = ConfigLevel::kSystem;
    else if (word == "--global")
      line.level = ConfigLevel::kGlobal;
    else if (word == "--project")
      line.level = ConfigLevel::kRepo;
    else if (word == "--local")
      line.level = ConfigLevel::kLocal;
    else if (word.starts_with('-') && word.size() > 1 && word != "-1")
      line.flags.push_back(word == "--unset" ? "-u" : word);
    else
      line.words.push_back(word);
  }
  return line;
}

Result<ConfigEdit> Run(const ConfigScene& scene, const Line& line) {
  const std::string verb = line.words[0];
  if (verb == "config") {
    return RunConfig(scene, {line.Word(1).value_or(""), line.Word(2), line.Has("-u"), line.Has("-l"), line.Has("--show-origin")});
  }
  const std::string sub = line.words[1];
  if (verb == "cache") return RunCacheDir(scene, line.Word(2), line.Has("-u"));
  if (sub == "add") return AddRemote(scene, {line.words[2], line.words[3], line.Has("-d"), line.Has("-f")});
  if (sub == "modify") return ModifyRemote(scene, {line.words[2], line.words[3], line.Word(4), line.Has("-u")});
  if (sub == "default") return DefaultRemote(scene, line.Word(2).value_or(""), line.Has("-u"));
  if (sub == "rename") return RenameRemote(scene, line.words[2], line.words[3]);
  if (sub == "remove") return RemoveRemote(scene, line.words[2]);
  return ListRemotes(scene);
}

Answer Play(const Json& step) {
  const Line line = ParseLine(*step.Find("argv"));
  ConfigScene scene;
  scene.cwd = *step.StringAt("cwd");
  scene.level = line.level;
  const bool inside = scene.cwd != "/out";
  if (inside) scene.root = "/r";
  Answer answer;
  for (const std::string name : {"system", "global", "repo", "local"}) {
    const auto& [level, path] = kPlaces.at(name);
    ConfigFile file{level, path, {}};
    if (const Json* text = step.Find("files")->Find(name)) {
      file.text = text->AsString();
      answer.files[name] = text->AsString();
    }
    if (inside || level == ConfigLevel::kSystem || level == ConfigLevel::kGlobal) scene.files.push_back(file);
  }
  Result<ConfigEdit> edit = Run(scene, line);
  std::optional<Error> error;
  if (edit) {
    for (const ConfigWrite& write : edit->writes) {
      for (const auto& [name, place] : kPlaces) {
        if (place.first == write.level) answer.files[name] = write.text;
      }
    }
    answer.out = edit->out;
    answer.exit = edit->exit;
    error = edit->error;
    for (const std::string& warning : edit->warnings) answer.err += "WARNING: " + warning + "\n";
  } else {
    error = edit.error();
  }
  if (error && error->code == Code::kUsage) {
    const bool name = error->what.starts_with("name argument should");
    answer.exit = name ? 254 : 1;
    answer.err += std::string("ERROR: ") + (name ? "argument name: " : "") + error->what + "\n";
  } else if (error) {
    const DvcFailure failure = UncaughtFailure(*error);
    answer.exit = failure.exit;
    answer.err += "ERROR: " + failure.text + "\n" + (failure.footer.empty() ? "" : failure.footer + "\n");
  }
  return answer;
}

// What the real tool answers and leaves; tests/golden/repo/make_config.py.
TEST(DvcConfigEdit, AnswersAsDvc) {
  ::setenv("HOME", "/home/u", 1);
  const std::string golden = *os::ReadFile(MLEAN_SOURCE_DIR "/tests/golden/repo/config.jsonl");
  int steps = 0;
  for (const std::string& line : Split(golden, '\n')) {
    if (line.empty()) continue;
    ++steps;
    const Json step = *Json::Parse(line);
    const Answer answer = Play(step);
    EXPECT_EQ(answer.exit, *step.IntAt("exit")) << line;
    EXPECT_EQ(answer.out, *step.StringAt("out")) << line;
    EXPECT_EQ(answer.err, *step.StringAt("err")) << line;
    std::map<std::string, std::string> after;
    for (const auto& [name, text] : step.Find("after")->AsObject()) after[name] = text.AsString();
    EXPECT_EQ(answer.files, after) << line;
  }
  EXPECT_GT(steps, 350);
}

}  // namespace
}  // namespace mlean::repo

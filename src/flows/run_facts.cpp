#include "flows/run_facts.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <set>

#include <fmt/core.h>

#include "base/digest.hpp"
#include "base/text.hpp"
#include "cas/file_hash.hpp"
#include "flows/data/project_files.hpp"
#include "os/files.hpp"
#include "os/machine.hpp"
#include "pipeline/index.hpp"
#include "repo/git.hpp"

namespace mlean::flows {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxInputs = 1000;
constexpr std::uint64_t kMaxLockFile = std::uint64_t{16} << 20;
constexpr std::size_t kMaxPackages = 5000;
constexpr std::array kLockFiles = {"uv.lock",        "poetry.lock",          "pdm.lock",        "Pipfile.lock",
                                   "pixi.lock",      "conda-lock.yml",       "environment.yml", "requirements.txt",
                                   "pyproject.toml", "requirements-dev.txt", "renv.lock",       "package-lock.json"};

track::DatasetInput Input(std::string name, std::string digest, std::string source) {
  track::DatasetInput input;
  input.dataset = {std::move(name), std::move(digest), "local", std::move(source), {}, {}};
  input.tags = {{"mlflow.data.context", "training"}};
  return input;
}

// The file that a word of a command line means, as the shell finds it; "" when there is none.
fs::path FindProgram(const std::string& word, const fs::path& directory) {
  if (word.find('/') != word.npos) return directory / word;
  const char* const path = std::getenv("PATH");
  for (const std::string& folder : Split(path == nullptr ? "" : path, ':')) {
    const fs::path candidate = directory / folder / word;
    if (::access(candidate.c_str(), X_OK) == 0 && !os::IsDir(candidate)) return candidate;
  }
  return {};
}

bool IsPython(const fs::path& program) { return program.filename().string().starts_with("python"); }

// "#!/usr/bin/env python3" and "#!/venv/bin/python -s" of a script.
fs::path InterpreterOf(const fs::path& script, const fs::path& directory) {
  std::string head(256, '\0');
  std::FILE* const file = std::fopen(script.c_str(), "rb");
  if (file == nullptr) return {};
  head.resize(std::fread(head.data(), 1, head.size(), file));
  std::fclose(file);
  if (!head.starts_with("#!")) return {};
  std::vector<std::string> words = Split(std::string(Trim(head.substr(2, head.find('\n') - 2))), ' ');
  if (words.size() > 1 && words[0].ends_with("/env")) return FindProgram(words[1], directory);
  return words[0];
}

fs::path PythonOf(const std::vector<std::string>& command, const fs::path& directory) {
  const fs::path program = FindProgram(command.front(), directory);
  if (IsPython(program)) return program;
  const fs::path named = InterpreterOf(program, directory);
  if (IsPython(named)) return named;
  const char* const environment = std::getenv("VIRTUAL_ENV");
  return environment == nullptr ? fs::path() : fs::path(environment) / "bin/python";
}

// The value of "version = 3.11.7" or "version_info = 3.11.7.final.0" in a pyvenv.cfg.
std::string VersionOf(const std::string& pyvenv) {
  for (const std::string& line : Split(pyvenv, '\n')) {
    const std::size_t equals = line.find('=');
    if (equals == line.npos || !Trim(line.substr(0, equals)).starts_with("version")) continue;
    const std::vector<std::string> parts = Split(std::string(Trim(line.substr(equals + 1))), '.');
    return Join({parts.begin(), parts.begin() + std::min<std::ptrdiff_t>(3, std::ssize(parts))}, ".");
  }
  return {};
}

// "name==version" of "name-version.dist-info".
void AddPackages(const fs::path& folder, std::set<std::string>& packages) {
  const Result<std::vector<std::string>> names = os::ListDir(folder);
  if (!names) return;
  for (const std::string& name : *names) {
    constexpr std::string_view kEnd = ".dist-info";
    if (!name.ends_with(kEnd) || packages.size() >= kMaxPackages) continue;
    const std::string whole = name.substr(0, name.size() - kEnd.size());
    const std::size_t dash = whole.rfind('-');
    if (dash != whole.npos) packages.insert(whole.substr(0, dash) + "==" + whole.substr(dash + 1));
  }
}

}  // namespace

std::vector<track::Tag> GitTags(const fs::path& directory) {
  const Result<repo::GitFacts> git = repo::ReadGitFacts(directory);
  if (!git) return {};
  std::vector<track::Tag> tags = {{"mlean.git.dirty", git->dirty ? "true" : "false"}};
  const auto add = [&tags](std::string key, const std::string& value) {
    if (!value.empty()) tags.push_back({std::move(key), value});
  };
  add("mlflow.source.git.commit", git->commit);
  add("mlflow.source.git.branch", git->branch);
  add("mlflow.source.git.repoURL", git->remote_url);
  add("mlean.git.diff_sha256", git->diff_sha256);
  return tags;
}

std::vector<track::Tag> MachineTags() {
  const os::Machine machine = os::DescribeMachine();
  return {{"mlean.env.os", machine.os_name},
          {"mlean.env.cpu", machine.cpu_model},
          {"mlean.env.cores", std::to_string(machine.cores)},
          {"mlean.env.host", machine.hostname}};
}

std::vector<track::DatasetInput> RecordedData(const repo::Project& project) {
  std::vector<track::DatasetInput> out;
  Result<ProjectFiles> files = ProjectFiles::Open(project.root, project.git_root);
  if (!files) return out;
  pipeline::IndexOptions options{.place = {.root = project.root}, .parsing = {}, .say = {}, .on_error = {}};
  options.on_error = [](const std::string&, const Error&) { return Result<void>(); };
  pipeline::Index index(*files, std::move(options));
  const auto stages = index.All();
  if (!stages) return out;
  std::set<std::string> seen;
  const auto add = [&](const std::string& location, const pipeline::Content& content, const std::string& from) {
    if (content.Known() && out.size() < kMaxInputs && seen.insert(location).second) {
      out.push_back(Input(location, content.hash, from));
    }
  };
  for (const pipeline::Stage* stage : **stages) {
    for (const pipeline::Output& output : stage->outs) add(output.location, output.content, stage->file);
  }
  for (const pipeline::Stage* stage : **stages) {
    for (const pipeline::Dependency& dep : stage->deps) {
      if (dep.kind == pipeline::Dependency::Kind::kPath) add(dep.location, dep.content, stage->file);
    }
  }
  return out;
}

Result<std::vector<track::DatasetInput>> HashedData(const repo::Project& project, const fs::path& directory,
                                                    const std::vector<std::string>& paths) {
  std::vector<track::DatasetInput> out;
  TRY(cas::HashState state, cas::HashState::Open(project.HashStateFile()));
  for (const std::string& path : paths) {
    const fs::path whole = (directory / path).lexically_normal();
    TRY(const cas::ObjectInfo info, cas::HashPath(whole, {.state = &state}));
    const std::string name = whole.lexically_relative(project.root).generic_string();
    out.push_back(Input(name.starts_with("..") ? whole.string() : name, info.md5, path));
  }
  TRYV(state.Save());
  return out;
}

std::vector<track::Tag> LockFileTags(const fs::path& root) {
  std::vector<track::Tag> tags;
  for (const char* const name : kLockFiles) {
    const Result<std::string> text = os::ReadFile(root / name, kMaxLockFile);
    if (text) tags.push_back({std::string("mlean.env.lock.") + name, Sha256Hex(*text)});
  }
  return tags;
}

std::optional<PythonEnvironment> FindPython(const std::vector<std::string>& command, const fs::path& directory) {
  const fs::path interpreter = PythonOf(command, directory);
  if (interpreter.empty() || ::access(interpreter.c_str(), X_OK) != 0) return std::nullopt;
  PythonEnvironment found;
  found.interpreter = interpreter.lexically_normal().string();
  const fs::path prefix = interpreter.parent_path().parent_path();
  std::vector<fs::path> prefixes = {prefix};
  if (const Result<std::string> pyvenv = os::ReadFile(prefix / "pyvenv.cfg", 1 << 16)) {
    found.version = VersionOf(*pyvenv);
  } else {
    // Not a virtual environment: the real program may lie elsewhere, and the system's packages in two places.
    const fs::path real = fs::weakly_canonical(interpreter);
    prefixes.push_back(real.parent_path().parent_path());
    prefixes.emplace_back("/usr/local");
    const std::string name = real.filename().string();
    if (name.size() > 7 && name.find('.') != name.npos) found.version = name.substr(6);
  }
  std::set<std::string> packages;
  for (const fs::path& place : prefixes) {
    const Result<std::vector<std::string>> folders = os::ListDir(place / "lib");
    if (!folders) continue;
    for (const std::string& folder : *folders) {
      if (!folder.starts_with("python3")) continue;
      if (found.version.empty() && folder.size() > 7) found.version = folder.substr(6);
      for (const char* const kind : {"site-packages", "dist-packages"}) AddPackages(place / "lib" / folder / kind, packages);
    }
  }
  for (const std::string& package : packages) found.packages += package + "\n";
  return found;
}

}  // namespace mlean::flows

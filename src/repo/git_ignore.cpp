#include "repo/git_ignore.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cstdlib>
#include <span>

#include "base/text.hpp"
#include "os/files.hpp"
#include "os/process.hpp"
#include "repo/git_pattern.hpp"
#include "repo/ignore_file.hpp"

namespace mlean::repo {

struct GitIgnore::State {
  std::string root;
  std::vector<std::shared_ptr<const std::vector<GitPattern>>> excludes;  // of the user and of .git, the later added win
  IgnoreFolderPtr top;
};

namespace {

namespace fs = std::filesystem;
using Word = GlobMachine::Word;
using Patterns = std::shared_ptr<const std::vector<GitPattern>>;

constexpr std::int64_t kGitTimeoutMs = 60'000;

class GitFolder final : public IgnoreFolder {
 public:
  GitFolder(std::string path, const GitFolder* parent) : path_(std::move(path)) {
    if (parent != nullptr) lists_ = parent->lists_;
  }

  // Rules that begin in this folder. The later added win.
  void Add(Patterns patterns) {
    if (patterns->empty()) return;
    lists_.push_back(std::move(patterns));
    for (const GitPattern& pattern : *lists_.back()) {
      Live live{&pattern, static_cast<std::uint32_t>(states_.size())};
      if (!pattern.name_only && pattern.quick == GitPattern::Quick::kNone) {
        states_.resize(states_.size() + pattern.machine.words());
        pattern.machine.Start(States(live));
      }
      live_.push_back(live);
    }
  }

  Result<void> ReadOwn() {
    TRY(const std::optional<std::string> text, ReadIgnoreFile(path_ + "/.gitignore", false));
    if (text) Add(std::make_shared<const std::vector<GitPattern>>(ParseGitIgnore(*text)));
    return {};
  }

  bool Ignores(std::string_view name, bool is_dir) const override {
    for (auto live = live_.rbegin(); live != live_.rend(); ++live) {
      if (live->pattern->only_folders && !is_dir) continue;
      if (Matches(*live, name)) return live->pattern->ignores;
    }
    return false;
  }

  Result<IgnoreFolderPtr> Enter(std::string_view name) const override {
    auto folder = std::make_shared<GitFolder>(path_ + "/" + std::string(name), this);
    for (const Live& live : live_) {
      if (live.pattern->quick == GitPattern::Quick::kHere) continue;
      Live next{live.pattern, static_cast<std::uint32_t>(folder->states_.size())};
      if (!live.pattern->name_only) {
        const std::span<const Word> states = States(live);
        folder->states_.insert(folder->states_.end(), states.begin(), states.end());
        for (const char c : name) live.pattern->machine.Step(folder->States(next), static_cast<unsigned char>(c));
        live.pattern->machine.Step(folder->States(next), '/');
        if (!GlobMachine::Alive(folder->States(next))) {
          folder->states_.resize(next.at);
          continue;
        }
      }
      folder->live_.push_back(next);
    }
    TRYV(folder->ReadOwn());
    return IgnoreFolderPtr(std::move(folder));
  }

 private:
  // A rule that can still match here or below.
  struct Live {
    const GitPattern* pattern = nullptr;
    std::uint32_t at = 0;  // of its states, when it is about paths
  };

  std::span<Word> States(const Live& live) { return std::span(states_).subspan(live.at, live.pattern->machine.words()); }
  std::span<const Word> States(const Live& live) const {
    return std::span(states_).subspan(live.at, live.pattern->machine.words());
  }

  bool Matches(const Live& live, std::string_view name) const {
    const GitPattern& pattern = *live.pattern;
    if (pattern.quick == GitPattern::Quick::kName || pattern.quick == GitPattern::Quick::kHere) return name == pattern.literal;
    if (pattern.quick == GitPattern::Quick::kSuffix) return name.ends_with(pattern.literal);
    Word small[4] = {};
    std::vector<Word> large;
    if (pattern.machine.words() > std::size(small)) large.resize(pattern.machine.words());
    const std::span<Word> states = large.empty() ? std::span<Word>(small, pattern.machine.words()) : std::span<Word>(large);
    if (pattern.name_only) {
      pattern.machine.Start(states);
    } else {
      const std::span<const Word> from = States(live);
      std::copy(from.begin(), from.end(), states.begin());
    }
    for (const char c : name) {
      pattern.machine.Step(states, static_cast<unsigned char>(c));
      if (!GlobMachine::Alive(states)) return false;
    }
    return pattern.machine.MatchesAtEnd(states);
  }

  std::string path_;             // on disk
  std::vector<Patterns> lists_;  // keeps alive what live_ points to
  std::vector<Live> live_;       // in order
  std::vector<Word> states_;
};

std::string Environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

fs::path UserConfigDir() {
  const std::string xdg = Environment("XDG_CONFIG_HOME");
  return xdg.empty() ? fs::path(Environment("HOME")) / ".config" : fs::path(xdg);
}

// The folder with "config" and "info/": .git, or for a linked work tree the main repository's.
fs::path CommonGitDir(const fs::path& git_root) {
  fs::path dir = git_root / ".git";
  if (os::IsDir(dir)) return dir;
  const Result<std::string> link = os::ReadFile(dir, 65536);
  if (!link || !link->starts_with("gitdir:")) return dir;
  dir = (git_root / Trim(std::string_view(*link).substr(7))).lexically_normal();
  const Result<std::string> common = os::ReadFile(dir / "commondir", 65536);
  return common ? (dir / Trim(*common)).lexically_normal() : dir;
}

// Whether some config file may set core.excludesFile, itself or by including another file.
bool MayNameExcludes(const fs::path& git_dir) {
  for (const char* name : {"GIT_CONFIG_COUNT", "GIT_CONFIG_PARAMETERS", "GIT_CONFIG"}) {
    if (!Environment(name).empty()) return true;
  }
  std::vector<fs::path> files = {git_dir / "config", git_dir / "config.worktree"};
  if (const std::string own = Environment("GIT_CONFIG_GLOBAL"); !own.empty()) {
    files.emplace_back(own);
  } else {
    files.push_back(UserConfigDir() / "git" / "config");
    files.push_back(fs::path(Environment("HOME")) / ".gitconfig");
  }
  const std::string system = Environment("GIT_CONFIG_SYSTEM");
  files.emplace_back(system.empty() ? "/etc/gitconfig" : system);
  return std::any_of(files.begin(), files.end(), [](const fs::path& file) {
    const Result<std::string> text = os::ReadFile(file, std::uint64_t{4} << 20);
    if (!text) return false;
    const std::string lower = ToLower(*text);
    return lower.find("excludesfile") != lower.npos || lower.find("include") != lower.npos;
  });
}

Result<fs::path> ExcludesFile(const fs::path& git_root, const fs::path& git_dir) {
  const fs::path otherwise = UserConfigDir() / "git" / "ignore";
  if (!MayNameExcludes(git_dir)) return otherwise;
  os::ProcessSpec spec;
  spec.argv = {"git", "config", "--type=path", "--get", "core.excludesFile"};
  spec.cwd = git_root;
  spec.capture = true;
  spec.timeout_ms = kGitTimeoutMs;
  Result<os::ProcessOutcome> done = os::RunProcess(spec);
  if (!done) return std::move(done).error().With("cannot run git");
  const std::string_view path = Trim(done->output);
  return done->Ok() && !path.empty() ? fs::path(path) : otherwise;
}

}  // namespace

Result<GitIgnore> GitIgnore::Open(const fs::path& git_root) {
  std::error_code error;
  std::string root = fs::absolute(git_root, error).lexically_normal().string();
  while (root.ends_with('/')) root.pop_back();
  const fs::path git_dir = CommonGitDir(root);
  TRY(const fs::path excludes, ExcludesFile(root, git_dir));
  auto state = std::make_shared<State>();
  for (const fs::path& file : {excludes, git_dir / "info" / "exclude"}) {
    TRY(const std::optional<std::string> text, ReadIgnoreFile(file.string(), true));
    if (text) state->excludes.push_back(std::make_shared<const std::vector<GitPattern>>(ParseGitIgnore(*text)));
  }
  state->root = std::move(root);
  GitIgnore ignore(std::move(state));
  TRYV(ignore.ReadAgain());
  return ignore;
}

Result<void> GitIgnore::ReadAgain() {
  auto state = std::make_shared<State>(*state_);
  auto top = std::make_shared<GitFolder>(state->root, nullptr);
  for (const Patterns& patterns : state->excludes) top->Add(patterns);
  TRYV(top->ReadOwn());
  state->top = std::move(top);
  state_ = std::move(state);
  return {};
}

IgnoreFolderPtr GitIgnore::Root() const { return state_->top; }

Result<IgnoreFolderPtr> GitIgnore::Folder(std::string_view relative) const {
  IgnoreFolderPtr at = state_->top;
  for (const std::string& part : Split(relative, '/')) {
    if (part.empty() || part == ".") continue;
    TRY(at, at->Enter(part));
  }
  return at;
}

Result<bool> GitIgnore::Ignored(std::string_view relative, bool is_dir) const {
  IgnoreFolderPtr at = state_->top;
  for (std::size_t begin = 0; begin < relative.size();) {
    const std::size_t end = std::min(relative.find('/', begin), relative.size());
    const std::string_view part = relative.substr(begin, end - begin);
    const bool last = relative.find_first_not_of('/', end) == relative.npos;
    begin = end + 1;
    if (part.empty() || part == ".") continue;
    if (part == "..") return false;
    if (at->Ignores(part, is_dir || !last)) return true;
    if (last) break;
    TRY(at, at->Enter(part));
  }
  return false;
}

}  // namespace mlean::repo

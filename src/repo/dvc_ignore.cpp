#include "repo/dvc_ignore.hpp"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <span>
#include <utility>

#include "base/text.hpp"
#include "repo/code_points.hpp"
#include "repo/dvc_error.hpp"
#include "repo/dvc_pattern.hpp"
#include "repo/ignore_file.hpp"

namespace mlean::repo {
namespace {

using Word = GlobMachine::Word;
constexpr std::size_t kMaxRules = 100'000;

struct Rule {
  DvcPattern pattern;
  std::string shown;  // for check-ignore
};
using Rules = std::vector<std::shared_ptr<const Rule>>;

Result<void> AddRule(Rules& rules, std::string_view text, std::string shown) {
  TRY(std::optional<DvcPattern> pattern, CompileDvcPattern(text));
  if (!pattern) return {};
  if (rules.size() >= kMaxRules) return Fail(Code::kTooLarge, "cannot read the .dvcignore files: too many patterns");
  rules.push_back(std::make_shared<const Rule>(Rule{std::move(*pattern), std::move(shown)}));
  return {};
}

Result<Rules> DefaultRules() {
  Rules rules;
  for (const std::string_view text : {".hg/", ".git/", ".git", ".dvc/"}) TRYV(AddRule(rules, text, ":" + std::string(text)));
  return rules;
}

// The rules of a .dvcignore in the folder `relative` ("" is the root).
Result<void> AddFile(Rules& rules, std::string_view text, std::string_view relative) {
  if (std::string fault = Utf8Fault(text); !fault.empty()) return UnexpectedFailure(fault);
  const std::string name = (relative.empty() ? "" : std::string(relative) + "/") + std::string(kDvcIgnoreFile);
  int number = 0;
  for (std::size_t begin = 0; begin < text.size();) {
    std::size_t end = text.find_first_of("\r\n", begin);
    if (end == text.npos) end = text.size();
    const std::string_view line = PythonStrip(text.substr(begin, end - begin));
    begin = end + (text.substr(end).starts_with("\r\n") ? 2 : 1);
    ++number;
    if (line.empty() || line.front() == '#') continue;
    TRYV(AddRule(rules, relative.empty() ? std::string(line) : RebasePattern(line, relative),
                 fmt::format("{}:{}:{}", name, number, line)));
  }
  return {};
}

bool QuickMatch(const DvcPattern& pattern, std::string_view name) {
  switch (pattern.quick) {
    case DvcPattern::Quick::kName: return name == pattern.literal;
    case DvcPattern::Quick::kSuffix: return name.ends_with(pattern.literal);
    case DvcPattern::Quick::kPrefix: return name.starts_with(pattern.literal);
    case DvcPattern::Quick::kNone: break;
  }
  return false;
}

// Whether the pattern matches a whole path from the root.
bool MatchesText(const DvcPattern& pattern, std::u32string_view path) {
  std::vector<Word> states(pattern.machine.words());
  return pattern.machine.Start(states) || pattern.machine.Run(states, path);
}

}  // namespace

struct DvcIgnore::State {
  IgnoreFolderPtr top;
};

namespace {

// Where the rules are read from. Paths are relative to the root.
class IgnoreSource {
 public:
  virtual ~IgnoreSource() = default;
  virtual Result<std::optional<std::string>> Read(const std::string& file) const = 0;
  virtual bool Has(const std::string& path) const = 0;
};

class WorkTreeSource final : public IgnoreSource {
 public:
  explicit WorkTreeSource(std::string root) : root_(std::move(root)) {}
  Result<std::optional<std::string>> Read(const std::string& file) const override {
    return ReadIgnoreFile(root_ + "/" + file, true);
  }
  bool Has(const std::string& path) const override { return ::access((root_ + "/" + path).c_str(), F_OK) == 0; }

 private:
  std::string root_;  // without a '/' at the end, "" for "/"
};

class RevisionSource final : public IgnoreSource {
 public:
  RevisionSource(GitReader& reader, std::string_view commit, std::string_view folder)
      : reader_(reader), commit_(commit), front_(folder.empty() ? "" : std::string(folder) + "/") {}
  Result<std::optional<std::string>> Read(const std::string& file) const override {
    return reader_.TryReadFile(commit_, front_ + file);
  }
  bool Has(const std::string& path) const override {
    const Result<std::optional<GitEntry>> entry = reader_.Look(commit_, front_ + path);
    return entry && entry->has_value();
  }

 private:
  GitReader& reader_;
  std::string commit_;
  std::string front_;
};

class DvcFolder final : public IgnoreFolder {
 public:
  struct Base {
    std::unique_ptr<const IgnoreSource> source;
    IgnoreScope scope = IgnoreScope::kSkipSubrepos;
  };

  static Result<std::shared_ptr<const DvcFolder>> Make(std::shared_ptr<const Base> base) {
    auto folder = std::make_shared<DvcFolder>();
    folder->base_ = std::move(base);
    TRY(Rules rules, DefaultRules());
    folder->rules_ = std::make_shared<const Rules>(std::move(rules));
    for (const auto& rule : *folder->rules_) folder->Follow(*rule, U"");
    TRYV(folder->ReadOwn());
    return std::shared_ptr<const DvcFolder>(std::move(folder));
  }

  bool Ignores(std::string_view name, bool is_dir) const override {
    return IgnoredByRules(name, is_dir) || (is_dir && IsSubrepo(name));
  }

  Result<IgnoreFolderPtr> Enter(std::string_view name) const override {
    TRY(std::shared_ptr<const DvcFolder> folder, EnterFolder(name));
    return IgnoreFolderPtr(std::move(folder));
  }

  Result<std::shared_ptr<const DvcFolder>> EnterFolder(std::string_view name) const {
    auto folder = std::make_shared<DvcFolder>();
    folder->base_ = base_;
    folder->path_ = Below(name);
    folder->odd_ = odd_ || name.find('\n') != name.npos;
    folder->rules_ = rules_;
    const std::u32string wide = Decode(name) + U"/";
    for (const Live& live : live_) FollowInto(*folder, live, name, wide);
    TRYV(folder->ReadOwn());
    return std::shared_ptr<const DvcFolder>(std::move(folder));
  }

  bool IsSubrepo(std::string_view name) const {
    if (base_->scope == IgnoreScope::kWithSubrepos) return false;
    return base_->source->Has(Below(name) + "/.dvc");
  }

  const Rules& rules() const { return *rules_; }

 private:
  // A rule that can still match an entry here or below.
  struct Live {
    const Rule* rule = nullptr;
    bool matched = false;  // a folder on the way has: it matches everything below
    bool quick = false;    // the entry's name alone decides
    std::uint32_t at = 0;  // of its states, when neither
  };

  std::string Below(std::string_view name) const { return path_.empty() ? std::string(name) : path_ + "/" + std::string(name); }

  std::span<Word> States(const Live& live) { return std::span(states_).subspan(live.at, live.rule->pattern.machine.words()); }
  std::span<const Word> States(const Live& live) const {
    return std::span(states_).subspan(live.at, live.rule->pattern.machine.words());
  }

  // Takes up a rule that begins here: runs it over the folder's path, which ends with '/' unless it is the root's "".
  void Follow(const Rule& rule, std::u32string_view path) {
    Live live{&rule, false, rule.pattern.quick != DvcPattern::Quick::kNone && !odd_, static_cast<std::uint32_t>(states_.size())};
    if (!live.quick || !path.empty()) {
      states_.resize(states_.size() + rule.pattern.machine.words());
      live.matched = rule.pattern.machine.Start(States(live));
      for (std::size_t i = 0; i < path.size() && !live.matched; ++i)
        live.matched = rule.pattern.machine.Step(States(live), path[i]);
      if (live.matched || live.quick) {
        states_.resize(live.at);
      } else if (!GlobMachine::Alive(States(live))) {
        states_.resize(live.at);
        return;
      }
    }
    live_.push_back(live);
  }

  // Takes a rule along into a sub-folder.
  void FollowInto(DvcFolder& folder, const Live& live, std::string_view name, std::u32string_view wide) const {
    const GlobMachine& machine = live.rule->pattern.machine;
    if (live.matched) {
      folder.live_.push_back(live);
    } else if (live.quick && !folder.odd_) {
      Live next = live;
      next.matched = QuickMatch(live.rule->pattern, name);
      folder.live_.push_back(next);
    } else if (live.quick) {
      folder.Follow(*live.rule, Decode(path_.empty() ? "" : path_ + "/") + std::u32string(wide));
    } else {
      Live next = live;
      next.at = static_cast<std::uint32_t>(folder.states_.size());
      const std::span<const Word> states = States(live);
      folder.states_.insert(folder.states_.end(), states.begin(), states.end());
      for (std::size_t i = 0; i < wide.size() && !next.matched; ++i) next.matched = machine.Step(folder.States(next), wide[i]);
      if (next.matched || !GlobMachine::Alive(folder.States(next))) folder.states_.resize(next.at);
      if (next.matched || folder.states_.size() > next.at) folder.live_.push_back(next);
    }
  }

  // Adds the rules of this folder's own .dvcignore, unless a rule hides that file.
  Result<void> ReadOwn() {
    if (IgnoredByRules(kDvcIgnoreFile, false)) return {};
    TRY(const std::optional<std::string> text, base_->source->Read(Below(kDvcIgnoreFile)));
    if (!text) return {};
    Rules rules = *rules_;
    const std::size_t inherited = rules.size();
    TRYV(AddFile(rules, *text, path_));
    rules_ = std::make_shared<const Rules>(std::move(rules));
    const std::u32string path = path_.empty() ? U"" : Decode(path_ + "/");
    for (std::size_t i = inherited; i < rules_->size(); ++i) Follow(*(*rules_)[i], path);
    // A rule "**" in a folder hides, in DVC's eyes, the folder itself.
    const auto last = std::find_if(live_.rbegin(), live_.rend(), [](const Live& live) { return live.matched; });
    hidden_ = !path_.empty() && last != live_.rend() && last->rule->pattern.ignores;
    return {};
  }

  bool IgnoredByRules(std::string_view name, bool is_dir) const {
    if (hidden_) return true;
    std::u32string wide;  // only when a rule needs it
    const bool odd = odd_ || name.find('\n') != name.npos;
    for (auto live = live_.rbegin(); live != live_.rend(); ++live) {
      const DvcPattern& pattern = live->rule->pattern;
      if (pattern.only_folders && !is_dir) continue;
      bool matches = live->matched;
      if (!matches && live->quick && !odd) {
        matches = QuickMatch(pattern, name);
      } else if (!matches) {
        if (wide.empty()) wide = Decode(name);
        matches = live->quick ? MatchesOddPath(pattern, Below(name), is_dir) : MatchesHere(*live, wide, is_dir);
      }
      if (matches) return pattern.ignores;
    }
    return false;
  }

  static bool MatchesOddPath(const DvcPattern& pattern, std::string_view path, bool is_dir) {
    const std::u32string wide = Decode(path);
    return MatchesText(pattern, wide) || (is_dir && MatchesText(pattern, wide + U"/"));
  }

  // A folder is also tried with a '/' behind it.
  bool MatchesHere(const Live& live, std::u32string_view name, bool is_dir) const {
    const GlobMachine& machine = live.rule->pattern.machine;
    Word small[4];
    std::vector<Word> large;
    const std::span<const Word> from = States(live);
    if (from.size() > std::size(small)) large.resize(from.size());
    const std::span<Word> states = large.empty() ? std::span<Word>(small, from.size()) : std::span<Word>(large);
    std::copy(from.begin(), from.end(), states.begin());
    return machine.Run(states, name) || (is_dir && machine.Step(states, '/'));
  }

  std::shared_ptr<const Base> base_;
  std::string path_;     // from the root, "" is the root
  bool odd_ = false;     // a newline in the path, which patterns treat in their own way
  bool hidden_ = false;  // with all that is in it
  std::shared_ptr<const Rules> rules_;
  std::vector<Live> live_;  // in order
  std::vector<Word> states_;
};

std::vector<std::string> Parts(std::string_view relative) {
  std::vector<std::string> parts;
  for (std::string& part : Split(relative, '/')) {
    if (!part.empty() && part != ".") parts.push_back(std::move(part));
  }
  return parts;
}

bool LeavesRoot(const std::vector<std::string>& parts) { return !parts.empty() && parts.front() == ".."; }

}  // namespace

Result<DvcIgnore> DvcIgnore::Open(const std::filesystem::path& root, IgnoreScope scope) {
  std::error_code error;
  std::string path = std::filesystem::absolute(root, error).lexically_normal().string();
  while (path.ends_with('/')) path.pop_back();
  auto state = std::make_shared<State>();
  DvcFolder::Base base{std::make_unique<WorkTreeSource>(std::move(path)), scope};
  TRY(state->top, DvcFolder::Make(std::make_shared<const DvcFolder::Base>(std::move(base))));
  return DvcIgnore(std::move(state));
}

Result<DvcIgnore> DvcIgnore::OpenAt(GitReader& reader, std::string_view commit, std::string_view folder, IgnoreScope scope) {
  auto state = std::make_shared<State>();
  DvcFolder::Base base{std::make_unique<RevisionSource>(reader, commit, folder), scope};
  TRY(state->top, DvcFolder::Make(std::make_shared<const DvcFolder::Base>(std::move(base))));
  return DvcIgnore(std::move(state));
}

IgnoreFolderPtr DvcIgnore::Root() const { return state_->top; }

Result<IgnoreFolderPtr> DvcIgnore::Folder(std::string_view relative) const {
  IgnoreFolderPtr at = state_->top;
  for (const std::string& part : Parts(relative)) {
    TRY(at, at->Enter(part));
  }
  return at;
}

Result<bool> DvcIgnore::Ignored(std::string_view relative, bool is_dir) const {
  const std::vector<std::string> parts = Parts(relative);
  if (LeavesRoot(parts)) return false;
  IgnoreFolderPtr at = state_->top;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const bool last = i + 1 == parts.size();
    if (at->Ignores(parts[i], is_dir || !last)) return true;
    if (!last) {
      TRY(at, at->Enter(parts[i]));
    }
  }
  return false;
}

Result<IgnoreMatch> DvcIgnore::Check(std::string_view relative, bool is_dir) const {
  IgnoreMatch match;
  const std::vector<std::string> parts = Parts(relative);
  if (parts.empty() || LeavesRoot(parts)) return match;
  // The rules of the folder that holds the entry decide about every part of the path. A sub-repository's rule comes last of its
  // folder.
  std::shared_ptr<const DvcFolder> at = std::static_pointer_cast<const DvcFolder>(state_->top);
  std::vector<bool> subrepo;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const bool last = i + 1 == parts.size();
    subrepo.push_back((is_dir || !last) && at->IsSubrepo(parts[i]));
    if (!last) {
      TRY(at, at->EnterFolder(parts[i]));
    }
  }
  std::string path;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const bool last = i + 1 == parts.size();
    const bool folder = is_dir || !last;
    path += (i == 0 ? "" : "/") + parts[i];
    const std::u32string wide = Decode(path);
    const Rule* found = nullptr;
    const Rules& rules = at->rules();
    // DVC joins neighbouring rules of one kind; of these the first that matches is shown, without a '/' behind the path or else
    // with one.
    for (std::size_t end = rules.size(); end > 0 && found == nullptr && !subrepo[i];) {
      std::size_t begin = end - 1;
      const auto kind = [&](std::size_t k) { return std::pair(rules[k]->pattern.ignores, rules[k]->pattern.only_folders); };
      while (begin > 0 && rules[begin]->pattern.ignores && kind(begin - 1) == kind(end - 1)) --begin;
      for (const bool slash : {false, true}) {
        for (std::size_t k = begin; k < end && found == nullptr && (!slash || folder); ++k) {
          if (rules[k]->pattern.only_folders && !folder) continue;
          if (MatchesText(rules[k]->pattern, slash ? wide + U"/" : wide)) found = rules[k].get();
        }
      }
      end = begin;
    }
    match.ignored = subrepo[i] || (found != nullptr && found->pattern.ignores);
    if (!last && !match.ignored) continue;
    if (subrepo[i]) {
      match.rules.push_back("in sub_repo:" + parts[i]);
    } else if (found != nullptr) {
      match.rules.push_back(found->shown);
    }
    if (match.ignored) break;
  }
  return match;
}

}  // namespace mlean::repo

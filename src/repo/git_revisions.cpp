// Which commits a command means, and git's refs.
#include <fmt/core.h>

#include <algorithm>
#include <ctime>
#include <limits>
#include <unordered_map>
#include <utility>

#include "base/text.hpp"
#include "repo/dvc_error.hpp"
#include "repo/git_object.hpp"
#include "repo/git_reader.hpp"
#include "repo/git_run.hpp"

namespace mlean::repo {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kBranches = "refs/heads/";
constexpr std::string_view kTags = "refs/tags/";

// Commits with the names they were asked for by, in the order of first mention.
class Found {
 public:
  void Add(const std::string& commit, std::string name) {
    const auto [at, is_new] = at_.emplace(commit, revisions_.size());
    if (is_new) revisions_.push_back({commit, {}});
    std::vector<std::string>& names = revisions_[at->second].names;
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(std::move(name));
  }
  std::vector<NamedRevision> Take() { return std::move(revisions_); }

 private:
  std::vector<NamedRevision> revisions_;
  std::unordered_map<std::string, std::size_t> at_;
};

// The commits before `commit`, so that with it they are `number` at most.
Result<void> AddEarlier(GitReader& reader, std::string commit, std::int64_t number, Found& found) {
  for (std::int64_t n = 1; n != number; ++n) {
    TRY(commit, reader.FirstParent(commit));
    if (commit.empty()) break;
    found.Add(commit, commit);
  }
  return {};
}

// A number of a date, one or two digits; moves behind it.
int TakeNumber(std::string_view& text, int low, int high) {
  for (const std::size_t size : {std::size_t{2}, std::size_t{1}}) {
    const std::optional<std::int64_t> value = text.size() < size ? std::nullopt : ParseInt(text.substr(0, size));
    if (!value || *value < low || *value > high || text.front() == '-' || text.front() == '+') continue;
    text.remove_prefix(size);
    return static_cast<int>(*value);
  }
  return -1;
}

// The midnight, local time, that a day begins with; what Python's strptime(text, "%Y-%m-%d").timestamp() gives.
Result<std::int64_t> DayBegin(std::string_view text) {
  const Error wrong = UnexpectedFailure(fmt::format("time data '{}' does not match format '%Y-%m-%d'", text));
  std::tm day{};
  std::string_view rest = text;
  if (rest.size() < 5 || rest.substr(0, 4).find_first_not_of("0123456789") != rest.npos || rest[4] != '-') return wrong;
  day.tm_year = static_cast<int>(*ParseInt(rest.substr(0, 4))) - 1900;
  rest.remove_prefix(5);
  day.tm_mon = TakeNumber(rest, 1, 12) - 1;
  if (day.tm_mon < 0 || !rest.starts_with('-')) return wrong;
  rest.remove_prefix(1);
  day.tm_mday = TakeNumber(rest, 1, 31);
  if (day.tm_mday < 0) return wrong;
  if (!rest.empty()) return UnexpectedFailure(fmt::format("unconverted data remains: {}", rest));
  day.tm_isdst = -1;
  const int month = day.tm_mon;
  const std::int64_t seconds = std::mktime(&day);
  if (day.tm_mon != month) return UnexpectedFailure("day is out of range for month");
  return seconds;
}

struct DatedCommit {
  std::string id;
  std::int64_t time = 0;
};

// Everything that HEAD, branches, tags and remotes lead to, the newest first.
Result<std::vector<DatedCommit>> AllCommits(GitReader& reader) {
  std::vector<DatedCommit> commits;
  GitCall call{reader.root(), {"rev-list", "--timestamp", "--branches", "--tags", "--remotes"}};
  TRY(const std::optional<std::string> head, reader.ResolveByGit("HEAD"));
  if (head) call.arguments.push_back(*head);
  std::string last;
  call.on_line = [&](std::string_view line) {
    const std::size_t blank = line.find(' ');
    const std::optional<std::int64_t> time = ParseInt(line.substr(0, blank));
    if (time && blank != line.npos && IsGitId(line.substr(blank + 1))) {
      commits.push_back({std::string(line.substr(blank + 1)), *time});
    } else {
      last = line;
    }
  };
  TRY(const os::ProcessOutcome done, Git(std::move(call)));
  if (!done.Ok()) return Fail(Code::kIo, fmt::format("cannot list the commits of '{}': git: {}", reader.root().string(), last));
  return commits;
}

Result<void> AddRefs(GitReader& reader, std::string_view prefix, std::int64_t number, Found& found) {
  TRY(const std::vector<GitRef> refs, ListRefs(reader.root(), prefix));
  for (const GitRef& ref : refs) {
    found.Add(ref.commit, ref.name.substr(prefix.size()));
    TRYV(AddEarlier(reader, ref.commit, number, found));
  }
  return {};
}

// The commits of each experiment after the one it began at.
Result<void> AddExperiments(GitReader& reader, Found& found) {
  TRY(const std::vector<GitRef> refs, ListRefs(reader.root(), "refs/exps/"));
  for (const GitRef& ref : refs) {
    if (!IsExperimentRef(ref.name)) continue;
    const std::string baseline = ExperimentBaseline(ref.name);
    for (std::string commit = ref.commit; !commit.empty() && commit != baseline;) {
      found.Add(commit, commit);
      TRY(commit, reader.FirstParent(commit));
    }
  }
  return {};
}

}  // namespace

Result<std::vector<NamedRevision>> ListRevisions(GitReader& reader, const RevisionQuery& query) {
  Found found;
  for (const std::string& revision : query.revisions) {
    if (revision == "workspace" || query.number == 0) continue;
    TRY(const std::optional<std::string> by_git, reader.ResolveByGit(revision));
    if (by_git) {
      found.Add(*by_git, revision);
      TRYV(AddEarlier(reader, *by_git, query.number, found));
    } else {
      TRY(const std::string commit, reader.Resolve(revision));
      found.Add(commit, revision);
    }
  }
  if (!query.all_commits) {
    if (query.all_branches && query.number != 0) TRYV(AddRefs(reader, kBranches, query.number, found));
    if (query.all_tags) TRYV(AddRefs(reader, kTags, 1, found));
  }
  if (query.all_commits || !query.since.empty()) {
    std::int64_t since = std::numeric_limits<std::int64_t>::min();
    if (!query.all_commits) {
      TRY(since, DayBegin(query.since));
    }
    TRY(const std::vector<DatedCommit> commits, AllCommits(reader));
    for (const DatedCommit& commit : commits) {
      if (commit.time >= since) found.Add(commit.id, commit.id);
    }
  }
  if (query.all_experiments) TRYV(AddExperiments(reader, found));
  return found.Take();
}

Result<std::vector<GitRef>> ListRefs(const fs::path& git_root, std::string_view prefix) {
  std::vector<GitRef> refs;
  std::vector<std::size_t> nested;  // tags of tags, which older gits do not peel
  GitCall call{
      git_root,
      {"for-each-ref", "--format=%(objecttype) %(objectname) %(*objecttype) %(*objectname) %(refname)", std::string(prefix)}};
  std::string last;
  call.on_line = [&](std::string_view line) {
    const std::vector<std::string> parts = Split(line, ' ');
    if (parts.size() != 5 || !IsGitId(parts[1])) {
      last = line;
      return;
    }
    const bool tag = parts[0] == "tag";
    const std::string& type = tag ? parts[2] : parts[0];
    if (tag && type == "tag") nested.push_back(refs.size());
    if (type == "commit" || type == "tag") refs.push_back({parts[4], tag ? parts[3] : parts[1]});
  };
  TRY(const os::ProcessOutcome done, Git(std::move(call)));
  if (!done.Ok()) return Fail(Code::kIo, fmt::format("cannot list the refs of '{}': git: {}", git_root.string(), last));
  for (auto at = nested.rbegin(); at != nested.rend(); ++at) {
    TRY(const os::ProcessOutcome peeled, Git({git_root, {"rev-parse", "--verify", "-q", refs[*at].name + "^{commit}"}}));
    refs[*at].commit = Trim(peeled.output);
    if (!peeled.Ok() || !IsGitId(refs[*at].commit)) refs.erase(refs.begin() + static_cast<std::ptrdiff_t>(*at));
  }
  std::sort(refs.begin(), refs.end(), [](const GitRef& a, const GitRef& b) { return a.name < b.name; });
  return refs;
}

}  // namespace mlean::repo

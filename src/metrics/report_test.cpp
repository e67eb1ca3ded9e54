#include "metrics/golden_test.hpp"
#include "metrics/report_data_status.hpp"
#include "metrics/report_diff.hpp"
#include "metrics/report_list.hpp"
#include "metrics/report_status.hpp"
#include "metrics/table.hpp"

namespace mlean::metrics {
namespace {

using codec::Json;

// The real tool's JSON tells what there is to report; its texts are what the reports must be.
Json Parsed(const Json& golden, const std::string& command) { return *Json::Parse(Out(golden, command)); }

std::string Line(const Json& json) { return json.DumpPython() + "\n"; }

// What `write` sends to its sink, all pieces.
std::string Written(const std::function<void(const TextSink& sink)>& write) {
  std::string text;
  write([&](std::string_view piece) { text += piece; });
  return text;
}

std::string DiffText(const DataDiff& diff, const DataDiffOptions& options = {}) {
  return Written([&](const TextSink& sink) { WriteDataDiffText(diff, options, sink); });
}
std::string DiffMarkdown(const DataDiff& diff, const DataDiffOptions& options = {}) {
  return Written([&](const TextSink& sink) { WriteDataDiffMarkdown(diff, options, sink); });
}
std::string DiffJson(const DataDiff& diff, const DataDiffOptions& options = {}) {
  return Written([&](const TextSink& sink) { WriteDataDiffJson(diff, options, sink); }) + "\n";
}
std::string DataText(const DataStatus& status) {
  return Written([&](const TextSink& sink) { WriteDataStatusText(status, sink); });
}

std::string TextOr(const Json* value) { return value != nullptr && value->IsString() ? value->AsString() : ""; }

DataDiff ReadDiff(const Json& json) {
  DataDiff diff;
  const std::pair<const char*, MadeList<DiffedPath>*> groups[] = {{"added", &diff.added},
                                                                  {"deleted", &diff.deleted},
                                                                  {"renamed", &diff.renamed},
                                                                  {"modified", &diff.modified},
                                                                  {"not in cache", &diff.not_in_cache}};
  for (const auto& [name, list] : groups) {
    const Json* entries = json.Find(name);
    if (entries == nullptr) continue;
    std::vector<DiffedPath> paths;
    for (const Json& entry : entries->AsArray()) {
      DiffedPath& path = paths.emplace_back();
      const Json &where = *entry.Find("path"), &hash = *entry.Find("hash");
      path.path = where.IsString() ? where.AsString() : Text(where, "new");
      path.old_path = TextOr(where.Find("old"));
      path.hash = hash.IsObject() ? TextOr(hash.Find("new")) : TextOr(&hash);
      path.old_hash = TextOr(hash.Find("old"));
    }
    *list = std::move(paths);
  }
  return diff;
}

std::vector<StageStatus> ReadStatus(const Json& json) {
  std::vector<StageStatus> stages;
  for (const auto& [name, entries] : json.AsObject()) {
    StageStatus& stage = stages.emplace_back();
    stage.stage = name;
    for (const Json& entry : entries.AsArray()) {
      if (entry.IsString()) {
        stage.changed_command |= entry.AsString() == "changed command";
        stage.changed_checksum |= entry.AsString() == "changed checksum";
        stage.always_changed |= entry.AsString() == "always changed";
        continue;
      }
      const auto& [title, states] = entry.AsObject().front();
      std::vector<PathState>& paths = title == "changed deps" ? stage.changed_deps : stage.changed_outs;
      for (const auto& [path, state] : states.AsObject()) {
        PathState& read = paths.emplace_back(PathState{path, TextOr(&state), {}});
        if (!state.IsObject()) continue;
        for (const auto& [key, value] : state.AsObject()) read.keys.emplace_back(key, value.AsString());
      }
    }
  }
  return stages;
}

std::vector<PathChange> ReadChanges(const Json* json) {
  std::vector<PathChange> changes;
  if (json == nullptr) return changes;
  for (const auto& [state, paths] : json->AsObject()) {
    for (const Json& path : paths.AsArray()) {
      if (path.IsString()) {
        changes.push_back({state, path.AsString(), ""});
      } else {
        changes.push_back({state, Text(path, "new"), Text(path, "old")});
      }
    }
  }
  return changes;
}

DataStatus ReadDataStatus(const Json& json, const std::string& text) {
  const auto list = [&](const char* name) {
    return json.Find(name) == nullptr ? std::vector<std::string>() : Texts(*json.Find(name));
  };
  DataStatus status;
  status.not_in_cache = list("not_in_cache");
  status.committed = ReadChanges(json.Find("committed"));
  status.uncommitted = ReadChanges(json.Find("uncommitted"));
  status.untracked = list("untracked");
  status.unchanged = list("unchanged");
  // Not part of the JSON.
  status.git_dirty = text.find("changes not tracked by dvc") != std::string::npos;
  status.git_empty = text.find("in an empty git repo") != std::string::npos;
  return status;
}

std::vector<ListEntry> ReadList(const Json& json) {
  std::vector<ListEntry> entries;
  for (const Json& item : json.AsArray()) {
    ListEntry& entry = entries.emplace_back();
    entry.path = Text(item, "path");
    entry.is_out = item.Find("isout")->AsBool();
    entry.is_dir = item.Find("isdir")->AsBool();
    entry.is_exec = item.Find("isexec")->AsBool();
    if (item.Find("size")->IsInt()) entry.size = item.Find("size")->AsInt();
    entry.md5 = TextOr(item.Find("md5"));
  }
  return entries;
}

// Hangs the entries of a recursive listing into folders.
void Grow(ListEntry& folder, const ListEntry& entry, const std::string& path, const std::vector<ListEntry>& top) {
  const std::size_t slash = path.find('/');
  if (slash == std::string::npos) {
    folder.contents.push_back(entry);
    folder.contents.back().path = path;
    return;
  }
  const std::string name = path.substr(0, slash);
  auto found = std::find_if(folder.contents.begin(), folder.contents.end(), [&](const ListEntry& e) { return e.path == name; });
  if (found == folder.contents.end()) {
    const auto known = std::find_if(top.begin(), top.end(), [&](const ListEntry& e) { return e.path == name; });
    ListEntry made = known != top.end() ? *known : ListEntry{name, false, true, false, 4096, "", {}};
    found = folder.contents.insert(
        std::find_if(folder.contents.begin(), folder.contents.end(), [&](const ListEntry& e) { return e.path > name; }), made);
  }
  Grow(*found, entry, path.substr(slash + 1), {});
}

TEST(Reports, DataDiffAsTheRealTool) {
  int changed = 0;
  for (const Json& golden : GoldenCases("reports.jsonl")) {
    if (FindRun(golden, "diff") == nullptr) continue;
    SCOPED_TRACE(Text(golden, "name"));
    const DataDiff diff = ReadDiff(Parsed(golden, "diff --json --show-hash"));
    changed += diff.Empty() ? 0 : 1;
    EXPECT_EQ(DiffJson(diff, {.show_hash = true}), Out(golden, "diff --json --show-hash"));
    EXPECT_EQ(DiffJson(diff), Out(golden, "diff --json"));
    EXPECT_EQ(DiffJson(diff, {.hide_missing = true}), Out(golden, "diff --json --hide-missing"));
    EXPECT_EQ(DiffText(diff), Out(golden, "diff"));
    EXPECT_EQ(DiffText(diff, {.show_hash = true}), Out(golden, "diff --show-hash"));
    EXPECT_EQ(DiffText(diff, {.hide_missing = true}), Out(golden, "diff --hide-missing"));
    EXPECT_EQ(DiffMarkdown(diff), Out(golden, "diff --md"));
    // The real tool fails on an output without a hash.
    if (FindRun(golden, "diff --md --show-hash")->Find("code")->AsInt() == 0) {
      EXPECT_EQ(DiffMarkdown(diff, {.show_hash = true}), Out(golden, "diff --md --show-hash"));
    }
  }
  EXPECT_GE(changed, 2);
}

TEST(Reports, StatusAsTheRealTool) {
  int changed = 0;
  for (const Json& golden : GoldenCases("reports.jsonl")) {
    if (FindRun(golden, "status") == nullptr) continue;
    SCOPED_TRACE(Text(golden, "name"));
    const std::vector<StageStatus> stages = ReadStatus(Parsed(golden, "status --json"));
    EXPECT_EQ(Line(StatusJson(stages)), Out(golden, "status --json"));
    changed += stages.empty() ? 0 : 1;
    EXPECT_EQ(stages.empty() ? EmptyProjectLines() : StatusText(stages), Out(golden, "status"));
  }
  EXPECT_GE(changed, 3);
  EXPECT_EQ(UpToDateLine(), "Data and pipelines are up to date.\n");
  EXPECT_EQ(InSyncLine("store"), "Cache and remote 'store' are in sync.\n");
  EXPECT_EQ(StatusText({StageStatus{"x", {}, {}, false, true, true}}), "x:\n\talways changed\n\tchanged checksum\n");
  EXPECT_EQ(StatusText({StageStatus{"clean", {}, {}}}), "");
}

TEST(Reports, CloudStatusAsTheRealTool) {
  for (const Json& golden : GoldenCases("reports.jsonl")) {
    if (FindRun(golden, "status -c") == nullptr) continue;
    std::vector<CloudState> all;
    const Json json = Parsed(golden, "status -c --json");
    for (const auto& [name, state] : json.AsObject()) all.push_back({name, state.AsString()});
    EXPECT_EQ(all.size(), 9);
    const CloudStates states(all);
    // The order changes from run to run of the real tool.
    EXPECT_EQ(SortedLines(Written([&](const TextSink& sink) { WriteCloudStatusText(states, sink); })),
              SortedLines(Out(golden, "status -c")));
    EXPECT_EQ(Written([&](const TextSink& sink) { WriteCloudStatusJson(states, sink); }) + "\n", Out(golden, "status -c --json"));
  }
}

TEST(Reports, DataStatusAsTheRealTool) {
  for (const Json& golden : GoldenCases("reports.jsonl")) {
    if (FindRun(golden, "status -c") != nullptr) continue;
    SCOPED_TRACE(Text(golden, "name"));
    for (const std::string options : {"--unchanged --untracked-files", "--granular"}) {
      const std::string text = Out(golden, "data status " + options);
      const Json read = Parsed(golden, "data status --json " + options);  // the status reads it whenever it is asked
      const DataStatus status = ReadDataStatus(read, text);
      EXPECT_EQ(SortedLines(DataText(status)), SortedLines(text));
      // What is untracked or unchanged comes in the order of a Python set.
      if (status.untracked.empty() && status.unchanged.empty()) {
        EXPECT_EQ(DataText(status), text);
      }
      const std::string json = Written([&](const TextSink& sink) { WriteDataStatusJson(status, sink); });
      EXPECT_EQ(json + "\n", Out(golden, "data status --json " + options));
    }
  }
  DataStatus status;
  status.not_in_remote = std::vector<std::string>{"a"};
  EXPECT_EQ(DataText(status), "Not in remote:\n  (use \"dvc push <file>...\" to upload files)\n        a\n");
}

TEST(Reports, ListingsAsTheRealTool) {
  for (const Json& golden : GoldenCases("reports.jsonl")) {
    if (FindRun(golden, "ls .") == nullptr) continue;
    SCOPED_TRACE(Text(golden, "name"));
    const std::vector<ListEntry> top = ReadList(Parsed(golden, "ls . --json")), deep = ReadList(Parsed(golden, "ls . -R --json"));
    EXPECT_EQ(Line(ListJson(top)), Out(golden, "ls . --json"));
    EXPECT_EQ(ListText(top), Out(golden, "ls ."));
    EXPECT_EQ(ListText(top, {.size = true}), Out(golden, "ls . --size"));
    EXPECT_EQ(ListText(top, {.hash = true}), Out(golden, "ls . --show-hash"));
    EXPECT_EQ(ListText(top, {.size = true, .hash = true}), Out(golden, "ls . --size --show-hash"));
    EXPECT_EQ(ListText(deep, {.size = true}), Out(golden, "ls . -R --size"));
    ListEntry root{".", false, true, false, 4096, "", {}};
    for (const ListEntry& entry : deep) Grow(root, entry, entry.path, top);
    EXPECT_EQ(TreeText({root}), Out(golden, "ls . --tree"));
    EXPECT_EQ(TreeText({root}, {.size = true, .hash = true}), Out(golden, "ls . --tree --size --show-hash"));
  }
}

TEST(Reports, ListingsInColour) {
  const std::vector<ListEntry> entries = {
      {"out.tar", true}, {"dir", false, true}, {"run.sh", false, false, true}, {"a.tar"}, {"plain"}};
  EXPECT_EQ(ListText(entries, {.colors = true}), "out.tar\n\x1b[01;34mdir\x1b[0m\n\x1b[01;32mrun.sh\x1b[0m\na.tar\nplain\n");
  EXPECT_EQ(ListText(entries, {.colors = true, .ls_colors = "rs=1:out=35:*.tar=31:ex=:di"}),
            "\x1b[35mout.tar\x1b[1m\ndir\nrun.sh\n\x1b[31ma.tar\x1b[1m\nplain\n");
}

TEST(Reports, Sizes) {
  const std::pair<std::int64_t, const char*> cases[] = {{0, "0"},          {1023, "1023"},     {1024, "1.00k"},
                                                        {10230, "9.99k"},  {10236, "10.0k"},   {1023488, "0.98M"},
                                                        {1022976, "999k"}, {1 << 30, "1.00G"}, {INT64_MAX, "8.00E"}};
  for (const auto& [bytes, text] : cases) EXPECT_EQ(NaturalSize(bytes), text);
}

TEST(Tables, AsTheRealToolLaysThemOut) {
  for (const Json& golden : GoldenCases("tables.jsonl")) {
    Table table;
    table.headers = Texts(*golden.Find("headers"));
    for (const Json& row : golden.Find("rows")->AsArray()) table.rows.push_back(Texts(row));
    const TableStyle style{golden.Find("markdown")->AsBool(), golden.Find("right")->AsBool(), golden.Find("keep")->AsBool()};
    EXPECT_EQ(TableText(table, style), Text(golden, "out")) << golden.DumpPython();
  }
}

// However long it is, it leaves in pieces, and nothing of it is kept.
TEST(Reports, LongOnesLeaveInPieces) {
  constexpr std::size_t kPaths = 10'000;
  DataDiff diff;
  diff.added = {kPaths, [](std::size_t i) { return DiffedPath{.path = "file-" + std::to_string(i)}; }};
  DataStatus status;
  status.committed = {kPaths, [](std::size_t i) { return PathChange{"added", "file-" + std::to_string(i), ""}; }};
  const auto longest = [](const std::function<void(const TextSink& sink)>& write) {
    std::size_t bytes = 0;
    write([&](std::string_view piece) { bytes = std::max(bytes, piece.size()); });
    return bytes;
  };
  constexpr std::size_t kLongest = 70'000;
  EXPECT_LT(longest([&](const TextSink& sink) { WriteDataDiffText(diff, {}, sink); }), kLongest);
  EXPECT_LT(longest([&](const TextSink& sink) { WriteDataDiffMarkdown(diff, {}, sink); }), kLongest);
  EXPECT_LT(longest([&](const TextSink& sink) { WriteDataDiffJson(diff, {}, sink); }), kLongest);
  EXPECT_LT(longest([&](const TextSink& sink) { WriteDataStatusText(status, sink); }), kLongest);
  EXPECT_LT(longest([&](const TextSink& sink) { WriteDataStatusJson(status, sink); }), kLongest);
}

TEST(Tables, WidthsOnATerminal) {
  EXPECT_EQ(DisplayWidth("abc"), 3);
  EXPECT_EQ(DisplayWidth("größe"), 5);
  EXPECT_EQ(DisplayWidth("日本"), 4);
  EXPECT_EQ(DisplayWidth("e\u0301"), 1);
  EXPECT_EQ(DisplayWidth("\x1b[31mred\x1b[0m"), 3);
  EXPECT_EQ(DisplayWidth("a\tb"), -1);
  EXPECT_EQ(DisplayWidth("\xff\xe6"), 2);  // not UTF-8: must not run over
}

}  // namespace
}  // namespace mlean::metrics

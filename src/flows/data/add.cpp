#include "flows/data/add.hpp"

#include <fmt/core.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <system_error>
#include <utility>

#include "cas/file_hash.hpp"
#include "cas/tree.hpp"
#include "flows/data/data_objects.hpp"
#include "flows/data/file_records.hpp"
#include "flows/data/get.hpp"
#include "flows/data/link_above.hpp"
#include "flows/data/open_remote.hpp"
#include "flows/data/transfer_url.hpp"
#include "flows/data/url_source.hpp"
#include "os/files.hpp"
#include "pipeline/dvc_file.hpp"
#include "pipeline/stage_files.hpp"
#include "pipeline/stage_graph.hpp"
#include "pipeline/staleness.hpp"
#include "repo/rw_lock.hpp"

namespace mlean::flows {
namespace {

namespace fs = std::filesystem;

// One target: the stage of its output, and the part of the output when it lies inside.
struct Item {
  pipeline::Stage* stage = nullptr;
  std::string location;
  bool is_part = false;
};

class Adder {
 public:
  Adder(Repository& repository, const AddRequest& request) : repository_(repository), request_(request) {}

  Result<void> Run() {
    TRYV(repository_.index().Graph());  // which refuses outputs that overlap already
    if (request_.to_remote) TRYV(repository_.config().Remote(request_.remote, repository_.root().string(), "add"));
    std::vector<Item> items;
    for (const std::string& target : request_.targets) {
      TRY(Item item, Find(target));
      items.push_back(std::move(item));
    }
    TRYV(CheckOverlaps());
    for (const std::unique_ptr<pipeline::Stage>& stage : made_) TRYV(repository_.index().CheckWith(*stage));
    TRY(const repo::RwLock lock, LockOutputs(items));
    if (request_.to_remote) return Transfer(items.front());
    if (!request_.out.empty()) TRYV(BringIn(items.front()));
    for (std::size_t i = 0; i < items.size(); ++i) {
      Result<void> added = i % kIgnoredAtOnce == 0 ? IgnoreSome(items, i) : Result<void>();
      if (added) added = Add(items[i]);
      if (!added) {
        repository_.scm().Undo();
        return added;
      }
    }
    // Each is read as a whole: once, however many of its files were added.
    for (const fs::path& output : linked_) TRYV(repository_.links().Note(output, repository_.IgnoredBelow(output)));
    return {};
  }

 private:
  // A .gitignore is read and written as a whole: once for some targets. Not for all, so that a kill leaves few lines of targets
  // that were not reached.
  static constexpr std::size_t kIgnoredAtOnce = 64;

  Result<void> IgnoreSome(const std::vector<Item>& items, std::size_t from) {
    std::vector<fs::path> outputs;
    for (std::size_t i = from; i < std::min(items.size(), from + kIgnoredAtOnce); ++i) {
      const pipeline::Output& output = OutputOf(items[i]);
      const fs::path path = place().Disk(output.location);
      // What cannot be added is told when its turn comes.
      if (!output.UsesGitIgnore() || !os::Exists(path) || !repository_.RefuseTrackedByGit(path)) continue;
      outputs.push_back(path);
    }
    ignored_.insert(outputs.begin(), outputs.end());
    return repository_.scm().IgnoreAll(outputs);
  }

  const pipeline::Place& place() const { return repository_.place(); }
  pipeline::Output& OutputOf(const Item& item) const { return item.stage->outs[output_.at(item.stage)]; }

  Result<Item> Find(const std::string& typed) {
    std::string target = typed;
    if (!request_.out.empty()) {
      TRY(target, ResolveOutput(typed, request_.out, repository_.directory(), request_.force));
    } else if (request_.to_remote && !pipeline::IsInside(place().Typed(typed))) {
      TRY(target, ResolveOutput(typed, "", repository_.directory(), true));
    }
    const std::string location = place().Typed(target);
    if (location == ".") {
      return Fail(Code::kInvalid, fmt::format("Path: {} does not overlap with base path: {}",
                                              repository_.root().parent_path().string(), repository_.root().string()));
    }
    TRYV(CheckUrl(repository_, location, "add"));
    if (pipeline::IsUrl(location) || !pipeline::IsInside(location)) {
      return Fail(Code::kInvalid,
                  fmt::format("Cached output(s) outside of DVC project: {}. See "
                              "<https://dvc.org/doc/user-guide/data-management/importing-external-data> for more info.",
                              pipeline::IsUrl(location) ? target : place().Disk(location).string()));
    }
    if (IsBehindLink(location)) {
      return Fail(Code::kInvalid,
                  "Cannot add files inside symlinked directories to DVC. See "
                  "<https://dvc.org/doc/user-guide/troubleshooting#add-symlink> for more information.");
    }
    TRY(const auto* stages, repository_.index().All());
    for (pipeline::Stage* stage : *stages) {
      if (std::optional<Item> item = Inside(*stage, location)) return CheckDataSource(std::move(*item));
    }
    for (const auto& stage : made_) {
      if (std::optional<Item> item = Inside(*stage, location)) return *std::move(item);
    }
    return Make(location);
  }

  std::optional<Item> Inside(pipeline::Stage& stage, const std::string& location) {
    for (std::size_t i = 0; i < stage.outs.size(); ++i) {
      if (!pipeline::IsAtOrBelow(location, stage.outs[i].location)) continue;
      output_[&stage] = i;
      return Item{&stage, location, location != stage.outs[i].location};
    }
    return std::nullopt;
  }

  Result<Item> CheckDataSource(Item item) const {
    if (item.stage->IsDataSource()) return item;
    return Fail(Code::kConflict, fmt::format("cannot update '{}': overlaps with an output of {} in '{}'.\n"
                                             "Run the pipeline or use 'dvc commit' to force update it.",
                                             pipeline::NameOf(item.location), pipeline::Described(*item.stage, place()),
                                             place().Shown(item.stage->file)));
  }

  Result<Item> Make(const std::string& location) {
    const std::string file = location + ".dvc";
    const std::string folder = pipeline::FolderOf(location);
    if (pipeline::IsStageFileName(location)) {
      return Fail(Code::kInvalid, fmt::format("DVC file '{}' cannot be an output.", place().Shown(location)));
    }
    const fs::path disk = place().Disk(folder);
    std::error_code ignored;
    if (!fs::exists(disk, ignored)) {
      return Fail(Code::kNotFound, fmt::format("stage working dir '{}' does not exist", disk.string()));
    }
    const bool is_dir = fs::is_directory(place().Disk(location), ignored);
    TRY(const repo::IgnoreMatch match, repository_.files().dvc_ignore().Check(location, is_dir));
    if (match.ignored) {
      return Fail(Code::kInvalid, fmt::format("Path '{}' is ignored by {}", place().Disk(location).string(),
                                              match.rules.empty() ? "" : match.rules.back()));
    }
    if (repository_.files().IsGitIgnored(file)) {
      return Fail(Code::kInvalid, fmt::format("bad DVC file name '{}' is git-ignored.", place().Shown(file)));
    }
    auto stage = std::make_unique<pipeline::Stage>(pipeline::NewDataStage(location));
    TRYV(KeepOldFile(*stage, file));
    output_[stage.get()] = 0;
    made_.push_back(std::move(stage));
    return Item{made_.back().get(), location, false};
  }

  // A `.dvc` of that name that tracks something else: its text, description and notes stay.
  Result<void> KeepOldFile(pipeline::Stage& stage, const std::string& file) {
    if (repository_.files().Look(file) != pipeline::Source::Kind::kFile) return {};
    TRY(const std::vector<pipeline::Stage*> old, repository_.index().LoadFile(file));
    if (old.empty()) return {};
    stage.text = old.front()->text;
    stage.meta = old.front()->meta;
    stage.desc = old.front()->desc;
    return {};
  }

  bool IsBehindLink(const std::string& location) const {
    std::error_code ignored;
    const fs::path disk = place().Disk(location);
    return (fs::is_symlink(disk, ignored) && fs::is_directory(disk, ignored)) || !LinkAbove(place(), location).empty();
  }

  // A new output above one that is tracked.
  Result<void> CheckOverlaps() {
    TRY(const auto* stages, repository_.index().All());
    std::vector<const pipeline::Stage*> all(stages->begin(), stages->end());
    for (const auto& stage : made_) all.push_back(stage.get());
    for (const auto& stage : made_) {
      const pipeline::Output& parent = stage->outs.front();
      for (const pipeline::Stage* other : all) {
        for (const pipeline::Output& output : other->outs) {
          if (&output == &parent || !pipeline::IsAtOrBelow(output.location, parent.location)) continue;
          if (output.location == parent.location) continue;  // told by the check of the graph
          return Fail(
              Code::kConflict,
              fmt::format("Cannot add '{0}', because it is overlapping with other DVC tracked output: '{1}'.\n"
                          "To include '{1}' in '{0}', run 'dvc remove {2}' and then 'dvc add {0}'",
                          place().Shown(parent.location), place().Shown(output.location), pipeline::Addressing(*other, place())));
        }
      }
    }
    return {};
  }

  Result<repo::RwLock> LockOutputs(const std::vector<Item>& items) {
    repo::RwLockRequest wanted;
    wanted.command = request_.command;
    wanted.hardlink = repository_.config().core.hardlink_lock;
    wanted.cancel = repository_.cancel();
    for (const Item& item : items) wanted.write.push_back(place().Disk(OutputOf(item).location).string());
    std::vector<std::string> notes;
    Result<repo::RwLock> lock = repo::RwLock::Acquire(repository_.project().DvcTempDir(), wanted, &notes);
    for (const std::string& note : notes) {
      if (repository_.say()) repository_.say()(pipeline::Level::kWarning, note);
    }
    return lock;
  }

  Result<std::unique_ptr<UrlSource>> OpenSource() const {
    return UrlSource::Open(
        repository_.config(), repository_.project().DvcDir(),
        {.url = request_.targets.front(), .directory = repository_.directory(), .cancel = repository_.cancel()});
  }

  // Beside its place and renamed, so that a part of it is never taken for the data.
  Result<void> BringIn(const Item& item) const {
    TRY(const std::unique_ptr<UrlSource> from, OpenSource());
    TRY(const UrlSource::Kind kind, from->Look());
    if (kind == UrlSource::Kind::kNone) {
      return Fail(Code::kNotFound, fmt::format("[Errno 2] No such file or directory: '{}'", from->Shown()));
    }
    const fs::path to = place().Disk(item.location);
    const fs::path temporary = to.parent_path() / fmt::format(".{}.mlean-copy.tmp", to.filename().string());
    std::error_code error;
    fs::remove_all(temporary, error);
    const Result<void> brought = from->Download(temporary, repository_.work());
    if (brought && fs::exists(to, error)) fs::remove_all(to, error);
    if (brought && !error) fs::rename(temporary, to, error);
    if (brought && !error) return {};
    std::error_code ignored;
    fs::remove_all(temporary, ignored);
    if (!brought) return brought;
    return Fail(Code::kIo, fmt::format("cannot put '{}' to '{}': {}", from->Shown(), to.string(), error.message()));
  }

  // As in DVC nothing is told to git: the data is not here.
  Result<void> Transfer(const Item& item) {
    if (item.is_part) {
      return Fail(Code::kUnsupported, fmt::format("cannot bring '{}' to a remote: it is a part of '{}'",
                                                  place().Shown(item.location), place().Shown(OutputOf(item).location)));
    }
    TRY(const std::unique_ptr<UrlSource> from, OpenSource());
    TRY(OutputOf(item).content,
        TransferUrl(repository_, *from, {.remote = request_.remote, .command = "add", .jobs = request_.remote_jobs}));
    OutputOf(item).files.reset();
    return Save(item);
  }

  Result<void> Add(const Item& item) {
    pipeline::Output& output = OutputOf(item);
    const fs::path path = place().Disk(item.location);
    struct stat found {};
    const bool exists = ::stat(path.c_str(), &found) == 0;
    if (!exists && errno == ENAMETOOLONG) {
      return Fail(Code::kInvalid, fmt::format("unexpected error - [Errno 36] File name too long: '{}'", path.string()));
    }
    if (item.is_part && output.content.Known() && !output.content.IsDir()) {
      return Fail(Code::kInvalid,
                  fmt::format("Cannot modify '{}' which is being tracked as a file", place().Shown(output.location)));
    }
    std::error_code ignored;
    if (!exists && (!item.is_part || !fs::exists(place().Disk(output.location), ignored))) {
      return Fail(Code::kNotFound, fmt::format("output '{}' does not exist: [Errno 2] No such file or directory: '{}'",
                                               place().Shown(output.location), path.string()));
    }
    if (exists && !S_ISREG(found.st_mode) && !S_ISDIR(found.st_mode)) {
      return Fail(Code::kInvalid, fmt::format("output '{}' is not a file or directory", place().Shown(item.location)));
    }
    if (output.UsesGitIgnore()) {
      const fs::path disk = place().Disk(output.location);
      TRYV(repository_.RefuseTrackedByGit(disk));
      if (!ignored_.contains(disk)) TRYV(repository_.scm().Ignore(disk));
    }
    const pipeline::Content before = output.content;
    TRYV(item.is_part ? AddPart(output, path, exists) : AddWhole(output, path));
    DataObjects objects(repository_);
    TRYV(pipeline::KeepVersions(before, output, place().Disk(output.location), objects));
    TRYV(Save(item));
    if (output.cache && !request_.no_commit) linked_.insert(place().Disk(output.location));
    return {};
  }

  Result<void> Save(const Item& item) {
    TRY(const std::vector<std::string> written,
        pipeline::SaveStages({item.stage}, place(), {.pipeline = false, .lock = true}, repository_.say()));
    for (const std::string& file : written) repository_.scm().Track(place().Disk(file));
    return {};
  }

  Result<cas::ObjectInfo> Store(const fs::path& path, bool cache, bool legacy) {
    std::vector<cas::ScanWarning> warnings;
    Result<cas::ObjectInfo> info = Fail(Code::kInternal, "nothing was stored");
    if (cache && !request_.no_commit) {
      info = repository_.store().Put(path, {.legacy = legacy,
                                            .ignored = repository_.IgnoredBelow(path),
                                            .work = repository_.work(),
                                            .warnings = &warnings,
                                            .relink = request_.relink});
    } else {
      info = cas::HashPath(path, {.state = &repository_.state(),
                                  .legacy = legacy,
                                  .ignored = repository_.IgnoredBelow(path),
                                  .work = repository_.work(),
                                  .warnings = &warnings});
    }
    repository_.Warn(warnings, path);
    return info;
  }

  Result<void> AddWhole(pipeline::Output& output, const fs::path& path) {
    if (output.content.IsLegacy()) {
      // Data of DVC 2 that has not changed keeps its old kind of hash.
      TRY(const cas::ObjectInfo now, cas::HashPath(path, {.state = &repository_.state(),
                                                          .legacy = true,
                                                          .ignored = repository_.IgnoredBelow(path),
                                                          .work = repository_.work()}));
      if (ToContent(now).SameAs(output.content)) {
        TRY(const cas::ObjectInfo info, Store(path, output.cache, true));
        output.content = ToContent(info);
        return {};
      }
    }
    TRY(const cas::ObjectInfo info, Store(path, output.cache, false));
    output.content = ToContent(info);
    if (info.is_exec && output.cache && request_.relink && !request_.no_commit) return SetModeOfCopy(path);
    return {};
  }

  // As if it had been copied from the cache: executable for its owner only.
  static Result<void> SetModeOfCopy(const fs::path& path) {
    struct stat found {};
    if (::lstat(path.c_str(), &found) != 0 || !S_ISREG(found.st_mode) || found.st_nlink > 1) return {};
    const mode_t mode = (0666 & ~cas::Umask()) | 0100;
    if ((found.st_mode & 07777) == mode || ::chmod(path.c_str(), mode) == 0) return {};
    return Fail(Code::kIo, fmt::format("cannot set the mode of '{}'", path.string()));
  }

  Result<void> AddPart(pipeline::Output& output, const fs::path& path, bool exists) {
    const bool legacy = output.content.IsLegacy();
    cas::Tree tree;
    if (output.content.Known()) {
      Result<cas::Tree> old =
          output.files ? TreeOfRecords(*output.files) : repository_.store().ReadTree(output.content.hash, legacy);
      if (!old) return Fail(old.error().code, fmt::format("could not read '{}'", output.content.hash));
      tree = *std::move(old);
    }
    const std::string part = path.lexically_relative(place().Disk(output.location)).generic_string();
    std::optional<std::uint64_t> size;
    if (!exists) {
      if (!tree.Remove(part)) {
        return Fail(Code::kNotFound, fmt::format("[Errno 2] No such file or directory: '{}'", path.string()));
      }
    } else {
      TRY(const cas::ObjectInfo info, Store(path, output.cache, legacy));
      const bool is_new = tree.Find(part) == nullptr && !tree.HasFolder(part);
      if (info.IsDir()) {
        TRY(const cas::Tree sub, SubtreeOf(path, info, legacy));
        tree.SetFolder(part, sub);
      } else {
        tree.Set(part, *cas::ParseMd5(info.md5));
      }
      const std::uint64_t before = output.content.size.value_or(0);
      if (is_new && before > 0) {
        size = before + info.size;
      } else if (tree.Id(legacy).Name() == output.content.hash) {
        size = output.content.size;
      }
    }
    const std::uint64_t files = tree.size();
    std::string name = tree.Id(legacy).Name();
    if (output.cache && !request_.no_commit) {
      TRY(const cas::ObjectInfo stored, repository_.store().PutDirObject(tree, legacy));
      name = stored.md5;
    }
    pipeline::Content content;
    content.hash_name = output.content.hash_name;
    content.hash = std::move(name);
    content.size = size;
    content.nfiles = files;
    output.content = std::move(content);
    return {};
  }

  Result<cas::Tree> SubtreeOf(const fs::path& path, const cas::ObjectInfo& info, bool legacy) {
    if (!request_.no_commit) return repository_.store().ReadTree(info.md5, legacy);
    TRY(cas::HashedTree hashed, cas::HashTree(path, {.state = &repository_.state(),
                                                     .legacy = legacy,
                                                     .ignored = repository_.IgnoredBelow(path),
                                                     .work = repository_.work()}));
    return std::move(hashed.tree);
  }

  Repository& repository_;
  const AddRequest& request_;
  std::vector<std::unique_ptr<pipeline::Stage>> made_;
  std::map<const pipeline::Stage*, std::size_t> output_;  // which of its outputs is meant
  std::set<fs::path> ignored_;                            // outputs that git does not see already
  std::set<fs::path> linked_;                             // outputs in the cache, to be noted in the end
};

}  // namespace

Result<void> AddData(Repository& repository, const AddRequest& request) { return Adder(repository, request).Run(); }

}  // namespace mlean::flows

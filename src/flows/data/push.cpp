#include "flows/data/push.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "base/log.hpp"
#include "flows/data/open_remote.hpp"
#include "flows/data/partial_pushes.hpp"
#include "remotes/run_cache.hpp"
#include "repo/dvc_error.hpp"

namespace mlean::flows {
namespace {

using remotes::TransferReport;

class Pusher {
 public:
  Pusher(Repository& repository, const PushRequest& request)
      : repository_(repository),
        request_(request),
        partial_(PartialPushes::Open(repository.project().DvcStateDir() / "partial_pushes")) {}

  Result<MoveSummary> Run() {
    const std::string& chosen = request_.move.query.remote;
    const bool has_remote = !RemoteNameOf(repository_, chosen).empty();
    if (has_remote) TRYV(PushRuns(chosen));
    ObjectQuery query = request_.move.query;
    query.push = true;
    TRY(const std::vector<UsedObject> used, SelectObjects(repository_, query));
    bool all_named = !used.empty();
    for (const RemoteGroup& group : GroupByRemote(repository_, used, chosen)) {
      if (group.remote.empty()) {
        all_named = false;
        continue;
      }
      const Result<void> pushed = PushGroup(group);
      SavePartial();
      TRYV(pushed);
    }
    // DVC, too, misses the default remote only now.
    if (!has_remote && !all_named) TRYV(OpenDataRemote(repository_, "", "<command>"));
    return std::move(summary_);
  }

 private:
  // A remote that does not exist is told before anything else.
  Result<void> PushRuns(const std::string& name) {
    TRY(const std::unique_ptr<remotes::Remote> remote, OpenDataRemote(repository_, name, "push"));
    if (!request_.move.run_cache) return {};
    const Result<std::uint64_t> pushed = remotes::PushRuns(*remote, CacheDir(repository_), request_.move.jobs);
    if (pushed) summary_.moved += *pushed;
    // HTTP has no run cache; DVC does not speak of it.
    if (pushed || pushed.error().code == Code::kUnsupported) return {};
    return WholeFailure(*remote, pushed.error());
  }

  // What nothing could be done about. DVC's HTTP takes a server that is away as one that has nothing, and fails file by file.
  static Error WholeFailure(const remotes::Remote& remote, const Error& error) {
    if (error.code == Code::kCancelled || remotes::SchemeOf(remote.url()).starts_with("http")) return error;
    return {error.code, repo::UnexpectedFailure(error.what).what, error.fix};
  }

  Result<void> PushGroup(const RemoteGroup& group) {
    TRY(const std::unique_ptr<remotes::Remote> remote, OpenDataRemote(repository_, group.remote, "push"));
    remotes::TransferOptions options = TransferOptionsFor(repository_);
    options.jobs = request_.move.jobs;
    options.repair = request_.repair;
    options.on_progress = request_.move.on_progress;
    std::vector<remotes::WantedObject> wanted;
    std::vector<Part> parts;
    for (const UsedObject* used : group.used) {
      if (!used->parts.empty()) {
        const Result<void> taken = TakePart(*remote, *used, wanted, parts);
        if (!taken) return WholeFailure(*remote, taken.error());
        continue;
      }
      wanted.push_back({ToRemote(used->id), used->size});
      if (partial_.Has(used->id, remote->url())) options.repair = true;
    }
    const Result<TransferReport> report = remotes::Push(*remote, CacheDir(repository_), wanted, options);
    if (!report) return WholeFailure(*remote, report.error());
    AddReport(repository_, *report, summary_);
    ForgetWhole(*remote, group, *report);
    for (const Part& part : parts) TRYV(PushFolderOf(*remote, part, *report));
    return {};
  }

  // A folder of which only some files are wanted.
  struct Part {
    const UsedObject* used = nullptr;
    std::vector<remotes::ObjectId> files;
    bool is_all = false;
  };

  Result<void> TakePart(remotes::Remote& remote, const UsedObject& used, std::vector<remotes::WantedObject>& wanted,
                        std::vector<Part>& parts) {
    const remotes::ObjectId id = ToRemote(used.id);
    const std::string key = id.Key();
    TRY(const std::vector<bool> there, remote.Exists(std::span(&key, 1)));
    if (there[0] && !request_.repair && !partial_.Has(used.id, remote.url())) return {};
    const Result<cas::Tree> tree = LoadFolder(repository_, there[0] ? &remote : nullptr, used.id);
    if (!tree && tree.error().code == Code::kNotFound) {
      wanted.push_back({id, used.size});  // to be told as missing
      return {};
    }
    if (!tree) return tree.error();
    Part part{.used = &used, .files = {}, .is_all = false};
    for (const cas::TreeFile& file : *tree) {
      if (IsPart(used, file.path)) part.files.push_back({file.md5, false, id.legacy});
    }
    part.is_all = part.files.size() == tree->size();
    for (const remotes::ObjectId& file : part.files) wanted.push_back({file, 0});
    if (!there[0]) parts.push_back(std::move(part));
    return {};
  }

  // The .dir goes along, as DVC's: without it nobody could fetch the part.
  Result<void> PushFolderOf(remotes::Remote& remote, const Part& part, const TransferReport& report) {
    std::set<remotes::ObjectId> lost(report.missing.begin(), report.missing.end());
    for (const TransferReport::Failure& failure : report.failed) lost.insert(failure.id);
    const auto is_lost = [&](const remotes::ObjectId& id) { return lost.contains(id); };
    if (std::any_of(part.files.begin(), part.files.end(), is_lost)) return {};
    const cas::ObjectId& id = part.used->id;
    if (!part.is_all) {
      // Remembered before it is sent: a kill in between costs a look.
      partial_.Add(id, remote.url());
      SavePartial();
    }
    const Result<void> put = remote.Put(repository_.store().PathOf(id), id.Key(), {.md5 = cas::HexOf(id.md5)});
    if (!put && put.error().code == Code::kCancelled) return put;
    if (!put) {
      AddFailure(id, put.error(), summary_);
      return {};
    }
    ++summary_.moved;
    if (!part.is_all && repository_.say()) {
      repository_.say()(
          pipeline::Level::kWarning,
          fmt::format("only a part of '{0}' was pushed; DVC now takes all of it as pushed. `mlean push` sends the rest.",
                      part.used->name));
    }
    return {};
  }

  // Folders that are whole now.
  void ForgetWhole(const remotes::Remote& remote, const RemoteGroup& group, const TransferReport& report) {
    if (!report.failed.empty() || !report.missing.empty()) return;
    for (const UsedObject* used : group.used) {
      if (used->parts.empty()) partial_.Remove(used->id, remote.url());
    }
  }

  void SavePartial() {
    const Result<void> saved = partial_.Save();
    if (!saved) log::Warn("partial_pushes.save", {{"error", saved.error().what}});
  }

  Repository& repository_;
  const PushRequest& request_;
  PartialPushes partial_;
  MoveSummary summary_;
};

}  // namespace

Result<MoveSummary> PushData(Repository& repository, const PushRequest& request) { return Pusher(repository, request).Run(); }

}  // namespace mlean::flows

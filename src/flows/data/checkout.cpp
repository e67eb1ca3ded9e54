#include "flows/data/checkout.hpp"

#include <fmt/core.h>
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <set>
#include <system_error>
#include <utility>

#include "cas/checkout.hpp"
#include "flows/data/data_objects.hpp"
#include "flows/data/fetched_imports.hpp"
#include "flows/data/link_above.hpp"

namespace mlean::flows {
namespace {

namespace fs = std::filesystem;

// One output, or a part of one, and what is to be done with it.
struct Job {
  const pipeline::Output* output = nullptr;
  fs::path target;
  std::optional<cas::CheckoutPlan> plan;
  bool was_there = false;
};

class Checkouter {
 public:
  Checkouter(Repository& repository, const CheckoutRequest& request) : repository_(repository), request_(request) {}

  Result<CheckoutReport> Run() {
    TRYV(Collect());
    if (request_.targets.empty()) TRYV(PlanUnused());
    for (const auto& [output, filter] : wanted_) TRYV(Plan(*output, filter));
    TRYV(CheckUnsaved());
    for (std::size_t i = 0; i < unused_.size(); ++i) {
      report_.deleted.push_back(Shown(unused_[i].target));
      TRYV(unused_[i].plan->Apply());
      repository_.links().Forget(unused_[i].target);
      report_.deleted_files += 1;
    }
    for (Job& job : jobs_) TRYV(Apply(job));
    // Each is read as a whole: once, however many of its files were targets.
    for (const fs::path& output : linked_) TRYV(repository_.links().Note(output, repository_.IgnoredBelow(output)));
    // Folders first, both sorted.
    for (auto* list : {&report_.added, &report_.modified, &report_.deleted}) {
      std::sort(list->begin(), list->end(), [](const std::string& a, const std::string& b) {
        return std::pair(!a.ends_with('/'), a) < std::pair(!b.ends_with('/'), b);
      });
    }
    std::sort(report_.failed.begin(), report_.failed.end());
    return std::move(report_);
  }

 private:
  const pipeline::Place& place() const { return repository_.place(); }

  // Which outputs are meant, each part of one once.
  Result<void> Collect() {
    std::set<std::pair<const pipeline::Output*, std::string>> seen;
    const std::vector<std::string> typed = request_.targets.empty() ? std::vector<std::string>{""} : request_.targets;
    for (const std::string& target : typed) {
      Result<std::vector<pipeline::Target>> found =
          repository_.index().CollectGranular(target, {.with_deps = request_.with_deps, .recursive = request_.recursive});
      if (!found) {
        const Error& error = found.error();
        if (target.empty() || error.code != Code::kNotFound) return error;
        return Fail(Code::kNotFound, fmt::format("Did you mean `git checkout {}`?: {}", target, Absolute(target, error.what)));
      }
      for (const pipeline::Target& one : *found) {
        if (one.stage->IsPartialImport()) TRYV(Recall(*one.stage));
        for (const pipeline::Output& output : one.stage->outs) {
          if (!output.cache || !output.Inside()) continue;
          if (!one.filter.empty() && !pipeline::IsAtOrBelow(one.filter, output.location)) continue;
          const std::string filter = one.filter == output.location ? "" : one.filter;
          if (seen.emplace(&output, filter).second) wanted_.emplace_back(&output, filter);
        }
      }
    }
    return {};
  }

  // What an import that was not downloaded holds, if it was fetched and the cache still has it.
  Result<void> Recall(pipeline::Stage& import) {
    if (!fetched_) fetched_ = FetchedImports::Open(repository_.project().DvcStateDir() / FetchedImports::kFile);
    const std::optional<pipeline::Content> content = fetched_->Find(import);
    if (!content) return {};
    TRY(const bool here, repository_.store().Has(content->hash, content->IsLegacy(), repository_.work()));
    if (here) import.outs[0].content = *content;
    return {};
  }

  // DVC tells a .dvc file that is not there by its whole path here.
  std::string Absolute(const std::string& target, const std::string& what) const {
    const std::string start = fmt::format("'{}' does not exist", target);
    if (!target.ends_with(".dvc") || what != start) return what;
    return fmt::format("'{}' does not exist", place().Disk(place().Typed(target)).string());
  }

  Result<void> PlanUnused() {
    TRY(const auto* stages, repository_.index().All());
    std::set<fs::path> used;
    for (const pipeline::Stage* stage : *stages) {
      for (const pipeline::Output& output : stage->outs) {
        if (!pipeline::IsUrl(output.location)) used.insert(place().Disk(output.location));
      }
    }
    TRY(const std::vector<fs::path> unused,
        repository_.links().Unused(used, [this](const fs::path& path) { return repository_.IgnoredBelow(path); }));
    for (const fs::path& path : unused) {
      TRY(cas::CheckoutPlan plan, cas::CheckoutPlan::Make(repository_.store(), std::nullopt, path, Options(path)));
      // Not in the cache: somebody's only copy. DVC removes it.
      if (plan.unsaved().empty() || request_.force) unused_.push_back({nullptr, path, std::move(plan), true});
    }
    return {};
  }

  cas::CheckoutOptions Options(const fs::path& target) const {
    return {.ignored = repository_.IgnoredBelow(target), .relink = request_.relink, .work = repository_.work()};
  }

  Result<void> Plan(const pipeline::Output& output, const std::string& filter) {
    if (!output.content.Known()) {
      if (repository_.say()) {
        repository_.say()(pipeline::Level::kWarning, fmt::format("No file hash info found for '{}'. It won't be created.",
                                                                 place().Disk(output.location).string()));
      }
      Failed(output);
      return {};
    }
    Job job;
    job.output = &output;
    job.target = place().Disk(filter.empty() ? output.location : filter);
    std::error_code ignored;
    job.was_there = fs::exists(fs::symlink_status(place().Disk(output.location), ignored));
    if (filter.empty()) {
      TRY(job.plan, cas::CheckoutPlan::Make(repository_.store(), ToObject(output.content), job.target, Options(job.target)));
    } else {
      TRY(const bool possible, PlanPart(output, pipeline::Relative(filter, output.location), job));
      if (!possible) return {};
    }
    if (!job.plan->missing().empty()) {
      Failed(output);
      return {};
    }
    jobs_.push_back(std::move(job));
    return {};
  }

  // A file or folder inside a tracked folder; false when the folder's object is missing.
  Result<bool> PlanPart(const pipeline::Output& output, const std::string& part, Job& job) {
    const bool legacy = output.content.IsLegacy();
    Result<cas::Tree> tree = repository_.store().ReadTree(output.content.hash, legacy);
    if (!tree) {
      if (tree.error().code != Code::kNotFound && tree.error().code != Code::kCorrupt) return tree.error();
      Failed(output);
      return false;
    }
    if (const cas::TreeFile* file = tree->Find(part)) {
      const cas::ObjectInfo info{.md5 = cas::HexOf(file->md5), .legacy = legacy};
      TRY(job.plan, cas::CheckoutPlan::Make(repository_.store(), info, job.target, Options(job.target)));
    } else if (tree->HasFolder(part)) {
      TRY(job.plan, cas::CheckoutPlan::Make(repository_.store(), tree->Subtree(part), legacy, job.target, Options(job.target)));
    } else {  // the folder has nothing there, so nothing is to be there
      TRY(job.plan, cas::CheckoutPlan::Make(repository_.store(), std::nullopt, job.target, Options(job.target)));
    }
    return true;
  }

  void Failed(const pipeline::Output& output) {
    std::string shown = place().Shown(output.location);
    if (std::find(report_.failed.begin(), report_.failed.end(), shown) == report_.failed.end()) {
      report_.failed.push_back(std::move(shown));
    }
  }

  // --force is about the files of the project, and DVC is known to have emptied /etc behind a link.
  Result<void> CheckLinks() {
    for (const Job& job : jobs_) {
      if (job.plan->unsaved().empty()) continue;
      const std::string link = LinkAbove(place(), job.output->location);
      if (link.empty()) continue;
      return Fail(Code::kDenied, fmt::format("cannot check out '{}': '{}' is a link, and files behind it are not in the cache",
                                             place().Shown(job.output->location), place().Shown(link)));
    }
    return {};
  }

  Result<void> CheckUnsaved() {
    if (request_.force) return CheckLinks();
    std::string paths;
    for (const Job& job : jobs_) {
      for (const std::string& path : job.plan->unsaved()) paths += "\n" + path;
    }
    if (paths.empty()) return {};
    return Fail(Code::kDenied, "Can't remove the following unsaved files without confirmation. Use `--force` to force." + paths);
  }

  Result<void> Apply(Job& job) {
    TRY(const cas::CheckoutResult done, job.plan->Apply());
    job.plan.reset();  // which may know a million files
    repository_.Warn(done.warnings, job.target);
    const fs::path whole = place().Disk(job.output->location);
    if (!done.missing.empty()) {
      Failed(*job.output);
      return {};
    }
    if (done.change != cas::Change::kNone || request_.relink) linked_.insert(whole);
    if (done.change == cas::Change::kNone) return {};
    report_.added_files += done.added;
    report_.modified_files += done.modified;
    report_.deleted_files += done.deleted;
    (job.was_there ? report_.modified : report_.added).push_back(Shown(whole));
    return {};
  }

  std::string Shown(const fs::path& path) const {
    std::error_code ignored;
    const std::string shown = place().Shown(path.lexically_relative(place().root).generic_string());
    return fs::is_directory(path, ignored) ? shown + "/" : shown;
  }

  Repository& repository_;
  const CheckoutRequest& request_;
  CheckoutReport report_;
  std::vector<std::pair<const pipeline::Output*, std::string>> wanted_;
  std::vector<Job> unused_;
  std::vector<Job> jobs_;
  std::optional<FetchedImports> fetched_;  // opened when first needed
  std::set<fs::path> linked_;              // outputs that have been made, to be noted in the end
};

}  // namespace

Result<CheckoutReport> CheckoutData(Repository& repository, const CheckoutRequest& request) {
  return Checkouter(repository, request).Run();
}

std::string CheckoutFailedText(const std::vector<std::string>& failed) {
  return fmt::format(
      "Checkout failed for following targets:\n{}\nIs your cache up to date?\n<https://error.dvc.org/missing-files>",
      fmt::join(failed, "\n"));
}

std::string SummaryText(const std::vector<std::pair<std::string, std::uint64_t>>& counts) {
  std::vector<std::string> parts;
  for (const auto& [what, count] : counts) {
    if (count > 0) parts.push_back(fmt::format("{} file{} {}", count, count == 1 ? "" : "s", what));
  }
  if (parts.size() < 2) return parts.empty() ? "" : parts.front();
  const std::string last = std::move(parts.back());
  parts.pop_back();
  return fmt::format("{} and {}", fmt::join(parts, ", "), last);
}

}  // namespace mlean::flows

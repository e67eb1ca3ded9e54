#include "flows/data/data_view.hpp"

#include <algorithm>
#include <utility>

#include "cas/file_hash.hpp"
#include "flows/data/data_objects.hpp"
#include "flows/data/file_records.hpp"
#include "flows/data/open_remote.hpp"
#include "flows/data/used_objects.hpp"
#include "os/machine.hpp"
#include "pipeline/place.hpp"

namespace mlean::flows {
namespace fs = std::filesystem;
namespace {

bool HasBrokenLink(const std::vector<cas::ScanWarning>& warnings) {
  return std::any_of(warnings.begin(), warnings.end(),
                     [](const cas::ScanWarning& one) { return one.kind == cas::ScanWarning::Kind::kBrokenLink; });
}

// Links to nothing make their folder another one, though nobody knows what they hold.
void AddBrokenLinks(const std::vector<cas::ScanWarning>& warnings, cas::HashedTree& folder) {
  for (const cas::ScanWarning& warning : warnings) {
    if (warning.kind == cas::ScanWarning::Kind::kBrokenLink) folder.tree.Set(warning.path, kUnknownMd5);
  }
  folder.info.md5 = folder.tree.Id(folder.info.legacy).Name();
}

}  // namespace

bool PathPartsLess::operator()(std::string_view a, std::string_view b) const {
  const auto [in_a, in_b] = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
  if (in_b == b.end()) return false;
  if (in_a == a.end()) return true;
  const auto rank = [](char byte) { return byte == '/' ? -1 : static_cast<int>(static_cast<unsigned char>(byte)); };
  return rank(*in_a) < rank(*in_b);
}

bool Overlap(std::string_view a, std::string_view b) { return pipeline::IsAtOrBelow(a, b) || pipeline::IsAtOrBelow(b, a); }

Result<void> DataView::Add(const pipeline::Stage& stage, const pipeline::Output& output) {
  if (!output.cache || !output.Inside()) return {};
  DataOut out;
  out.location = output.location;
  out.content = output.content;
  out.remote = output.remote;
  out.is_pushed = output.push && !stage.IsRepoImport();
  if (stage.IsRepoImport()) out.source = std::make_shared<const pipeline::Dependency>(stage.deps[0]);
  const std::optional<std::vector<pipeline::FileRecord>>* files = &output.files;
  if (stage.IsImport() && !stage.IsRepoImport() && !stage.IsDbImport()) {
    const pipeline::Dependency& source = stage.deps[0];
    if (!out.content.Known()) {
      out.content = source.content;
      out.is_partial = true;
    }
    if (source.files) files = &source.files;
  }
  out.is_dir = out.content.IsDir() || files->has_value();
  if (files->has_value()) out.listed = std::make_shared<const cas::Tree>(TreeOfRecords(**files));
  outs_.insert_or_assign(out.location, std::move(out));
  return {};
}

Result<DataView> DataView::OfIndex(Repository& repository, pipeline::Index& index, const std::vector<std::string>& only) {
  DataView view;
  view.repository_ = &repository;
  TRY(const std::vector<pipeline::Stage*>* const stages, index.All());
  for (const pipeline::Stage* stage : *stages) {
    for (const pipeline::Output& output : stage->outs) {
      const auto wanted = [&](const std::string& location) { return Overlap(location, output.location); };
      if (only.empty() || std::any_of(only.begin(), only.end(), wanted)) TRYV(view.Add(*stage, output));
    }
  }
  return view;
}

Result<DataView> DataView::OfStages(pipeline::Index& index) {
  DataView view;
  TRY(const std::vector<pipeline::Stage*>* const stages, index.All());
  for (const pipeline::Stage* stage : *stages) {
    for (const pipeline::Output& output : stage->outs) TRYV(view.Add(*stage, output));
  }
  return view;
}

Result<DataView> DataView::OfTargets(Repository& repository, const std::vector<pipeline::Target>& targets) {
  DataView view;
  view.repository_ = &repository;
  for (const pipeline::Target& target : targets) {
    for (const pipeline::Output& output : target.stage->outs) {
      if (target.filter.empty() || Overlap(target.filter, output.location)) TRYV(view.Add(*target.stage, output));
    }
  }
  return view;
}

Result<DataView> DataView::OfWorkspace(Repository& repository, const DataView& index, bool trees) {
  DataView view;
  view.repository_ = &repository;
  for (const auto& [location, recorded] : index.outs()) {
    const fs::path path = repository.place().Disk(location);
    const bool legacy = recorded.content.IsLegacy();
    std::vector<cas::ScanWarning> warnings;
    cas::HashOptions options{.state = &repository.state(),
                             .legacy = legacy,
                             .ignored = repository.IgnoredBelow(path),
                             .work = repository.work(),
                             .warnings = &warnings,
                             .broken_links = true};
    Result<cas::ObjectInfo> info = cas::HashPath(path, options);
    if (!info && info.error().code == Code::kNotFound) continue;
    if (!info) return std::move(info).error();
    DataOut out;
    out.location = location;
    out.content = ToContent(*info);
    out.is_dir = info->IsDir();
    const bool broken = HasBrokenLink(warnings);
    // Files of an unchanged folder are read from its .dir object, if there is one.
    const bool told = out.content.SameAs(recorded.content) && fs::exists(repository.store().PathOf(out.content.hash, legacy));
    if (out.is_dir && (broken || (trees && !told))) {
      TRY(cas::HashedTree hashed, cas::HashTree(path, options));
      if (broken) AddBrokenLinks(warnings, hashed);
      out.content = ToContent(hashed.info);
      out.scanned = std::make_shared<const cas::Tree>(std::move(hashed.tree));
    }
    view.outs_.emplace(location, std::move(out));
  }
  // Nothing is hashed any more: what that needed gives its memory to the saving and to the comparison.
  os::ReturnFreeMemory();
  TRYV(repository.Finish());
  return view;
}

Result<std::shared_ptr<const cas::Tree>> DataView::TreeOf(const DataOut& out) const {
  std::shared_ptr<const cas::Tree> none;
  if (out.scanned) return out.scanned;
  if (out.listed) return out.listed;
  if (repository_ == nullptr || out.is_partial || !out.content.IsDir()) return none;
  const std::optional<cas::ObjectId> id = cas::ObjectId::Parse(out.content.hash, out.content.IsLegacy());
  if (!id) return none;
  std::weak_ptr<const cas::Tree>& loaded = loaded_[out.content.hash];
  if (std::shared_ptr<const cas::Tree> known = loaded.lock()) return known;
  Result<cas::Tree> tree = LoadFolder(*repository_, nullptr, *id);
  if (!tree) {
    if (remotes::Remote* const remote = RemoteOf(out)) tree = LoadFolder(*repository_, remote, *id);
  }
  if (!tree && tree.error().code == Code::kCancelled) return std::move(tree).error();
  if (!tree) return none;
  auto shared = std::make_shared<const cas::Tree>(*std::move(tree));
  loaded = shared;
  return std::shared_ptr<const cas::Tree>(std::move(shared));
}

remotes::Remote* DataView::RemoteOf(const DataOut& out) const {
  const std::string name = RemoteNameOf(*repository_, out.remote);
  if (name.empty()) return nullptr;
  const auto [at, is_new] = remotes_.try_emplace(name);
  if (is_new) {
    Result<std::unique_ptr<remotes::Remote>> opened = OpenDataRemote(*repository_, name, "fetch");
    if (opened) at->second = *std::move(opened);
  }
  return at->second.get();
}

}  // namespace mlean::flows

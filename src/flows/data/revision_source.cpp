#include "flows/data/revision_source.hpp"

#include <fmt/core.h>

#include <utility>

#include "pipeline/place.hpp"
#include "repo/dvc_files.hpp"

namespace mlean::flows {

RevisionSource::RevisionSource(repo::GitReader& reader, std::string commit, std::string below_git, repo::DvcIgnore dvc_ignore)
    : reader_(reader), commit_(std::move(commit)), below_git_(std::move(below_git)), dvc_ignore_(std::move(dvc_ignore)) {}

Result<std::unique_ptr<RevisionSource>> RevisionSource::Open(repo::GitReader& reader, std::string commit, std::string below_git) {
  if (below_git == ".") below_git.clear();
  TRY(repo::DvcIgnore dvc_ignore, repo::DvcIgnore::OpenAt(reader, commit, below_git));
  return std::unique_ptr<RevisionSource>(
      new RevisionSource(reader, std::move(commit), std::move(below_git), std::move(dvc_ignore)));
}

std::string RevisionSource::InGit(const std::string& location) const {
  if (location == "." || location.empty()) return below_git_;
  return below_git_.empty() ? location : below_git_ + "/" + location;
}

Result<std::optional<repo::GitEntry>> RevisionSource::Entry(const std::string& location) {
  if (!pipeline::IsInside(location)) return std::optional<repo::GitEntry>();
  return reader_.Look(commit_, InGit(location));
}

RevisionSource::Kind RevisionSource::Look(const std::string& location) {
  const Result<std::optional<repo::GitEntry>> entry = Entry(location);
  if (!entry || !*entry) return Kind::kNone;
  const bool is_dir = (*entry)->kind == repo::GitEntryKind::kFolder || (*entry)->kind == repo::GitEntryKind::kSubmodule;
  return is_dir ? Kind::kDir : Kind::kFile;
}

Result<std::string> RevisionSource::Read(const std::string& location) {
  if (!pipeline::IsInside(location)) {
    return Fail(Code::kNotFound, fmt::format("cannot read '{}' of '{}': no such file", location, commit_.substr(0, 7)));
  }
  return reader_.ReadFile(commit_, InGit(location));
}

Result<void> RevisionSource::Walk(const std::function<Result<void>(const std::string& location)>& found,
                                  const std::function<bool(const std::string& location)>& enter) {
  return repo::WalkDvcFilesAt(reader_, commit_, below_git_, &dvc_ignore_, found, enter);
}

bool RevisionSource::IsDvcIgnored(const std::string& location) {
  if (!pipeline::IsInside(location)) return false;
  const Result<bool> ignored = dvc_ignore_.Ignored(location, Look(location) == Kind::kDir);
  return ignored && *ignored;
}

}  // namespace mlean::flows

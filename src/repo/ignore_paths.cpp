#include "repo/ignore_paths.hpp"

#include <utility>

namespace mlean::repo {
namespace {

// A walk asks for neighbours: what it has left behind may be forgotten.
constexpr std::size_t kMaxKnown = 1024;

// The folder that holds the path, and its name there.
std::pair<std::string_view, std::string_view> SplitLast(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  if (slash == path.npos) return {std::string_view(), path};
  return {path.substr(0, slash), path.substr(slash + 1)};
}

}  // namespace

Result<bool> IgnorePaths::Has(std::string_view path, bool is_dir) {
  const auto [folder, name] = SplitLast(path);
  TRY(const IgnoreFolderPtr rules, RulesIn(folder));
  return rules == nullptr || rules->Ignores(name, is_dir);
}

Result<IgnoreFolderPtr> IgnorePaths::RulesIn(std::string_view folder) {
  {
    const std::lock_guard lock(mutex_);
    if (const auto known = known_.find(folder); known != known_.end()) return known->second;
  }
  TRY(IgnoreFolderPtr rules, ReadRulesIn(folder));
  const std::lock_guard lock(mutex_);
  if (known_.size() >= kMaxKnown) known_.clear();
  known_.emplace(folder, rules);
  return rules;
}

Result<IgnoreFolderPtr> IgnorePaths::ReadRulesIn(std::string_view folder) {
  if (folder.empty()) {
    TRY(const bool ignored, ignore_.Ignored(folder_, true));
    return ignored ? Result<IgnoreFolderPtr>(nullptr) : ignore_.Folder(folder_);
  }
  const auto [parent, name] = SplitLast(folder);
  TRY(const IgnoreFolderPtr around, RulesIn(parent));
  if (around == nullptr || around->Ignores(name, true)) return IgnoreFolderPtr();
  return around->Enter(name);
}

}  // namespace mlean::repo

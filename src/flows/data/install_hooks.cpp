#include "flows/data/install_hooks.hpp"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "codec/yaml_tree.hpp"
#include "os/files.hpp"
#include "repo/git_hooks.hpp"

namespace mlean::flows {
namespace {

using codec::Json;

Result<void> AddPreCommitEntry(const std::filesystem::path& file, const std::filesystem::path& temp_dir) {
  TRY(const codec::YamlTree entries, codec::YamlTree::Parse(repo::PreCommitEntry()));
  const Json entry = entries.ToJson().AsArray().front();
  codec::YamlTree tree;
  if (os::Exists(file)) {
    TRY(const std::string text, os::ReadFile(file));
    TRY(tree, codec::YamlTree::Parse(text));
  }
  const Json repos = tree.At({"repos"});
  if (repos.IsArray()) {
    const Json::Array& known = repos.AsArray();
    if (std::find(known.begin(), known.end(), entry) != known.end()) return {};
    TRYV(tree.Append({"repos"}, entry));
  } else {
    TRYV(tree.Set({}, "repos", Json::Array{entry}));
  }
  return os::WriteFileAtomic(file, tree.Write(), {.temp_dir = temp_dir});
}

}  // namespace

Result<void> InstallHooks(const Repository& repository, bool pre_commit_tool) {
  const std::filesystem::path& root = repository.git_root();
  if (root.empty()) return {};
  if (!pre_commit_tool) return repo::InstallGitHooks(root);
  TRYV(repo::InstallMergeDriver(root));
  return AddPreCommitEntry(root / ".pre-commit-config.yaml", repository.project().DvcTempDir());
}

}  // namespace mlean::flows

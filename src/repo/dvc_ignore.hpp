// .dvcignore: which paths of a repository DVC does not see. The rules are pathspec's "gitignore" patterns as DVC applies them,
// which differ from git's own in small ways (a rule "!dir" also brings back what is in dir; "*/" matches nothing); where they
// differ, DVC's way is taken. Nested files add to those above. Always ignored: .git, .git/, .hg/, .dvc/, and every folder that
// has a .dvc of its own (a sub-repository), unless IgnoreScope says otherwise. In a git revision the rules are those of its own
// files.
//
//   TRY(const DvcIgnore ignore, DvcIgnore::Open(root));
//   TRY(const bool hidden, ignore.Ignored("data/a.tmp", /*is_dir=*/false));
//
// Errors: kInvalid "unexpected error - Invalid git pattern: '!'" (DVC crashes there, exit 255; the message adds nothing), or
// "…bad character range z-a at position 8"; kIo. Thread-safe.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "repo/git_reader.hpp"
#include "repo/ignore_folder.hpp"

namespace mlean::repo {

constexpr std::string_view kDvcIgnoreFile = ".dvcignore";

enum class IgnoreScope : std::uint8_t { kSkipSubrepos, kWithSubrepos };

struct IgnoreMatch {
  bool ignored = false;
  // What decided, as `check-ignore -d` shows it: ".dvcignore:3:*.tmp", "sub/.dvcignore:1:x", ":.git/" for a built-in rule,
  // "in sub_repo:NAME". Usually one; with negated rules on the way several, the last one decides. Empty: nothing matched.
  std::vector<std::string> rules;
};

class DvcIgnore {
 public:
  static Result<DvcIgnore> Open(const std::filesystem::path& root, IgnoreScope scope = IgnoreScope::kSkipSubrepos);

  // Of a commit; `folder` is the root of the DVC repository in the git repository ("" when they are the same). `reader` must
  // outlive this and all its folders.
  static Result<DvcIgnore> OpenAt(GitReader& reader, std::string_view commit, std::string_view folder,
                                  IgnoreScope scope = IgnoreScope::kSkipSubrepos);

  // The rules at the root, for a walk.
  IgnoreFolderPtr Root() const;
  // The rules in a folder, "" or "." is the root; 'a/b' with '/' between the parts. Reads the ignore files on the way.
  Result<IgnoreFolderPtr> Folder(std::string_view relative) const;

  // Whether the path, or a folder on the way to it, is ignored. `relative` to the root, normalised, need not exist. The root
  // itself and paths outside ("../x") are not ignored.
  Result<bool> Ignored(std::string_view relative, bool is_dir) const;
  Result<IgnoreMatch> Check(std::string_view relative, bool is_dir) const;

 private:
  struct State;
  explicit DvcIgnore(std::shared_ptr<const State> state) : state_(std::move(state)) {}
  std::shared_ptr<const State> state_;
};

}  // namespace mlean::repo

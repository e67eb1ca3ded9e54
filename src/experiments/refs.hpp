// Where experiments lie in git. An experiment is a commit whose parent is the commit it began at (its baseline), under the ref
//
//   refs/exps/<first 2 digits of the baseline>/<the other 38>/<name>
//
// Its message is "dvc: commit experiment <sha256>" of the dvc.lock entries of the stages that were reproduced. Beside experiments
// the tools keep refs of their own there, which are no experiments:
//
//   refs/exps/exec/…      of a run: EXEC_BASELINE, EXEC_APPLY …
//   refs/exps/apply/…     what `exp apply` has put aside: ORIG_HEAD, stash
//   refs/exps/celery/…    the queue of the real tool
//   refs/exps/temp/…      ours and its: anything that is in the making
//   refs/exps/stash       the real tool's stash of a run
//
// A ref of any other shape under refs/exps breaks every command of the real tool. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace mlean::experiments {

inline constexpr std::string_view kNamespace = "refs/exps/";
inline constexpr std::string_view kApplyHead = "refs/exps/apply/ORIG_HEAD";
inline constexpr std::string_view kApplyStash = "refs/exps/apply/stash";
inline constexpr std::string_view kExecApply = "refs/exps/exec/EXEC_APPLY";
inline constexpr std::string_view kTemporary = "refs/exps/temp/";

struct ExpRef {
  std::string baseline;  // 40 hex digits
  std::string name;

  std::string Text() const;  // the whole ref
  friend bool operator==(const ExpRef& a, const ExpRef& b) { return a.baseline == b.baseline && a.name == b.name; }
};

// nullopt: the ref is no experiment's.
std::optional<ExpRef> ParseExpRef(std::string_view ref);
// The part of the refs that the experiments of a commit share, with '/' at the end.
std::string RefsOf(std::string_view baseline);

// What git allows as the last part of a ref.
bool IsValidName(std::string_view name);

// "dvc: commit experiment 1234…".
std::string CommitMessage(std::string_view hash);
// "dvc-exp-apply:HEAD:COMMIT:NAME", by which the real tool knows its stash.
std::string ApplyMessage(std::string_view head, std::string_view commit, std::string_view name);

// An adjective and a noun, "brisk-otter". Thread-safe; randomness is the operating system's.
std::string RandomName();

}  // namespace mlean::experiments

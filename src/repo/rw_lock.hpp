// RwLock: DVC's lock of single paths, entries of `.dvc/tmp/rwlock`: {"write": {path: {pid, cmd}}, "read": {path: [{pid, cmd}]}},
// which is only read and written under `.dvc/tmp/rwlock.lock`. A stage holds its dependencies for reading and its outputs for
// writing while it runs. Entries of dead processes are dropped, with a note.
//
//   std::vector<std::string> notes;
//   TRY(const RwLock lock, RwLock::Acquire(tmp_dir, {.command = "mlean repro", .read = deps, .write = outs}, &notes));
//
// Errors: kBusy with DVC's text "'/repo/data' is busy, it is being blocked by:\n  (PID 12): dvc repro\n\nIf there are no
// processes with such PIDs, you can manually remove '.dvc/tmp/rwlock' and try again." (exit 255). Unlike DVC, which refuses to go
// on, an rwlock file that is empty, cut or of a wrong shape (left by a kill) is started anew, with a note.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "repo/repo_lock.hpp"

namespace mlean::repo {

struct RwLockRequest {
  std::string command;             // the command line, for people
  std::vector<std::string> read;   // absolute paths
  std::vector<std::string> write;  // absolute paths
  bool hardlink = false;           // core.hardlink_lock
  const std::atomic<bool>* cancel = nullptr;
};

// One object is one hold; released on destruction. Several holds of one process are told apart: they block each other, unless
// `command` is equal, as in DVC.
class RwLock {
 public:
  // `tmp_dir` exists. `notes` (may be null) gets DVC's warnings, without "WARNING: ".
  static Result<RwLock> Acquire(const std::filesystem::path& tmp_dir, const RwLockRequest& request,
                                std::vector<std::string>* notes);
  // Takes what `request` asks for in the place of what is held, in one edit of the file. An error leaves the hold as it is.
  Result<void> Exchange(const RwLockRequest& request, std::vector<std::string>* notes);
  RwLock(RwLock&& other) noexcept;
  RwLock& operator=(RwLock&& other) noexcept;
  ~RwLock();
  Result<void> Release();

 private:
  RwLock() = default;
  std::filesystem::path tmp_dir_;
  std::string command_;
  std::vector<std::string> read_;  // what this hold has added
  std::vector<std::string> write_;
  bool hardlink_ = false;
};

}  // namespace mlean::repo

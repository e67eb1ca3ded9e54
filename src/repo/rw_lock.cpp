#include "repo/rw_lock.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <functional>
#include <limits>
#include <optional>
#include <set>
#include <system_error>
#include <utility>

#include "base/text.hpp"
#include "codec/json.hpp"
#include "os/files.hpp"
#include "repo/config_level.hpp"

namespace mlean::repo {
namespace {

namespace fs = std::filesystem;
using codec::Json;

constexpr std::string_view kFile = "rwlock";
constexpr std::string_view kGuard = "rwlock.lock";
constexpr std::uint64_t kMaxFileBytes = std::uint64_t{64} << 20;

struct Holder {
  std::int64_t pid = 0;
  std::string command;
  bool operator==(const Holder&) const = default;
};

// All entries of the file, those for writing with one holder each.
struct Entry {
  std::string path;
  std::vector<Holder> holders;
};
struct Table {
  std::vector<Entry> write;
  std::vector<Entry> read;
};

std::optional<Holder> ParseHolder(const Json& json) {
  const Json* pid = json.Find("pid");
  const Json* command = json.Find("cmd");
  if (pid == nullptr || !pid->IsInt() || command == nullptr || !command->IsString() || json.AsObject().size() != 2)
    return std::nullopt;
  return Holder{pid->AsInt(), command->AsString()};
}

std::optional<std::vector<Entry>> ParseEntries(const Json& json, bool lists) {
  if (!json.IsObject()) return std::nullopt;
  std::vector<Entry> entries;
  for (const auto& [path, value] : json.AsObject()) {
    Entry entry{path, {}};
    if (lists && !value.IsArray()) return std::nullopt;
    const std::size_t count = lists ? value.AsArray().size() : 1;
    for (std::size_t i = 0; i < count; ++i) {
      std::optional<Holder> holder = ParseHolder(lists ? value.AsArray()[i] : value);
      if (!holder) return std::nullopt;
      entry.holders.push_back(std::move(*holder));
    }
    entries.push_back(std::move(entry));
  }
  return entries;
}

// nullopt: not of the shape that DVC writes.
std::optional<Table> ParseTable(std::string_view text) {
  const Result<Json> json = Json::Parse(text, {.surrogate_escape = true});
  if (!json || !json->IsObject()) return std::nullopt;
  Table table;
  for (const auto& [name, value] : json->AsObject()) {
    const bool is_read = name == "read";
    if (!is_read && name != "write") return std::nullopt;
    std::optional<std::vector<Entry>> entries = ParseEntries(value, is_read);
    if (!entries) return std::nullopt;
    (is_read ? table.read : table.write) = std::move(*entries);
  }
  return table;
}

std::string DumpTable(const Table& table) {
  const auto dump = [](const Holder& holder) { return Json::Object{{"pid", holder.pid}, {"cmd", holder.command}}; };
  Json::Object write;
  for (const Entry& entry : table.write) write.emplace_back(entry.path, dump(entry.holders.front()));
  Json::Object read;
  for (const Entry& entry : table.read) {
    Json::Array holders;
    for (const Holder& holder : entry.holders) holders.emplace_back(dump(holder));
    read.emplace_back(entry.path, std::move(holders));
  }
  Json::Object out;
  if (!write.empty()) out.emplace_back("write", std::move(write));
  if (!read.empty()) out.emplace_back("read", std::move(read));
  return Json(std::move(out)).DumpPython();
}

bool IsAlive(std::int64_t pid) {
  if (pid <= 0 || pid > std::numeric_limits<pid_t>::max()) return false;
  if (::kill(static_cast<pid_t>(pid), 0) != 0 && errno == ESRCH) return false;
  // The number of a thread also takes signals, but no process has it.
  const Result<std::string> status = os::ReadFile(fmt::format("/proc/{}/status", pid), 65536);
  if (!status) return true;
  const std::size_t at = status->find("\nTgid:\t");
  return at == status->npos || status->compare(at + 7, fmt::formatted_size("{}\n", pid), fmt::format("{}\n", pid)) == 0;
}

bool Overlap(std::string_view a, std::string_view b) {
  const auto within = [](std::string_view inner, std::string_view outer) {
    return inner.starts_with(outer) && (inner.size() == outer.size() || outer.ends_with('/') || inner[outer.size()] == '/');
  };
  return within(a, b) || within(b, a);
}

// Into the file that is there, which saves making and freeing a file twice a stage. Under the guard nobody reads it meanwhile;
// one write within a page is whole however we end, and blanks behind JSON do no harm until they are cut off. False: not done.
bool RewriteInPlace(const fs::path& path, std::string text, std::size_t old_size) {
  constexpr std::size_t kPage = 4096;
  const std::size_t size = text.size();
  if (old_size == 0 || std::max(size, old_size) > kPage) return false;
  text.resize(std::max(size, old_size), ' ');
  const int fd = ::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0) return false;
  const bool written = ::pwrite(fd, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size());
  const bool done = written && ::ftruncate(fd, static_cast<off_t>(size)) == 0;
  ::close(fd);
  return done;
}

// Reads the table, lets `edit` change it and writes it again, under the guard.
Result<void> EditTable(const fs::path& tmp_dir, bool hardlink, const std::atomic<bool>* cancel, std::vector<std::string>* notes,
                       const std::function<Result<void>(Table& table)>& edit) {
  TRY(const RepoLock guard, RepoLock::Acquire(tmp_dir, {.hardlink = hardlink, .cancel = cancel}, kGuard));
  const fs::path path = tmp_dir / kFile;
  Table table;
  const Result<std::string> text = os::ReadFile(path, kMaxFileBytes);
  if (!text && text.error().code != Code::kNotFound) return text.error();
  if (text) {
    if (std::optional<Table> parsed = ParseTable(*text)) {
      table = std::move(*parsed);
    } else if (notes != nullptr) {
      notes->push_back(fmt::format("'{}' is broken, as a killed process may leave it; it has been started anew.", path.string()));
    }
  }
  TRYV(edit(table));
  const std::string after = DumpTable(table);
  if (text && *text == after) return {};
  if (text && RewriteInPlace(path, after, text->size())) return {};
  return os::WriteFileAtomic(path, after, {.sync = false});
}

// Finds those who block one of `waiters`; takes the dead among them out of `entries`.
class Blockers {
 public:
  Blockers(const Holder& self, std::vector<std::string>* notes) : self_(self), notes_(notes) {}

  // kBusy when there are any alive.
  Result<void> Check(std::vector<Entry>& entries, const std::vector<const std::string*>& waiters, const fs::path& tmp_dir) {
    const std::string* shown = nullptr;  // DVC names the waiter that it looked at last, whoever is blocked
    std::string blockers;
    for (Entry& entry : entries) {
      const auto waiter =
          std::find_if(waiters.begin(), waiters.end(), [&](const std::string* path) { return Overlap(*path, entry.path); });
      if (!waiters.empty()) shown = waiter == waiters.end() ? waiters.back() : *waiter;
      if (waiter == waiters.end()) continue;
      std::erase_if(entry.holders, [&](const Holder& holder) {
        if (holder == self_) return false;
        if (!IsDead(holder, entry.path)) {
          blockers += fmt::format("\n  (PID {}): {}", holder.pid, holder.command);
          return false;
        }
        return true;
      });
    }
    std::erase_if(entries, [](const Entry& entry) { return entry.holders.empty(); });
    if (blockers.empty()) return {};
    return Fail(
        Code::kBusy,
        fmt::format("'{}' is busy, it is being blocked by:{}\n\nIf there are no processes with such PIDs, you can manually "
                    "remove '{}/{}' and try again.",
                    *shown, blockers, tmp_dir.string(), kFile));
  }

 private:
  bool IsDead(const Holder& holder, const std::string& path) {
    if (dead_.contains(holder.pid)) return true;
    if (IsAlive(holder.pid)) return false;
    dead_.insert(holder.pid);
    if (notes_ != nullptr) {
      std::error_code error;
      notes_->push_back(
          fmt::format("Process '{}' with (Pid {}), in RWLock-file '{}' had been killed. Auto removed it from the lock file.",
                      holder.command, holder.pid, RelPath(path, fs::current_path(error).string())));
    }
    return true;
  }

  const Holder& self_;
  std::vector<std::string>* notes_;
  std::set<std::int64_t> dead_;
};

Entry& EntryOf(std::vector<Entry>& entries, const std::string& path) {
  const auto at = std::find_if(entries.begin(), entries.end(), [&](const Entry& entry) { return entry.path == path; });
  return at != entries.end() ? *at : entries.emplace_back(Entry{path, {}});
}

// Takes the holder out of the entries of `paths`.
void Leave(std::vector<Entry>& entries, const std::vector<std::string>& paths, const Holder& self) {
  const std::set<std::string_view> wanted(paths.begin(), paths.end());
  for (Entry& entry : entries) {
    if (!wanted.contains(entry.path)) continue;
    const auto at = std::find(entry.holders.begin(), entry.holders.end(), self);
    if (at != entry.holders.end()) entry.holders.erase(at);
  }
  std::erase_if(entries, [](const Entry& entry) { return entry.holders.empty(); });
}

}  // namespace

Result<RwLock> RwLock::Acquire(const fs::path& tmp_dir, const RwLockRequest& request, std::vector<std::string>* notes) {
  std::error_code error;
  RwLock lock;
  lock.tmp_dir_ = fs::absolute(tmp_dir, error).lexically_normal();
  Result<void> taken = lock.Exchange(request, notes);
  if (taken) return lock;
  lock.tmp_dir_.clear();  // it holds nothing
  return std::move(taken).error();
}

Result<void> RwLock::Exchange(const RwLockRequest& request, std::vector<std::string>* notes) {
  const Holder before{::getpid(), command_};
  const Holder self{::getpid(), request.command};
  std::vector<const std::string*> writers;
  for (const std::string& path : request.write) writers.push_back(&path);
  std::vector<const std::string*> all;
  for (const std::string& path : request.read) all.push_back(&path);
  all.insert(all.end(), writers.begin(), writers.end());
  std::vector<std::string> read;
  std::vector<std::string> write;
  TRYV(EditTable(tmp_dir_, request.hardlink, request.cancel, notes, [&](Table& table) -> Result<void> {
    Leave(table.write, write_, before);
    Leave(table.read, read_, before);
    TRYV(Blockers(self, notes).Check(table.write, all, tmp_dir_));
    TRYV(Blockers(self, notes).Check(table.read, writers, tmp_dir_));
    for (const std::string& path : request.read) {
      std::vector<Holder>& holders = EntryOf(table.read, path).holders;
      if (std::find(holders.begin(), holders.end(), self) != holders.end()) continue;
      holders.push_back(self);
      read.push_back(path);
    }
    for (const std::string& path : request.write) {
      std::vector<Holder>& holders = EntryOf(table.write, path).holders;
      if (!holders.empty() && holders.front() == self) continue;
      holders = {self};
      write.push_back(path);
    }
    return {};
  }));
  command_ = request.command;
  hardlink_ = request.hardlink;
  read_ = std::move(read);
  write_ = std::move(write);
  return {};
}

RwLock::RwLock(RwLock&& other) noexcept
    : tmp_dir_(std::exchange(other.tmp_dir_, {})),
      command_(std::move(other.command_)),
      read_(std::move(other.read_)),
      write_(std::move(other.write_)),
      hardlink_(other.hardlink_) {}

RwLock& RwLock::operator=(RwLock&& other) noexcept {
  if (this == &other) return *this;
  (void)Release();
  tmp_dir_ = std::exchange(other.tmp_dir_, {});
  command_ = std::move(other.command_);
  read_ = std::move(other.read_);
  write_ = std::move(other.write_);
  hardlink_ = other.hardlink_;
  return *this;
}

RwLock::~RwLock() { (void)Release(); }

Result<void> RwLock::Release() {
  if (tmp_dir_.empty()) return {};
  const fs::path tmp_dir = std::exchange(tmp_dir_, {});
  const Holder self{::getpid(), command_};
  return EditTable(tmp_dir, hardlink_, nullptr, nullptr, [&](Table& table) -> Result<void> {
    Leave(table.write, write_, self);
    Leave(table.read, read_, self);
    return {};
  });
}

}  // namespace mlean::repo

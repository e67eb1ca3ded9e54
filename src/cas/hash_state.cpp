#include "cas/hash_state.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <deque>
#include <mutex>
#include <unordered_map>
#include <utility>

#include "cas/facts.hpp"
#include "cas/state_file.hpp"
#include "cas/state_key.hpp"
#include "os/files.hpp"

namespace mlean::cas {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kLegacy = 0x6C65676163792121u;
constexpr std::uint64_t kFolder = 0x666F6C6465722121u;
constexpr std::int64_t kForeignMarginNs = 2'000'000'000;

// Whether what was last touched at `newest` was old at that moment.
bool IsSettledAt(const HashState::Moment& newest, const HashState::Moment& moment) {
  return newest.ns < moment.ns - (newest.device == moment.device ? 0 : kForeignMarginNs);
}

std::uint64_t Kind(bool legacy) { return legacy ? kLegacy : 0; }

// A descriptor whose ctime tells the file system's clock, or -1: a file without a name in the nearest folder that exists.
int OpenClock(const fs::path& file) {
  for (fs::path folder = file.parent_path(); !folder.empty(); folder = folder.parent_path()) {
    const int fd = ::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd >= 0) return fd;
    if (errno != ENOENT || folder == folder.parent_path()) break;
  }
  return -1;
}

}  // namespace

struct HashState::Data {
  fs::path file;
  int clock = -1;
  mutable std::mutex mutex;  // guards all below
  // What the file has, read when first asked for: runs, newest last, each sorted by key.path.
  std::optional<std::vector<StateFile::Run>> saved;
  std::vector<StateFile::Run> runs;                  // not in the file yet; newer
  std::unordered_map<std::uint64_t, Record> recent;  // by key.path; not in a run yet
  struct Made {
    Record record;
    Moment newest;
  };
  std::deque<Made> made;

  Data() = default;
  Data(const Data&) = delete;
  Data& operator=(const Data&) = delete;
  ~Data() {
    if (clock >= 0) ::close(clock);
  }
  const std::vector<StateFile::Run>& Saved() {
    if (!saved) saved = StateFile::Read(file);
    return *saved;
  }
  // Turns what came in one by one into a run.
  void Flush();
  void Add(StateFile::Run run) {
    if (run.empty()) return;
    StateFile::SortRun(run);
    runs.push_back(std::move(run));
  }
};

HashState::HashState() : data_(std::make_unique<Data>()) {}
HashState::HashState(HashState&&) noexcept = default;
HashState& HashState::operator=(HashState&&) noexcept = default;
HashState::~HashState() = default;

Result<HashState> HashState::Open(const fs::path& file) {
  HashState state;
  state.data_->file = file;
  state.data_->clock = OpenClock(fs::absolute(file));
  return state;
}

HashState::Key HashState::KeyOfFile(std::string_view path, const FileFacts& facts, bool legacy) {
  const std::uint64_t key = HashWholePath(path);
  return {key ^ Kind(legacy), HashFacts(key, facts) ^ Kind(legacy)};
}

HashState::Key HashState::KeyOfFile(const Listing& listing, std::size_t index, bool legacy) {
  const std::uint64_t key = listing.path_key(index);
  return {key ^ Kind(legacy), HashFacts(key, listing.facts(index)) ^ Kind(legacy)};
}

std::uint64_t HashState::PathKey(std::string_view path) { return HashWholePath(path); }

// A sum does not depend on the order of the files.
void HashState::FolderSum::Add(std::uint64_t path_key, const FileFacts& facts) {
  sum_ += HashFacts(path_key, facts);
  ++count_;
}

HashState::Key HashState::FolderSum::KeyOf(std::string_view path, bool legacy) const {
  const std::uint64_t key = HashWholePath(path) ^ kFolder;
  return {key ^ Kind(legacy), Mix(sum_, count_) ^ Kind(legacy)};
}

HashState::Key HashState::KeyOfFolder(std::string_view path, const Listing& listing, bool legacy) {
  FolderSum sum;
  for (std::size_t i = 0; i < listing.size(); ++i) sum.Add(listing.path_key(i), listing.facts(i));
  return sum.KeyOf(path, legacy);
}

std::optional<Md5> HashState::Find(const Key& key) const {
  const std::lock_guard lock(data_->mutex);
  if (const auto found = data_->recent.find(key.path); found != data_->recent.end()) {
    if (found->second.key.condition == key.condition) return found->second.md5;
  }
  for (const std::vector<StateFile::Run>* runs : {&std::as_const(data_->runs), &data_->Saved()}) {
    for (auto run = runs->rbegin(); run != runs->rend(); ++run) {
      const Record* const record = StateFile::Find(*run, key.path);
      if (record != nullptr && record->key.condition == key.condition) return record->md5;
    }
  }
  return std::nullopt;
}

HashState::Moment HashState::Now() const {
  if (data_->clock >= 0) {
    struct stat st {};
    if (::futimens(data_->clock, nullptr) == 0 && ::fstat(data_->clock, &st) == 0) {
      const FileFacts facts = FactsFromStat(st);
      return {facts.ctime_ns, facts.device};
    }
  }
  // Device 0 is no file's: two seconds are kept from this machine's clock.
  struct timespec now {};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return {now.tv_sec * std::int64_t{1'000'000'000} + now.tv_nsec, 0};
}

bool HashState::IsSettled(const FileFacts& facts, const Moment& moment) {
  return IsSettledAt({facts.newest_ns(), facts.device}, moment);
}

void HashState::Remember(const Key& key, const Md5& md5) {
  const std::lock_guard lock(data_->mutex);
  data_->recent[key.path] = {key, md5};
}

void HashState::Remember(std::vector<Record> records) {
  const std::lock_guard lock(data_->mutex);
  // What came before must stay older than this.
  data_->Flush();
  data_->Add(std::move(records));
}

void HashState::RememberMade(const Key& key, const Md5& md5, const FileFacts& newest) {
  const std::lock_guard lock(data_->mutex);
  data_->made.push_back({{key, md5}, {newest.newest_ns(), newest.device}});
}

void HashState::Data::Flush() {
  StateFile::Run run;
  run.reserve(recent.size());
  for (const auto& [path, record] : recent) run.push_back(record);
  recent.clear();
  Add(std::move(run));
}

Result<void> HashState::Save() {
  const Moment now = Now();
  const std::lock_guard lock(data_->mutex);
  data_->Flush();
  StateFile::Run made;
  for (; !data_->made.empty(); data_->made.pop_front()) {
    const Data::Made& entry = data_->made.front();
    if (IsSettledAt(entry.newest, now)) made.push_back(entry.record);
  }
  data_->Add(std::move(made));
  if (data_->file.empty() || data_->runs.empty()) return {};
  // Before the file is read to be added to: it may be large.
  data_->saved.reset();
  TRYV(StateFile::Append(data_->file, data_->runs));
  data_->runs = {};
  return {};
}

std::size_t HashState::size() const {
  const std::lock_guard lock(data_->mutex);
  std::size_t total = data_->recent.size();
  for (const StateFile::Run& run : data_->runs) total += run.size();
  for (const StateFile::Run& run : data_->Saved()) total += run.size();
  return total;
}

}  // namespace mlean::cas

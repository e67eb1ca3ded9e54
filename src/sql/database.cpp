#include "sql/database.hpp"

#include <fmt/core.h>

#include <chrono>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>

#include "sql/connection.hpp"
#include "sql/migrate.hpp"

namespace mlean::sql {
namespace {

// Bounds how long the first job of a group waits for the last.
constexpr std::size_t kMaxGroup = 1000;
constexpr auto kReaderWait = std::chrono::seconds(10);

// A waiting write; lives on the stack of the thread that called Write(). Guarded by Database::State::mutex, but for `result`,
// which is the writer's until `done`.
struct Job {
  const std::function<Result<void>(Txn&)>* work = nullptr;
  Result<void> result;
  bool done = false;
  std::condition_variable answered;
};

Result<void> CallWork(const std::function<Result<void>(Txn&)>& work, Txn& txn) {
  try {
    return work(txn);
  } catch (const std::exception& failure) {
    return Fail(Code::kInternal, fmt::format("cannot write database: {}", failure.what()));
  }
}

}  // namespace

struct Database::State {
  Options options;

  std::unique_ptr<Txn> txn;  // of the thread that has set `writing`

  std::mutex mutex;           // guards the five below
  std::vector<Job*> queue;    // in order of arrival
  bool writing = false;       // a thread runs a group: the writer's, or a caller's when nobody else writes
  std::thread::id writer_id;  // which one
  bool stopping = false;      // set once; the writer empties the queue and ends
  std::condition_variable work_there;

  std::mutex readers_mutex;  // guards the three below
  std::vector<std::unique_ptr<Conn>> idle_readers;
  int open_readers = 0;
  std::condition_variable reader_free;

  std::mutex version_mutex;  // guards version_conn, which nothing else uses: the number is per connection
  std::unique_ptr<Conn> version_conn;

  std::jthread writer;  // last: joined first

  static std::unique_ptr<Conn> MakeConn(std::unique_ptr<Handle> handle);
  Handle& WriterHandle() { return *txn->state_->handle; }
  Handle& HandleOf(Conn& conn) { return *conn.state_->handle; }
  Result<std::unique_ptr<Conn>> TakeReader();
  void GiveBackReader(std::unique_ptr<Conn> reader);
  void WriterLoop();
  void RunUnlocked(std::unique_lock<std::mutex>& lock, const std::vector<Job*>& group);
  void RunGroup(const std::vector<Job*>& group);
  Result<void> RunAlone(Job& job);
  Result<void> RunInSavepoint(Job& job);
};

std::unique_ptr<Conn> Database::State::MakeConn(std::unique_ptr<Handle> handle) {
  auto state = std::make_unique<Conn::State>();
  state->handle = std::move(handle);
  return std::unique_ptr<Conn>(new Conn(std::move(state)));
}

// ---- open and close

Result<std::unique_ptr<Database>> Database::Open(const Options& options, const std::vector<Migration>& migrations) {
  CHECK_BUG(options.readers > 0 && options.max_queued > 0);
  const std::filesystem::path folder = options.path.parent_path();
  std::error_code failure;
  if (!folder.empty()) std::filesystem::create_directories(folder, failure);
  if (failure) return Fail(Code::kIo, fmt::format("cannot make folder '{}': {}", folder.string(), failure.message()));

  auto state = std::make_unique<State>();
  state->options = options;
  auto conn_state = std::make_unique<Conn::State>();
  TRY(conn_state->handle, Handle::Open(options.path, options.sync, Handle::Role::kWriter));
  state->txn.reset(new Txn(std::move(conn_state)));
  TRYV(Migrate(*state->txn, state->WriterHandle(), migrations));

  State* const shared = state.get();
  shared->writer = std::jthread([shared] { shared->WriterLoop(); });
  return std::unique_ptr<Database>(new Database(std::move(state)));
}

Database::Database(std::unique_ptr<State> state) : state_(std::move(state)) {}

Database::~Database() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopping = true;
    state_->work_there.notify_one();
  }
  state_->writer.join();
}

const std::filesystem::path& Database::path() const { return state_->options.path; }

// ---- writes

Result<void> Database::WriteJob(const std::function<Result<void>(Txn&)>& work) {
  State& s = *state_;
  Job job;
  job.work = &work;
  std::unique_lock lock(s.mutex);
  // A job that writes through the database instead of its Txn would wait for itself.
  CHECK_BUG(std::this_thread::get_id() != s.writer_id);
  CHECK_BUG(!s.stopping);
  if (s.queue.size() >= s.options.max_queued) {
    return Fail(Code::kBusy, fmt::format("cannot write database '{}': {} writes are waiting", path().string(), s.queue.size()));
  }
  if (!s.writing && s.queue.empty()) {
    // Nobody else writes: without the two switches between threads this is several times as fast.
    s.RunUnlocked(lock, {&job});
    if (!s.queue.empty() || s.stopping) s.work_there.notify_one();
  } else {
    s.queue.push_back(&job);
    if (!s.writing) s.work_there.notify_one();
    job.answered.wait(lock, [&] { return job.done; });
  }
  return std::move(job.result);
}

std::optional<Result<void>> Database::WriteJobAtOnce(const std::function<Result<void>(Txn&)>& work) {
  State& s = *state_;
  Job job;
  job.work = &work;
  std::unique_lock lock(s.mutex, std::try_to_lock);
  if (!lock || s.writing || s.stopping || !s.queue.empty() || s.options.sync == Sync::kFull) return std::nullopt;
  if (s.WriterHandle().CheckpointDue()) return std::nullopt;
  s.WriterHandle().WaitForNobody(true);
  s.RunUnlocked(lock, {&job});
  s.WriterHandle().WaitForNobody(false);
  if (!s.queue.empty() || s.stopping) s.work_there.notify_one();
  if (!job.result && job.result.error().code == Code::kBusy) return std::nullopt;  // another process writes
  return std::move(job.result);
}

// Takes the part of the writer for one group; `lock` is on `mutex` before and after.
void Database::State::RunUnlocked(std::unique_lock<std::mutex>& lock, const std::vector<Job*>& group) {
  writing = true;
  writer_id = std::this_thread::get_id();
  lock.unlock();
  RunGroup(group);
  lock.lock();
  writing = false;
  writer_id = {};
}

void Database::State::WriterLoop() {
  std::vector<Job*> group;
  std::unique_lock lock(mutex);
  for (;;) {
    work_there.wait(lock, [&] { return !writing && (!queue.empty() || stopping); });
    if (queue.empty()) return;
    if (queue.size() <= kMaxGroup) {
      group.swap(queue);
    } else {
      const auto end = queue.begin() + static_cast<std::ptrdiff_t>(kMaxGroup);
      group.assign(queue.begin(), end);
      queue.erase(queue.begin(), end);
    }
    RunUnlocked(lock, group);
    for (Job* job : group) {
      job->done = true;
      job->answered.notify_one();  // under the lock: afterwards the job may be gone
    }
    group.clear();
  }
}

void Database::State::RunGroup(const std::vector<Job*>& group) {
  Result<void> committed = txn->Exec("BEGIN IMMEDIATE");
  if (committed) {
    for (Job* job : group) {
      committed = group.size() == 1 ? RunAlone(*job) : RunInSavepoint(*job);
      if (!committed) break;
    }
    if (committed && !WriterHandle().Autocommit()) committed = txn->Exec("COMMIT");
    if (!WriterHandle().Autocommit()) (void)txn->Exec("ROLLBACK");
  }
  if (committed) return;
  for (Job* job : group) {
    if (job->result) job->result = committed.error();
  }
}

// The only job of its group: the transaction is its savepoint. Returns what holds for the whole group.
Result<void> Database::State::RunAlone(Job& job) {
  job.result = CallWork(*job.work, *txn);
  const bool lost = WriterHandle().Autocommit();
  if (!job.result) return lost ? Result<void>() : txn->Exec("ROLLBACK");
  if (lost)
    return Fail(Code::kIo, fmt::format("cannot write database '{}': the transaction was rolled back", WriterHandle().path()));
  return {};
}

// An error here means that the transaction is of no use any more.
Result<void> Database::State::RunInSavepoint(Job& job) {
  TRYV(txn->Exec("SAVEPOINT job"));
  job.result = CallWork(*job.work, *txn);
  if (WriterHandle().Autocommit()) {
    // SQLite rolls back everything by itself when the disk is full or fails, and with it the jobs before this one.
    if (!job.result) return job.result.error();
    return Fail(Code::kIo, fmt::format("cannot write database '{}': the transaction was rolled back", WriterHandle().path()));
  }
  if (!job.result) TRYV(txn->Exec("ROLLBACK TO job"));
  return txn->Exec("RELEASE job");
}

// ---- reads

Result<std::unique_ptr<Conn>> Database::State::TakeReader() {
  std::unique_lock lock(readers_mutex);
  const bool free =
      reader_free.wait_for(lock, kReaderWait, [&] { return !idle_readers.empty() || open_readers < options.readers; });
  if (!free) {
    return Fail(Code::kBusy,
                fmt::format("cannot read database '{}': all {} readers are busy", options.path.string(), options.readers));
  }
  if (!idle_readers.empty()) {
    std::unique_ptr<Conn> reader = std::move(idle_readers.back());
    idle_readers.pop_back();
    return reader;
  }
  ++open_readers;
  lock.unlock();
  auto handle = Handle::Open(options.path, options.sync, Handle::Role::kReader);
  if (handle) return MakeConn(*std::move(handle));
  GiveBackReader(nullptr);
  return std::move(handle).error();
}

// nullptr: the reader was closed.
void Database::State::GiveBackReader(std::unique_ptr<Conn> reader) {
  const std::lock_guard lock(readers_mutex);
  if (reader != nullptr) {
    idle_readers.push_back(std::move(reader));
  } else {
    --open_readers;
  }
  reader_free.notify_one();
}

Result<void> Database::ReadJob(const std::function<void(Conn&)>& work) {
  State& s = *state_;
  TRY(std::unique_ptr<Conn> reader, s.TakeReader());
  // Ends the read transaction on every way out; a reader that cannot is closed.
  struct Lease {
    State& state;
    std::unique_ptr<Conn> reader;
    ~Lease() {
      if (!state.HandleOf(*reader).Autocommit() && !reader->Exec("COMMIT")) reader.reset();
      state.GiveBackReader(std::move(reader));
    }
  } lease{s, std::move(reader)};
  TRYV(lease.reader->Exec("BEGIN"));
  work(*lease.reader);
  return {};
}

Result<std::int64_t> Database::Synchronous() {
  return Write([](Txn& txn) -> Result<std::int64_t> {
    TRY(Stmt stmt, txn.Prepare("PRAGMA synchronous"));
    TRYV(stmt.Step());
    return stmt.Int(0);
  });
}

Result<std::int64_t> Database::DataVersion() {
  State& s = *state_;
  const std::lock_guard lock(s.version_mutex);
  if (s.version_conn == nullptr) {
    TRY(auto handle, Handle::Open(s.options.path, s.options.sync, Handle::Role::kReader));
    s.version_conn = State::MakeConn(std::move(handle));
  }
  TRY(Stmt stmt, s.version_conn->Prepare("PRAGMA data_version"));
  TRYV(stmt.Step());
  return stmt.Int(0);
}

}  // namespace mlean::sql

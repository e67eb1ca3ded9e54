#include "sql/connection.hpp"

#include <fmt/core.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include <cerrno>
#include <chrono>
#include <cmath>
#include <cstring>
#include <limits>
#include <thread>

#include "base/text.hpp"
#include "os/files.hpp"

namespace mlean::sql {
namespace {

constexpr int kBusyTimeoutMs = 10'000;
constexpr int kCheckpointPages = 1000;  // as SQLite's default
constexpr std::size_t kMaxCached = 512;
constexpr std::size_t kMaxCachedText = 16 << 10;  // longer ones have lists in them, and do not come again

// Secrets of webhooks are in it: a database is for its owner and, where the umask lets it, the group. SQLite gives the files
// beside it the same mode. By path: to open and close the file here would drop the locks that this process has on it through
// SQLite.
void MakePrivate(const std::string& path) {
  struct ::stat facts {};
  if (::stat(path.c_str(), &facts) != 0 || (facts.st_mode & S_IRWXO) == 0) return;
  static_cast<void>(::chmod(path.c_str(), facts.st_mode & 0770));  // not ours: its owner's server does it
}

// The statement as one short line.
std::string Shorten(std::string_view sql) {
  std::string line;
  for (const char c : Trim(sql)) {
    const bool blank = c == '\n' || c == '\t' || c == ' ';
    if (blank && (line.empty() || line.back() == ' ')) continue;
    line += blank ? ' ' : c;
    if (line.size() >= 120) return line + "…";
  }
  return line;
}

Code CodeOf(int code) {
  switch (code) {
    case SQLITE_CONSTRAINT_UNIQUE:
    case SQLITE_CONSTRAINT_PRIMARYKEY:
    case SQLITE_CONSTRAINT_ROWID: return Code::kExists;
    case SQLITE_CONSTRAINT_TRIGGER: return Code::kDenied;  // RAISE() in a trigger of ours
  }
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return Code::kBusy;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return Code::kCorrupt;
    case SQLITE_CONSTRAINT: return Code::kInvalid;
    case SQLITE_TOOBIG: return Code::kTooLarge;
    case SQLITE_INTERRUPT: return Code::kCancelled;
    case SQLITE_FULL: return Code::kFull;
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_READONLY:
    case SQLITE_NOLFS:
    case SQLITE_PROTOCOL: return Code::kIo;
  }
  return Code::kInternal;
}

// The errno of what failed; 0 when it was not kept. A write that failed is known to its file only.
int SystemError(sqlite3* db, int code) {
  int number = sqlite3_system_errno(db);
  if (number != 0 || code != SQLITE_IOERR_WRITE) return number;
  sqlite3_file* wal = nullptr;
  sqlite3_file_control(db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &wal);
  if (wal != nullptr && wal->pMethods != nullptr) wal->pMethods->xFileControl(wal, SQLITE_FCNTL_LAST_ERRNO, &number);
  if (number == 0) sqlite3_file_control(db, "main", SQLITE_FCNTL_LAST_ERRNO, &number);
  return number;
}

}  // namespace

Error Handle::Failure(int code, std::string_view sql) const {
  const int primary = code & 0xff;
  const int system = db_ != nullptr ? SystemError(db_, code) : 0;
  if (primary == SQLITE_FULL || (primary == SQLITE_IOERR && os::MeansFull(system))) {
    const std::string_view why = system == EFBIG ? "its file must not grow further" : "disk full";
    return Fail(Code::kFull, fmt::format("cannot write database '{}': {}", path_, why));
  }
  const char* const message = db_ != nullptr ? sqlite3_errmsg(db_) : sqlite3_errstr(code);
  if (primary == SQLITE_IOERR || primary == SQLITE_CANTOPEN) {
    const std::string why = system != 0 ? fmt::format("{} ({})", message, std::strerror(system)) : message;
    return Fail(Code::kIo, fmt::format("cannot use database '{}': {}", path_, why));
  }
  if (primary == SQLITE_BUSY || primary == SQLITE_NOTADB || primary == SQLITE_CORRUPT || primary == SQLITE_READONLY) {
    return Fail(CodeOf(code), fmt::format("cannot use database '{}': {}", path_, message));
  }
  return Fail(CodeOf(code), fmt::format("cannot run '{}': {}", Shorten(sql), message));
}

// ---- Handle

Result<std::unique_ptr<Handle>> Handle::Open(const std::filesystem::path& path, Sync sync, Role role) {
  std::unique_ptr<Handle> handle(new Handle(path.string()));
  // Readers too need to write the shared-memory index of the WAL; query_only keeps them from writing anything else.
  const bool creates = role == Role::kWriter || role == Role::kForeignWriter;
  const int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE | (creates ? SQLITE_OPEN_CREATE : 0) |
                    (role == Role::kForeignReader ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE);
  const int code = sqlite3_open_v2(handle->path_.c_str(), &handle->db_, flags, nullptr);
  if (code != SQLITE_OK) return handle->Failure(code, "open");
  if (role == Role::kWriter) MakePrivate(handle->path_);
  TRYV(handle->Configure(sync, role));
  return handle;
}

Handle::~Handle() {
  for (auto& [sql, cached] : cache_) sqlite3_finalize(cached.stmt);
  sqlite3_close_v2(db_);
}

Result<void> Handle::Configure(Sync sync, Role role) {
  sqlite3_busy_timeout(db_, kBusyTimeoutMs);
  // "text" is a column name, never a string: typing mistakes are errors, and the SQL stays portable.
  sqlite3_db_config(db_, SQLITE_DBCONFIG_DQS_DML, 0, nullptr);
  sqlite3_db_config(db_, SQLITE_DBCONFIG_DQS_DDL, 0, nullptr);
  sqlite3_db_config(db_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  if (role == Role::kForeignReader) return Script("PRAGMA temp_store=MEMORY; PRAGMA cache_size=-32768");
  if (role == Role::kForeignWriter) return Script("PRAGMA temp_store=MEMORY; PRAGMA synchronous=NORMAL");
  if (role == Role::kWriter) {
    TRYV(SwitchToWal());
    sqlite3_wal_hook(db_, Committed, this);
  }
  TRYV(Script(sync == Sync::kFull ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL"));
  TRYV(Script("PRAGMA foreign_keys=ON; PRAGMA temp_store=MEMORY; PRAGMA journal_size_limit=67108864"));
  if (role == Role::kReader) TRYV(Script("PRAGMA query_only=ON"));
  return {};
}

// In the place of SQLite's own automatic checkpoint.
int Handle::Committed(void* self, sqlite3* db, const char* name, int log_pages) {
  auto& handle = *static_cast<Handle*>(self);
  handle.log_pages_ = log_pages;
  if (handle.waits_ && handle.CheckpointDue()) sqlite3_wal_checkpoint_v2(db, name, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
  return SQLITE_OK;
}

bool Handle::CheckpointDue() const { return log_pages_ >= kCheckpointPages; }

void Handle::WaitForNobody(bool on) {
  waits_ = !on;
  sqlite3_busy_timeout(db_, on ? 0 : kBusyTimeoutMs);
}

// SQLite does not call the busy handler while it switches the journal mode, so two first openers have to try again by themselves.
Result<void> Handle::SwitchToWal() {
  constexpr std::string_view kSql = "PRAGMA journal_mode=WAL";
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(kBusyTimeoutMs);
  for (;;) {
    CachedStmt* entry = nullptr;
    TRY(sqlite3_stmt* const stmt, Take(kSql, entry));
    const int code = sqlite3_step(stmt);
    const bool wal = code == SQLITE_ROW && std::string_view(reinterpret_cast<const char*>(sqlite3_column_text(stmt, 0))) == "wal";
    Error failure = code == SQLITE_ROW ? Fail(Code::kUnsupported, fmt::format("cannot open database '{}': its file system has no "
                                                                              "shared memory, which write-ahead logging needs",
                                                                              path_))
                                       : Failure(code, kSql);
    GiveBack(stmt, entry);
    if (wal) return {};
    if (failure.code != Code::kBusy || std::chrono::steady_clock::now() > deadline) return failure;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
}

Result<sqlite3_stmt*> Handle::Take(std::string_view sql, CachedStmt*& entry) {
  entry = nullptr;
  const auto found = cache_.find(sql);
  if (found != cache_.end() && !found->second.in_use) {
    entry = &found->second;
    entry->in_use = true;
    return entry->stmt;
  }
  if (sql.size() > static_cast<std::size_t>(std::numeric_limits<int>::max()))
    return Fail(Code::kTooLarge, "cannot run SQL: too long");
  sqlite3_stmt* stmt = nullptr;
  const char* tail = nullptr;
  const int code = sqlite3_prepare_v3(db_, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT, &stmt, &tail);
  if (code != SQLITE_OK) return Failure(code, sql);
  const std::string_view rest = Trim(sql.substr(static_cast<std::size_t>(tail - sql.data())));
  if (stmt == nullptr || !rest.empty()) {
    sqlite3_finalize(stmt);
    return Fail(Code::kInternal, fmt::format("cannot run '{}': not one statement", Shorten(sql)));
  }
  if (found == cache_.end() && sql.size() <= kMaxCachedText) {
    if (cache_.size() >= kMaxCached) DropIdle();
    if (cache_.size() < kMaxCached) entry = &cache_.emplace(std::string(sql), CachedStmt{stmt, true}).first->second;
  }
  return stmt;
}

void Handle::GiveBack(sqlite3_stmt* stmt, CachedStmt* entry) {
  if (entry == nullptr) {
    sqlite3_finalize(stmt);
    return;
  }
  sqlite3_reset(stmt);
  sqlite3_clear_bindings(stmt);
  entry->in_use = false;
}

void Handle::DropIdle() {
  for (auto at = cache_.begin(); at != cache_.end();) {
    if (at->second.in_use) {
      ++at;
    } else {
      sqlite3_finalize(at->second.stmt);
      at = cache_.erase(at);
    }
  }
}

Result<void> Handle::Script(const std::string& sql) {
  const int code = sqlite3_exec(db_, sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return Failure(code, sql);
  return {};
}

bool Handle::Autocommit() const { return sqlite3_get_autocommit(db_) != 0; }

// ---- Conn

Conn::Conn(std::unique_ptr<State> state) : state_(std::move(state)) {}
Conn::~Conn() = default;
std::int64_t Conn::LastRowId() const { return sqlite3_last_insert_rowid(state_->handle->db()); }
std::int64_t Conn::Changes() const { return sqlite3_changes64(state_->handle->db()); }

// ---- Stmt

struct Stmt::State {
  Handle* handle = nullptr;
  sqlite3_stmt* stmt = nullptr;
  CachedStmt* entry = nullptr;
  int bound = 0;
  int bind_code = SQLITE_OK;  // the first failure of a Bind, reported by Step
  bool started = false;
  bool done = false;

  ~State() { handle->GiveBack(stmt, entry); }
  void Note(int code) {
    if (bind_code == SQLITE_OK) bind_code = code;
  }
  sqlite3_stmt* Row(int column) const {
    CHECK_BUG(column >= 0 && column < sqlite3_data_count(stmt));
    return stmt;
  }
};

Result<Stmt> Conn::Prepare(std::string_view sql) {
  CachedStmt* entry = nullptr;
  TRY(sqlite3_stmt* const stmt, state_->handle->Take(sql, entry));
  auto state = std::make_unique<Stmt::State>();
  state->handle = state_->handle.get();
  state->stmt = stmt;
  state->entry = entry;
  return Stmt(std::move(state));
}

Stmt::Stmt(std::unique_ptr<State> state) : state_(std::move(state)) {}
Stmt::Stmt(Stmt&&) noexcept = default;
Stmt& Stmt::operator=(Stmt&&) noexcept = default;
Stmt::~Stmt() = default;

Stmt& Stmt::Bind(std::int64_t value) {
  state_->Note(sqlite3_bind_int64(state_->stmt, ++state_->bound, value));
  return *this;
}
Stmt& Stmt::Bind(double value) {
  if (std::isnan(value)) return BindNull();
  state_->Note(sqlite3_bind_double(state_->stmt, ++state_->bound, value));
  return *this;
}
Stmt& Stmt::Bind(std::string_view value) {
  // A null pointer would bind NULL.
  const char* const data = value.data() != nullptr ? value.data() : "";
  state_->Note(sqlite3_bind_text64(state_->stmt, ++state_->bound, data, value.size(), SQLITE_TRANSIENT, SQLITE_UTF8));
  return *this;
}
Stmt& Stmt::BindBlob(std::string_view value) {
  const char* const data = value.data() != nullptr ? value.data() : "";
  state_->Note(sqlite3_bind_blob64(state_->stmt, ++state_->bound, data, value.size(), SQLITE_TRANSIENT));
  return *this;
}
Stmt& Stmt::BindNull() {
  state_->Note(sqlite3_bind_null(state_->stmt, ++state_->bound));
  return *this;
}

Result<bool> Stmt::Step() {
  State& s = *state_;
  if (s.done) return false;
  if (!s.started) {
    const int wanted = sqlite3_bind_parameter_count(s.stmt);
    if (s.bound != wanted) {
      return Fail(Code::kInternal,
                  fmt::format("cannot run '{}': {} values for {} parameters", Shorten(sqlite3_sql(s.stmt)), s.bound, wanted));
    }
    if (s.bind_code != SQLITE_OK) {
      return Fail(CodeOf(s.bind_code),
                  fmt::format("cannot run '{}': value {}", Shorten(sqlite3_sql(s.stmt)), sqlite3_errstr(s.bind_code)));
    }
    s.started = true;
  }
  const int code = sqlite3_step(s.stmt);
  if (code == SQLITE_ROW) return true;
  s.done = true;
  if (code == SQLITE_DONE) return false;
  Error failure = s.handle->Failure(code, sqlite3_sql(s.stmt));
  sqlite3_reset(s.stmt);
  return failure;
}

Result<void> Stmt::Run() {
  for (;;) {
    TRY(const bool row, Step());
    if (!row) return {};
  }
}

void Stmt::Reset() {
  sqlite3_reset(state_->stmt);
  sqlite3_clear_bindings(state_->stmt);
  state_->bound = 0;
  state_->bind_code = SQLITE_OK;
  state_->started = false;
  state_->done = false;
}

std::int64_t Stmt::Int(int column) const { return sqlite3_column_int64(state_->Row(column), column); }
double Stmt::Double(int column) const {
  return Null(column) ? std::numeric_limits<double>::quiet_NaN() : sqlite3_column_double(state_->stmt, column);
}
std::string Stmt::Text(int column) const {
  const auto* const text = reinterpret_cast<const char*>(sqlite3_column_text(state_->Row(column), column));
  if (text == nullptr) return {};
  return std::string(text, static_cast<std::size_t>(sqlite3_column_bytes(state_->stmt, column)));
}
std::string Stmt::Blob(int column) const {
  const auto* const blob = static_cast<const char*>(sqlite3_column_blob(state_->Row(column), column));
  if (blob == nullptr) return {};
  return std::string(blob, static_cast<std::size_t>(sqlite3_column_bytes(state_->stmt, column)));
}
bool Stmt::Null(int column) const { return sqlite3_column_type(state_->Row(column), column) == SQLITE_NULL; }
std::optional<std::string> Stmt::MaybeText(int column) const {
  if (Null(column)) return std::nullopt;
  return Text(column);
}
std::optional<std::int64_t> Stmt::MaybeInt(int column) const {
  if (Null(column)) return std::nullopt;
  return Int(column);
}

}  // namespace mlean::sql

#include "predictions/log.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <limits>
#include <map>
#include <mutex>
#include <optional>

#include <fmt/format.h>

#include "os/files.hpp"
#include "predictions/segment.hpp"
#include "predictions/segment_file.hpp"

namespace mlean::predictions {
namespace {

constexpr std::size_t kMaxSchemas = 64;
constexpr std::size_t kMaxOpenSegments = 8;
constexpr std::uint64_t kMaxSequence = 9'999'999'999;

std::int64_t DayOf(TimeMs time) { return time / kDayMs - (time % kDayMs < 0 ? 1 : 0); }

// All of `bytes` in one write(2); what a full disk took of it is cut off again.
Result<void> WriteWhole(int fd, const std::filesystem::path& path, std::string_view bytes, std::uint64_t size_before) {
  ssize_t done = 0;
  do {
    done = write(fd, bytes.data(), bytes.size());
  } while (done < 0 && errno == EINTR);
  if (done == static_cast<ssize_t>(bytes.size())) return {};
  const int number = done < 0 ? errno : ENOSPC;
  if (done > 0 && ftruncate(fd, static_cast<off_t>(size_before)) != 0) return os::FileError("repair", path, errno);
  return os::FileError("append to", path, number);
}

void Widen(SegmentSummary& summary, TimeMs time) {
  summary.first = summary.records == 0 ? time : std::min(summary.first, time);
  summary.last = summary.records == 0 ? time : std::max(summary.last, time);
  ++summary.records;
}

bool IsLinked(int fd) {
  struct stat info {};
  return fstat(fd, &info) == 0 && info.st_nlink > 0;
}

bool TryLock(int fd) { return flock(fd, LOCK_EX | LOCK_NB) == 0; }

// A file whose header was cut off by a crash: nothing was acknowledged in it. The lock tells it from one that is being made.
void RemoveIfHeaderless(const std::filesystem::path& path) {
  const OwnedFd fd(open(path.c_str(), O_RDWR | O_CLOEXEC));
  if (fd.get() < 0 || !TryLock(fd.get()) || lseek(fd.get(), 0, SEEK_END) >= 16) return;
  unlink(path.c_str());
}

// Cuts a torn tail off and seals the segment, if no other writer has it.
Result<void> Repair(const SegmentName& name) {
  Result<SegmentFile> file = SegmentFile::Open(name.path, true);
  if (!file) {
    if (file.error().code == Code::kCorrupt) RemoveIfHeaderless(name.path);
    return {};  // the reader counts it as damaged
  }
  if (file->Summary() || !TryLock(file->fd())) return {};
  SegmentSummary summary;
  TRY(const ScanResult scan, file->Scan([&](const Record& record) {
    Widen(summary, record.time);
    return true;
  }));
  if (scan.damaged || scan.sealed) return {};
  if (ftruncate(file->fd(), static_cast<off_t>(scan.sound)) != 0) return os::FileError("repair", name.path, errno);
  if (lseek(file->fd(), 0, SEEK_END) < 0) return os::FileError("repair", name.path, errno);
  return WriteWhole(file->fd(), name.path, EncodeSummary(summary), scan.sound);
}

struct OpenSegment {
  OwnedFd fd;
  std::filesystem::path path;
  std::uint64_t size = 0;
  std::int64_t day = 0;
  std::uint64_t last_used = 0;
  SegmentSummary summary;
};

}  // namespace

struct LogWriter::State {
  LogOptions options;
  std::atomic<std::uint64_t> dropped{0};
  std::atomic<std::uint64_t> appended{0};
  // Added under the mutex, then never changed: encoding reads those below the count without it.
  std::array<Schema, kMaxSchemas> schemas;
  std::atomic<int> schema_count{0};
  std::mutex mutex;
  // Under the mutex:
  std::map<int, OpenSegment> segments;
  std::uint64_t folder_bytes = 0;
  std::uint64_t next_sequence = 1;
  std::uint64_t uses = 0;

  void Seal(OpenSegment& segment);
  Result<OpenSegment*> SegmentFor(int schema, TimeMs time, std::size_t bytes);
  Result<void> Create(int schema, TimeMs time);
  Result<void> CheckQuota(std::size_t bytes);
  Result<void> Append(int schema, std::span<const Record> records, std::string_view bytes);
};

void LogWriter::State::Seal(OpenSegment& segment) {
  // Best effort: an unsealed segment is read as well, only slower.
  const std::string bytes = EncodeSummary(segment.summary);
  if (WriteWhole(segment.fd.get(), segment.path, bytes, segment.size)) folder_bytes += bytes.size();
}

Result<void> LogWriter::State::Create(int schema, TimeMs time) {
  if (segments.size() >= kMaxOpenSegments) {
    const auto oldest = std::min_element(segments.begin(), segments.end(),
                                         [](const auto& a, const auto& b) { return a.second.last_used < b.second.last_used; });
    Seal(oldest->second);
    segments.erase(oldest);
  }
  OpenSegment segment;
  while (true) {
    if (next_sequence > kMaxSequence) return Fail(Code::kTooLarge, "cannot start prediction log segment: no number is left");
    segment.path = options.folder / fmt::format("{:010}-{}{}", next_sequence++, FormatDate(time), kSegmentSuffix);
    segment.fd = OwnedFd(open(segment.path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0644));
    if (segment.fd.get() < 0 && errno != EEXIST) return os::FileError("create", segment.path, errno);
    // Another process that opens the log just now may take the empty file for one left by a crash, and remove it.
    if (segment.fd.get() >= 0 && TryLock(segment.fd.get()) && IsLinked(segment.fd.get())) break;
  }
  const std::string header =
      EncodeHeader({.model = options.model, .created = time, .schema = schemas[static_cast<std::size_t>(schema)]});
  if (Result<void> done = WriteWhole(segment.fd.get(), segment.path, header, 0); !done) {
    unlink(segment.path.c_str());
    return done;
  }
  segment.size = header.size();
  segment.day = DayOf(time);
  folder_bytes += header.size();
  segments.insert_or_assign(schema, std::move(segment));
  return {};
}

Result<OpenSegment*> LogWriter::State::SegmentFor(int schema, TimeMs time, std::size_t bytes) {
  auto found = segments.find(schema);
  if (found != segments.end()) {
    OpenSegment& open = found->second;
    const bool full = open.size + bytes > options.segment_bytes && open.summary.records > 0;
    // Late records do not turn the day back: the log goes forward.
    if (full || DayOf(time) > open.day) {
      Seal(open);
      segments.erase(found);
      found = segments.end();
    }
  }
  if (found == segments.end()) TRYV(Create(schema, time));
  OpenSegment& segment = segments.at(schema);
  segment.last_used = ++uses;
  return &segment;
}

Result<void> LogWriter::State::CheckQuota(std::size_t bytes) {
  if (options.quota_bytes == 0 || folder_bytes + bytes <= options.quota_bytes) return {};
  TRY(const std::vector<SegmentName> names, ListSegments(options.folder));  // retention may have made room
  folder_bytes = 0;
  for (const SegmentName& name : names) folder_bytes += name.bytes;
  if (folder_bytes + bytes <= options.quota_bytes) return {};
  return Fail(Code::kTooLarge, fmt::format("cannot log predictions of '{}': the log's quota of {} bytes is used up",
                                           options.model, options.quota_bytes));
}

Result<void> LogWriter::State::Append(int schema, std::span<const Record> records, std::string_view bytes) {
  const std::lock_guard lock(mutex);
  TRYV(CheckQuota(bytes.size()));
  TRY(OpenSegment * segment, SegmentFor(schema, records.front().time, bytes.size()));
  TRYV(WriteWhole(segment->fd.get(), segment->path, bytes, segment->size));
  segment->size += bytes.size();
  folder_bytes += bytes.size();
  for (const Record& record : records) Widen(segment->summary, record.time);
  return {};
}

Result<std::unique_ptr<LogWriter>> LogWriter::Open(const LogOptions& options) {
  TRYV(os::MakeDirs(options.folder));
  TRY(const std::vector<SegmentName> names, ListSegments(options.folder));
  auto state = std::make_unique<State>();
  state->options = options;
  for (const SegmentName& name : names) {
    TRYV(Repair(name));
    state->next_sequence = std::max(state->next_sequence, name.sequence + 1);
    state->folder_bytes += name.bytes;
  }
  return std::unique_ptr<LogWriter>(new LogWriter(std::move(state)));
}

LogWriter::LogWriter(std::unique_ptr<State> state) : state_(std::move(state)) {}

LogWriter::~LogWriter() {
  for (auto& [schema, segment] : state_->segments) state_->Seal(segment);
}

Result<int> LogWriter::AddSchema(const Schema& schema) {
  if (schema.features.size() > kMaxFeatures || schema.outputs.size() > kMaxOutputs) {
    return Fail(Code::kTooLarge, fmt::format("cannot log predictions of '{}': over {} features or {} outputs",
                                             state_->options.model, kMaxFeatures, kMaxOutputs));
  }
  if (EncodeHeader({.model = state_->options.model, .schema = schema}).size() > kMaxHeader) {
    return Fail(Code::kTooLarge,
                fmt::format("cannot log predictions of '{}': the feature names are too long", state_->options.model));
  }
  const std::lock_guard lock(state_->mutex);
  const int count = state_->schema_count.load(std::memory_order_relaxed);
  const auto end = state_->schemas.begin() + count;
  if (const auto known = std::find(state_->schemas.begin(), end, schema); known != end) {
    return static_cast<int>(known - state_->schemas.begin());
  }
  if (end == state_->schemas.end()) {
    return Fail(Code::kTooLarge,
                fmt::format("cannot log predictions of '{}': over {} different schemas", state_->options.model, kMaxSchemas));
  }
  *end = schema;
  state_->schema_count.store(count + 1, std::memory_order_release);
  return count;
}

Result<void> LogWriter::AppendBatch(int schema, std::span<const Record> records) {
  if (records.empty()) return {};
  CHECK_BUG(schema >= 0 && schema < state_->schema_count.load(std::memory_order_acquire));
  const Schema& names = state_->schemas[static_cast<std::size_t>(schema)];
  const auto append = [&]() -> Result<void> {
    std::string bytes;
    bytes.reserve(records.size() * EncodedSize(records.front()));
    for (const Record& record : records) TRYV(AppendRecord(bytes, record, names));
    return state_->Append(schema, records, bytes);
  };
  Result<void> done = append();
  (done ? state_->appended : state_->dropped).fetch_add(records.size(), std::memory_order_relaxed);
  return done;
}

std::uint64_t LogWriter::Dropped() const { return state_->dropped.load(std::memory_order_relaxed); }
std::uint64_t LogWriter::Appended() const { return state_->appended.load(std::memory_order_relaxed); }

namespace {

// The time of the last record, when nobody writes the segment.
Result<std::optional<TimeMs>> LastTime(const SegmentName& name) {
  Result<SegmentFile> file = SegmentFile::Open(name.path);
  if (!file || !TryLock(file->fd())) return std::optional<TimeMs>{};
  if (const auto summary = file->Summary()) return std::optional(summary->last);
  std::optional<TimeMs> last;
  TRYV(file->Scan([&last](const Record& record) {
    last = std::max(last.value_or(record.time), record.time);
    return true;
  }));
  return last ? last : std::numeric_limits<TimeMs>::min();
}

}  // namespace

Result<std::uint64_t> DropSegments(const std::filesystem::path& folder, TimeMs before) {
  TRY(const std::vector<SegmentName> names, ListSegments(folder));
  std::uint64_t freed = 0;
  for (const SegmentName& name : names) {
    TRY(const std::optional<TimeMs> last, LastTime(name));
    if (!last || *last >= before) continue;
    TRYV(os::Remove(name.path));
    freed += name.bytes;
  }
  return freed;
}

Result<std::uint64_t> TrimLog(const std::filesystem::path& folder, std::uint64_t bytes) {
  TRY(const std::vector<SegmentName> names, ListSegments(folder));
  std::uint64_t total = 0;
  for (const SegmentName& name : names) total += name.bytes;
  std::uint64_t freed = 0;
  for (const SegmentName& name : names) {
    if (total - freed <= bytes) break;
    const OwnedFd fd(open(name.path.c_str(), O_RDONLY | O_CLOEXEC));
    if (fd.get() < 0 || !TryLock(fd.get())) continue;
    TRYV(os::Remove(name.path));
    freed += name.bytes;
  }
  return freed;
}

}  // namespace mlean::predictions

#include "predictions/reader.hpp"

#include <algorithm>
#include <map>

#include "predictions/segment_file.hpp"

namespace mlean::predictions {
namespace {

constexpr std::size_t kChunkRows = 8192;
constexpr TimeMs kRetryWindow = 10 * kMinuteMs;
const float kMissing = std::numeric_limits<float>::quiet_NaN();

// A set of 64-bit hashes in open addressing: 8 bytes a place, at most 70 % full.
class SeenSet {
 public:
  // False when the hash was there.
  bool Insert(std::uint64_t hash) {
    if (hash == 0) hash = 1;  // 0 marks a free place
    if ((used_ + 1) * 10 > places_.size() * 7) Grow();
    if (!Place(hash)) return false;
    ++used_;
    return true;
  }

 private:
  bool Place(std::uint64_t hash) {
    const std::size_t mask = places_.size() - 1;
    for (std::size_t at = hash & mask;; at = (at + 1) & mask) {
      if (places_[at] == hash) return false;
      if (places_[at] != 0) continue;
      places_[at] = hash;
      return true;
    }
  }
  void Grow() {
    std::vector<std::uint64_t> old(std::max<std::size_t>(places_.size() * 2, 1024));
    old.swap(places_);
    for (const std::uint64_t hash : old) {
      if (hash != 0) Place(hash);
    }
  }
  std::vector<std::uint64_t> places_;
  std::size_t used_ = 0;
};

std::uint64_t Mix(std::uint64_t x) {
  x = (x ^ x >> 33) * 0xFF51AFD7ED558CCDULL;
  x = (x ^ x >> 33) * 0xC4CEB9FE1A85EC53ULL;
  return x ^ x >> 33;
}

std::uint64_t HashOf(const Record& record) {
  std::uint64_t hash = 0xCBF29CE484222325ULL;
  for (const char c : record.request_id) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3ULL;
  hash = Mix(hash ^ record.request_id.size() << 56);
  const std::uint64_t kind = (record.variant == Variant::kShadow ? 1U : 0U) | (record.status < 400 ? 2U : 0U);
  return Mix(hash ^ (std::uint64_t{record.row} << 2 | kind));
}

void MakeColumns(types::Frame& frame, const std::vector<std::string>& names) {
  frame.columns.clear();
  for (const std::string& name : names) frame.columns.emplace_back().name = name;
}

void Clear(Predictions& chunk) {
  chunk.ids.clear();
  chunk.rows.clear();
  chunk.times.clear();
  chunk.versions.clear();
  chunk.variants.clear();
  chunk.statuses.clear();
  chunk.latencies_us.clear();
  chunk.input_hashes.clear();
  for (types::Column& column : chunk.outputs.columns) column.reals.clear();
  for (types::Column& column : chunk.features.columns) column.reals.clear();
}

void Add(Predictions& chunk, const Record& record) {
  chunk.ids.emplace_back(record.request_id);
  chunk.rows.push_back(record.row);
  chunk.times.push_back(record.time);
  chunk.versions.push_back(record.version);
  chunk.variants.push_back(record.variant);
  chunk.statuses.push_back(record.status);
  chunk.latencies_us.push_back(record.latency_us);
  chunk.input_hashes.push_back(record.input_hash);
  for (std::size_t i = 0; i < chunk.outputs.columns.size(); ++i) chunk.outputs.columns[i].reals.push_back(record.outputs[i]);
  for (std::size_t i = 0; i < chunk.features.columns.size(); ++i) {
    chunk.features.columns[i].reals.push_back(record.features.empty() ? kMissing : record.features[i]);
  }
}

bool Wanted(const Window& window, const Record& record) {
  const auto in = [](const auto& list, const auto& value) {
    return list.empty() || std::find(list.begin(), list.end(), value) != list.end();
  };
  return record.time >= window.from && record.time < window.to && in(window.versions, record.version) &&
         in(window.variants, record.variant) && (!window.ok || *window.ok == (record.status < 400));
}

// Window::from less the time in which a retry is recognised, without overflow.
TimeMs LookBack(const Window& window) {
  const TimeMs lowest = std::numeric_limits<TimeMs>::min();
  return window.from < lowest + kRetryWindow ? lowest : window.from - kRetryWindow;
}

struct Scanner {
  const Window& window;
  const std::function<Result<bool>(const Predictions&)>& visit;
  ReadStats stats = {};
  SeenSet seen = {};
  Predictions chunk = {};
  std::size_t delivered = 0;
  bool stop = false;
  Result<void> failure = {};

  void Flush() {
    if (chunk.size() == 0 || stop) return;
    delivered += chunk.size();
    Result<bool> more = visit(chunk);
    stop = !more || !*more || delivered >= window.limit;
    if (!more) failure = std::move(more).error();
    Clear(chunk);
  }
  bool Take(const Record& record, TimeMs look_back) {
    if (record.time < look_back || record.time >= window.to) return true;
    if (!seen.Insert(HashOf(record))) {
      if (Wanted(window, record)) ++stats.duplicates;
      return true;
    }
    if (!Wanted(window, record)) return true;
    Add(chunk, record);
    if (chunk.size() >= kChunkRows || delivered + chunk.size() >= window.limit) Flush();
    return !stop;
  }
};

// Appends `from` to `to`, matching columns by name and filling what either lacks with NaN.
void AppendFrame(types::Frame& to, const types::Frame& from, std::size_t rows_before, std::size_t rows) {
  for (const types::Column& column : from.columns) {
    if (to.Find(column.name) == nullptr) {
      types::Column& added = to.columns.emplace_back();
      added.name = column.name;
      added.reals.assign(rows_before, kMissing);
    }
  }
  for (types::Column& column : to.columns) {
    const types::Column* source = from.Find(column.name);
    if (source != nullptr) {
      column.reals.insert(column.reals.end(), source->reals.begin(), source->reals.end());
    } else {
      column.reals.insert(column.reals.end(), rows, kMissing);
    }
  }
}

template <class T>
void AppendTo(std::vector<T>& to, const std::vector<T>& from) {
  to.insert(to.end(), from.begin(), from.end());
}

}  // namespace

Result<ReadStats> ScanWindow(const std::filesystem::path& folder, const Window& window,
                             const std::function<Result<bool>(const Predictions& chunk)>& visit) {
  TRY(const std::vector<SegmentName> names, ListSegments(folder));
  Scanner scanner{.window = window, .visit = visit};
  const TimeMs look_back = LookBack(window);
  scanner.stop = window.limit == 0;
  for (const SegmentName& name : names) {
    if (scanner.stop) break;
    Result<SegmentFile> file = SegmentFile::Open(name.path);
    if (!file) {
      if (file.error().code == Code::kNotFound) continue;  // dropped by retention meanwhile
      if (file.error().code != Code::kCorrupt) return std::move(file).error();
      if (name.bytes > 0) ++scanner.stats.damaged;
      continue;
    }
    const auto summary = file->Summary();
    if (summary && (summary->records == 0 || summary->last < look_back || summary->first >= window.to)) {
      ++scanner.stats.skipped;
      continue;
    }
    ++scanner.stats.segments;
    MakeColumns(scanner.chunk.outputs, file->header().schema.outputs);
    MakeColumns(scanner.chunk.features, window.features ? file->header().schema.features : std::vector<std::string>{});
    TRY(const ScanResult scan, file->Scan([&](const Record& record) { return scanner.Take(record, look_back); }));
    if (scan.damaged) ++scanner.stats.damaged;
    scanner.Flush();
  }
  TRYV(std::move(scanner.failure));
  return scanner.stats;
}

Result<Predictions> ReadWindow(const std::filesystem::path& folder, const Window& window, ReadStats* stats) {
  Predictions out;
  TRY(const ReadStats read, ScanWindow(folder, window, [&out](const Predictions& chunk) -> Result<bool> {
        AppendFrame(out.outputs, chunk.outputs, out.size(), chunk.size());
        AppendFrame(out.features, chunk.features, out.size(), chunk.size());
        AppendTo(out.ids, chunk.ids);
        AppendTo(out.rows, chunk.rows);
        AppendTo(out.times, chunk.times);
        AppendTo(out.versions, chunk.versions);
        AppendTo(out.variants, chunk.variants);
        AppendTo(out.statuses, chunk.statuses);
        AppendTo(out.latencies_us, chunk.latencies_us);
        AppendTo(out.input_hashes, chunk.input_hashes);
        return true;
      }));
  if (stats != nullptr) *stats = read;
  return out;
}

}  // namespace mlean::predictions

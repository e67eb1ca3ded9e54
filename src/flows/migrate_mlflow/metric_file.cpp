#include "flows/migrate_mlflow/metric_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <string_view>

#include "base/text.hpp"
#include "os/files.hpp"

namespace mlean::flows::migrate_mlflow {
namespace {

constexpr std::size_t kRead = std::size_t{1} << 20;

std::string_view Word(std::string_view& line) {
  const std::size_t blank = line.find(' ');
  const std::string_view word = line.substr(0, blank);
  line = blank == line.npos ? std::string_view{} : line.substr(blank + 1);
  return word;
}

struct File {
  int fd = -1;
  ~File() {
    if (fd >= 0) ::close(fd);
  }
};

}  // namespace

std::optional<track::Metric> ParseMetricLine(std::string_view line, const std::string& key, bool logged_model) {
  line = Trim(line);
  track::Metric point;
  point.key = key;
  const auto time = ParseInt(Word(line));
  const auto value = ParseDouble(Word(line));
  if (!time || !value) return std::nullopt;
  point.timestamp = *time;
  point.value = *value;
  if (!line.empty()) {  // the oldest stores had no steps
    const auto step = ParseInt(Word(line));
    if (!step) return std::nullopt;
    point.step = *step;
  }
  if (logged_model) {
    point.run_id = Word(line);
    if (point.run_id.empty()) return std::nullopt;
  }
  const std::size_t digest = line.rfind(' ');
  if (digest != line.npos) {
    point.dataset_name = line.substr(0, digest);
    point.dataset_digest = line.substr(digest + 1);
  }
  return point;
}

Result<MetricPiece> ReadMetricFile(const std::filesystem::path& file, const std::string& key, bool logged_model,
                                   std::int64_t offset, std::size_t limit, std::vector<track::Metric>& out) {
  const File opened{::open(file.c_str(), O_RDONLY | O_CLOEXEC)};
  if (opened.fd < 0) return os::FileError("read", file, errno);
  MetricPiece piece{offset, 0};
  std::string text;
  bool end = false;
  while (out.size() < limit) {
    const std::size_t line_end = text.find('\n');
    if (line_end == text.npos && !end) {
      const std::size_t had = text.size();
      text.resize(had + kRead);
      const ssize_t got = ::pread(opened.fd, text.data() + had, kRead, piece.next + static_cast<std::int64_t>(had));
      if (got < 0) return os::FileError("read", file, errno);
      text.resize(had + static_cast<std::size_t>(got));
      end = got == 0;
      if (text.size() > 2 * kRead) return Fail(Code::kInvalid, "cannot read '" + file.string() + "': a line of more than 1 MiB");
      continue;
    }
    if (text.empty()) {
      piece.next = -1;
      return piece;
    }
    // All whole lines in hand at once: text is moved along only then.
    std::size_t from = 0;
    while (out.size() < limit) {
      std::size_t to = text.find('\n', from);
      if (to == text.npos && !end) break;
      if (to == text.npos) to = text.size();
      if (from >= text.size()) break;
      const std::string_view line = std::string_view(text).substr(from, to - from);
      if (std::optional<track::Metric> point = ParseMetricLine(line, key, logged_model)) {
        out.push_back(*std::move(point));
      } else if (!Trim(line).empty()) {
        ++piece.malformed;
      }
      from = std::min(to + 1, text.size());
    }
    piece.next += static_cast<std::int64_t>(from);
    text.erase(0, from);
  }
  return piece;
}

}  // namespace mlean::flows::migrate_mlflow

#include "track/limits.hpp"

#include <algorithm>
#include <unordered_set>

#include <fmt/format.h>

#include "base/text.hpp"
#include "base/words.hpp"
#include "codec/python_text.hpp"
#include "track/python_repr.hpp"

namespace mlean::track {
namespace {

// Python's posixpath.normpath.
std::string NormPath(std::string_view path) {
  if (path.empty()) return ".";
  const std::size_t slashes = path.find_first_not_of('/') == std::string_view::npos ? path.size() : path.find_first_not_of('/');
  const std::string root = slashes == 0 ? "" : slashes == 2 ? "//" : "/";
  std::vector<std::string> kept;
  for (std::string& part : Split(path, '/')) {
    if (part.empty() || part == ".") continue;
    if (part != ".." || (root.empty() && kept.empty()) || (!kept.empty() && kept.back() == "..")) {
      kept.push_back(std::move(part));
    } else if (!kept.empty()) {
      kept.pop_back();
    }
  }
  const std::string joined = root + Join(kept, "/");
  return joined.empty() ? "." : joined;
}

constexpr std::size_t kShownValue = 10'000;  // of a wrong value, which may be as long as a request

Error InvalidValue(std::string_view path, std::string_view value, std::string_view end) {
  std::string json;
  codec::AppendPythonJsonString(json, CutTo(value, kShownValue));
  return Fail(Code::kInvalid, fmt::format("Invalid value {} for parameter '{}' supplied{}", json, path, end));
}

Result<void> CheckCount(std::size_t count, std::size_t limit, std::string_view what) {
  if (count <= limit) return {};
  return Fail(Code::kInvalid,
              fmt::format("A batch logging request can contain at most {} {}. Got {} {}. Please split up {} across multiple "
                          "requests and try again.",
                          limit, what, count, what, what));
}

}  // namespace

Result<void> CheckKey(std::string_view key, KeyOf kind, std::string_view path) {
  if (path.empty()) path = kind == KeyOf::kMetric ? "name" : "key";
  if (!IsMadeOfWords(key, "/.- :")) {
    return InvalidValue(
        path, key,
        ": Names may only contain alphanumerics, underscores (_), dashes (-), periods (.), spaces ( ), colon(:) and "
        "slashes (/).");
  }
  const std::string norm = NormPath(key);
  if (norm != key || norm == "." || norm.starts_with("..") || norm.starts_with("/")) {
    return InvalidValue(
        path, key,
        fmt::format(": Names may be treated as files in certain cases, and must not resolve to other names when treated as "
                    "such. This name would resolve to {}",
                    PythonRepr(norm)));
  }
  return CheckLength(key, kMaxKey, kind == KeyOf::kMetric ? "Metric name" : kind == KeyOf::kParam ? "Param key" : path);
}

Result<void> CheckLength(std::string_view text, std::size_t limit, std::string_view path) {
  if (text.size() <= limit || CountCharacters(text) <= limit) return {};
  return Fail(Code::kInvalid, fmt::format("'{}' exceeds the maximum length of {} characters", path, limit));
}

std::string_view CutTo(std::string_view text, std::size_t limit) {
  if (text.size() <= limit) return text;
  std::size_t characters = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if ((static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) continue;
    if (characters++ == limit) return text.substr(0, at);
  }
  return text;
}

Result<void> CheckBatch(const std::vector<Metric>& metrics, const std::vector<Param>& params, const std::vector<Tag>& tags) {
  TRYV(CheckCount(metrics.size(), kMaxMetricsPerBatch, "metrics"));
  TRYV(CheckCount(params.size(), kMaxParamsPerBatch, "params"));
  TRYV(CheckCount(tags.size(), kMaxTagsPerBatch, "tags"));
  TRYV(CheckCount(metrics.size() + params.size() + tags.size(), kMaxItemsPerBatch, "metrics, params, and tags"));
  for (std::size_t i = 0; i < metrics.size(); ++i) {
    const Metric& metric = metrics[i];
    // A batch repeats few keys, next to each other or in turn; most are checked already.
    if (i == 0 || metric.key != metrics[i - 1].key)
      TRYV(CheckKey(metric.key, KeyOf::kMetric, fmt::format("metrics[{}].name", i)));
    if (metric.timestamp < 0) {
      return Fail(Code::kInvalid,
                  fmt::format("Invalid value {} for parameter 'metrics[{}].timestamp' supplied: metric '{}' (value={}). "
                              "Timestamp must be a nonnegative long (64-bit integer) ",
                              metric.timestamp, i, metric.key, metric.value));
    }
  }
  for (std::size_t i = 0; i < params.size(); ++i) TRYV(CheckKey(params[i].key, KeyOf::kParam, fmt::format("params[{}].key", i)));
  for (std::size_t i = 0; i < tags.size(); ++i) TRYV(CheckKey(tags[i].key, KeyOf::kTag, fmt::format("tags[{}].key", i)));
  std::unordered_set<std::string_view> seen;
  std::vector<std::string_view> twice;
  for (const Param& param : params) {
    if (!seen.insert(param.key).second) twice.push_back(param.key);
  }
  if (twice.empty()) return {};
  return Fail(Code::kInvalid,
              fmt::format("Duplicate parameter keys have been submitted: {}. Please ensure the request contains only one "
                          "param value per param key.",
                          PythonRepr(twice)));
}

Result<void> CheckRunId(std::string_view run_id) {
  const auto is_ascii = [](char c) { return (c & 0x80) == 0; };
  const bool ok = !run_id.empty() && run_id.size() <= 256 && run_id[0] != '_' && run_id[0] != '-' &&
                  std::all_of(run_id.begin(), run_id.end(), is_ascii) && IsMadeOfWords(run_id, "-");
  return ok ? Result<void>() : InvalidValue("run_id", run_id, ".");
}

}  // namespace mlean::track

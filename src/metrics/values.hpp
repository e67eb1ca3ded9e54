// Values of metrics and params files: reading them from bytes, keeping what counts as a metric, picking params by key.
//
// One revision holds one entry a file, in the order in which DVC collects them (metrics: stage outputs, then top-level
// `metrics:`; params: stage params, then top-level `params:`, then params.yaml, then values used by templates). The caller reads
// the bytes and names revisions and paths (relative to its working directory). A file that cannot be read is an entry with an
// error, never a failure of the whole: DVC exits 0 all the same.
//
//   RevisionValues head{.revision = "HEAD"};
//   head.files.push_back(bytes ? ReadMetrics("m.json", *bytes, parsers) : MissingFile("m.json"));
//
// Pure; input is hostile and never throws.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "codec/json.hpp"

namespace mlean::metrics {

// What went wrong, in the words of DVC's JSON: the name of its exception class and the text.
struct FileError {
  std::string type;  // "FileNotFoundError", "JSONFileCorruptedError", "YAMLFileCorruptedError", "EncodingError" …
  std::string msg;   // "unable to read: 'm.json', JSON file structure is corrupted"
};

struct FileValues {
  std::string path;
  codec::Json data;                // of a readable file; {} when it holds nothing
  std::optional<FileError> error;  // then data is null
  // Dotted keys of dates -> Python's type of them, "date"; in `data` they are texts. Params only, filled by the caller.
  std::map<std::string, std::string> dates;
};

struct RevisionValues {
  std::string revision;  // "workspace", "HEAD", a branch; "" for the workspace alone in `metrics show --json`
  std::vector<FileValues> files;
  std::optional<FileError> error;  // of the revision as a whole (its dvc.yaml is broken); then there are no files
};

// Parsers for what this room does not read itself; one that is not set makes such files an error entry.
using ValueParser = std::function<Result<codec::Json>(std::string_view text, std::string_view path)>;
struct ValueParsers {
  ValueParser toml;    // .toml
  ValueParser python;  // .py, params only
};

// By extension, in any case: .json, .toml, .py, everything else is YAML. Metrics keep numbers, texts and bools at any depth of
// maps; lists, nulls, dates and what becomes empty are dropped.
FileValues ReadMetrics(std::string path, std::string_view bytes, const ValueParsers& parsers = {});
// All of the file without `keys`, else only the values at these dotted keys, nested as in the file; absent keys are left out.
FileValues ReadParams(std::string path, std::string_view bytes, const std::vector<std::string>& keys = {},
                      const ValueParsers& parsers = {});
// The entry of a file that is not there.
FileValues MissingFile(std::string path);

// The parts of the above, for callers that hold parsed values.
codec::Json ExtractMetrics(const codec::Json& value);
codec::Json SelectParams(const codec::Json& value, const std::vector<std::string>& keys);

// Maps become dotted keys ("train.lr"), lists their Python text, empty maps vanish; in the order of the file.
std::vector<codec::Json::Member> Flatten(const codec::Json& map);

// Revisions with an error, in order; and the line for stderr, with its line end: "DVC failed to load some metrics for following
// revisions: 'a, b'."
// "" without any. (DVC says "metrics" for params too.)
std::vector<std::string> ErroredRevisions(const std::vector<RevisionValues>& revisions);
std::string ErroredLine(const std::vector<RevisionValues>& revisions);

// `metrics show` drops the workspace when it equals the checked-out branch: true when these two hold the same.
bool SameValues(const RevisionValues& a, const RevisionValues& b);

}  // namespace mlean::metrics

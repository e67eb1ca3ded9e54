// Data files of plots: reading them from bytes and finding the points in them.
//
// .csv and .tsv give one point a row, all values text (as DVC: the drawing converts them); .json, .yaml, .yml and .toml give what
// they hold; .png, .jpg, .jpeg, .gif and .svg are images. Names of extensions count in lower case only. Pure; input is hostile.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "codec/json.hpp"
#include "metrics/values.hpp"

namespace mlean::metrics {

struct PlotSource {
  std::string path;
  codec::Json data;                // of a data file; null when empty or in error
  std::string image;               // bytes of an image
  std::optional<FileError> error;  // the file is missing, broken or of another type
};

bool IsPlotImage(std::string_view path);

// `header` false: a csv or tsv file starts with data; its columns are named "0", "1", …. A failed read becomes an error entry.
PlotSource ReadPlotSource(std::string path, Result<std::string> bytes, bool header = true, const ValueParsers& parsers = {});

// DVC's rule: every list of maps with the same keys that is the content itself or lies under keys of maps only (not inside lists)
// gives points; several lists are joined by position. Each point is an object.
codec::Json::Array DataPoints(const codec::Json& content);

// "x,y\n1,2\n" → [{"x": "1", "y": "2"}], as Python's csv.DictReader: blank lines skipped, missing fields null, fields too many
// under the key "null", a key that occurs twice holds the last. kTooLarge for a field over 128 KiB characters and over
// 20 million values.
Result<codec::Json> ParseSeparated(std::string_view text, char separator, bool header);

}  // namespace mlean::metrics

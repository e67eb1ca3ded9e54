// Parameter files: YAML, JSON, TOML and Python (top-level constants, class attributes, self.x of __init__), told by their ending.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "codec/json.hpp"
#include "pipeline/source.hpp"

namespace mlean::pipeline {

// The values of a text. Errors: kInvalid with DVC's text, "unable to read: 'params.yaml', YAML file structure is corrupted".
// Python's tuples and sets are lists here. Empty files give an empty object. `shown`: the file as seen from the working
// directory.
Result<codec::Json> ParseParamText(std::string_view text, std::string_view shown);
Result<codec::Json> ReadParamFile(Source& source, const std::string& location, std::string_view shown);

// The place of the first date or time in a YAML text ("train.d"), which DVC's templates refuse; empty when there is none.
std::string FindDate(std::string_view yaml_text);

// "date", "datetime" or "time": Python's type of the first such value in a YAML or TOML text, among the values of the keys (none:
// all); empty when there is none. DVC can neither use them in templates nor name runs by them.
std::string DateAmong(std::string_view text, std::string_view shown, const std::vector<std::string>& keys);

// The dates and times of such a text by their dotted keys, with their types; not those in lists.
std::map<std::string, std::string> DatesByKey(std::string_view text, std::string_view shown);

// Whether the value at `key` of a Python file has a tuple inside, which to DVC never equals the list that dvc.lock holds of it.
bool HasTupleInside(std::string_view text, std::string_view shown, const std::string& key);

// The value at a dotted key ("train.layers.0"); nullptr when there is none.
const codec::Json* FindParam(const codec::Json& values, std::string_view key);
// The values of the keys that are there, flat: {"train.eta": 0.1}; no keys: the whole object.
codec::Json SelectParams(const codec::Json& values, const std::vector<std::string>& keys);

// Python's ==: 1, 1.0 and true are equal, lists and maps by content, NaN never.
bool PythonEqual(const codec::Json& a, const codec::Json& b);

}  // namespace mlean::pipeline

// Parameter files of stages: YAML and JSON. TOML and Python files are kUnsupported.
#pragma once

#include <filesystem>
#include <string_view>

#include "base/result.hpp"
#include "codec/json.hpp"

namespace mlean::pipeline {

// The file's object. kNotFound when it is not there, kInvalid when it is no mapping.
Result<codec::Json> ReadParamFile(const std::filesystem::path& file);
// The value at a dotted key ("train.layers.0"); nullptr when there is none.
const codec::Json* FindParam(const codec::Json& values, std::string_view key);

}  // namespace mlean::pipeline

// From checked YAML to stages. Inner header of the pipeline room.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "codec/json.hpp"
#include "pipeline/place.hpp"
#include "pipeline/schema.hpp"
#include "pipeline/stage.hpp"

namespace mlean::pipeline {

// The value of a file's text, checked against its schema; an empty file is an empty object. Errors: file_error.hpp.
Result<codec::Json> ReadCheckedYaml(std::string_view text, std::string_view location, const Place& place, SchemaKind kind);

// A stage of dvc.yaml with its templates resolved.
Result<Stage> StageFromJson(std::string name, const codec::Json& definition, std::string_view location, const Place& place);

// Paths of stages: dependencies, parameter files ("lr", {file: [keys]}) and one output, as they are written in dvc.yaml or typed.
Dependency MakeDependency(std::string path, const std::string& wdir, const Place& place);
Result<void> AddParams(Stage& stage, const codec::Json& params, const Place& place);
Output MakeOutput(std::string path, const std::string& wdir, const Place& place);

}  // namespace mlean::pipeline

// `.dvc` files: one stage without a command: data added, or imported from elsewhere (reference/dvc.md 1.2).
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "pipeline/place.hpp"
#include "pipeline/stage.hpp"

namespace mlean::pipeline {

// `location` of the file. Errors: file_error.hpp. Legacy entries (no `hash` key) have hash_name "md5-dos2unix".
Result<Stage> ParseDvcFile(std::string_view text, std::string_view location, const Place& place);

// A new stage for data at `location` ("data/x"), to be written as "data/x.dvc". Set outs[0].content, then write.
Stage NewDataStage(std::string_view location);

// The file's text: of a stage that was read, its old text with the changes made as DVC's rewrite makes them (comments, order and
// flow style stay; quotes and indentation of lists become the writer's); of a new one, keys in DVC's order.
Result<std::string> WriteDvcFile(const Stage& stage, const Place& place);

// The `md5` of an import stage (1.2); empty for data that was added, which has none. Set it before writing an import.
std::string StageMd5(const Stage& stage, const Place& place);

}  // namespace mlean::pipeline

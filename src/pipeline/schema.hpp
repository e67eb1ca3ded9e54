// The schemas of dvc.yaml, .dvc files and dvc.lock, checked with the rules and texts of the validator DVC uses: closed maps,
// unions whose deepest error is reported, errors in the order found.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "codec/json.hpp"

namespace mlean::pipeline {

struct SchemaProblem {
  std::string message;            // "extra keys not allowed", "expected str"
  std::vector<std::string> path;  // keys and indices from the root: {"stages", "a", "deps", "0"}
};

enum class SchemaKind : std::uint8_t { kDvcFile, kDvcYaml, kDvcLock, kLockedStage };
// Empty: valid.
std::vector<SchemaProblem> CheckSchema(SchemaKind kind, const codec::Json& data);

}  // namespace mlean::pipeline

// Query: a typed search over models or versions. Text grammars are parsed at the edge into this.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace mlean::registry {

enum class Field : std::uint8_t { kAttribute, kTag };
// kLike is case-sensitive, kILike is not; both match the whole text. kNe on a tag matches only objects that have the tag, unless
// Clause::or_absent is set (MLflow's rule for mlflow.prompt.is_prompt).
enum class Op : std::uint8_t { kEq, kNe, kLt, kLe, kGt, kGe, kLike, kILike, kIn };

struct Clause {
  Field field = Field::kAttribute;
  std::string key;  // models: name · versions: name, version_number, run_id, source_path
  Op op = Op::kEq;
  std::variant<std::string, std::int64_t, std::vector<std::string>> value = {};
  bool or_absent = false;
};

struct Order {
  std::string key;  // name, version_number, creation_timestamp, last_updated_timestamp (timestamp for models)
  bool ascending = true;
};

struct Query {
  std::vector<Clause> where = {};  // all must hold; at most 64
  std::vector<Order> order = {};   // at most 32
  std::size_t limit = 100;
  std::size_t offset = 0;
};

}  // namespace mlean::registry

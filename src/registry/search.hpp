// Query: a typed search over models or versions. Text grammars are parsed at the edge into this.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "sql/filter.hpp"
#include "sql/keyset.hpp"

namespace mlean::registry {

enum class Field : std::uint8_t { kAttribute, kTag };
// kNe on a tag matches only objects that have the tag, unless Clause::or_absent is set (MLflow's rule for
// mlflow.prompt.is_prompt).
using sql::Op;

struct Clause {
  Field field = Field::kAttribute;
  std::string key;  // models: name · versions: name, version_number, run_id, source_path
  Op op = Op::kEq;
  sql::Operand value = {};
  bool or_absent = false;
  // Not empty: one of these lists holds as a whole; the members above mean nothing.
  std::vector<std::vector<Clause>> any = {};
};

struct Order {
  std::string key;  // name, version_number, creation_timestamp, last_updated_timestamp (timestamp for models)
  bool ascending = true;
};

struct Query {
  std::vector<Clause> where = {};  // all must hold; at most 65
  std::vector<Order> order = {};   // at most 32
  std::size_t limit = 100;
  sql::RowCondition visible = {};  // on the number of the model
  sql::SortPlace after = {};       // where the last page ended; empty: from the beginning
};

}  // namespace mlean::registry

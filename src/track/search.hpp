// Query: what a search asks, typed. The text grammars (MLflow's filter strings) are parsed at the edge into this; the stores turn
// it into SQL made of literals, with every name and value bound.
//
//   Query{.view = View::kActiveOnly, .experiment_ids = {"1"},
//         .where = {{Field::kMetric, "auc", Op::kGe, 0.8}, {Field::kTag, "team", Op::kLike, "ops%"}},
//         .order = {{Field::kMetric, "auc", false}}, .limit = 100}
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "sql/filter.hpp"
#include "sql/keyset.hpp"
#include "track/types.hpp"

namespace mlean::track {

enum class Field : std::uint8_t { kAttribute, kMetric, kParam, kTag, kDataset };
using sql::Op;

struct Clause {
  Field field = Field::kAttribute;
  std::string key;  // kDataset: name, digest or context
  Op op = Op::kEq;
  // A number for metrics and times. kNe and the other comparisons match only objects that have the key.
  sql::Operand value = {};
  // Not empty: one of these lists holds as a whole; the members above mean nothing.
  std::vector<std::vector<Clause>> any = {};
};

struct Order {
  Field field = Field::kAttribute;
  std::string key;
  bool ascending = true;  // objects without the key come last either way; metrics: values, then NaN, then missing
};

struct Query {
  View view = View::kActiveOnly;
  std::vector<std::string> experiment_ids = {};  // runs and logged models; empty finds none
  std::vector<Clause> where = {};                // all must hold; at most 64
  std::vector<Order> order = {};                 // at most 32; ties: newest first, then id
  std::size_t limit = 1000;
  sql::RowCondition visible = {};  // on the number of the experiment; of experiments only
  sql::SortPlace after = {};       // where the last page ended; empty: from the beginning
};

}  // namespace mlean::track

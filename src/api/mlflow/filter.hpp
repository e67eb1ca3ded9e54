// MLflow's filter strings and order_by clauses (reference/mlflow.md 2): one grammar, what may be named differs by search.
//
//   filter     := all (OR all)*                      OR and parentheses are ours: MLflow knows AND only
//   all        := part (AND part)* [AND]
//   part       := '(' filter ')' | comparison
//   comparison := name op value | name [NOT] IN '(' text, … ')' | name IS [NOT] NULL
//   name       := [entity '.'] key                   split at the first dot; odd keys in backticks or double quotes
//   op         := = != < <= > >= LIKE ILIKE          words in any case
//   value      := number | 'text' | "text"           as it stands between the quotes: there is no escape
//
// Pure; at most 64 comparisons, 16 levels of parentheses, 10,000 list elements. Errors carry MLflow's texts.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "sql/filter.hpp"

namespace mlean::api::mlflow {

enum class Entity : std::uint8_t { kAttribute, kMetric, kParam, kTag, kDataset };

struct EntityWord {
  std::string_view word;  // "metrics"
  Entity entity;
};

struct AttributeWord {
  std::string_view word;    // "Created"
  std::string_view column;  // what the store calls it
  bool number = false;
  bool list = false;     // may stand left of IN
  bool ordered = true;   // may stand in order_by
  bool filtered = true;  // may stand in a filter
};

// What one search lets its users name.
struct Grammar {
  std::span<const EntityWord> entities;
  std::string_view valid_entities;  // for the error: "['metric', …]"
  std::span<const AttributeWord> attributes;
  bool null_tests = false;      // IS NULL and IS NOT NULL, on tags and params
  bool any_list = false;        // IN on every text attribute
  bool quoted_numbers = false;  // version_number = '3'
};

struct Comparison {
  Entity entity = Entity::kAttribute;
  std::string key;  // attributes: the store's name
  sql::Op op = sql::Op::kEq;
  sql::Operand value = {};
  // When not empty, this stands for "one of these lists holds as a whole" and the members above mean nothing.
  std::vector<std::vector<Comparison>> any = {};
};

// All of them must hold.
Result<std::vector<Comparison>> ParseFilter(std::string_view text, const Grammar& grammar);

struct OrderKey {
  Entity entity = Entity::kAttribute;
  std::string key;
  bool ascending = true;
};
// "metrics.auc DESC"
Result<OrderKey> ParseOrder(std::string_view text, const Grammar& grammar);

}  // namespace mlean::api::mlflow

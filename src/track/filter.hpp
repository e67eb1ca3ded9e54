// MLflow's filter strings and order_by clauses (reference/mlflow.md 2): one grammar, what may be named differs by search.
//
//   filter     := all (OR all)*                      OR and parentheses are ours: MLflow knows AND only
//   all        := part (AND part)*                  ANDs too many are passed over, as by MLflow
//   part       := '(' filter ')' | comparison
//   comparison := name op value | name [NOT] IN '(' text, … ')' | name IS [NOT] NULL
//   name       := [entity '.'] key                   split at the first dot; odd keys in backticks or quotes
//   op         := = != < <= > >= LIKE ILIKE          words in any case
//   value      := number | 'text' | "text"           as it stands between the quotes: 'a''b' is a''b, as for MLflow
//
// Pure; at most 64 comparisons, 16 levels of parentheses, 10,000 elements of a list, 50,000 of all. Errors carry MLflow's texts.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "track/search.hpp"

namespace mlean::track {

struct EntityWord {
  std::string_view word;  // "metrics"
  Field field;
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
  bool pair_lists = false;      // IN on tags and params, too
  bool quoted_numbers = false;  // version_number = '3'
  bool of_models = false;       // logged models: clients know errors by other words than elsewhere
  bool order_keys = false;      // errors say "order by key", not "attribute key"
};

// All of them must hold.
Result<std::vector<Clause>> ParseFilter(std::string_view text, const Grammar& grammar);

// "metrics.auc DESC"
Result<Order> ParseOrder(std::string_view text, const Grammar& grammar);

// What a search of runs, or of experiments, lets its users name, in MLflow's API and on the command line.
const Grammar& RunGrammar();
const Grammar& ExperimentGrammar();

}  // namespace mlean::track

#include <fmt/format.h>

#include "sql/rows.hpp"
#include "track/query_store.hpp"
#include "track/run_data_store.hpp"
#include "track/run_store.hpp"

namespace mlean::track {
namespace {

struct Attribute {
  std::string_view key;
  std::string_view expression;
  bool number = false;
};
constexpr Attribute kAttributes[] = {
    {"run_id", "r.run_id"},
    {"run_name", "r.name"},
    {"status",
     "CASE r.status WHEN 1 THEN 'RUNNING' WHEN 2 THEN 'SCHEDULED' WHEN 3 THEN 'FINISHED' WHEN 4 THEN 'FAILED' ELSE 'KILLED' END"},
    {"artifact_uri", "r.artifact_uri"},
    {"user_id", "r.user_id"},
    {"start_time", "r.start_time", true},
    {"end_time", "r.end_time", true},
};

Result<const Attribute*> FindAttribute(std::string_view key) {
  for (const Attribute& attribute : kAttributes) {
    if (attribute.key == key) return &attribute;
  }
  return Fail(Code::kInvalid,
              fmt::format("Invalid attribute key '{}' specified. Valid keys are '['artifact_uri', 'end_time', 'run_id', "
                          "'run_name', 'start_time', 'status', 'user_id']'",
                          key));
}

// Adds "[NOT ]EXISTS(<from> AND <value compare>)".
Result<void> AddExists(sql::SelectText& text, const Clause& clause, std::string_view from, std::string_view key_end,
                       std::string_view value, bool number) {
  if (clause.op == Op::kIsNull) text.Add("NOT ");
  text.Add("EXISTS(");
  text.Add(from);
  text.Value(std::string_view(clause.key));
  text.Add(key_end);
  if (clause.op != Op::kIsNull && clause.op != Op::kNotNull) {
    text.Add(" AND ");
    if (number) {
      // A point that is no number differs from every number and compares with none.
      text.Add("(");
      TRYV(text.CompareNumber(value, clause.key, clause.op, clause.value));
      text.Add(clause.op == Op::kNe ? " OR m.is_nan = 1)" : " AND m.is_nan = 0)");
    } else {
      TRYV(text.CompareText(value, clause.key, clause.op, clause.value));
    }
  }
  text.Add(")");
  return {};
}

Result<void> AddDatasetClause(sql::SelectText& text, const Clause& clause) {
  if (clause.key == "context") {
    text.Add("EXISTS(SELECT 1 FROM input_tags t WHERE t.run = r.no AND t.key = 'mlflow.data.context' AND ");
    TRYV(text.CompareText("t.value", clause.key, clause.op, clause.value));
  } else if (clause.key == "name" || clause.key == "digest") {
    text.Add("EXISTS(SELECT 1 FROM inputs i JOIN datasets d ON d.no = i.dataset WHERE i.run = r.no AND ");
    TRYV(text.CompareText(clause.key == "name" ? "d.name" : "d.digest", clause.key, clause.op, clause.value));
  } else {
    return Fail(Code::kInvalid,
                fmt::format("Invalid dataset key '{}' specified. Valid keys are '['context', 'digest', 'name']'", clause.key));
  }
  text.Add(")");
  return {};
}

Result<void> AddClause(sql::SelectText& text, const Clause& clause) {
  switch (clause.field) {
    case Field::kAttribute: {
      TRY(const Attribute* attribute, FindAttribute(clause.key));
      return attribute->number ? text.CompareNumber(attribute->expression, clause.key, clause.op, clause.value)
                               : text.CompareText(attribute->expression, clause.key, clause.op, clause.value);
    }
    case Field::kMetric:
      return AddExists(text, clause,
                       "SELECT 1 FROM latest_metrics m WHERE m.run = r.no AND m.key = (SELECT no FROM metric_keys WHERE key = ",
                       ")", "m.value", true);
    case Field::kParam:
      return AddExists(text, clause, "SELECT 1 FROM params p WHERE p.run = r.no AND p.key = ", "", "p.value", false);
    case Field::kTag:
      return AddExists(text, clause, "SELECT 1 FROM run_tags t WHERE t.run = r.no AND t.key = ", "", "t.value", false);
    case Field::kDataset: return AddDatasetClause(text, clause);
  }
  return {};
}

// One LEFT JOIN per ordered key; its alias is o<position>.
void AddOrderJoin(sql::SelectText& text, const Order& order, std::size_t position) {
  if (order.field == Field::kMetric) {
    text.Add(fmt::format(
        " LEFT JOIN latest_metrics o{0} ON o{0}.run = r.no AND o{0}.key = (SELECT no FROM metric_keys WHERE key = ", position));
    text.Value(std::string_view(order.key));
    text.Add(")");
  } else if (order.field == Field::kParam || order.field == Field::kTag) {
    text.Add(fmt::format(" LEFT JOIN {1} o{0} ON o{0}.run = r.no AND o{0}.key = ", position,
                         order.field == Field::kParam ? "params" : "run_tags"));
    text.Value(std::string_view(order.key));
  }
}

Result<void> AddTerms(std::vector<sql::SortTerm>& terms, const Order& order, std::size_t position) {
  using sql::SortKind;
  const std::string value = fmt::format("o{}.value", position);
  switch (order.field) {
    case Field::kAttribute: {
      TRY(const Attribute* attribute, FindAttribute(order.key));
      if (order.key == "end_time") terms.push_back({"r.end_time IS NULL"});
      terms.push_back(
          {std::string(attribute->expression), attribute->number ? SortKind::kInteger : SortKind::kText, order.ascending});
      return {};
    }
    case Field::kMetric:
      terms.push_back({value + " IS NULL"});
      terms.push_back({fmt::format("coalesce(o{}.is_nan, 0)", position)});
      terms.push_back({value, SortKind::kReal, order.ascending});
      return {};
    case Field::kParam:
    case Field::kTag:
      terms.push_back({value + " IS NULL"});
      terms.push_back({value, SortKind::kText, order.ascending});
      return {};
    case Field::kDataset: return Fail(Code::kInvalid, "Invalid order_by entity 'dataset'");
  }
  return {};
}

// The numbers of the matching runs, in order.
Result<std::vector<std::int64_t>> Search(sql::Conn& conn, const Query& query, sql::SortPlace* next) {
  TRYV(CheckQuery(query));
  std::vector<sql::SortTerm> terms;
  for (std::size_t i = 0; i < query.order.size(); ++i) TRYV(AddTerms(terms, query.order[i], i));
  terms.push_back({"r.start_time", sql::SortKind::kInteger, false});
  terms.push_back({"r.run_id", sql::SortKind::kText});
  const sql::Keyset order(std::move(terms));
  sql::SelectText text;
  text.Add("SELECT r.no");
  order.AddColumns(text);
  text.Add(" FROM runs r");
  for (std::size_t i = 0; i < query.order.size(); ++i) AddOrderJoin(text, query.order[i], i);
  text.Add(" WHERE r.experiment IN ");
  if (!AddExperimentIds(text, query.experiment_ids)) return std::vector<std::int64_t>{};
  AddView(text, query.view, "r.deleted");
  TRYV(sql::AddClauses(text, query.where, [&](const Clause& clause) { return AddClause(text, clause); }));
  TRYV(order.AddAfter(text, query.after));
  return order.Numbers(conn, text, query.limit, next);
}

}  // namespace

Result<std::vector<Run>> ListRuns(sql::Conn& conn, const Query& query, sql::SortPlace* next) {
  TRY(const std::vector<std::int64_t> numbers, Search(conn, query, next));
  return sql::ReadEach(conn, numbers, ReadRun);
}

Result<std::vector<RunInfo>> ListRunInfos(sql::Conn& conn, const Query& query) {
  TRY(const std::vector<std::int64_t> numbers, Search(conn, query, nullptr));
  return sql::ReadEach(conn, numbers, ReadRunInfo);
}

}  // namespace mlean::track

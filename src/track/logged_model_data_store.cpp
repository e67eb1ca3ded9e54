#include "track/logged_model_data_store.hpp"

#include <fmt/format.h>

#include "sql/rows.hpp"
#include "track/logged_model_store.hpp"
#include "track/metric_keys_store.hpp"
#include "track/query_store.hpp"

namespace mlean::track {
namespace {

Result<void> ReadPairs(sql::Conn& conn, std::string_view sql, std::int64_t model, std::vector<Tag>& out) {
  TRY(sql::Stmt stmt, conn.Prepare(sql));
  stmt.Bind(model);
  return sql::ForEachRow(stmt, [&](const sql::Stmt& row) { out.push_back({row.Text(0), row.Text(1)}); });
}

Result<void> ReadMetrics(sql::Conn& conn, std::int64_t model, LoggedModel& out) {
  TRY(sql::Stmt stmt,
      conn.Prepare("SELECT k.key, m.value, m.is_nan, m.time, m.step, m.dataset_name, m.dataset_digest, r.run_id "
                   "FROM logged_model_metrics m JOIN metric_keys k ON k.no = m.key LEFT JOIN runs r ON r.no = m.run "
                   "WHERE m.model = ?1 ORDER BY m.time, m.step, k.key"));
  stmt.Bind(model);
  return sql::ForEachRow(stmt, [&](const sql::Stmt& row) {
    out.metrics.push_back({row.Text(0), FromStored(row.Double(1), row.Int(2) != 0), row.Int(3), row.Int(4), out.model_id,
                           row.Text(5), row.Text(6), row.Text(7)});
  });
}

struct Attribute {
  std::string_view key;
  std::string_view expression;
  bool number = false;
};
constexpr Attribute kAttributes[] = {
    {"name", "l.name"},
    {"model_id", "l.model_id"},
    {"model_type", "l.model_type"},
    {"status", "CASE l.status WHEN 1 THEN 'PENDING' WHEN 2 THEN 'READY' ELSE 'FAILED' END"},
    {"source_run_id", "l.source_run_id"},
    {"experiment_id", "CAST(l.experiment AS TEXT)"},
    {"creation_timestamp", "l.created", true},
    {"last_updated_timestamp", "l.updated", true},
};

Result<const Attribute*> FindAttribute(std::string_view key) {
  for (const Attribute& attribute : kAttributes) {
    if (attribute.key == key) return &attribute;
  }
  return Fail(Code::kInvalid, fmt::format("Invalid attribute '{}' of logged models", key));
}

// Adds " AND …" for the members that are said.
void AddDataset(sql::SelectText& text, const OnDataset& dataset) {
  if (!dataset.name.empty()) {
    text.Add(" AND m.dataset_name = ");
    text.Value(std::string_view(dataset.name));
  }
  if (!dataset.digest.empty()) {
    text.Add(" AND m.dataset_digest = ");
    text.Value(std::string_view(dataset.digest));
  }
}

// Adds " AND (…)" which keeps the points of alias `m` that are on one of the datasets.
void AddDatasets(sql::SelectText& text, const std::vector<OnDataset>& datasets) {
  if (datasets.empty()) return;
  text.Add(" AND (FALSE");
  for (const OnDataset& dataset : datasets) {
    text.Add(" OR (TRUE");
    AddDataset(text, dataset);
    text.Add(")");
  }
  text.Add(")");
}

bool NamesMetrics(const std::vector<Clause>& clauses) {
  for (const Clause& clause : clauses) {
    if (clause.any.empty() && clause.field == Field::kMetric) return true;
    for (const std::vector<Clause>& list : clause.any) {
      if (NamesMetrics(list)) return true;
    }
  }
  return false;
}

Result<void> AddClause(sql::SelectText& text, const Clause& clause, const std::vector<OnDataset>& datasets) {
  if (clause.field == Field::kAttribute) {
    TRY(const Attribute* attribute, FindAttribute(clause.key));
    return attribute->number ? text.CompareNumber(attribute->expression, clause.key, clause.op, clause.value)
                             : text.CompareText(attribute->expression, clause.key, clause.op, clause.value);
  }
  if (clause.field == Field::kDataset) return Fail(Code::kInvalid, "Invalid entity type 'dataset' in a search of logged models");
  if (clause.op == Op::kIsNull) text.Add("NOT ");
  const bool metric = clause.field == Field::kMetric;
  text.Add(metric ? "EXISTS(SELECT 1 FROM logged_model_metrics m WHERE m.model = l.no AND m.key = (SELECT no FROM metric_keys "
                    "WHERE key = "
           : clause.field == Field::kParam ? "EXISTS(SELECT 1 FROM logged_model_params m WHERE m.model = l.no AND m.key = "
                                           : "EXISTS(SELECT 1 FROM logged_model_tags m WHERE m.model = l.no AND m.key = ");
  text.Value(std::string_view(clause.key));
  if (metric) {
    text.Add(")");
    AddDatasets(text, datasets);
  }
  if (clause.op != Op::kIsNull && clause.op != Op::kNotNull) {
    text.Add(" AND ");
    TRYV(metric ? text.CompareNumber("m.value", clause.key, clause.op, clause.value)
                : text.CompareText("m.value", clause.key, clause.op, clause.value));
  }
  text.Add(")");
  return {};
}

// One LEFT JOIN per metric to order by; its alias is o<position>.
void AddOrderJoin(sql::SelectText& text, const Order& order, const OnDataset& dataset, std::size_t position) {
  if (order.field != Field::kMetric) return;
  text.Add(
      " LEFT JOIN (SELECT model, value, is_nan FROM (SELECT m.model, m.value, m.is_nan, row_number() OVER (PARTITION BY m.model "
      "ORDER BY m.time DESC, m.step DESC) AS place FROM logged_model_metrics m WHERE m.key = (SELECT no FROM metric_keys WHERE "
      "key = ");
  text.Value(std::string_view(order.key));
  text.Add(")");
  AddDataset(text, dataset);
  text.Add(fmt::format(") ranked WHERE place = 1) o{0} ON o{0}.model = l.no", position));
}

Result<void> AddTerms(std::vector<sql::SortTerm>& terms, const Order& order, std::size_t position) {
  using sql::SortKind;
  if (order.field == Field::kAttribute) {
    TRY(const Attribute* attribute, FindAttribute(order.key));
    terms.push_back(
        {std::string(attribute->expression), attribute->number ? SortKind::kInteger : SortKind::kText, order.ascending});
    return {};
  }
  if (order.field != Field::kMetric)
    return Fail(Code::kInvalid, "Invalid order_by: logged models are ordered by attributes and metrics");
  const std::string value = fmt::format("o{}.value", position);
  terms.push_back({value + " IS NULL"});
  terms.push_back({fmt::format("coalesce(o{}.is_nan, 0)", position)});
  terms.push_back({value, SortKind::kReal, order.ascending});
  return {};
}

}  // namespace

Result<LoggedModel> ReadLoggedModel(sql::Conn& conn, std::int64_t model) {
  LoggedModel out;
  {
    TRY(sql::Stmt stmt,
        conn.Prepare("SELECT model_id, experiment, name, model_type, source_run_id, artifact_uri, status, status_message, "
                     "created, updated FROM logged_models WHERE no = ?1"));
    stmt.Bind(model);
    TRY(const bool found, stmt.Step());
    CHECK_BUG(found);
    out.model_id = stmt.Text(0);
    out.experiment_id = fmt::to_string(stmt.Int(1));
    out.name = stmt.Text(2);
    out.model_type = stmt.Text(3);
    out.source_run_id = stmt.Text(4);
    out.artifact_uri = stmt.Text(5);
    out.status = static_cast<ModelStatus>(stmt.Int(6));
    out.status_message = stmt.Text(7);
    out.created = stmt.Int(8);
    out.updated = stmt.Int(9);
  }
  TRYV(ReadPairs(conn, "SELECT key, value FROM logged_model_tags WHERE model = ?1 ORDER BY key", model, out.tags));
  TRYV(ReadPairs(conn, "SELECT key, value FROM logged_model_params WHERE model = ?1 ORDER BY key", model, out.params));
  TRYV(ReadMetrics(conn, model, out));
  return out;
}

Result<std::vector<LoggedModel>> ListLoggedModels(sql::Conn& conn, const Query& query, const LoggedModelScope& scope,
                                                  sql::SortPlace* next) {
  TRYV(CheckSize(query));
  if (scope.datasets.size() > 100) return Fail(Code::kInvalid, "cannot search logged models: more than 100 datasets");
  std::vector<sql::SortTerm> terms;
  for (std::size_t i = 0; i < query.order.size(); ++i) TRYV(AddTerms(terms, query.order[i], i));
  terms.push_back({"l.created", sql::SortKind::kInteger, false});
  terms.push_back({"l.model_id", sql::SortKind::kText});
  const sql::Keyset order(std::move(terms));
  sql::SelectText text;
  text.Add("SELECT l.no");
  order.AddColumns(text);
  text.Add(" FROM logged_models l");
  for (std::size_t i = 0; i < query.order.size(); ++i)
    AddOrderJoin(text, query.order[i], i < scope.order.size() ? scope.order[i] : OnDataset{}, i);
  text.Add(" WHERE l.experiment IN ");
  if (!AddExperimentIds(text, query.experiment_ids)) return std::vector<LoggedModel>{};
  text.Add(" AND l.deleted = 0");
  if (!scope.datasets.empty() && !NamesMetrics(query.where)) {
    text.Add(" AND EXISTS(SELECT 1 FROM logged_model_metrics m WHERE m.model = l.no");
    AddDatasets(text, scope.datasets);
    text.Add(")");
  }
  TRYV(sql::AddClauses(text, query.where, [&](const Clause& clause) { return AddClause(text, clause, scope.datasets); }));
  TRYV(order.AddAfter(text, query.after));
  TRY(const std::vector<std::int64_t> numbers, order.Numbers(conn, text, query.limit, next));
  return sql::ReadEach(conn, numbers, ReadLoggedModel);
}

}  // namespace mlean::track

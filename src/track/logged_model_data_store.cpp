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

// Adds " AND (…)" which keeps the points of alias `m` that are on one of the datasets.
void AddDatasets(sql::SelectText& text, const std::vector<Dataset>& datasets) {
  if (datasets.empty()) return;
  text.Add(" AND (");
  for (std::size_t i = 0; i < datasets.size(); ++i) {
    text.Add(i == 0 ? "(m.dataset_name = " : " OR (m.dataset_name = ");
    text.Value(std::string_view(datasets[i].name));
    text.Add(" AND m.dataset_digest = ");
    text.Value(std::string_view(datasets[i].digest));
    text.Add(")");
  }
  text.Add(")");
}

Result<void> AddClause(sql::SelectText& text, const Clause& clause, const std::vector<Dataset>& datasets) {
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

// A metric to order by is the latest point by (timestamp, step).
Result<void> AddOrder(sql::SelectText& text, const Order& order, const std::vector<Dataset>& datasets) {
  const std::string_view direction = order.ascending ? " ASC" : " DESC";
  if (order.field == Field::kAttribute) {
    TRY(const Attribute* attribute, FindAttribute(order.key));
    text.Add(attribute->expression);
    text.Add(direction);
    text.Add(", ");
    return {};
  }
  if (order.field != Field::kMetric)
    return Fail(Code::kInvalid, "Invalid order_by: logged models are ordered by attributes and metrics");
  text.Add(
      "(SELECT m.value FROM logged_model_metrics m WHERE m.model = l.no AND m.key = (SELECT no FROM metric_keys WHERE key = ");
  text.Value(std::string_view(order.key));
  text.Add(")");
  AddDatasets(text, datasets);
  text.Add(" ORDER BY m.time DESC, m.step DESC LIMIT 1)");
  text.Add(direction);
  text.Add(" NULLS LAST, ");
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

Result<std::vector<LoggedModel>> ListLoggedModels(sql::Conn& conn, const Query& query, const std::vector<Dataset>& datasets) {
  TRYV(CheckQuery(query));
  if (datasets.size() > 100) return Fail(Code::kInvalid, "cannot search logged models: more than 100 datasets");
  sql::SelectText text;
  text.Add("SELECT l.no FROM logged_models l WHERE l.experiment IN ");
  if (!AddExperimentIds(text, query.experiment_ids)) return std::vector<LoggedModel>{};
  text.Add(" AND l.deleted = 0");
  TRYV(sql::AddClauses(text, query.where, [&](const Clause& clause) { return AddClause(text, clause, datasets); }));
  text.Add(" ORDER BY ");
  for (const Order& order : query.order) TRYV(AddOrder(text, order, datasets));
  text.Add("l.created DESC, l.model_id ASC LIMIT ");
  text.Value(static_cast<std::int64_t>(query.limit));
  text.Add(" OFFSET ");
  text.Value(static_cast<std::int64_t>(query.offset));
  TRY(sql::Stmt stmt, text.Prepare(conn));
  return sql::ReadRows(stmt, [&](const sql::Stmt& row) { return ReadLoggedModel(conn, row.Int(0)); });
}

}  // namespace mlean::track

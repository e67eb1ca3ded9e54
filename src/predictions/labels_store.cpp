#include "predictions/labels_store.hpp"

#include <algorithm>
#include <numeric>

#include <fmt/format.h>

#include "base/text.hpp"

namespace mlean::predictions {
namespace {

constexpr std::size_t kMaxId = 128;
constexpr std::size_t kMaxLabel = 1024;

// -1 when the model has no label.
Result<std::int64_t> FindModel(sql::Conn& conn, std::string_view model) {
  TRY(sql::Stmt stmt, conn.Prepare("SELECT no FROM label_models WHERE name = ?1"));
  stmt.Bind(model);
  TRY(const bool found, stmt.Step());
  return found ? stmt.Int(0) : -1;
}

Result<std::int64_t> EnsureModel(sql::Txn& txn, std::string_view model) {
  if (model.empty() || model.size() > 256)
    return Fail(Code::kInvalid, "cannot add labels: the model's name must be 1 to 256 bytes");
  TRY(const std::int64_t number, FindModel(txn, model));
  if (number >= 0) return number;
  TRYV(txn.Exec("INSERT INTO label_models(name) VALUES(?1)", model));
  return txn.LastRowId();
}

Result<void> Check(const Label& label) {
  const auto bad = [&label](std::string_view why) {
    return Fail(Code::kInvalid, fmt::format("cannot add label of '{}': {}", std::string_view(label.id).substr(0, kMaxId), why));
  };
  if (label.id.empty() || label.id.size() > kMaxId) return bad(fmt::format("its id must be 1 to {} bytes", kMaxId));
  if (label.label.size() > kMaxLabel) return bad(fmt::format("the label has over {} bytes", kMaxLabel));
  if (!IsValidUtf8(label.id) || !IsValidUtf8(label.label)) return bad("it is not UTF-8");
  return {};
}

Label FromRow(const sql::Stmt& row) {
  return {row.Text(0), static_cast<std::uint32_t>(row.Int(1)), row.Text(2), row.Int(3), row.Int(4)};
}

Result<std::vector<Label>> All(sql::Stmt stmt) {
  std::vector<Label> out;
  while (true) {
    TRY(const bool row, stmt.Step());
    if (!row) return out;
    out.push_back(FromRow(stmt));
  }
}

// Positions of the labels in key order: inserts then walk the tree from left to right. Equal keys keep their order, the last
// wins.
std::vector<std::uint32_t> KeyOrder(std::span<const Label> labels) {
  std::vector<std::uint32_t> order(labels.size());
  std::iota(order.begin(), order.end(), 0U);
  const auto less = [&labels](std::uint32_t a, std::uint32_t b) {
    const int by_id = labels[a].id.compare(labels[b].id);
    if (by_id != 0) return by_id < 0;
    return labels[a].row != labels[b].row ? labels[a].row < labels[b].row : a < b;
  };
  if (!std::is_sorted(order.begin(), order.end(), less)) std::sort(order.begin(), order.end(), less);
  return order;
}

std::int64_t Quantile(std::vector<std::int64_t>& values, double share) {
  if (values.empty()) return 0;
  const auto at = static_cast<std::ptrdiff_t>(share * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), values.begin() + at, values.end());
  return values[static_cast<std::size_t>(at)];
}

}  // namespace

Result<LabelCounts> AddLabels(sql::Txn& txn, std::string_view model, std::span<const Label> labels, TimeMs now) {
  for (const Label& label : labels) TRYV(Check(label));
  TRY(const std::int64_t number, EnsureModel(txn, model));
  TRY(sql::Stmt insert,
      txn.Prepare("INSERT INTO labels(model, id, row, label, event_time, arrived) VALUES(?1, ?2, ?3, ?4, ?5, ?6) "
                  "ON CONFLICT DO NOTHING"));
  TRY(sql::Stmt update,
      txn.Prepare("UPDATE labels SET label = ?4, event_time = ?5, arrived = ?6 WHERE model = ?1 AND id = ?2 AND row = ?3 "
                  "AND (label <> ?4 OR event_time <> ?5)"));
  LabelCounts counts;
  for (const std::uint32_t at : KeyOrder(labels)) {
    const Label& label = labels[at];
    const auto bind = [&](sql::Stmt& stmt) -> Result<void> {
      stmt.Bind(number)
          .Bind(label.id)
          .Bind(static_cast<std::int64_t>(label.row))
          .Bind(label.label)
          .Bind(label.event_time)
          .Bind(now);
      TRYV(stmt.Run());
      stmt.Reset();
      return {};
    };
    TRYV(bind(insert));
    if (txn.Changes() > 0) {
      ++counts.added;
      continue;
    }
    TRYV(bind(update));
    ++(txn.Changes() > 0 ? counts.changed : counts.same);
  }
  TRYV(txn.Exec("UPDATE label_models SET labels = labels + ?2 WHERE no = ?1", number, counts.added));
  return counts;
}

Result<std::vector<std::optional<Label>>> JoinLabels(sql::Conn& conn, std::string_view model, std::span<const LabelKey> keys) {
  std::vector<std::optional<Label>> out(keys.size());
  TRY(const std::int64_t number, FindModel(conn, model));
  if (number < 0) return out;
  TRY(sql::Stmt stmt, conn.Prepare("SELECT label, event_time, arrived FROM labels WHERE model = ?1 AND id = ?2 AND row = ?3"));
  for (std::size_t i = 0; i < keys.size(); ++i) {
    stmt.Bind(number).Bind(keys[i].id).Bind(static_cast<std::int64_t>(keys[i].row));
    TRY(const bool found, stmt.Step());
    if (found) out[i] = Label{std::string(keys[i].id), keys[i].row, stmt.Text(0), stmt.Int(1), stmt.Int(2)};
    stmt.Reset();
  }
  return out;
}

Result<std::vector<Label>> ListLabels(sql::Conn& conn, std::string_view model, TimeMs from, TimeMs to, std::size_t limit) {
  TRY(const std::int64_t number, FindModel(conn, model));
  TRY(sql::Stmt stmt,
      conn.Prepare("SELECT id, row, label, event_time, arrived FROM labels WHERE model = ?1 AND event_time >= ?2 AND "
                   "event_time < ?3 ORDER BY id, row LIMIT ?4"));
  const std::size_t most = static_cast<std::size_t>(std::numeric_limits<std::int64_t>::max());
  stmt.Bind(number).Bind(from).Bind(to).Bind(static_cast<std::int64_t>(std::min(limit, most)));
  return All(std::move(stmt));
}

Result<std::int64_t> CountLabels(sql::Conn& conn, std::string_view model) {
  TRY(sql::Stmt stmt, conn.Prepare("SELECT labels FROM label_models WHERE name = ?1"));
  stmt.Bind(model);
  TRY(const bool found, stmt.Step());
  return found ? stmt.Int(0) : 0;
}

Result<std::vector<Label>> LabelHistory(sql::Conn& conn, std::string_view model, std::string_view id, std::uint32_t row) {
  TRY(const std::int64_t number, FindModel(conn, model));
  TRY(sql::Stmt stmt,
      conn.Prepare("SELECT id, row, label, event_time, arrived FROM label_history WHERE model = ?1 AND id = ?2 AND row = ?3 "
                   "ORDER BY rowid"));
  stmt.Bind(number).Bind(id).Bind(static_cast<std::int64_t>(row));
  return All(std::move(stmt));
}

Coverage LabelCoverage(std::span<const TimeMs> times, std::span<const std::optional<Label>> labels) {
  CHECK_BUG(times.size() == labels.size());
  Coverage out;
  std::vector<std::int64_t> delays;
  for (std::size_t i = 0; i < times.size(); ++i) {
    if (labels[i]) delays.push_back(labels[i]->arrived - times[i]);
  }
  out.predictions = static_cast<std::int64_t>(times.size());
  out.labelled = static_cast<std::int64_t>(delays.size());
  if (!times.empty()) out.share = static_cast<double>(delays.size()) / static_cast<double>(times.size());
  out.delay_p50 = Quantile(delays, 0.5);
  out.delay_p95 = Quantile(delays, 0.95);
  return out;
}

}  // namespace mlean::predictions

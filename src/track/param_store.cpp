#include "track/param_store.hpp"

#include <fmt/format.h>

#include "track/limits.hpp"
#include "track/python_repr.hpp"
#include "track/run_store.hpp"

namespace mlean::track {
namespace {

struct Change {
  std::string key;
  std::string old_value;
  std::string new_value;
};

// Inserts what is new; returns the params that are there with another value.
Result<std::vector<Change>> Insert(sql::Txn& txn, std::int64_t run, const std::vector<Param>& params) {
  TRY(sql::Stmt insert, txn.Prepare("INSERT INTO params(run, key, value) VALUES(?1, ?2, ?3) ON CONFLICT DO NOTHING"));
  TRY(sql::Stmt select, txn.Prepare("SELECT value FROM params WHERE run = ?1 AND key = ?2"));
  std::vector<Change> changes;
  for (const Param& param : params) {
    TRYV(CheckKey(param.key, KeyOf::kParam));
    const std::string_view value = CutTo(param.value, kMaxParamValue);
    insert.Bind(run).Bind(param.key).Bind(value);
    TRYV(insert.Run());
    insert.Reset();
    if (txn.Changes() != 0) continue;
    select.Bind(run).Bind(param.key);
    TRY(const bool found, select.Step());
    CHECK_BUG(found);
    std::string old_value = select.Text(0);
    select.Reset();
    if (old_value != value) changes.push_back({param.key, std::move(old_value), std::string(value)});
  }
  return changes;
}

}  // namespace

Result<void> LogParam(sql::Txn& txn, std::string_view run_id, const Param& param) {
  TRY(const std::int64_t run, ActiveRun(txn, run_id));
  TRY(const std::vector<Change> changes, Insert(txn, run, {param}));
  if (changes.empty()) return {};
  return Fail(Code::kConflict,
              fmt::format("Changing param values is not allowed. Param with key='{}' was already logged with value='{}' for "
                          "run ID='{}'. Attempted logging new value '{}'.",
                          param.key, changes[0].old_value, run_id, changes[0].new_value));
}

Result<void> LogParams(sql::Txn& txn, std::string_view run_id, const std::vector<Param>& params) {
  TRY(const std::int64_t run, ActiveRun(txn, run_id));
  TRY(const std::vector<Change> changes, Insert(txn, run, params));
  if (changes.empty()) return {};
  std::string list;
  for (const Change& change : changes) {
    list += fmt::format("{}{{'key': {}, 'old_value': {}, 'new_value': {}}}", list.empty() ? "" : ", ", PythonRepr(change.key),
                        PythonRepr(change.old_value), PythonRepr(change.new_value));
  }
  return Fail(
      Code::kConflict,
      fmt::format("Changing param values is not allowed. Params were already logged='[{}]' for run ID='{}'.", list, run_id));
}

}  // namespace mlean::track

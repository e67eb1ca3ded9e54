#include "track/tag_store.hpp"

#include <fmt/format.h>

#include "track/limits.hpp"
#include "track/run_store.hpp"

namespace mlean::track {

Result<void> SetTags(sql::Txn& txn, std::string_view run_id, const std::vector<Tag>& tags) {
  TRY(const std::int64_t run, ActiveRun(txn, run_id));
  TRY(sql::Stmt stmt,
      txn.Prepare(
          "INSERT INTO run_tags(run, key, value) VALUES(?1, ?2, ?3) ON CONFLICT(run, key) DO UPDATE SET value = excluded.value"));
  for (const Tag& tag : tags) {
    TRYV(CheckKey(tag.key, KeyOf::kTag));
    const std::string_view value = CutTo(tag.value, kMaxRunTagValue);
    if (tag.key == kRunNameTag && value.empty()) continue;  // a run keeps its name
    stmt.Bind(run).Bind(tag.key).Bind(value);
    TRYV(stmt.Run());
    stmt.Reset();
    if (tag.key == kRunNameTag) TRYV(txn.Exec("UPDATE runs SET name = ?2 WHERE no = ?1", run, value));
  }
  return {};
}

Result<void> DeleteTag(sql::Txn& txn, std::string_view run_id, std::string_view key) {
  TRY(const std::int64_t run, ActiveRun(txn, run_id));
  TRYV(txn.Exec("DELETE FROM run_tags WHERE run = ?1 AND key = ?2", run, key));
  if (txn.Changes() == 0) return Fail(Code::kNotFound, fmt::format("No tag with name: {} in run with id {}", key, run_id));
  return {};
}

}  // namespace mlean::track

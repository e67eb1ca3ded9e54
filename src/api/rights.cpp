#include "api/rights.hpp"

#include <fmt/format.h>

#include "base/text.hpp"
#include "registry/model_store.hpp"

namespace mlean::api {

Result<bool> Allowed(sql::Conn& conn, const Caller* caller, const Rules& rules, access::Object object, access::Level level) {
  if (caller == nullptr) return true;
  TRY(const access::Level has, access::LevelOf(conn, *caller, object, rules.by_default));
  return has >= level;
}

Result<bool> AllowedOnModel(sql::Conn& conn, const Caller* caller, const Rules& rules, std::string_view model,
                            access::Level level) {
  if (caller == nullptr) return true;
  const Result<std::int64_t> number = registry::ModelNumber(conn, model);
  if (!number && number.error().code != Code::kNotFound) return number.error();
  constexpr std::int64_t kNoModel = 0;  // numbers begin at 1
  return Allowed(conn, caller, rules, {access::Kind::kModel, number ? *number : kNoModel}, level);
}

Result<void> RequireOnModel(sql::Conn& conn, const Caller* caller, const Rules& rules, std::string_view model,
                            access::Level level) {
  TRY(const bool allowed, AllowedOnModel(conn, caller, rules, model, level));
  if (allowed) return {};
  return Fail(Code::kDenied, fmt::format("cannot use model '{}': it needs {}", model, access::LevelName(level)));
}

Result<void> GrantToCreator(sql::Txn& txn, const Caller* caller, access::Object object) {
  if (caller == nullptr || caller->user == 0) return {};
  return access::SetGrant(txn, {caller->user, object, access::Level::kManage});
}

Result<std::vector<std::string>> ReadableExperiments(sql::Conn& conn, const Caller* caller, const Rules& rules,
                                                     std::vector<std::string> ids) {
  if (caller == nullptr || caller->admin) return ids;
  std::vector<std::string> out;
  for (std::string& id : ids) {
    const std::optional<std::int64_t> number = ParseInt(id);
    if (!number) continue;
    TRY(const bool allowed, Allowed(conn, caller, rules, {access::Kind::kExperiment, *number}, access::Level::kRead));
    if (allowed) out.push_back(std::move(id));
  }
  return out;
}

sql::RowCondition Readable(const Caller* caller, const Rules& rules, access::Kind kind) {
  if (caller == nullptr) return {};
  return access::RowsReadableBy(*caller, kind, rules.by_default);
}

}  // namespace mlean::api

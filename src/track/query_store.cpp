#include "track/query_store.hpp"

#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/text.hpp"

namespace mlean::track {
namespace {

constexpr std::size_t kMaxClauses = 64;
constexpr std::size_t kMaxOrders = 32;
constexpr std::size_t kMaxBoundIds = 100;

}  // namespace

void AddView(sql::SelectText& text, View view, std::string_view alias_deleted) {
  if (view == View::kAll) return;
  text.Add(" AND ");
  text.Add(alias_deleted);
  text.Add(view == View::kActiveOnly ? " = 0" : " = 1");
}

bool AddExperimentIds(sql::SelectText& text, const std::vector<std::string>& ids) {
  bool any = false;
  text.Add("(");
  for (const std::string& id : ids) {
    const auto number = ParseInt(id);
    if (!number) continue;
    if (any) text.Add(", ");
    // They may be more than a statement takes parameters.
    if (ids.size() > kMaxBoundIds) {
      text.Add(std::to_string(*number));
    } else {
      text.Value(*number);
    }
    any = true;
  }
  text.Add(")");
  return any;
}

Result<void> CheckSize(const Query& query) {
  if (query.where.size() > kMaxClauses)
    return Fail(Code::kInvalid, fmt::format("cannot search: more than {} clauses", kMaxClauses));
  if (query.order.size() > kMaxOrders)
    return Fail(Code::kInvalid, fmt::format("cannot search: more than {} order keys", kMaxOrders));
  return {};
}

Result<void> CheckQuery(const Query& query) {
  TRYV(CheckSize(query));
  std::set<std::pair<Field, std::string_view>> seen;
  for (const Order& order : query.order) {
    if (!seen.emplace(order.field, order.key).second) return Fail(Code::kInvalid, "`order_by` contains duplicate fields");
  }
  return {};
}

}  // namespace mlean::track

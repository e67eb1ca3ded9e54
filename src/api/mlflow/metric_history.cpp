// metrics/get-history and its two bulk forms (reference/mlflow.md 1.2, 1.3).
#include <algorithm>

#include <fmt/format.h>

#include "api/mlflow/bind.hpp"
#include "api/mlflow/render.hpp"
#include "api/mlflow/reply.hpp"
#include "api/mlflow/search.hpp"
#include "track/metric_store.hpp"

namespace mlean::api::mlflow {
namespace {

using codec::Json;

constexpr std::size_t kMaxBulkPoints = 25'000;
constexpr std::size_t kPiece = 5'000;  // of a long history
constexpr std::size_t kMaxBulkRuns = 100;
constexpr std::size_t kMaxIntervalSteps = 2'500;

constexpr Field kHistory[] = {
    {"run_id", Type::kString, kRequired}, {"metric_key", Type::kString, kRequired}, {"max_results", Type::kInt}, {"page_token"}};
constexpr Field kBulk[] = {{"run_id", Type::kStrings}, {"metric_key"}, {"max_results", Type::kInt}};
constexpr Field kInterval[] = {{"run_ids", Type::kStrings, kRequired},
                               {"metric_key", Type::kString, kRequired},
                               {"start_step", Type::kInt},
                               {"end_step", Type::kInt},
                               {"max_results", Type::kInt}};

Json PointJson(const track::Metric& metric) {
  Json out = MetricJson(metric);
  out.Set("run_id", metric.run_id);
  return out;
}

// As in MLflow a run that is not there has no points, so that the others of a comparison are shown.
Result<std::vector<track::Metric>> PointsOf(sql::Conn& conn, const std::string& run_id, const std::string& key, std::size_t limit,
                                            std::size_t offset = 0) {
  Result<std::vector<track::Metric>> points = track::MetricHistory(conn, run_id, key, limit, offset);
  if (!points && points.error().code == Code::kNotFound) return std::vector<track::Metric>{};
  return points;
}

// A history that is too long to be held leaves piece by piece: what comes after `offset`, up to `end`.
class LongHistory {
 public:
  // `first`: the first ones, at least one.
  LongHistory(std::shared_ptr<sql::Database> db, std::vector<track::Metric> first, std::size_t offset, std::size_t end)
      : db_(std::move(db)), points_(std::move(first)), start_(offset), at_(offset), end_(end) {}

  Result<bool> Pull(std::string& chunk) {
    std::size_t taken = 0;
    for (; taken < points_.size() && at_ < end_; ++taken, ++at_) {
      chunk += at_ == start_ ? "{\"metrics\":[" : ",";
      chunk += MetricJson(points_[taken]).Dump();
    }
    if (taken == points_.size()) {
      TRY(points_, db_->Read([&](sql::Conn& conn) { return track::MetricHistoryAfter(conn, points_.back(), kPiece); }));
      if (!points_.empty() && at_ < end_) return true;
    }
    chunk += points_.empty() ? "]}" : fmt::format("],\"next_page_token\":\"{}\"}}", PageToken(at_));
    return false;
  }

 private:
  const std::shared_ptr<sql::Database> db_;
  std::vector<track::Metric> points_;  // to be sent next
  const std::size_t start_;
  std::size_t at_;
  const std::size_t end_;
};

// Without max_results everything: R and Java never ask for pages.
Result<net::Reply> History(const Json& request, Context& context) {
  constexpr std::size_t kNoLimit = 1'000'000'000;
  TRY(const std::size_t page, PageSize(request, kNoLimit, kNoLimit));
  TRY(const std::size_t offset, ParsePageToken(TextOf(request, "page_token")));
  const std::size_t piece = std::min(page, kMaxBulkPoints);
  TRY(auto points, context.workspace.db->Read([&](sql::Conn& conn) {
    return PointsOf(conn, TextOf(request, "run_id"), TextOf(request, "metric_key"), piece + 1, offset);
  }));
  if (points.size() > piece && page > piece) {
    const auto history = std::make_shared<LongHistory>(context.workspace.db, std::move(points), offset, offset + page);
    return net::Reply::Stream("application/json", [history](std::string& chunk) { return history->Pull(chunk); });
  }
  Json out = Json::Object{};
  if (points.size() > page) {
    points.resize(page);
    out.Set("next_page_token", PageToken(offset + page));
  }
  Json::Array list;
  list.reserve(points.size());
  for (const track::Metric& point : points) list.push_back(MetricJson(point));
  SetList(out, "metrics", std::move(list));
  return ToReply(std::move(out));
}

Result<Json> Bulk(const Json& request, Context& context) {
  std::vector<std::string> run_ids = TextsOf(request, "run_id");
  if (run_ids.empty()) return Fail(Code::kInvalid, "GetMetricHistoryBulk request must specify at least one run_id.");
  if (run_ids.size() > kMaxBulkRuns) {
    return Fail(Code::kInvalid,
                fmt::format("GetMetricHistoryBulk request cannot specify more than {} run_ids. Received {} run_ids.",
                            kMaxBulkRuns, run_ids.size()));
  }
  if (request.Find("metric_key") == nullptr)
    return Fail(Code::kInvalid, "GetMetricHistoryBulk request must specify a metric_key.");
  const auto asked = static_cast<std::size_t>(std::max<std::int64_t>(IntOf(request, "max_results", kMaxBulkPoints), 0));
  const std::size_t limit = std::min(asked, kMaxBulkPoints);
  std::sort(run_ids.begin(), run_ids.end());
  Json::Array list;
  TRYV(context.workspace.db->Read([&](sql::Conn& conn) -> Result<void> {
    for (const std::string& run_id : run_ids) {
      if (list.size() >= limit) break;
      TRY(const auto points, PointsOf(conn, run_id, TextOf(request, "metric_key"), limit - list.size()));
      for (const track::Metric& point : points) list.push_back(PointJson(point));
    }
    return {};
  }));
  return Json(Json::Object{{"metrics", std::move(list)}});
}

Result<Json> Interval(const Json& request, Context& context) {
  track::IntervalSpec spec{
      .run_ids = TextsOf(request, "run_ids"), .key = TextOf(request, "metric_key"), .start_step = {}, .end_step = {}};
  if (request.Find("start_step") != nullptr) spec.start_step = IntOf(request, "start_step");
  if (request.Find("end_step") != nullptr) spec.end_step = IntOf(request, "end_step");
  const std::int64_t steps = IntOf(request, "max_results", kMaxIntervalSteps);
  if (steps < 1 || steps > static_cast<std::int64_t>(kMaxIntervalSteps)) {
    return Fail(
        Code::kInvalid,
        fmt::format("max_results must be between 1 and {}. See the API docs for more information about request parameters.",
                    kMaxIntervalSteps));
  }
  spec.max_steps = static_cast<std::size_t>(steps);
  TRY(const auto points, context.workspace.db->Read([&](sql::Conn& conn) { return track::MetricInterval(conn, spec); }));
  Json::Array list;
  list.reserve(points.size());
  for (const track::Metric& point : points) list.push_back(PointJson(point));
  Json out = Json::Object{};
  SetList(out, "metrics", std::move(list));
  return out;
}

}  // namespace

void BindMetricHistory(net::Router& router, Context& context) {
  ReplyEndpoint(router, context, "GET", "metrics/get-history", kHistory, Reads(OfRun), History);
  Endpoint(router, context, "GET", "metrics/get-history-bulk", kBulk, Reads(OfRuns), Bulk);
  Endpoint(router, context, "GET", "metrics/get-history-bulk-interval", kInterval, Reads(OfRuns), Interval);
}

}  // namespace mlean::api::mlflow

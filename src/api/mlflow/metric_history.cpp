// metrics/get-history and its two bulk forms (reference/mlflow.md 1.2, 1.3).
#include <algorithm>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

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
Result<std::vector<track::Metric>> NoneWithoutRun(Result<std::vector<track::Metric>> points) {
  if (!points && points.error().code == Code::kNotFound) return std::vector<track::Metric>{};
  return points;
}

// The page token of a history: the point before the page, so that points which come meanwhile move no other. Histories are read
// in the order of time, step and value.
sql::SortPlace PlaceOf(const track::Metric& point) { return {point.timestamp, point.step, point.value}; }

Result<std::optional<track::Metric>> PointBefore(const Json& request) {
  TRY(const sql::SortPlace place, ParsePlace(TextOf(request, "page_token")));
  if (place.empty()) return std::optional<track::Metric>();
  const bool is_point = place.size() == 3 && std::holds_alternative<std::int64_t>(place[0]) &&
                        std::holds_alternative<std::int64_t>(place[1]) && std::holds_alternative<double>(place[2]);
  if (!is_point) return Fail(Code::kInvalid, "Invalid page token");
  track::Metric point;
  point.key = TextOf(request, "metric_key");
  point.run_id = TextOf(request, "run_id");
  point.timestamp = std::get<std::int64_t>(place[0]);
  point.step = std::get<std::int64_t>(place[1]);
  point.value = std::get<double>(place[2]);
  return std::optional(std::move(point));
}

// One page of a history as JSON. Its points share their key, and there may be millions: they are written without a tree of
// values.
class HistoryText {
 public:
  HistoryText(const std::string& key, std::size_t page)
      : head_(fmt::format("{{\"key\":{},\"value\":", Json(key).Dump())), left_(page) {}

  // Writes points until the page is full; how many.
  std::size_t Append(std::string& text, const std::vector<track::Metric>& points) {
    const std::size_t count = std::min(points.size(), left_);
    for (std::size_t i = 0; i < count; ++i) {
      text += is_empty_ ? "{\"metrics\":[" : ",";
      is_empty_ = false;
      text += head_;
      text += DoubleJson(points[i].value).Dump();
      fmt::format_to(std::back_inserter(text), ",\"timestamp\":{},\"step\":{}}}", points[i].timestamp, points[i].step);
    }
    left_ -= count;
    if (count > 0) last_ = PlaceOf(points[count - 1]);
    return count;
  }

  bool IsFull() const { return left_ == 0; }

  // `more`: there are points after the page.
  void End(std::string& text, bool more) const {
    if (is_empty_) {
      text += "{}";
      return;
    }
    Json rest = Json::Object{};
    if (more) SetNextPage(rest, last_);
    text += more ? "]," + rest.Dump().substr(1) : "]}";
  }

 private:
  const std::string head_;
  std::size_t left_;
  bool is_empty_ = true;
  sql::SortPlace last_;
};

// A history that is too long to be held leaves piece by piece.
class LongHistory {
 public:
  // `first`: at least one point.
  LongHistory(std::shared_ptr<sql::Database> db, std::vector<track::Metric> first, HistoryText text)
      : db_(std::move(db)), points_(std::move(first)), text_(std::move(text)) {}

  Result<bool> Pull(std::string& chunk) {
    bool more = text_.Append(chunk, points_) < points_.size();
    if (!more) {
      TRY(points_, db_->Read([&](sql::Conn& conn) { return track::MetricHistoryAfter(conn, points_.back(), kPiece); }));
      more = !points_.empty();
      if (more && !text_.IsFull()) return true;
    }
    text_.End(chunk, more);
    return false;
  }

 private:
  const std::shared_ptr<sql::Database> db_;
  std::vector<track::Metric> points_;  // to be sent next
  HistoryText text_;
};

// Without max_results everything: R and Java never ask for pages.
Result<net::Reply> History(const Json& request, Context& context) {
  constexpr std::size_t kNoLimit = 1'000'000'000;
  TRY(const std::size_t page, PageSize(request, kNoLimit, kNoLimit));
  TRY(const std::optional<track::Metric> before, PointBefore(request));
  const std::string key = TextOf(request, "metric_key");
  const std::size_t piece = std::min(page, kMaxBulkPoints);
  TRY(auto points, context.workspace.db->Read([&](sql::Conn& conn) {
    return NoneWithoutRun(before ? track::MetricHistoryAfter(conn, *before, piece + 1)
                                 : track::MetricHistory(conn, TextOf(request, "run_id"), key, piece + 1));
  }));
  HistoryText text(key, page);
  if (points.size() > piece && page > piece) {
    const auto history = std::make_shared<LongHistory>(context.workspace.db, std::move(points), std::move(text));
    return net::Reply::Stream("application/json", [history](std::string& chunk) { return history->Pull(chunk); });
  }
  std::string body;
  const bool more = text.Append(body, points) < points.size();
  text.End(body, more);
  return net::Reply::Json(200, std::move(body));
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
      TRY(const auto points,
          NoneWithoutRun(track::MetricHistory(conn, run_id, TextOf(request, "metric_key"), limit - list.size())));
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
  const std::int64_t points = IntOf(request, "max_results", track::kMaxIntervalPoints);
  spec.max_points = static_cast<std::size_t>(std::max<std::int64_t>(points, 0));
  TRY(const auto sample, context.workspace.db->Read([&](sql::Conn& conn) { return track::MetricInterval(conn, spec); }));
  Json::Array list;
  list.reserve(sample.size());
  for (const track::Metric& point : sample) list.push_back(PointJson(point));
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

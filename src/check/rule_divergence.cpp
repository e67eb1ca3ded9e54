// Kullback-Leibler divergence of a column from an expected partition: sum p ln(p / q) over normalised observed weights p and
// expected weights q (scipy.stats.entropy). Categories and finite bins with tails; infinite outer bins are not supported.
#include <fmt/core.h>

#include <cmath>
#include <limits>

#include "base/text.hpp"
#include "check/rule.hpp"

namespace mlean::check {

using codec::Json;

Result<Finish> KlDivergence(const Task& task);

namespace {

struct Partition {
  Json::Array places;           // values or bin edges
  std::vector<double> weights;  // of values, or of the bins between edges
  std::vector<double> tails;    // below and above the bins; empty when not given
  bool binned = false;
  double tail_holdout = 0;
  double inner_holdout = 0;
  Json threshold;
};

Result<std::vector<double>> Numbers(const Json& list, std::string_view what) {
  std::vector<double> numbers;
  for (const Json& value : list.AsArray()) {
    if (!value.IsNumber()) return Fail(Code::kInvalid, fmt::format("'{}' must hold numbers", what));
    numbers.push_back(value.AsDouble());
  }
  return numbers;
}

Result<Partition> ParsePartition(const Json& kwargs) {
  const Json& object = *kwargs.Find("partition_object");
  Partition partition;
  partition.binned = object.Find("bins") != nullptr;
  TRY(const Json* const places, object.ArrayAt(partition.binned ? "bins" : "values"));
  partition.places = places->AsArray();
  TRY(const Json* const weights, object.ArrayAt("weights"));
  TRY(partition.weights, Numbers(*weights, "weights"));
  if (partition.places.size() != partition.weights.size() + (partition.binned ? 1 : 0) || partition.weights.empty()) {
    return Fail(Code::kInvalid, "'partition_object' needs a weight for each value, or one for each bin");
  }
  if (const Json* tails = object.Find("tail_weights"); tails != nullptr && tails->IsArray()) {
    TRY(partition.tails, Numbers(*tails, "tail_weights"));
    if (partition.tails.size() != 2) return Fail(Code::kInvalid, "'tail_weights' must hold 2 numbers");
  }
  TRY(partition.tail_holdout, kwargs.DoubleAt("tail_weight_holdout", 0));
  TRY(partition.inner_holdout, kwargs.DoubleAt("internal_weight_holdout", 0));
  for (const double holdout : {partition.tail_holdout, partition.inner_holdout}) {
    if (!(holdout >= 0 && holdout <= 1)) return Fail(Code::kInvalid, "weight holdouts must be between 0 and 1");
  }
  if (partition.tail_holdout != 0 && !partition.tails.empty()) {
    return Fail(Code::kInvalid, "'tail_weight_holdout' must be 0 when the partition has tail_weights");
  }
  if (const Json* threshold = kwargs.Find("threshold")) partition.threshold = *threshold;
  if (!partition.binned) return partition;
  TRY(const std::vector<double> edges, Numbers(*places, "bins"));
  for (std::size_t i = 0; i < edges.size(); ++i) {
    if (!std::isfinite(edges[i])) return Fail(Code::kUnsupported, "bins with infinite ends are not supported");
    if (i > 0 && edges[i] <= edges[i - 1]) return Fail(Code::kInvalid, "'bins' must increase");
  }
  return partition;
}

double Divergence(const std::vector<double>& observed, const std::vector<double>& expected) {
  double p_sum = 0, q_sum = 0, sum = 0;
  for (const double p : observed) p_sum += p;
  for (const double q : expected) q_sum += q;
  for (std::size_t i = 0; i < observed.size(); ++i) {
    const double p = observed[i] / p_sum, q = expected[i] / q_sum;
    if (p > 0 && q > 0) sum += p * std::log(p / q);
    if (p > 0 && !(q > 0)) return std::numeric_limits<double>::infinity();
  }
  return sum;
}

Json List(const std::vector<double>& numbers) {
  Json list = Json::Array{};
  for (const double number : numbers) list.Push(number);
  return list;
}

void Conclude(const Partition& partition, double divergence, Json observed, Json expected, ItemResult& item) {
  const bool success = partition.threshold.IsNumber() ? divergence <= partition.threshold.AsDouble() : true;
  Observe(item, success, std::isfinite(divergence) ? Json(divergence) : Json());
  item.more.emplace_back("details",
                         Json::Object{{"observed_partition", std::move(observed)}, {"expected_partition", std::move(expected)}});
}

Result<Finish> Categories(const Task& task, Partition partition) {
  if (partition.inner_holdout > 0) return Fail(Code::kInvalid, "'internal_weight_holdout' is not for categories");
  TRY(const SourceColumn* const column, task.work.Column(task.kwargs(), "column"));
  return Finish([task, filter = task.filter, column = *column, partition = std::move(partition)](
                    const Answers&, ItemResult& item) -> Result<void> {
    constexpr int kMaxCategories = 10'000;
    const std::string name = Ident(column.name);
    TRY(const auto rows,
        task.work.source.Rows(fmt::format("SELECT {0}, count(*) FROM {1}{2} GROUP BY {0} ORDER BY 2 DESC, 1 LIMIT {3}", name,
                                          task.work.relation, Where({filter, name + " IS NOT NULL"}), kMaxCategories + 1)));
    if (rows.size() > kMaxCategories) {
      return Fail(Code::kTooLarge, fmt::format("column '{}' has more than {} distinct values", column.name, kMaxCategories));
    }
    double total = 0;
    for (const auto& row : rows) total += row.at(1).AsDouble();
    Json::Array values = partition.places;
    std::vector<double> expected = partition.weights, observed(values.size(), 0.0);
    std::size_t strangers = 0;
    for (const auto& row : rows) {
      std::size_t at = 0;
      while (at < partition.places.size() && !(row[0] == partition.places[at])) ++at;
      if (at < partition.places.size()) {
        observed[at] = row[1].AsDouble() / total;
        continue;
      }
      values.push_back(row[0]);
      observed.push_back(row[1].AsDouble() / total);
      ++strangers;
    }
    if (strangers > 0) {
      for (double& weight : expected) weight *= 1 - partition.tail_holdout;
      expected.resize(values.size(), partition.tail_holdout / static_cast<double>(strangers));
    }
    Conclude(partition, Divergence(observed, expected), Json::Object{{"values", values}, {"weights", List(observed)}},
             Json::Object{{"values", values}, {"weights", List(expected)}}, item);
    return {};
  });
}

Result<Finish> Bins(const Task& task, Partition partition) {
  TRY(const SourceColumn* const column, task.work.Column(task.kwargs(), "column"));
  if (!IsNumber(column->kind)) return Fail(Code::kInvalid, fmt::format("column '{}' holds no numbers", column->name));
  const std::string name = Ident(column->name);
  // below, each bin [low, high) with the last closed (numpy.histogram), above.
  std::vector<std::size_t> asked;
  const auto edge = [&](std::size_t i) { return fmt::format("'{}'::DOUBLE", FormatDouble(partition.places[i].AsDouble())); };
  const std::size_t last = partition.places.size() - 1;
  asked.push_back(task.work.Ask(CountWhere({task.filter, fmt::format("{} < {}", name, edge(0))})));
  for (std::size_t i = 0; i < last; ++i) {
    asked.push_back(task.work.Ask(CountWhere(
        {task.filter, fmt::format("{0} >= {1} AND {0} {2} {3}", name, edge(i), i + 1 == last ? "<=" : "<", edge(i + 1))})));
  }
  asked.push_back(task.work.Ask(CountWhere({task.filter, fmt::format("{} > {}", name, edge(last))})));
  return Finish(
      [asked = std::move(asked), partition = std::move(partition)](const Answers& answers, ItemResult& item) -> Result<void> {
        double total = 0;
        for (const std::size_t at : asked) total += static_cast<double>(Count(answers, at));
        std::vector<double> observed;
        for (const std::size_t at : asked) observed.push_back(static_cast<double>(Count(answers, at)) / total);
        std::vector<double> inner = partition.weights;
        std::size_t zeros = 0;
        for (double& weight : inner) {
          weight *= 1 - partition.tail_holdout - partition.inner_holdout;
          zeros += weight == 0 ? 1 : 0;
        }
        for (double& weight : inner) {
          if (weight == 0 && partition.inner_holdout > 0) weight = partition.inner_holdout / static_cast<double>(zeros);
        }
        const std::vector<double> tails =
            partition.tails.empty() ? std::vector<double>(2, partition.tail_holdout / 2) : partition.tails;
        std::vector<double> expected = {tails[0]};
        expected.insert(expected.end(), inner.begin(), inner.end());
        expected.push_back(tails[1]);
        const std::vector<double> observed_inner(observed.begin() + 1, observed.end() - 1);
        Conclude(partition, Divergence(observed, expected),
                 Json::Object{{"bins", partition.places},
                              {"weights", List(observed_inner)},
                              {"tail_weights", List({observed.front(), observed.back()})}},
                 Json::Object{{"bins", partition.places}, {"weights", List(inner)}, {"tail_weights", List(tails)}}, item);
        return {};
      });
}

}  // namespace

Result<Finish> KlDivergence(const Task& task) {
  TRY(Partition partition, ParsePartition(task.kwargs()));
  return partition.binned ? Bins(task, std::move(partition)) : Categories(task, std::move(partition));
}

}  // namespace mlean::check

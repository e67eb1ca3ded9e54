#include "serving/live_model.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "infer/input_hash.hpp"
#include "rollout/split.hpp"

namespace mlean::serving {
namespace {

using predictions::Variant;

std::int64_t MicrosSince(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

LiveModel::LiveModel(LiveModelOptions options, std::unique_ptr<predictions::LogWriter> log, Metrics& metrics, OnAbort on_abort)
    : options_(std::move(options)),
      log_(std::move(log)),
      on_abort_(std::move(on_abort)),
      route_(std::make_shared<const Route>()),
      champion_window_({.span_ms = options_.window_ms}),
      candidate_window_({.span_ms = options_.window_ms}),
      answered_champion_(metrics.Counters("mlean_predictions_total", "Prediction requests answered.", {"model", "variant"})
                             .With({{"model", options_.name}, {"variant", "champion"}})),
      answered_candidate_(metrics.Counters("mlean_predictions_total", "", {"model", "variant"})
                              .With({{"model", options_.name}, {"variant", "candidate"}})),
      answered_fallback_(metrics.Counters("mlean_predictions_total", "", {"model", "variant"})
                             .With({{"model", options_.name}, {"variant", "fallback"}})),
      failed_champion_(metrics
                           .Counters("mlean_prediction_failures_total", "Prediction requests that a variant could not answer.",
                                     {"model", "variant"})
                           .With({{"model", options_.name}, {"variant", "champion"}})),
      failed_candidate_(metrics.Counters("mlean_prediction_failures_total", "", {"model", "variant"})
                            .With({{"model", options_.name}, {"variant", "candidate"}})),
      unlogged_(
          metrics.Counters("mlean_predictions_not_logged_total", "Predictions answered but not written to the log.", {"model"})
              .With({{"model", options_.name}})),
      seconds_(metrics.Histograms("mlean_prediction_seconds", "Time to encode and evaluate a prediction request.", {"model"})
                   .With({{"model", options_.name}})) {}

Result<LiveModel::Attempt> LiveModel::Try(const Loaded& loaded, Variant variant, const Question& question) const {
  const auto start = std::chrono::steady_clock::now();
  Attempt attempt;
  TRYV((*question.encode)(*loaded.model, attempt.rows));
  const std::size_t features = loaded.model->features();
  attempt.answer.rows = features == 0 ? 0 : attempt.rows.size() / features;
  attempt.answer.outputs.resize(attempt.answer.rows * loaded.model->outputs());
  loaded.model->PredictRows(attempt.rows, attempt.answer.rows, attempt.answer.outputs);
  attempt.answer.model = loaded.model.get();
  attempt.answer.version = loaded.version;
  attempt.answer.variant = variant;
  attempt.latency_us = MicrosSince(start);
  return attempt;
}

Result<Answer> LiveModel::Ask(const Question& question, TimeMs now) {
  std::shared_ptr<const Route> route = route_.load(std::memory_order_acquire);
  Result<Answer> answer = AskRoute(*route, question, now);
  if (answer) answer->route = std::move(route);
  return answer;
}

Result<Answer> LiveModel::AskRoute(const Route& route, const Question& question, TimeMs now) {
  const bool fresh = !question.id_given || recent_.Add(question.id);
  if (question.version) return AskVersion(route, *question.version, question);
  if (route.candidate && rollout::AssignVariant(route.seed, question.id, route.weight) == rollout::Variant::kCandidate) {
    return AskCandidate(route, question, now, fresh);
  }
  return AskChampion(route, question, now, fresh, Variant::kChampion);
}

Result<Answer> LiveModel::AskVersion(const Route& route, int version, const Question& question) const {
  const auto answer_by = [&](const Loaded& loaded) -> Result<Answer> {
    TRY(Attempt attempt, Try(loaded, Variant::kChampion, question));
    return std::move(attempt.answer);
  };
  if (route.champion && route.champion->version == version) return answer_by(*route.champion);
  if (route.candidate && route.candidate->version == version) return answer_by(*route.candidate);
  for (const Loaded& other : route.others) {
    if (other.version == version) return answer_by(other);
  }
  return Fail(Code::kNotFound, fmt::format("cannot predict with '{}' version {}: it is not loaded", options_.name, version));
}

Result<Answer> LiveModel::AskCandidate(const Route& route, const Question& question, TimeMs now, bool fresh) {
  Result<Attempt> attempt = Try(*route.candidate, Variant::kCandidate, question);
  if (attempt) {
    answered_candidate_.Add();
    seconds_.Observe(static_cast<double>(attempt->latency_us) * 1e-6);
    if (fresh) {
      Log(route.candidate->log_schema, *attempt, question, now, 200);
      CountCandidate(route, now, attempt->latency_us, false);
    }
    return std::move(attempt->answer);
  }
  // Whose fault is it? If the champion can answer, the candidate's; else the request is wrong and counts against nobody.
  Result<Answer> instead = AskChampion(route, question, now, fresh, Variant::kFallback);
  if (instead || route.champion == std::nullopt) {
    failed_candidate_.Add();
    if (fresh) {
      Attempt failed;
      failed.answer.variant = Variant::kCandidate;
      failed.answer.version = route.candidate->version;
      failed.answer.rows = 1;
      Log(route.candidate->log_schema, failed, question, now, 500);
      CountCandidate(route, now, 0, true);
    }
  }
  if (instead) return instead;
  return std::move(attempt).error();
}

// A model's first rollout has no champion yet: those whom the candidate does not get are answered by the constant.
Result<Answer> LiveModel::AskConstant(const Route& route, const Question& question, TimeMs now, bool fresh) {
  if (!route.constant) {
    return Fail(Code::kBusy, fmt::format("cannot predict with '{}': it has no champion", options_.name),
                fmt::format("mlean models alias {} champion VERSION", options_.name));
  }
  Attempt attempt;
  attempt.answer.variant = Variant::kFallback;
  // A model's encoder tells how many rows were asked about, and refuses what is no sound request.
  const Loaded* known = route.candidate ? &*route.candidate : route.others.empty() ? nullptr : &route.others.front();
  if (known != nullptr) {
    std::vector<float> rows;
    TRYV((*question.encode)(*known->model, rows));
    attempt.answer.rows = rows.size() / std::max<std::size_t>(1, known->model->features());
  }
  attempt.answer.outputs.assign(attempt.answer.rows, *route.constant);
  answered_fallback_.Add();
  if (fresh) {
    Log(route.constant_schema, attempt, question, now, 200);
    if (route.candidate) champion_window_.Record({.now_ms = now, .latency_us = 0});
  }
  return std::move(attempt.answer);
}

Result<Answer> LiveModel::AskChampion(const Route& route, const Question& question, TimeMs now, bool fresh, Variant variant) {
  if (!route.champion) return AskConstant(route, question, now, fresh);
  Result<Attempt> attempt = Try(*route.champion, variant, question);
  if (!attempt) {
    failed_champion_.Add();
    return std::move(attempt).error();
  }
  (variant == Variant::kFallback ? answered_fallback_ : answered_champion_).Add();
  seconds_.Observe(static_cast<double>(attempt->latency_us) * 1e-6);
  if (fresh) {
    Log(route.champion->log_schema, *attempt, question, now, 200);
    // The window is there to be compared with a candidate's, and starts anew with each.
    if (variant == Variant::kChampion && route.candidate) {
      champion_window_.Record({.now_ms = now, .latency_us = attempt->latency_us});
    }
  }
  return std::move(attempt->answer);
}

void LiveModel::Log(int schema, const Attempt& attempt, const Question& question, TimeMs now, int status) {
  if (!log_ || schema < 0) return;
  const Answer& answer = attempt.answer;
  const std::size_t features = answer.rows == 0 ? 0 : attempt.rows.size() / answer.rows;
  const std::size_t outputs = answer.rows == 0 ? 0 : answer.outputs.size() / answer.rows;
  predictions::Record one;  // mostly a request has one row
  std::vector<predictions::Record> many(answer.rows > 1 ? answer.rows : 0);
  const std::span<predictions::Record> records = answer.rows > 1 ? std::span(many) : std::span(&one, answer.rows);
  for (std::size_t row = 0; row < records.size(); ++row) {
    predictions::Record& record = records[row];
    record.time = now;
    record.request_id = question.id;
    record.row = static_cast<std::uint32_t>(row);
    record.version = answer.version;
    record.variant = answer.variant;
    record.status = static_cast<std::uint16_t>(status);
    record.latency_us = static_cast<std::uint32_t>(attempt.latency_us);
    const std::span<const float> asked = std::span(attempt.rows).subspan(row * features, features);
    if (options_.log_features) record.features = asked;
    record.outputs = std::span(answer.outputs).subspan(row * outputs, outputs);
    if (features > 0) record.input_hash = infer::InputHash(asked);
  }
  if (!log_->AppendBatch(schema, records)) unlogged_.Add(records.size());
}

void LiveModel::CountCandidate(const Route& route, TimeMs now, std::int64_t latency_us, bool error) {
  candidate_window_.Record({.now_ms = now, .latency_us = latency_us, .error = error});
  const rollout::Snapshot total = candidate_window_.Total();
  // The guard costs microseconds (a tenth of a millisecond once there were failures): after every failure, else after every
  // sixteenth answer.
  if (!error && total.requests % 16 != 0) return;
  const auto reason = route.guard->Check(candidate_window_.Window(now), total, champion_window_.Total());
  if (!reason) return;
  auto without = std::make_shared<Route>(route);
  without->candidate.reset();
  without->weight = 0;
  const std::string rollout_id = std::exchange(without->rollout_id, {});
  std::shared_ptr<const Route> current = route_.load(std::memory_order_acquire);
  // Only the thread that takes the candidate out tells of it.
  if (current->rollout_id != rollout_id || !route_.compare_exchange_strong(current, std::move(without))) return;
  {
    const std::lock_guard lock(aborted_mutex_);
    aborted_ = rollout_id;
  }
  on_abort_(options_.name, rollout_id, *reason, now);
}

void LiveModel::SetRoute(std::shared_ptr<const Route> route) {
  const std::shared_ptr<const Route> before = route_.load(std::memory_order_acquire);
  if (!route->rollout_id.empty() && before->rollout_id != route->rollout_id) {
    champion_window_.Reset();
    candidate_window_.Reset();
  }
  route_.store(std::move(route), std::memory_order_release);
}

void LiveModel::Recount(const rollout::Request& request, Variant variant, std::string_view id) {
  recent_.Add(id);
  if (variant == Variant::kChampion) champion_window_.Record(request);
  const std::shared_ptr<const Route> route = route_.load(std::memory_order_acquire);
  if (variant == Variant::kCandidate && route->candidate)
    CountCandidate(*route, request.now_ms, request.latency_us, request.error);
}

bool LiveModel::Aborted(std::string_view rollout_id) const {
  const std::lock_guard lock(aborted_mutex_);
  return aborted_ == rollout_id;
}

}  // namespace mlean::serving

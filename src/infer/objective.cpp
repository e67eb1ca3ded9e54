// Links of XGBoost's objectives, and the float32 formulas behind them (reference/serving.md 6.3 and 10).
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "infer/forest_file.hpp"

namespace mlean::infer {
namespace {

struct Objective {
  std::string_view name;
  Link link;
};

constexpr Objective kObjectives[] = {
    {"reg:squarederror", Link::kIdentity},
    {"reg:linear", Link::kIdentity},
    {"reg:squaredlogerror", Link::kIdentity},
    {"reg:pseudohubererror", Link::kIdentity},
    {"reg:absoluteerror", Link::kIdentity},
    {"reg:quantileerror", Link::kIdentity},
    {"reg:logistic", Link::kSigmoid},
    {"binary:logistic", Link::kSigmoid},
    {"binary:logitraw", Link::kIdentity},
    {"binary:hinge", Link::kStep},
    {"multi:softmax", Link::kSoftmax},
    {"multi:softprob", Link::kSoftmax},
    {"count:poisson", Link::kExp},
    {"reg:gamma", Link::kExp},
    {"reg:tweedie", Link::kExp},
    {"survival:cox", Link::kExp},
    {"survival:aft", Link::kExp},
    {"rank:pairwise", Link::kIdentity},
    {"rank:ndcg", Link::kIdentity},
    {"rank:map", Link::kIdentity},
};

// "5E-1", or since 3.1 "[5E-1,2.5E-1]".
bool ParseBaseScore(std::string_view text, std::vector<float>& out) {
  if (text.size() >= 2 && text.front() == '[' && text.back() == ']') text = text.substr(1, text.size() - 2);
  const char* at = text.data();
  const char* const end = at + text.size();
  while (true) {
    while (at != end && *at == ' ') ++at;
    float value = 0;
    const auto [after, error] = std::from_chars(at, end, value);
    if (error != std::errc() || !std::isfinite(value)) return false;
    out.push_back(value);
    if (after == end) return true;
    if (*after != ',') return false;
    at = after + 1;
  }
}

}  // namespace

std::string ResolveObjective(std::string_view base_score, Forest::Info& info) {
  const auto* const found =
      std::find_if(std::begin(kObjectives), std::end(kObjectives), [&](const Objective& o) { return o.name == info.objective; });
  if (found == std::end(kObjectives)) return fmt::format("the objective '{}' is not known", info.objective);
  info.link = found->link;
  const bool logit = info.link == Link::kSigmoid;  // logitraw keeps a raw base
  std::vector<float>& base = info.base_margins;
  base.clear();
  if (!ParseBaseScore(base_score, base)) return fmt::format("base_score '{}' is not a number", base_score);
  if (base.size() != 1 && base.size() != info.groups)
    return fmt::format("base_score has {} values for {} outputs", base.size(), info.groups);
  base.resize(info.groups, base.front());
  for (float& value : base) {
    if (logit) {
      value = -logf(1.0F / value - 1.0F);
    } else if (info.link == Link::kExp) {
      value = logf(value);
    }
    if (!std::isfinite(value)) return fmt::format("base_score '{}' is impossible for {}", base_score, info.objective);
  }
  return {};
}

float Sigmoid(float margin) {
  constexpr float kTiny = 1e-16F;
  const float x = std::min(-margin, 88.7F);
  return 1.0F / (expf(x) + 1.0F + kTiny);
}

void Forest::ApplyLink(std::span<float> margins) const {
  switch (info().link) {
    case Link::kIdentity: return;
    case Link::kSigmoid:
      for (float& value : margins) value = Sigmoid(value);
      return;
    case Link::kExp:
      for (float& value : margins) value = expf(value);
      return;
    case Link::kStep:
      for (float& value : margins) value = value > 0 ? 1.0F : 0.0F;
      return;
    case Link::kSoftmax: break;
  }
  CHECK_BUG(margins.size() % groups() == 0);
  for (std::size_t start = 0; start < margins.size(); start += groups()) {
    const std::span<float> row = margins.subspan(start, groups());
    float most = row[0];
    for (const float value : row) most = fmaxf(value, most);
    double sum = 0;
    for (float& value : row) {
      value = expf(value - most);
      sum += value;
    }
    for (float& value : row) value /= static_cast<float>(sum);
  }
}

}  // namespace mlean::infer

#include "metrics/python_value.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <string>
#include <vector>

#include "codec/python_text.hpp"

namespace mlean::metrics {

using codec::Json;

namespace {

bool IsPythonNumber(const Json& value) { return value.IsNumber() || value.IsBool(); }

std::vector<const Json::Member*> SortedMembers(const Json& object) {
  std::vector<const Json::Member*> members;
  members.reserve(object.AsObject().size());
  for (const Json::Member& member : object.AsObject()) members.push_back(&member);
  std::sort(members.begin(), members.end(), [](const auto* l, const auto* r) { return l->first < r->first; });
  return members;
}

}  // namespace

double PythonRound(double value, int digits) {
  if (!std::isfinite(value) || digits > 323) return value;
  if (digits < 0) {
    const double unit = std::pow(10.0, -digits);
    return std::isfinite(unit) ? std::nearbyint(value / unit) * unit : std::copysign(0.0, value);
  }
  // Printing rounds the exact value correctly, ties to even; reading back gives the nearest double.
  const std::string text = fmt::format("{:.{}f}", value, digits);
  return std::strtod(text.c_str(), nullptr);
}

bool PythonTruth(const Json& value) {
  if (IsPythonNumber(value)) return !codec::PythonSameNumber(value, Json(0));
  if (value.IsString()) return !value.AsString().empty();
  if (value.IsArray()) return !value.AsArray().empty();
  return value.IsObject() && !value.AsObject().empty();
}

bool PythonEqual(const Json& a, const Json& b) {
  if (IsPythonNumber(a) && IsPythonNumber(b)) return codec::PythonSameNumber(a, b);
  if (a.IsString() && b.IsString()) return a.AsString() == b.AsString();
  if (a.IsArray() && b.IsArray()) {
    return std::equal(a.AsArray().begin(), a.AsArray().end(), b.AsArray().begin(), b.AsArray().end(), PythonEqual);
  }
  if (a.IsObject() && b.IsObject()) {
    const std::vector<const Json::Member*> left = SortedMembers(a), right = SortedMembers(b);
    return std::equal(left.begin(), left.end(), right.begin(), right.end(), [](const Json::Member* l, const Json::Member* r) {
      return l->first == r->first && PythonEqual(l->second, r->second);
    });
  }
  return a.IsNull() && b.IsNull();
}

}  // namespace mlean::metrics

#include "experiments/override_function.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "base/ids.hpp"
#include "base/text.hpp"
#include "codec/python_text.hpp"

namespace mlean::experiments {
namespace {

using codec::Json;

Error Wrong(const Call& call, std::string_view cause) { return Fail(Code::kInvalid, fmt::format("{}(): {}", call.name, cause)); }

OverrideValue Made(Json value) {
  std::string text = ValueText(value);
  return {std::move(value), std::move(text)};
}

double AsNumber(const Json& value) { return value.IsBool() ? (value.AsBool() ? 1.0 : 0.0) : value.AsDouble(); }
bool IsNumber(const Json& value) { return value.IsNumber() || value.IsBool(); }

// ---- int(), float(), str(), bool()
Result<Json> CastScalar(std::string_view name, const Json& value) {
  const Error refused = Fail(Code::kInvalid, fmt::format("{}(): cannot cast '{}'", name, codec::PythonStr(value)));
  if (value.IsNull()) return refused;
  if (name == "str") return Json(value.IsBool() ? std::string(value.AsBool() ? "true" : "false") : codec::PythonStr(value));
  if (name == "bool") {
    if (!value.IsString()) return Json(AsNumber(value) != 0);
    const std::string word = ToLower(value.AsString());
    if (word != "true" && word != "false") return refused;
    return Json(word == "true");
  }
  if (name == "int") {
    if (value.IsInt()) return value;
    if (value.IsString()) {
      const std::optional<std::int64_t> number = ParseInt(ReplaceAll(Trim(value.AsString()), "_", ""));
      if (!number) return refused;
      return Json(*number);
    }
    const double number = std::trunc(AsNumber(value));
    if (!(std::abs(number) < 9e18)) return refused;
    return Json(static_cast<std::int64_t>(number));
  }
  if (!value.IsString()) return Json(AsNumber(value));
  const std::optional<double> number = ParseDouble(ReplaceAll(Trim(value.AsString()), "_", ""));
  if (!number) return refused;
  return Json(*number);
}

Result<Json> Cast(std::string_view name, const Json& value) {
  if (value.IsArray()) {
    Json::Array out;
    for (const Json& item : value.AsArray()) {
      TRY(Json cast, Cast(name, item));
      out.push_back(std::move(cast));
    }
    return Json(std::move(out));
  }
  if (value.IsObject()) {
    Json::Object out;
    for (const auto& [key, member] : value.AsObject()) {
      TRY(Json cast, Cast(name, member));
      out.emplace_back(key, std::move(cast));
    }
    return Json(std::move(out));
  }
  return CastScalar(name, value);
}

Result<Element> CastAll(const Call& call) {
  Element out;
  if (call.arguments.size() > 1) {
    out.is_sweep = out.is_simple = true;
    for (const Element& argument : call.arguments) out.choices.push_back(argument.value);
  } else if (call.arguments.size() == 1) {
    out = call.arguments[0];
  } else if (call.named.size() == 1 && call.named[0].first == "value") {
    out = call.named[0].second;
  } else {
    return Wrong(call, "it takes a value");
  }
  if (out.is_range && call.name != "int" && call.name != "float") return Wrong(call, "a range is of numbers");
  for (OverrideValue& choice : out.choices) {
    TRY(Json cast, Cast(call.name, choice.value));
    choice = Made(std::move(cast));
  }
  if (out.is_sweep) return out;
  TRY(Json cast, Cast(call.name, out.value.value));
  out.value = Made(std::move(cast));
  return out;
}

// ---- sweeps
Result<Element> Choice(const Call& call) {
  if (!call.named.empty() || call.arguments.empty()) return Wrong(call, "it takes values");
  if (call.arguments.size() == 1 && call.arguments[0].is_sweep) {
    if (!call.arguments[0].is_simple) return Wrong(call, "a choice of choices is not supported");
    Element out = call.arguments[0];
    out.is_simple = false;
    return out;
  }
  Element out;
  out.is_sweep = true;
  for (const Element& argument : call.arguments) {
    if (argument.is_sweep) return Wrong(call, "a choice of choices is not supported");
    out.choices.push_back(argument.value);
  }
  return out;
}

Result<Element> Range(const Call& call) {
  std::vector<std::optional<Json>> bounds(3);  // start, stop, step
  for (std::size_t i = 0; i < call.arguments.size(); ++i) {
    if (i == bounds.size()) return Wrong(call, "it takes start, stop and step");
    bounds[i] = call.arguments[i].value.value;
  }
  for (const auto& [name, element] : call.named) {
    const std::size_t at = name == "start" ? 0 : name == "stop" ? 1 : name == "step" ? 2 : 3;
    if (at == 3 || bounds[at]) return Wrong(call, fmt::format("unexpected '{}'", name));
    bounds[at] = element.value.value;
  }
  if (!bounds[0]) return Wrong(call, "it takes start, stop and step");
  if (!bounds[1]) {
    bounds[1] = bounds[0];
    bounds[0] = Json(0);
  }
  if (!bounds[2]) bounds[2] = Json(1);
  bool whole = true;
  for (const auto& bound : bounds) {
    if (!bound->IsNumber() || !std::isfinite(bound->AsDouble())) return Wrong(call, "start, stop and step are numbers");
    whole = whole && bound->IsInt();
  }
  Element out;
  out.is_sweep = out.is_range = true;
  const auto start = static_cast<long double>(bounds[0]->AsDouble()), stop = static_cast<long double>(bounds[1]->AsDouble()),
             step = static_cast<long double>(bounds[2]->AsDouble());
  if (step == 0) return Wrong(call, "the step is 0");
  for (std::size_t i = 0;; ++i) {
    const long double at = start + static_cast<long double>(i) * step;
    if (step > 0 ? at >= stop : at <= stop) break;
    if (i == kMaxSweepValues) return Fail(Code::kTooLarge, fmt::format("range(): over {} values", kMaxSweepValues));
    out.choices.push_back(Made(whole ? Json(static_cast<std::int64_t>(at)) : Json(static_cast<double>(at))));
  }
  return out;
}

// ---- sort(), shuffle()
bool Comparable(const std::vector<OverrideValue>& values) {
  const auto is_text = [](const OverrideValue& one) { return one.value.IsString(); };
  const auto is_number = [](const OverrideValue& one) { return IsNumber(one.value); };
  return std::all_of(values.begin(), values.end(), is_text) || std::all_of(values.begin(), values.end(), is_number);
}

void Sort(std::vector<OverrideValue>& values, bool reverse) {
  std::stable_sort(values.begin(), values.end(), [&](const OverrideValue& a, const OverrideValue& b) {
    const OverrideValue& low = reverse ? b : a;
    const OverrideValue& high = reverse ? a : b;
    if (low.value.IsString()) return codec::PythonLess(low.value.AsString(), high.value.AsString());
    return AsNumber(low.value) < AsNumber(high.value);
  });
}

void Shuffle(std::vector<OverrideValue>& values) {
  for (std::size_t left = values.size(); left > 1; --left) {
    std::uint64_t random = 0;
    RandomBytes(reinterpret_cast<unsigned char*>(&random), sizeof random);
    std::swap(values[left - 1], values[random % left]);
  }
}

Result<Element> Ordered(const Call& call) {
  Element out;
  bool reverse = false;
  std::vector<Element> given = call.arguments;
  for (const auto& [name, element] : call.named) {
    if (name == "reverse" && call.name == "sort" && element.value.value.IsBool()) {
      reverse = element.value.value.AsBool();
    } else if (name == "sweep" || name == "list") {
      given = {element};
    } else {
      return Wrong(call, fmt::format("unexpected '{}'", name));
    }
  }
  if (given.empty()) return Wrong(call, "it takes values");
  const bool is_list = given.size() == 1 && !given[0].is_sweep;
  if (is_list && !given[0].value.value.IsArray()) {
    if (call.name == "sort") return given[0];
    out.value = Made(Json::Array{given[0].value.value});
    return out;
  }
  if (given.size() > 1) {
    out.is_sweep = out.is_simple = true;
    for (const Element& element : given) out.choices.push_back(element.value);
  } else {
    out = given[0];
    if (is_list) {
      for (const Json& item : out.value.value.AsArray()) out.choices.push_back(Made(item));
    }
  }
  if (call.name == "shuffle") {
    Shuffle(out.choices);
  } else if (Comparable(out.choices)) {
    Sort(out.choices, reverse);
  } else {
    return Wrong(call, "the values cannot be compared");
  }
  if (is_list) {
    Json::Array list;
    for (OverrideValue& item : out.choices) list.push_back(std::move(item.value));
    out.choices.clear();
    out.value = Made(std::move(list));
  }
  return out;
}

}  // namespace

std::string ValueText(const Json& value) {
  if (value.IsNull()) return "null";
  if (value.IsArray()) {
    std::vector<std::string> items;
    for (const Json& item : value.AsArray()) items.push_back(ValueText(item));
    return "[" + Join(items, ",") + "]";
  }
  if (value.IsObject()) {
    std::vector<std::string> members;
    for (const auto& [key, member] : value.AsObject()) members.push_back(ValueText(key) + ":" + ValueText(member));
    return "{" + Join(members, ",") + "}";
  }
  if (!value.IsString()) return codec::PythonStr(value);
  std::string text;
  for (const char c : value.AsString()) {
    if (std::string_view("\\()[]{}:=, \t").find(c) != std::string_view::npos) text += '\\';
    text += c;
  }
  return text;
}

Result<Element> Evaluate(const Call& call) {
  if (call.name == "int" || call.name == "float" || call.name == "str" || call.name == "bool") return CastAll(call);
  if (call.name == "choice") return Choice(call);
  if (call.name == "range") return Range(call);
  if (call.name == "sort" || call.name == "shuffle") return Ordered(call);
  if (call.name == "interval" || call.name == "glob" || call.name == "tag") {
    return Fail(Code::kUnsupported, fmt::format("{}() is not supported", call.name));
  }
  return Fail(Code::kInvalid, fmt::format("there is no function '{}'", call.name));
}

}  // namespace mlean::experiments

#include "check/suite.hpp"

#include <fmt/core.h>

#include <cmath>

#include "base/text.hpp"
#include "check/known.hpp"

namespace mlean::check {

using codec::Json;

namespace {

Error Bad(std::string what, std::string fix = {}) { return Fail(Code::kInvalid, std::move(what), std::move(fix)); }

std::string DidYouMean(std::string_view word, const std::vector<std::string>& words) {
  const std::string near = Nearest(word, words);
  return near.empty() ? "" : fmt::format("did you mean '{}'?", near);
}

Result<void> CheckType(const Arg& arg, const Json& value) {
  const auto wrong = [&](std::string_view wanted) {
    return Bad(fmt::format("'{}' must be {}, not {}", arg.name, wanted, value.TypeName()));
  };
  if (value.IsNull() && arg.need == Need::kOptional) return {};
  switch (arg.type) {
    case ArgType::kText: return value.IsString() ? Result<void>() : wrong("a string");
    case ArgType::kNumber: return value.IsNumber() ? Result<void>() : wrong("a number");
    case ArgType::kBool: return value.IsBool() ? Result<void>() : wrong("a bool");
    case ArgType::kObject: return value.IsObject() ? Result<void>() : wrong("an object");
    case ArgType::kBound: return value.IsNumber() || value.IsString() ? Result<void>() : wrong("a number or a time");
    case ArgType::kAny: return {};
    case ArgType::kCount: {
      const bool whole = value.IsInt() || (value.IsDouble() && value.AsDouble() == std::floor(value.AsDouble()));
      return whole && value.AsDouble() >= 0 ? Result<void>() : wrong("a whole number of at least 0");
    }
    case ArgType::kList: {
      // A set that may be anything is null in old files.
      return value.IsArray() || value.IsNull() ? Result<void>() : wrong("a list");
    }
    case ArgType::kTextList: {
      if (!value.IsArray()) return wrong("a list");
      for (const Json& member : value.AsArray()) {
        if (!member.IsString()) return Bad(fmt::format("'{}' must hold strings, not {}", arg.name, member.TypeName()));
      }
      return {};
    }
  }
  return {};
}

const Arg* FindArg(const Known& known, std::string_view name) {
  for (const Arg& arg : known.args) {
    if (arg.name == name) return &arg;
  }
  for (const Arg& arg : CommonArgs(known.domain)) {
    if (arg.name == name) return &arg;
  }
  return nullptr;
}

template <class Visit>
void EachArg(const Known& known, Visit visit) {
  for (const Arg& arg : CommonArgs(known.domain)) visit(arg);
  for (const Arg& arg : known.args) visit(arg);
}

// Rules that tie arguments together.
Result<void> CheckTogether(const Known& known, const Json& kwargs) {
  if (const Json* mostly = kwargs.Find("mostly"); mostly != nullptr && mostly->IsNumber()) {
    if (!(mostly->AsDouble() >= 0 && mostly->AsDouble() <= 1)) {
      return Bad(fmt::format("'mostly' must be between 0 and 1, not {}", mostly->Dump()));
    }
  }
  const auto given = [&](std::string_view name) {
    const Json* value = kwargs.Find(name);
    return value != nullptr && !value->IsNull();
  };
  if (FindArg(known, "min_value") != nullptr && !given("min_value") && !given("max_value") &&
      known.domain == Domain::kColumnMap) {
    return Bad("'min_value' and 'max_value' are both missing");
  }
  if (given("match_on")) {
    const std::string& on = kwargs.Find("match_on")->AsString();
    if (on != "any" && on != "all") return Bad(fmt::format("'match_on' must be 'any' or 'all', not '{}'", on));
  }
  if (given("ignore_row_if")) {
    const std::string& rule = kwargs.Find("ignore_row_if")->AsString();
    const bool pair = known.domain == Domain::kPair;
    const std::vector<std::string> names =
        pair ? std::vector<std::string>{"both_values_are_missing", "either_value_is_missing", "neither", "never"}
             : std::vector<std::string>{"all_values_are_missing", "any_value_is_missing", "never"};
    bool found = false;
    for (const std::string& name : names) found = found || name == rule;
    if (!found) return Bad(fmt::format("'ignore_row_if' cannot be '{}'", rule), "one of " + Join(names, ", "));
  }
  if (const Json* list = kwargs.Find("column_list"); known.domain == Domain::kMultiColumn && list != nullptr) {
    if (list->AsArray().size() < 2) return Bad("'column_list' must name at least 2 columns");
  }
  return {};
}

Result<void> CheckKwargs(const Known& known, const Json& kwargs) {
  std::vector<std::string> names;
  EachArg(known, [&](const Arg& arg) { names.emplace_back(arg.name); });
  for (const auto& [name, value] : kwargs.AsObject()) {
    const Arg* arg = FindArg(known, name);
    if (arg == nullptr && IsTolerated(name)) continue;
    if (arg == nullptr) return Bad(fmt::format("unknown argument '{}'", name), DidYouMean(name, names));
    TRYV(CheckType(*arg, value));
  }
  std::string missing;
  EachArg(known, [&](const Arg& arg) {
    if (arg.need == Need::kRequired && kwargs.Find(arg.name) == nullptr && missing.empty()) missing = std::string(arg.name);
  });
  if (!missing.empty()) return Bad(fmt::format("argument '{}' is missing", missing));
  return CheckTogether(known, kwargs);
}

// {"$PARAMETER": "name"} -> the parameter's value, anywhere in the value.
Result<Json> FillParameters(const Json& value, const Json& parameters) {
  if (value.IsArray()) {
    Json out = Json::Array{};
    for (const Json& member : value.AsArray()) {
      TRY(Json filled, FillParameters(member, parameters));
      out.Push(std::move(filled));
    }
    return out;
  }
  if (!value.IsObject()) return value;
  if (const Json* reference = value.Find("$PARAMETER"); reference != nullptr) {
    if (!reference->IsString()) return Bad("'$PARAMETER' must be a string");
    const std::string& name = reference->AsString();
    if (const Json* found = parameters.Find(name)) return *found;
    if (name.find_first_of("+-*/ (") != std::string::npos) {
      return Fail(Code::kUnsupported, fmt::format("arithmetic in parameter '{}' is not supported", name));
    }
    return Bad(fmt::format("suite parameter '{}' has no value", name));
  }
  Json out = Json::Object{};
  for (const auto& [key, member] : value.AsObject()) {
    TRY(Json filled, FillParameters(member, parameters));
    out.AsObject().emplace_back(key, std::move(filled));
  }
  return out;
}

Result<Severity> ParseSeverity(std::string_view name) {
  for (const Severity severity : {Severity::kCritical, Severity::kWarning, Severity::kInfo}) {
    if (name == SeverityName(severity)) return severity;
  }
  return Bad(fmt::format("'severity' must be critical, warning or info, not '{}'", name));
}

Json ObjectOr(const Json& json, std::string_view key) {
  const Json* found = json.Find(key);
  return found != nullptr && found->IsObject() ? *found : Json(Json::Object{});
}

Result<Expectation> ParseExpectation(const Json& json, const Json& parameters) {
  if (!json.IsObject()) return Bad(fmt::format("must be an object, not {}", json.TypeName()));
  const bool is_new = json.Find("type") != nullptr;
  TRY(const std::string type, json.StringAt(is_new ? "type" : "expectation_type"));
  Json kwargs = Json::Object{};
  if (const Json* given = json.Find("kwargs"); given != nullptr) {
    if (!given->IsObject()) return Bad(fmt::format("'kwargs' must be an object, not {}", given->TypeName()));
    TRY(kwargs, FillParameters(*given, parameters));
  }
  TRY(Expectation expectation, MakeExpectation(type, std::move(kwargs), ObjectOr(json, "meta")));
  if (const Json* id = json.Find("id"); id != nullptr && id->IsString()) expectation.id = id->AsString();
  if (const Json* id = json.Find("ge_cloud_id"); id != nullptr && id->IsString()) expectation.id = id->AsString();
  TRY(const std::string severity, json.StringAt("severity", "critical"));
  TRY(expectation.severity, ParseSeverity(severity));
  TRY(expectation.description, json.StringAt("description", ""));
  if (const Json* notes = json.Find("notes")) expectation.notes = *notes;
  return expectation;
}

}  // namespace

std::string_view SeverityName(Severity severity) {
  switch (severity) {
    case Severity::kCritical: return "critical";
    case Severity::kWarning: return "warning";
    case Severity::kInfo: return "info";
  }
  return "critical";
}

std::string Expectation::Column() const {
  for (const std::string_view name : {"column", "column_A"}) {
    if (const Json* column = kwargs.Find(name); column != nullptr && column->IsString()) return column->AsString();
  }
  const Known* known = FindKnown(type);
  const Json* list = kwargs.Find("column_list");
  if (known == nullptr || known->domain != Domain::kMultiColumn || list == nullptr || !list->IsArray()) return {};
  return list->AsArray().empty() || !list->AsArray()[0].IsString() ? "" : list->AsArray()[0].AsString();
}

Result<Expectation> MakeExpectation(std::string_view type, Json kwargs, Json meta) {
  const Known* known = FindKnown(type);
  if (known == nullptr) {
    return Bad(fmt::format("{}: unknown expectation type", type), DidYouMean(type, KnownExpectations()));
  }
  if (Result<void> checked = CheckKwargs(*known, kwargs); !checked) return Error(checked.error()).With(type);
  Expectation expectation;
  expectation.type = std::string(type);
  expectation.kwargs = std::move(kwargs);
  expectation.meta = std::move(meta);
  return expectation;
}

Result<Suite> ParseSuite(std::string_view text) {
  Result<Json> json = Json::Parse(text, {.max_depth = 100, .allow_nan = true});
  if (!json) return std::move(json).error().With("cannot read suite");
  return SuiteFromJson(*json);
}

Result<Suite> SuiteFromJson(const Json& json) {
  if (!json.IsObject()) return Bad(fmt::format("cannot read suite: must be an object, not {}", json.TypeName()));
  Suite suite;
  for (const std::string_view key : {"expectation_suite_name", "name"}) {
    if (const Json* name = json.Find(key); name != nullptr && name->IsString()) suite.name = name->AsString();
  }
  if (const Json* id = json.Find("id"); id != nullptr && id->IsString()) suite.id = id->AsString();
  suite.parameters = ObjectOr(json, json.Find("suite_parameters") != nullptr ? "suite_parameters" : "evaluation_parameters");
  suite.meta = ObjectOr(json, "meta");
  if (const Json* notes = json.Find("notes")) suite.notes = *notes;
  Result<const Json*> list = json.ArrayAt("expectations");
  if (!list) return std::move(list).error().With("cannot read suite");
  if ((*list)->AsArray().size() > kMaxExpectations) {
    return Fail(Code::kTooLarge, fmt::format("cannot read suite: more than {} expectations", kMaxExpectations));
  }
  std::size_t position = 0;
  for (const Json& item : (*list)->AsArray()) {
    ++position;
    Result<Expectation> expectation = ParseExpectation(item, suite.parameters);
    if (!expectation) return std::move(expectation).error().With(fmt::format("cannot read suite: expectation {}", position));
    suite.expectations.push_back(*std::move(expectation));
  }
  return suite;
}

Json SuiteJson(const Suite& suite) {
  Json list = Json::Array{};
  for (const Expectation& expectation : suite.expectations) {
    Json item = Json::Object{{"type", expectation.type}, {"kwargs", expectation.kwargs}, {"meta", expectation.meta}};
    if (!expectation.id.empty()) item.Set("id", expectation.id);
    item.Set("severity", SeverityName(expectation.severity));
    if (!expectation.description.empty()) item.Set("description", expectation.description);
    if (!expectation.notes.IsNull()) item.Set("notes", expectation.notes);
    list.Push(std::move(item));
  }
  return Json::Object{{"name", suite.name},
                      {"id", suite.id.empty() ? Json() : Json(suite.id)},
                      {"expectations", std::move(list)},
                      {"suite_parameters", suite.parameters.IsNull() ? Json(Json::Object{}) : suite.parameters},
                      {"meta", suite.meta.IsNull() ? Json(Json::Object{}) : suite.meta},
                      {"notes", suite.notes}};
}

std::vector<std::string> KnownExpectations() {
  std::vector<std::string> names;
  for (const Known& known : KnownTable()) names.emplace_back(known.type);
  return names;
}

}  // namespace mlean::check

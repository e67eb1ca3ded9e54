// Suite: a list of expectations, as Great Expectations writes them. Reads the files of 0.x ("expectation_type",
// "expectation_suite_name") and 1.x ("type", "name"); writes 1.x.
//
//   TRY(const Suite suite, ParseSuite(text));
//
// Parsing checks every expectation against the table of known types: an unknown type or argument (with the nearest name), a
// missing argument, a wrong JSON type, mostly outside 0…1 are kInvalid errors that name the expectation by position and type:
// "cannot read suite: expectation 3: expect_column_values_to_be_between: …". The caller exits with 2. Bounds that contradict
// each other (min over max) are found when the suite runs, as in GE.
// {"$PARAMETER": "name"} values are replaced by suite parameters; arithmetic in them is kUnsupported.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "codec/json.hpp"

namespace mlean::check {

enum class Severity : std::uint8_t { kCritical, kWarning, kInfo };
std::string_view SeverityName(Severity severity);  // "critical", "warning", "info"

struct Expectation {
  std::string type;    // "expect_column_values_to_not_be_null"
  codec::Json kwargs;  // an object; as in the file, suite parameters filled in
  codec::Json meta;    // an object; echoed in results
  std::string id;      // empty when the file has none
  Severity severity = Severity::kCritical;
  std::string description;
  codec::Json notes;  // string, list of strings or null

  // The column it speaks of (column, column_A, first of column_list); empty for a table expectation.
  std::string Column() const;
};

struct Suite {
  std::string name;
  std::string id;
  std::vector<Expectation> expectations;
  codec::Json parameters;  // an object: suite_parameters (1.x) or evaluation_parameters (0.x)
  codec::Json meta;        // an object
  codec::Json notes;
};

constexpr std::size_t kMaxExpectations = 10'000;

Result<Suite> ParseSuite(std::string_view text);
Result<Suite> SuiteFromJson(const codec::Json& json);
// One expectation by itself; also fills and checks what the interface or a suggestion makes. Error text starts with the type.
Result<Expectation> MakeExpectation(std::string_view type, codec::Json kwargs, codec::Json meta = codec::Json::Object{});

// 1.x layout.
codec::Json SuiteJson(const Suite& suite);

// All known types, sorted by name.
std::vector<std::string> KnownExpectations();

}  // namespace mlean::check

// Map rules on the values of one column that the one pass answers alone.
#include <fmt/core.h>

#include <array>

#include "base/text.hpp"
#include "check/rule.hpp"

namespace mlean::check {

using codec::Json;
using types::Kind;

namespace {

Finish OneColumn(const Task& task, const SourceColumn& column, std::string unexpected) {
  return AskMap(task, {{column.name}, Display::kPlain, Ident(column.name) + " IS NULL", std::move(unexpected)});
}

Result<Finish> BeNull(const Task& task) {
  TRY(const SourceColumn* const column, task.work.Column(task.kwargs(), "column"));
  return AskMap(task, {{column->name}, Display::kPlain, "", Ident(column->name) + " IS NOT NULL"});
}

Result<Finish> NotBeNull(const Task& task) {
  TRY(const SourceColumn* const column, task.work.Column(task.kwargs(), "column"));
  return AskMap(task, {{column->name}, Display::kPlain, "", Ident(column->name) + " IS NULL"});
}

Result<Finish> BeBetween(const Task& task) {
  TRY(const SourceColumn* const column, task.work.Column(task.kwargs(), "column"));
  TRY(const Range range, ParseRange(task.kwargs()));
  TRY(std::string outside, OutsideSql(range, *column, Ident(column->name)));
  return OneColumn(task, *column, std::move(outside));
}

Result<Finish> BeInSet(const Task& task) {
  TRY(const SourceColumn* const column, task.work.Column(task.kwargs(), "column"));
  const Json* set = task.kwargs().Find("value_set");
  // No set: anything goes, as in GE.
  if (set == nullptr || set->IsNull()) return OneColumn(task, *column, "false");
  return OneColumn(task, *column, fmt::format("{} IS NOT NULL AND NOT {}", Ident(column->name), InSet(*column, set->AsArray())));
}

Result<Finish> NotBeInSet(const Task& task) {
  TRY(const SourceColumn* const column, task.work.Column(task.kwargs(), "column"));
  const Json* set = task.kwargs().Find("value_set");
  if (set == nullptr || set->IsNull()) return OneColumn(task, *column, "false");
  return OneColumn(task, *column, InSet(*column, set->AsArray()));
}

// Python's pattern for DuckDB's RE2.
Result<std::string> RegexLiteral(const std::string& pattern) {
  std::string out;
  bool in_class = false;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    if (c == '\\' && i + 1 < pattern.size()) {
      const char next = pattern[++i];
      if (!in_class && next >= '1' && next <= '9') {
        return Fail(Code::kUnsupported, fmt::format("regex '{}' has a back-reference, which is not supported", pattern));
      }
      out += '\\';
      out += next == 'Z' && !in_class ? 'z' : next;
      continue;
    }
    if (c == '[') in_class = true;
    if (c == ']') in_class = false;
    const std::string_view rest = std::string_view(pattern).substr(i);
    for (const std::string_view look : {"(?=", "(?!", "(?<=", "(?<!"}) {
      if (!in_class && rest.starts_with(look)) {
        return Fail(Code::kUnsupported, fmt::format("regex '{}' looks around ('{}'), which is not supported", pattern, look));
      }
    }
    out += c;
  }
  return Quote(out);
}

// Each pattern's SQL test joined by AND or OR.
template <class Test>
Result<std::string> EachPattern(const Json& kwargs, std::string_view arg, std::string_view join, Test test) {
  TRY(const Json* const list, kwargs.ArrayAt(arg));
  std::string sql;
  for (const Json& pattern : list->AsArray()) {
    TRY(const std::string one, test(pattern.AsString()));
    sql += fmt::format("{}{}", sql.empty() ? "" : join, one);
  }
  if (sql.empty()) return Fail(Code::kInvalid, fmt::format("'{}' is empty", arg));
  return "(" + sql + ")";
}

struct Patterns {
  std::string_view arg;       // one pattern
  std::string_view list_arg;  // several
  bool negate;                // must not match
  bool like;                  // SQL LIKE, else regex
};

Result<Finish> MatchPatterns(const Task& task, const Patterns& patterns) {
  TRY(const SourceColumn* const column, task.work.Column(task.kwargs(), "column"));
  const std::string text = AsText(*column);
  const auto test = [&](const std::string& pattern) -> Result<std::string> {
    if (patterns.like) return fmt::format("{} LIKE {}", text, Quote(pattern));
    TRY(const std::string literal, RegexLiteral(pattern));
    return fmt::format("regexp_matches({}, {})", text, literal);
  };
  std::string matches;
  if (!patterns.arg.empty()) {
    TRY(const std::string pattern, task.kwargs().StringAt(patterns.arg));
    TRY(matches, test(pattern));
  } else {
    TRY(const std::string match_on, task.kwargs().StringAt("match_on", "any"));
    // "Must not match" means none of them.
    TRY(matches, EachPattern(task.kwargs(), patterns.list_arg, match_on == "all" && !patterns.negate ? " AND " : " OR ", test));
  }
  return OneColumn(task, *column, patterns.negate ? matches : fmt::format("NOT ({})", matches));
}

Result<Finish> MatchRegex(const Task& task) { return MatchPatterns(task, {"regex", "", false, false}); }
Result<Finish> NotMatchRegex(const Task& task) { return MatchPatterns(task, {"regex", "", true, false}); }
Result<Finish> MatchRegexList(const Task& task) { return MatchPatterns(task, {"", "regex_list", false, false}); }
Result<Finish> NotMatchRegexList(const Task& task) { return MatchPatterns(task, {"", "regex_list", true, false}); }
Result<Finish> MatchLike(const Task& task) { return MatchPatterns(task, {"like_pattern", "", false, true}); }
Result<Finish> NotMatchLike(const Task& task) { return MatchPatterns(task, {"like_pattern", "", true, true}); }
Result<Finish> MatchLikeList(const Task& task) { return MatchPatterns(task, {"", "like_pattern_list", false, true}); }
Result<Finish> NotMatchLikeList(const Task& task) { return MatchPatterns(task, {"", "like_pattern_list", true, true}); }

Result<Finish> LengthsBetween(const Task& task) {
  TRY(const SourceColumn* const column, task.work.Column(task.kwargs(), "column"));
  TRY(const Range range, ParseRange(task.kwargs()));
  const SourceColumn length{column->name, Kind::kInt, "BIGINT"};
  TRY(std::string outside, OutsideSql(range, length, fmt::format("length({})", AsText(*column))));
  return OneColumn(task, *column, std::move(outside));
}

Result<Finish> LengthsEqual(const Task& task) {
  TRY(const SourceColumn* const column, task.work.Column(task.kwargs(), "column"));
  TRY(const std::int64_t wanted, task.kwargs().IntAt("value"));
  return OneColumn(task, *column, fmt::format("length({}) <> {}", AsText(*column), wanted));
}

Result<Finish> MatchStrftime(const Task& task) {
  TRY(const SourceColumn* const column, task.work.Column(task.kwargs(), "column"));
  if (column->kind != Kind::kText) {
    return Fail(Code::kInvalid,
                fmt::format("column '{}' is of kind {}: only text has a format", column->name, types::KindName(column->kind)));
  }
  TRY(const std::string format, task.kwargs().StringAt("strftime_format"));
  const std::string name = Ident(column->name);
  return OneColumn(task, *column, fmt::format("{} IS NOT NULL AND try_strptime({}, {}) IS NULL", name, name, Quote(format)));
}

Result<Finish> JsonParseable(const Task& task) {
  TRY(const SourceColumn* const column, task.work.Column(task.kwargs(), "column"));
  return OneColumn(task, *column, fmt::format("NOT json_valid({})", AsText(*column)));
}

constexpr std::array kRules = {
    Rule{"expect_column_values_to_be_null", Shape::kMapAll, BeNull},
    Rule{"expect_column_values_to_not_be_null", Shape::kMapAll, NotBeNull},
    Rule{"expect_column_values_to_be_between", Shape::kMap, BeBetween},
    Rule{"expect_column_values_to_be_in_set", Shape::kMap, BeInSet},
    Rule{"expect_column_values_to_not_be_in_set", Shape::kMap, NotBeInSet},
    Rule{"expect_column_values_to_match_regex", Shape::kMap, MatchRegex},
    Rule{"expect_column_values_to_not_match_regex", Shape::kMap, NotMatchRegex},
    Rule{"expect_column_values_to_match_regex_list", Shape::kMap, MatchRegexList},
    Rule{"expect_column_values_to_not_match_regex_list", Shape::kMap, NotMatchRegexList},
    Rule{"expect_column_values_to_match_like_pattern", Shape::kMap, MatchLike},
    Rule{"expect_column_values_to_not_match_like_pattern", Shape::kMap, NotMatchLike},
    Rule{"expect_column_values_to_match_like_pattern_list", Shape::kMap, MatchLikeList},
    Rule{"expect_column_values_to_not_match_like_pattern_list", Shape::kMap, NotMatchLikeList},
    Rule{"expect_column_values_to_match_strftime_format", Shape::kMap, MatchStrftime},
    Rule{"expect_column_values_to_be_json_parseable", Shape::kMap, JsonParseable},
    Rule{"expect_column_value_lengths_to_be_between", Shape::kMap, LengthsBetween},
    Rule{"expect_column_value_lengths_to_equal", Shape::kMap, LengthsEqual},
};

}  // namespace

std::span<const Rule> ColumnRules() { return kRules; }

}  // namespace mlean::check

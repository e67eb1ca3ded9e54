#include "track/filter.hpp"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "base/text.hpp"

namespace mlean::track {
namespace {

constexpr std::size_t kMaxComparisons = 64;
constexpr std::size_t kMaxListElements = 10'000;
constexpr std::size_t kMaxAllElements = 50'000;  // of all lists; a statement of PostgreSQL takes 65,535 parameters
constexpr int kMaxDepth = 16;

enum class TokenKind : std::uint8_t { kEnd, kName, kNumber, kText, kOperator, kOpen, kClose, kComma, kOther };

struct Token {
  TokenKind kind = TokenKind::kEnd;
  std::string_view text;  // as written, quotes included
};

bool IsNameByte(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0x80 || std::isalnum(byte) != 0 || c == '_' || c == '.' || c == '/' || c == ':' || c == '-' || c == '@';
}

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  Token Next() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_])) != 0) ++at_;
    if (at_ == text_.size()) return {};
    const std::size_t begin = at_;
    const TokenKind kind = Scan();
    return {kind, text_.substr(begin, at_ - begin)};
  }

 private:
  TokenKind Scan() {
    const char c = text_[at_];
    switch (c) {
      case '(': ++at_; return TokenKind::kOpen;
      case ')': ++at_; return TokenKind::kClose;
      case ',': ++at_; return TokenKind::kComma;
      case '=': ++at_; return TokenKind::kOperator;
      case '!':
      case '<':
      case '>':
        ++at_;
        if (at_ < text_.size() && text_[at_] == '=')
          ++at_;
        else if (c == '!')
          return TokenKind::kOther;
        return TokenKind::kOperator;
      case '\'':
      case '"': return ScanQuoted(c) ? TokenKind::kText : TokenKind::kOther;
      default: break;
    }
    if (ScanNumber()) return TokenKind::kNumber;
    return ScanName();
  }

  // Leaves the position behind the closing quote; a quote that is never closed takes the rest. As in MLflow, a quote that is
  // doubled or behind a backslash closes nothing, unless no other one follows that could.
  bool ScanQuoted(char quote) {
    std::size_t end = text_.find(quote, at_ + 1);
    while (end != std::string_view::npos && quote != '`') {
      const bool doubled = end + 1 < text_.size() && text_[end + 1] == quote;
      const bool escaped = text_[end - 1] == '\\' && end - 1 > at_;
      if (!doubled && !escaped) break;
      const std::size_t later = text_.find(quote, end + (doubled ? 2 : 1));
      if (later == std::string_view::npos) break;
      end = later;
    }
    at_ = end == std::string_view::npos ? text_.size() : end + 1;
    return end != std::string_view::npos;
  }

  std::size_t Digits(std::size_t from) const {
    while (from < text_.size() && std::isdigit(static_cast<unsigned char>(text_[from])) != 0) ++from;
    return from;
  }

  bool ScanNumber() {
    std::size_t at = at_;
    if (text_[at] == '-' || text_[at] == '+') ++at;
    const std::size_t whole = Digits(at);
    std::size_t end = whole;
    if (end < text_.size() && text_[end] == '.') end = Digits(end + 1);
    if (end - at <= (end > whole ? 1u : 0u)) return false;  // no digit at all
    if (end < text_.size() && (text_[end] == 'e' || text_[end] == 'E')) {
      std::size_t power = end + 1;
      if (power < text_.size() && (text_[power] == '-' || text_[power] == '+')) ++power;
      if (const std::size_t after = Digits(power); after > power) end = after;
    }
    if (end < text_.size() && IsNameByte(text_[end])) return false;  // "1st" is a name
    at_ = end;
    return true;
  }

  // Parts quoted by backticks or quotes may follow a dot: metrics.`a b`, params."x y". A whole name may be in backticks.
  TokenKind ScanName() {
    const std::size_t begin = at_;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (IsNameByte(c)) {
        ++at_;
      } else if (c == '`' || ((c == '"' || c == '\'') && at_ > begin && text_[at_ - 1] == '.')) {
        if (!ScanQuoted(c)) return TokenKind::kOther;
      } else {
        break;
      }
    }
    if (at_ > begin) return TokenKind::kName;
    ++at_;
    return TokenKind::kOther;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

std::string_view Unquoted(std::string_view text) {
  if (text.size() >= 2 && text.front() == text.back() && (text.front() == '`' || text.front() == '"' || text.front() == '\'')) {
    return text.substr(1, text.size() - 2);
  }
  return text;
}

struct Name {
  Field field = Field::kAttribute;
  std::string key;
  const AttributeWord* attribute = nullptr;
};

enum class For : std::uint8_t { kFilter, kOrder };

Result<Name> ResolveName(std::string_view text, const Grammar& grammar, For purpose) {
  Name name;
  // A name that is quoted as a whole has no entity.
  const std::size_t dot = text.front() == '`' || text.front() == '"' ? text.npos : text.find('.');
  if (dot != text.npos) {
    const std::string_view word = Unquoted(text.substr(0, dot));
    const auto found =
        std::find_if(grammar.entities.begin(), grammar.entities.end(), [&](const EntityWord& e) { return e.word == word; });
    if (found == grammar.entities.end()) {
      return Fail(Code::kInvalid, fmt::format("Invalid entity type '{}'. Valid values are {}", word, grammar.valid_entities));
    }
    name.field = found->field;
  }
  name.key = Unquoted(dot == text.npos ? text : text.substr(dot + 1));
  if (name.field == Field::kDataset && name.key != "name" && name.key != "digest" && name.key != "context") {
    return Fail(Code::kInvalid,
                fmt::format("Invalid dataset key '{}' specified. Valid keys are '['context', 'digest', 'name']'", name.key));
  }
  if (name.field != Field::kAttribute) return name;
  std::vector<std::string> valid;
  for (const AttributeWord& attribute : grammar.attributes) {
    if (purpose == For::kFilter ? !attribute.filtered : !attribute.ordered) continue;
    if (attribute.word == name.key) {
      name.attribute = &attribute;
      name.key = attribute.column;
      return name;
    }
    valid.push_back(fmt::format("'{}'", attribute.word));
  }
  return Fail(Code::kInvalid,
              fmt::format("Invalid {} key '{}' specified. Valid keys are '[{}]'",
                          purpose == For::kOrder && grammar.order_keys ? "order by" : "attribute", name.key, Join(valid, ", ")));
}

class Parser {
 public:
  Parser(std::string_view text, const Grammar& grammar) : lexer_(text), grammar_(grammar) { Advance(); }

  Result<std::vector<Clause>> Parse() {
    TRY(std::vector<Clause> all, ParseAny(0));
    if (token_.kind != TokenKind::kEnd) return InvalidClause(token_.text);
    return all;
  }

 private:
  Error InvalidClause(std::string_view token) const {
    return Fail(Code::kInvalid, fmt::format("Invalid {}filter string: '{}'", grammar_.of_models ? "" : "clause(s) in ", token));
  }
  void Advance() { token_ = lexer_.Next(); }
  bool IsWord(std::string_view word) const {
    return token_.kind == TokenKind::kName && token_.text.size() == word.size() && ToLower(token_.text) == word;
  }
  bool TakeWord(std::string_view word) {
    if (!IsWord(word)) return false;
    Advance();
    return true;
  }

  Result<std::vector<Clause>> ParseAny(int depth) {
    if (depth > kMaxDepth)
      return Fail(Code::kInvalid, fmt::format("cannot parse filter: more than {} levels of parentheses", kMaxDepth));
    TRY(std::vector<Clause> first, ParseAll(depth));
    if (!IsWord("or")) return first;
    Clause any;
    any.any.push_back(std::move(first));
    while (TakeWord("or")) {
      TRY(std::vector<Clause> next, ParseAll(depth));
      any.any.push_back(std::move(next));
    }
    return std::vector<Clause>{std::move(any)};
  }

  Result<std::vector<Clause>> ParseAll(int depth) {
    std::vector<Clause> all;
    do {
      // MLflow lets ANDs stand in front, behind and beside each other.
      while (IsWord("and")) {
        const std::string_view word = token_.text;
        Advance();
        if (all.empty() && token_.kind == TokenKind::kEnd) return InvalidClause(word);
      }
      if (!all.empty() && (token_.kind == TokenKind::kEnd || token_.kind == TokenKind::kClose)) break;
      if (token_.kind == TokenKind::kOpen) {
        Advance();
        TRY(std::vector<Clause> inner, ParseAny(depth + 1));
        if (token_.kind != TokenKind::kClose) return InvalidClause(token_.kind == TokenKind::kEnd ? "(" : token_.text);
        Advance();
        all.insert(all.end(), std::make_move_iterator(inner.begin()), std::make_move_iterator(inner.end()));
      } else {
        TRY(Clause one, ParseComparison());
        all.push_back(std::move(one));
      }
    } while (TakeWord("and"));
    return all;
  }

  Result<Clause> ParseComparison() {
    if (++comparisons_ > kMaxComparisons) {
      return Fail(Code::kInvalid, fmt::format("cannot parse filter: more than {} comparisons", kMaxComparisons));
    }
    const bool quoted_name = token_.kind == TokenKind::kText && token_.text.front() == '"';
    if ((token_.kind != TokenKind::kName && !quoted_name) || IsWord("and") || IsWord("or") || IsWord("not")) {
      return InvalidClause(token_.text);
    }
    const std::string_view written = token_.text;
    Advance();
    const std::string_view comparator = token_.text;
    TRY(const sql::Op op, ParseOperator(written));
    TRY(const Name name, ResolveName(written, grammar_, For::kFilter));
    Clause out{name.field, name.key, op};
    if (op == sql::Op::kIsNull || op == sql::Op::kNotNull) {
      if (!grammar_.null_tests || (name.field != Field::kTag && name.field != Field::kParam)) {
        return Fail(Code::kInvalid,
                    fmt::format("IS NULL / IS NOT NULL is only supported for tags and params, not for '{}'", written));
      }
      return out;
    }
    TRYV(CheckOperator(name, op, comparator));
    TRY(out.value, ParseValue(name, op, written));
    return out;
  }

  Result<sql::Op> ParseOperator(std::string_view written) {
    using sql::Op;
    if (token_.kind == TokenKind::kOperator) {
      const std::string_view text = token_.text;
      Advance();
      if (text == "=") return Op::kEq;
      if (text == "!=") return Op::kNe;
      if (text == "<") return Op::kLt;
      if (text == "<=") return Op::kLe;
      return text == ">" ? Op::kGt : Op::kGe;
    }
    if (TakeWord("like")) return Op::kLike;
    if (TakeWord("ilike")) return Op::kILike;
    if (TakeWord("in")) return Op::kIn;
    if (IsWord("not")) {
      Advance();
      if (TakeWord("in")) return Op::kNotIn;
    } else if (TakeWord("is")) {
      const bool negated = TakeWord("not");
      if (TakeWord("null")) return negated ? Op::kNotNull : Op::kIsNull;
    }
    return InvalidClause(written);
  }

  Result<void> CheckOperator(const Name& name, sql::Op op, std::string_view comparator) const {
    using sql::Op;
    const bool number = name.field == Field::kMetric || (name.attribute != nullptr && name.attribute->number);
    const bool list = op == Op::kIn || op == Op::kNotIn;
    const bool pattern = op == Op::kLike || op == Op::kILike;
    const bool order = op == Op::kLt || op == Op::kLe || op == Op::kGt || op == Op::kGe;
    const bool lists = name.field == Field::kAttribute || name.field == Field::kDataset || grammar_.pair_lists;
    if (number ? !(list || pattern) : !(order || (list && !lists))) return {};
    std::string_view valid = "['!=', '=', 'ILIKE', 'LIKE']";
    if (number)
      valid = "['!=', '<', '<=', '=', '>', '>=']";
    else if (lists)
      valid = "['!=', '=', 'ILIKE', 'IN', 'LIKE', 'NOT IN']";
    return Fail(Code::kInvalid, fmt::format("Invalid {} '{}' not one of '{}'",
                                            grammar_.of_models ? "comparison operator" : "comparator", comparator, valid));
  }

  Result<sql::Operand> ParseValue(const Name& name, sql::Op op, std::string_view written) {
    const Token value = token_;
    if (value.kind == TokenKind::kEnd) return InvalidClause(written);
    if (op == sql::Op::kIn || op == sql::Op::kNotIn) return ParseList(name, written);
    Advance();
    if (name.field == Field::kMetric || (name.attribute != nullptr && name.attribute->number)) {
      if (value.kind == TokenKind::kText && grammar_.quoted_numbers) return NumberOf(Unquoted(value.text), true);
      if (value.kind != TokenKind::kNumber) {
        return Fail(Code::kInvalid,
                    name.attribute == nullptr
                        ? fmt::format("Expected numeric value type for metric. Found {}", value.text)
                        : fmt::format("Expected numeric value type for numeric attribute: {}. Found {}", name.key, value.text));
      }
      return NumberOf(value.text, name.attribute != nullptr);
    }
    if (value.kind == TokenKind::kText) return sql::Operand(std::string(Unquoted(value.text)));
    if (value.kind == TokenKind::kName) {
      return Fail(Code::kInvalid,
                  fmt::format("Parameter value is either not quoted or unidentified quote types used for string value "
                              "{}. Use either single or double quotes.",
                              value.text));
    }
    const std::string_view what = name.field == Field::kParam     ? "parameter"
                                  : name.field == Field::kTag     ? "tag"
                                  : name.field == Field::kDataset ? "dataset attributes"
                                                                  : "attributes";
    return Fail(Code::kInvalid,
                fmt::format("Expected a quoted string value for {} (e.g. 'my-value'). Got value {}", what, value.text));
  }

  static Result<sql::Operand> NumberOf(std::string_view text, bool prefer_whole) {
    if (!text.empty() && text.front() == '+') text.remove_prefix(1);
    if (const auto whole = ParseInt(text); whole && prefer_whole) return sql::Operand(*whole);
    const auto number = ParseDouble(text);
    if (!number) return Fail(Code::kInvalid, fmt::format("Expected numeric value type. Found {}", text));
    return sql::Operand(*number);
  }

  Result<sql::Operand> ParseList(const Name& name, std::string_view written) {
    if (name.attribute != nullptr && !name.attribute->list && !grammar_.any_list) {
      std::vector<std::string> valid;
      for (const AttributeWord& attribute : grammar_.attributes) {
        if (attribute.list) valid.push_back(fmt::format("'{}'", attribute.word));
      }
      return Fail(Code::kInvalid,
                  fmt::format("Only [{}] attributes support comparison with a list of quoted string values.", Join(valid, ", ")));
    }
    if (token_.kind != TokenKind::kOpen) return InvalidClause(written);
    std::vector<std::string> elements;
    do {
      Advance();
      if (token_.kind == TokenKind::kClose && !elements.empty()) break;  // a trailing comma
      if (token_.kind != TokenKind::kText || elements.size() == kMaxListElements) return WrongList(written, elements.empty());
      if (++elements_ > kMaxAllElements) {
        return Fail(Code::kInvalid, fmt::format("cannot parse filter: more than {} values in its lists", kMaxAllElements));
      }
      elements.emplace_back(Unquoted(token_.text));
      Advance();
    } while (token_.kind == TokenKind::kComma);
    if (token_.kind != TokenKind::kClose) return WrongList(written, false);
    Advance();
    return sql::Operand(std::move(elements));
  }

  // MLflow's texts, at the token that does not fit.
  Error WrongList(std::string_view written, bool empty) const {
    const bool other = token_.kind == TokenKind::kNumber || token_.kind == TokenKind::kName;
    if (token_.kind == TokenKind::kEnd) return InvalidClause(written);
    return Fail(Code::kInvalid,
                fmt::format("While parsing a list in the query, expected {}, but got {}",
                            other ? "string value, punctuation, or whitespace" : "a non-empty list of string values",
                            other                                       ? "different type in list"
                            : empty && token_.kind == TokenKind::kClose ? "empty list"
                                                                        : "ill-formed list"));
  }

  Lexer lexer_;
  const Grammar& grammar_;
  Token token_;
  std::size_t comparisons_ = 0;
  std::size_t elements_ = 0;  // of all lists
};

constexpr EntityWord kRunEntities[] = {{"metric", Field::kMetric},
                                       {"metrics", Field::kMetric},
                                       {"parameter", Field::kParam},
                                       {"parameters", Field::kParam},
                                       {"param", Field::kParam},
                                       {"params", Field::kParam},
                                       {"tag", Field::kTag},
                                       {"tags", Field::kTag},
                                       {"attribute", Field::kAttribute},
                                       {"attributes", Field::kAttribute},
                                       {"attr", Field::kAttribute},
                                       {"run", Field::kAttribute},
                                       {"dataset", Field::kDataset},
                                       {"datasets", Field::kDataset}};
constexpr AttributeWord kRunAttributes[] = {{.word = "run_id", .column = "run_id", .list = true},
                                            {.word = "run_name", .column = "run_name"},
                                            {.word = "status", .column = "status"},
                                            {.word = "artifact_uri", .column = "artifact_uri"},
                                            {.word = "user_id", .column = "user_id"},
                                            {.word = "start_time", .column = "start_time", .number = true},
                                            {.word = "end_time", .column = "end_time", .number = true},
                                            {.word = "created", .column = "start_time", .number = true},
                                            {.word = "Created", .column = "start_time", .number = true},
                                            {.word = "run name", .column = "run_name"},
                                            {.word = "Run name", .column = "run_name"},
                                            {.word = "Run Name", .column = "run_name"}};
constexpr Grammar kRunGrammar{kRunEntities, "['metric', 'parameter', 'tag', 'attribute', 'dataset']", kRunAttributes, true, true};

constexpr EntityWord kExperimentEntities[] = {{"attribute", Field::kAttribute}, {"tag", Field::kTag}, {"tags", Field::kTag}};
constexpr AttributeWord kExperimentAttributes[] = {{.word = "name", .column = "name"},
                                                   {.word = "creation_time", .column = "creation_time", .number = true},
                                                   {.word = "last_update_time", .column = "last_update_time", .number = true},
                                                   {.word = "experiment_id", .column = "experiment_id", .list = true}};
constexpr Grammar kExperimentGrammar{kExperimentEntities, "('attribute', 'tag', 'tags')", kExperimentAttributes, true};

}  // namespace

const Grammar& RunGrammar() { return kRunGrammar; }
const Grammar& ExperimentGrammar() { return kExperimentGrammar; }

Result<std::vector<Clause>> ParseFilter(std::string_view text, const Grammar& grammar) {
  if (Trim(text).empty()) return std::vector<Clause>{};
  return Parser(text, grammar).Parse();
}

Result<Order> ParseOrder(std::string_view text, const Grammar& grammar) {
  const Error unparsed = Fail(Code::kInvalid, fmt::format("Invalid order_by clause '{}'. Could not be parsed.", text));
  Lexer lexer(text);
  const Token name = lexer.Next();
  if (name.kind != TokenKind::kName && name.kind != TokenKind::kText) return unparsed;
  const Token direction = lexer.Next();
  if (lexer.Next().kind != TokenKind::kEnd) return unparsed;
  bool ascending = true;
  if (direction.kind != TokenKind::kEnd) {
    const std::string word = ToLower(direction.text);
    if (word != "asc" && word != "desc") {
      return Fail(Code::kInvalid, fmt::format("Invalid ordering key in order_by clause '{}'.", text));
    }
    ascending = word == "asc";
  }
  TRY(const Name resolved, ResolveName(name.text, grammar, For::kOrder));
  return Order{resolved.field, resolved.key, ascending};
}

}  // namespace mlean::track

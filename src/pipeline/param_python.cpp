#include "pipeline/param_python.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cctype>
#include <optional>
#include <string>
#include <vector>

#include "base/text.hpp"
#include "codec/python_text.hpp"

namespace mlean::pipeline {
namespace {

using codec::Json;

constexpr std::size_t kMaxDepth = 100;

bool IsNameStart(char c) {
  return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_' || static_cast<unsigned char>(c) >= 0x80;
}
bool IsNameChar(char c) { return IsNameStart(c) || std::isdigit(static_cast<unsigned char>(c)) != 0; }

// A statement without its comments; line breaks inside brackets are blanks.
struct Statement {
  std::size_t indent = 0;
  std::string text;
};

// Cuts a source into statements.
class Splitter {
 public:
  explicit Splitter(std::string_view text) : text_(text) {}

  Result<std::vector<Statement>> Run() {
    while (at_ < text_.size()) TRYV(Line());
    if (!open_.empty()) return Fail(Code::kInvalid, "a bracket is not closed");
    return std::move(statements_);
  }

 private:
  Result<void> Line() {
    std::size_t indent = 0;
    for (; at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\f'); ++at_) {
      indent = text_[at_] == '\t' ? (indent / 8 + 1) * 8 : indent + 1;
    }
    Statement statement{indent, {}};
    bool ended = false;
    while (at_ < text_.size() && !ended) {
      const char c = text_[at_];
      if (c == '#') {
        while (at_ < text_.size() && text_[at_] != '\n') ++at_;
      } else if (c == '\n' || c == '\r') {
        ++at_;
        if (open_.empty() && c == '\n') ended = true;
        statement.text += ' ';
      } else if (c == '\\' && text_.substr(at_ + 1).starts_with('\n')) {
        at_ += 2;
        statement.text += ' ';
      } else if (c == '"' || c == '\'') {
        TRYV(String(statement.text));
      } else if (c == ';' && open_.empty()) {
        ++at_;
        Finish(statement);
      } else {
        TRYV(Bracket(c));
        statement.text += c;
        ++at_;
      }
    }
    Finish(statement);
    return {};
  }

  void Finish(Statement& statement) {
    const std::string text(Trim(statement.text));
    if (!text.empty()) statements_.push_back({statement.indent, text});
    statement.text.clear();
  }

  Result<void> Bracket(char c) {
    if (c == '(' || c == '[' || c == '{') open_ += c;
    if (c != ')' && c != ']' && c != '}') return {};
    const char opens = c == ')' ? '(' : c == ']' ? '[' : '{';
    if (open_.empty() || open_.back() != opens) return Fail(Code::kInvalid, "a bracket was not opened");
    open_.pop_back();
    return {};
  }

  // Copies a string with its quotes.
  Result<void> String(std::string& out) {
    const char quote = text_[at_];
    const std::string triple(3, quote);
    const bool is_triple = text_.substr(at_).starts_with(triple);
    const std::string end = is_triple ? triple : std::string(1, quote);
    const std::size_t start = at_;
    at_ += end.size();
    while (!text_.substr(at_).starts_with(end)) {
      if (at_ < text_.size() && text_[at_] == '\\') ++at_;
      if (at_ >= text_.size() || (text_[at_] == '\n' && !is_triple && text_[at_ - 1] != '\\'))
        return Fail(Code::kInvalid, "a string has no end");
      ++at_;
    }
    at_ += end.size();
    out += text_.substr(start, at_ - start);
    return {};
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::string open_;
  std::vector<Statement> statements_;
};

// A literal as ast.literal_eval takes it.
class Literal {
 public:
  Literal(std::string_view text, std::string_view tuple_key) : text_(text), tuple_key_(tuple_key) {}

  // nullopt: not a literal, or more than one.
  std::optional<Json> Whole() {
    std::optional<Json> value = Value(0);
    if (!value) return std::nullopt;
    SkipBlanks();
    if (at_ < text_.size() && text_[at_] == ',') return Tuple(Rest(*std::move(value), '\0', 0));
    return at_ == text_.size() ? value : std::nullopt;
  }

 private:
  void SkipBlanks() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_])) != 0) ++at_;
  }
  char Peek() {
    SkipBlanks();
    return at_ < text_.size() ? text_[at_] : '\0';
  }

  std::optional<Json> Value(std::size_t depth) {
    if (depth > kMaxDepth) return std::nullopt;
    const char c = Peek();
    if (c == '[') return Items(']', depth);
    if (c == '(') return Parenthesized(depth);
    if (c == '{') return Braces(depth);
    if (c == '-' || c == '+') {
      ++at_;
      std::optional<Json> value = Value(depth + 1);
      if (!value || !value->IsNumber()) return std::nullopt;
      if (c == '+') return value;
      if (const std::string* const digits = value->Digits()) {
        const bool negative = digits->starts_with('-');
        return codec::PythonInteger(std::string_view(*digits).substr(negative ? 1 : 0), 10, !negative);
      }
      return value->IsInt() ? Json(-value->AsInt()) : Json(-value->AsDouble());
    }
    if (std::isdigit(static_cast<unsigned char>(c)) != 0 || c == '.') return Number();
    return Word();
  }

  // What stands after the first item of a list, up to `close`.
  std::optional<Json> Rest(Json first, char close, std::size_t depth) {
    Json list = Json::Array{};
    list.Push(std::move(first));
    while (Peek() == ',') {
      ++at_;
      if (Peek() == close) break;
      std::optional<Json> item = Value(depth + 1);
      if (!item) return std::nullopt;
      list.Push(*std::move(item));
    }
    if (Peek() != close) return std::nullopt;
    if (close != '\0') ++at_;
    return list;
  }

  std::optional<Json> Items(char close, std::size_t depth) {
    ++at_;
    if (Peek() == close) {
      ++at_;
      return Json(Json::Array{});
    }
    std::optional<Json> first = Value(depth + 1);
    if (!first) return std::nullopt;
    return Rest(*std::move(first), close, depth);
  }

  std::optional<Json> Parenthesized(std::size_t depth) {
    ++at_;
    if (Peek() == ')') {
      ++at_;
      return Tuple(Json(Json::Array{}));
    }
    std::optional<Json> first = Value(depth + 1);
    if (!first) return std::nullopt;
    if (Peek() != ')') return Tuple(Rest(*std::move(first), ')', depth));
    ++at_;
    return first;
  }

  std::optional<Json> Tuple(std::optional<Json> list) const {
    if (!list || tuple_key_.empty()) return list;
    return Json(Json::Object{{std::string(tuple_key_), *std::move(list)}});
  }

  std::optional<Json> Braces(std::size_t depth) {
    ++at_;
    Json map = Json::Object{};
    if (Peek() == '}') {
      ++at_;
      return map;
    }
    for (bool first_item = true;; first_item = false) {
      std::optional<Json> key = Value(depth + 1);
      if (!key) return std::nullopt;
      if (Peek() != ':') return first_item ? Rest(*std::move(key), '}', depth) : std::nullopt;
      ++at_;
      std::optional<Json> value = Value(depth + 1);
      if (!value) return std::nullopt;
      map.Set(codec::PythonStr(*key), *std::move(value));
      if (Peek() == ',') ++at_;
      if (Peek() == '}') break;
      if (text_[at_ - 1] != ',' && !std::isspace(static_cast<unsigned char>(text_[at_ - 1]))) return std::nullopt;
    }
    ++at_;
    return map;
  }

  std::optional<Json> Number() {
    std::string digits;
    const std::size_t start = at_;
    while (at_ < text_.size() &&
           (IsNameChar(text_[at_]) || text_[at_] == '.' ||
            ((text_[at_] == '+' || text_[at_] == '-') && at_ > start && std::tolower(text_[at_ - 1]) == 'e' &&
             !text_.substr(start).starts_with("0x") && !text_.substr(start).starts_with("0X")))) {
      if (text_[at_] != '_') digits += text_[at_];
      ++at_;
    }
    const std::string lower = ToLower(digits);
    for (const auto& [front, base] : {std::pair("0x", 16), std::pair("0o", 8), std::pair("0b", 2)}) {
      if (!lower.starts_with(front)) continue;
      return codec::PythonInteger(std::string_view(lower).substr(2), base, false);
    }
    if (lower.find_first_of(".e") == lower.npos) {
      if (std::optional<Json> value = codec::PythonInteger(lower, 10, false)) return value;
    }
    std::string text = lower;
    if (text.starts_with('.')) text.insert(0, "0");
    if (text.ends_with('.')) text += '0';
    if (const std::size_t dot = text.find(".e"); dot != text.npos) text.insert(dot + 1, "0");
    const std::optional<double> value = ParseDouble(text);
    return value ? std::optional<Json>(*value) : std::nullopt;
  }

  // True, False, None, or strings that stand one behind the other.
  std::optional<Json> Word() {
    std::string text;
    bool any = false;
    for (char c = Peek();; c = Peek()) {
      const std::size_t start = at_;
      while (at_ < text_.size() && IsNameChar(text_[at_])) ++at_;
      const std::string_view name = text_.substr(start, at_ - start);
      c = at_ < text_.size() ? text_[at_] : '\0';
      if (c == '"' || c == '\'') {
        const std::string prefix = ToLower(name);
        if (!prefix.empty() && prefix != "r" && prefix != "u") return std::nullopt;
        if (!String(text, prefix == "r")) return std::nullopt;
        any = true;
        continue;
      }
      if (any) {
        at_ = start;
        return Json(std::move(text));
      }
      if (name == "True") return Json(true);
      if (name == "False") return Json(false);
      if (name == "None") return Json();
      return std::nullopt;
    }
  }

  bool String(std::string& out, bool raw) {
    const char quote = text_[at_];
    const std::string triple(3, quote);
    const std::string end = text_.substr(at_).starts_with(triple) ? triple : std::string(1, quote);
    at_ += end.size();
    while (at_ < text_.size() && !text_.substr(at_).starts_with(end)) {
      if (text_[at_] != '\\' || at_ + 1 >= text_.size()) {
        out += text_[at_++];
      } else if (raw) {
        out += text_.substr(at_, 2);
        at_ += 2;
      } else if (!Escape(out)) {
        return false;
      }
    }
    at_ += end.size();
    return at_ <= text_.size();
  }

  bool Escape(std::string& out) {
    const char c = text_[at_ + 1];
    at_ += 2;
    switch (c) {
      case '\n': return true;
      case '\\': out += '\\'; return true;
      case '\'': out += '\''; return true;
      case '"': out += '"'; return true;
      case 'a': out += '\a'; return true;
      case 'b': out += '\b'; return true;
      case 'f': out += '\f'; return true;
      case 'n': out += '\n'; return true;
      case 'r': out += '\r'; return true;
      case 't': out += '\t'; return true;
      case 'v': out += '\v'; return true;
      case 'x': return Point(out, 2);
      case 'u': return Point(out, 4);
      case 'U': return Point(out, 8);
      case 'N': return false;  // by name: not known here
      default: break;
    }
    if (c >= '0' && c <= '7') {
      unsigned value = 0;
      --at_;
      for (int i = 0; i < 3 && at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '7'; ++i, ++at_) {
        value = value * 8 + static_cast<unsigned>(text_[at_] - '0');
      }
      return Append(out, value);
    }
    out += '\\';
    out += c;
    return true;
  }

  bool Point(std::string& out, std::size_t digits) {
    unsigned value = 0;
    for (std::size_t i = 0; i < digits; ++i, ++at_) {
      if (at_ >= text_.size() || std::isxdigit(static_cast<unsigned char>(text_[at_])) == 0) return false;
      const int lower = std::tolower(static_cast<unsigned char>(text_[at_]));
      value = value * 16 + static_cast<unsigned>(lower <= '9' ? lower - '0' : lower - 'a' + 10);
    }
    return Append(out, value);
  }

  static bool Append(std::string& out, unsigned point) {
    if (point > 0x10FFFF || (point >= 0xD800 && point < 0xE000)) return false;
    // Json's own reader knows how to write a code point.
    const std::string escaped = point < 0x10000 ? fmt::format("\"\\u{:04x}\"", point)
                                                : fmt::format("\"\\u{:04x}\\u{:04x}\"", 0xD800 + ((point - 0x10000) >> 10),
                                                              0xDC00 + ((point - 0x10000) & 0x3FF));
    const Result<Json> text = Json::Parse(escaped);
    if (!text) return false;
    out += text->AsString();
    return true;
  }

  std::string_view text_;
  std::string_view tuple_key_;
  std::size_t at_ = 0;
};

// The `=` of an assignment, outside of brackets and strings; npos when there is none, or when there are two.
std::size_t FindEquals(std::string_view text) {
  std::size_t found = text.npos;
  std::size_t depth = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"' || c == '\'') {
      const std::string end = text.substr(i).starts_with(std::string(3, c)) ? std::string(3, c) : std::string(1, c);
      for (i += end.size(); i < text.size() && !text.substr(i).starts_with(end); ++i) {
        if (text[i] == '\\') ++i;
      }
      i += end.size() - 1;
    } else if (c == '(' || c == '[' || c == '{') {
      ++depth;
    } else if (c == ')' || c == ']' || c == '}') {
      --depth;
    } else if (c == '=' && depth == 0) {
      if (text.substr(i).starts_with("==") ||
          (i > 0 && std::string_view("!<>=+-*/%&|^@:").find(text[i - 1]) != std::string_view::npos))
        return text.npos;
      if (found != text.npos) return text.npos;
      found = i;
    }
  }
  return found;
}

bool IsName(std::string_view text) {
  return !text.empty() && IsNameStart(text.front()) && std::all_of(text.begin(), text.end(), IsNameChar);
}

// "class A(B):" gives "A"; empty for other statements.
std::string_view ClassName(std::string_view text) {
  if (!text.starts_with("class ")) return {};
  text = Trim(text.substr(6));
  std::size_t end = 0;
  while (end < text.size() && IsNameChar(text[end])) ++end;
  return text.substr(0, end);
}

class Reader {
 public:
  Reader(std::vector<Statement> statements, std::string_view tuple_key)
      : statements_(std::move(statements)), tuple_key_(tuple_key) {}
  Json Run() { return Block(0, statements_.size(), false, 0); }

 private:
  // The statements of one level in [from, to).
  Json Block(std::size_t from, std::size_t to, bool only_self, std::size_t depth) {
    Json values = Json::Object{};
    for (std::size_t i = from; i < to && depth < kMaxDepth; ++i) {
      std::size_t body = i + 1;
      while (body < to && statements_[body].indent > statements_[i].indent) ++body;
      const std::string_view text = statements_[i].text;
      if (const std::string_view name = ClassName(text); !name.empty()) {
        values.Set(name, Block(i + 1, body, false, depth + 1));
      } else if (text.starts_with("def __init__") && text.ends_with(':')) {
        const Json own = Block(i + 1, body, true, depth + 1);
        for (const Json::Member& member : own.AsObject()) values.Set(member.first, member.second);
      } else if (body == i + 1) {
        Assign(values, text, only_self);
      }
      i = body - 1;
    }
    return values;
  }

  void Assign(Json& values, std::string_view text, bool only_self) const {
    const std::size_t equals = FindEquals(text);
    if (equals == text.npos) return;
    std::string_view target = Trim(text.substr(0, equals));
    target = Trim(target.substr(0, target.find(':')));
    const bool self = target.starts_with("self.");
    if (self) target.remove_prefix(5);
    if (!IsName(target) || (only_self && !self)) return;
    if (std::optional<Json> value = Literal(text.substr(equals + 1), tuple_key_).Whole()) values.Set(target, *std::move(value));
  }

  std::vector<Statement> statements_;
  std::string_view tuple_key_;
};

}  // namespace

Result<Json> ParsePythonParams(std::string_view text, std::string_view tuple_key) {
  TRY(std::vector<Statement> statements, Splitter(text).Run());
  return Reader(std::move(statements), tuple_key).Run();
}

}  // namespace mlean::pipeline

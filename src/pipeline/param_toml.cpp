#include "pipeline/param_toml.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cctype>
#include <limits>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/text.hpp"
#include "codec/python_text.hpp"

namespace mlean::pipeline {
namespace {

using codec::Json;

constexpr std::size_t kMaxDepth = 100;

bool IsKeyChar(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-'; }

void AppendUtf8(std::string& out, std::uint32_t point) {
  if (point < 0x80) {
    out += static_cast<char>(point);
  } else if (point < 0x800) {
    out += static_cast<char>(0xC0 | (point >> 6));
    out += static_cast<char>(0x80 | (point & 0x3F));
  } else if (point < 0x10000) {
    out += static_cast<char>(0xE0 | (point >> 12));
    out += static_cast<char>(0x80 | ((point >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (point & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | (point >> 18));
    out += static_cast<char>(0x80 | ((point >> 12) & 0x3F));
    out += static_cast<char>(0x80 | ((point >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (point & 0x3F));
  }
}

class Parser {
 public:
  Parser(std::string_view text, std::string_view date_key) : text_(text), date_key_(date_key) {}

  Result<Json> Run() {
    Json root = Json::Object{};
    Json* table = &root;
    std::string prefix;
    for (SkipLines(); at_ < text_.size(); SkipLines()) {
      if (text_[at_] == '[') {
        TRY(table, Header(root, prefix));
      } else {
        TRYV(KeyValue(*table, prefix, 0));
      }
      TRYV(LineEnd());
    }
    return root;
  }

 private:
  using Keys = std::vector<std::string>;

  Error Bad(std::string_view cause) const {
    const auto line = std::count(text_.begin(), text_.begin() + static_cast<std::ptrdiff_t>(std::min(at_, text_.size())), '\n');
    return Fail(Code::kInvalid, fmt::format("line {}: {}", line + 1, cause));
  }
  char Peek(std::size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }
  bool Take(std::string_view word) {
    if (!text_.substr(at_).starts_with(word)) return false;
    at_ += word.size();
    return true;
  }
  void SkipBlanks() {
    while (Peek() == ' ' || Peek() == '\t') ++at_;
  }
  void SkipComment() {
    if (Peek() != '#') return;
    while (at_ < text_.size() && text_[at_] != '\n') ++at_;
  }
  // Blanks, comments and line ends.
  void SkipLines() {
    for (;;) {
      SkipBlanks();
      SkipComment();
      if (Peek() == '\r' && Peek(1) == '\n') ++at_;
      if (Peek() != '\n' || at_ >= text_.size()) return;
      ++at_;
    }
  }
  Result<void> LineEnd() {
    SkipBlanks();
    SkipComment();
    if (at_ >= text_.size() || Peek() == '\n' || (Peek() == '\r' && Peek(1) == '\n')) return {};
    return Bad("expected the end of the line");
  }

  Result<Keys> DottedKey() {
    Keys keys;
    for (;;) {
      SkipBlanks();
      if (Peek() == '"' || Peek() == '\'') {
        if (text_.substr(at_).starts_with("\"\"\"") || text_.substr(at_).starts_with("'''")) return Bad("expected a key");
        TRY(std::string key, String());
        keys.push_back(std::move(key));
      } else {
        const std::size_t start = at_;
        while (at_ < text_.size() && IsKeyChar(text_[at_])) ++at_;
        if (at_ == start) return Bad("expected a key");
        keys.emplace_back(text_.substr(start, at_ - start));
      }
      SkipBlanks();
      if (Peek() != '.') break;
      ++at_;
    }
    if (keys.size() > kMaxDepth) return Bad("too many levels");
    return keys;
  }

  // The table at `keys`, made when missing; goes into the last table of a list of tables.
  Result<Json*> Descend(Json& from, const Keys& keys, std::size_t count) {
    Json* at = &from;
    for (std::size_t i = 0; i < count; ++i) {
      Json* next = at->Find(keys[i]);
      if (next == nullptr) {
        at->Set(keys[i], Json::Object{});
        next = at->Find(keys[i]);
      } else if (next->IsArray()) {
        if (next->AsArray().empty() || !next->AsArray().back().IsObject()) return Bad("a list is no table");
        next = &next->AsArray().back();
      }
      if (!next->IsObject()) return Bad(fmt::format("'{}' is no table", keys[i]));
      at = next;
    }
    return at;
  }

  Result<Json*> Header(Json& root, std::string& prefix) {
    ++at_;
    const bool list = Peek() == '[';
    if (list) ++at_;
    TRY(const Keys keys, DottedKey());
    if (!Take(list ? "]]" : "]")) return Bad("expected ']'");
    TRY(Json* const above, Descend(root, keys, keys.size() - 1));
    prefix = Join(keys, "\x1f");
    Json* there = above->Find(keys.back());
    if (list) {
      if (there == nullptr) {
        above->Set(keys.back(), Json::Array{});
        there = above->Find(keys.back());
        lists_.insert(prefix);
      }
      if (!there->IsArray() || !lists_.contains(prefix)) return Bad(fmt::format("'{}' is defined twice", keys.back()));
      there->Push(Json::Object{});
      // What stood below the item before may be defined anew.
      const std::string below = prefix + "\x1f";
      std::erase_if(defined_, [&](const std::string& name) { return name.starts_with(below); });
      return &there->AsArray().back();
    }
    if (!defined_.insert(prefix).second || (there != nullptr && !there->IsObject()))
      return Bad(fmt::format("'{}' is defined twice", keys.back()));
    return Descend(root, keys, keys.size());
  }

  Result<void> KeyValue(Json& table, const std::string& prefix, std::size_t depth) {
    TRY(const Keys keys, DottedKey());
    if (Peek() != '=') return Bad("expected '='");
    ++at_;
    TRY(Json value, Value(depth));
    TRY(Json* const above, Descend(table, keys, keys.size() - 1));
    if (above->Find(keys.back()) != nullptr) return Bad(fmt::format("'{}' is defined twice", keys.back()));
    above->Set(keys.back(), std::move(value));
    if (depth == 0) defined_.insert(prefix.empty() ? Join(keys, "\x1f") : prefix + "\x1f" + Join(keys, "\x1f"));
    return {};
  }

  Result<Json> Value(std::size_t depth) {
    SkipBlanks();
    if (depth > kMaxDepth) return Bad("too many levels");
    const char c = Peek();
    if (c == '"' || c == '\'') {
      TRY(std::string text, String());
      return Json(std::move(text));
    }
    if (c == '[') return List(depth);
    if (c == '{') return InlineTable(depth);
    const std::size_t start = at_;
    while (at_ < text_.size() && (IsKeyChar(text_[at_]) || text_[at_] == '+' || text_[at_] == '.' || text_[at_] == ':')) ++at_;
    // "1979-05-27 07:32:00": a blank may stand for the T.
    if (at_ - start == 10 && text_[start + 4] == '-' && Peek() == ' ' && std::isdigit(static_cast<unsigned char>(Peek(1))) != 0) {
      ++at_;
      while (at_ < text_.size() && (IsKeyChar(text_[at_]) || text_[at_] == '+' || text_[at_] == '.' || text_[at_] == ':')) ++at_;
    }
    return Scalar(text_.substr(start, at_ - start));
  }

  Result<Json> Scalar(std::string_view word) const {
    if (word == "true") return Json(true);
    if (word == "false") return Json(false);
    std::string_view rest = word;
    const bool negative = rest.starts_with('-');
    if (rest.starts_with('+') || negative) rest.remove_prefix(1);
    if (rest == "inf") return Json(negative ? -std::numeric_limits<double>::infinity() : std::numeric_limits<double>::infinity());
    if (rest == "nan") return Json(std::numeric_limits<double>::quiet_NaN());
    if (rest.empty() || std::isdigit(static_cast<unsigned char>(rest.front())) == 0) return Bad("expected a value");
    if (rest.find(':') != rest.npos || (rest.size() >= 10 && rest[4] == '-' && rest[7] == '-')) return Date(word);
    std::string digits;
    for (std::size_t i = 0; i < rest.size(); ++i) {
      if (rest[i] != '_') {
        digits += rest[i];
        continue;
      }
      const bool between = i > 0 && i + 1 < rest.size() && std::isalnum(static_cast<unsigned char>(rest[i - 1])) != 0 &&
                           std::isalnum(static_cast<unsigned char>(rest[i + 1])) != 0;
      if (!between) return Bad("a '_' must stand between digits");
    }
    if (digits.size() > 2 && digits[0] == '0' && (digits[1] == 'x' || digits[1] == 'o' || digits[1] == 'b')) {
      const int base = digits[1] == 'x' ? 16 : digits[1] == 'o' ? 8 : 2;
      return Based(digits.substr(2), base);
    }
    if (digits.size() > 1 && digits[0] == '0' && std::isdigit(static_cast<unsigned char>(digits[1])) != 0)
      return Bad("a number must not start with 0");
    const std::string text = negative ? "-" + digits : digits;
    if (digits.find_first_of(".eE") == digits.npos) {
      if (const std::optional<Json> value = codec::PythonInteger(digits, 10, negative)) return *value;
    }
    if (digits.back() == '.' || digits.find(".e") != digits.npos || digits.find(".E") != digits.npos)
      return Bad("expected a digit");
    const std::optional<double> value = ParseDouble(text);
    if (!value) return Bad("expected a value");
    return Json(*value);
  }

  Json Date(std::string_view word) const {
    return date_key_.empty() ? Json(word) : Json(Json::Object{{std::string(date_key_), word}});
  }

  Result<Json> Based(std::string_view digits, int base) const {
    const std::optional<Json> value = codec::PythonInteger(digits, base, false);
    return value ? Result<Json>(*value) : Bad("expected a number");
  }

  Result<Json> List(std::size_t depth) {
    ++at_;
    Json list = Json::Array{};
    for (;;) {
      SkipLines();
      if (Peek() == ']') break;
      TRY(Json value, Value(depth + 1));
      list.Push(std::move(value));
      SkipLines();
      if (Peek() == ',') {
        ++at_;
      } else if (Peek() != ']') {
        return Bad("expected ',' or ']'");
      }
    }
    ++at_;
    return list;
  }

  Result<Json> InlineTable(std::size_t depth) {
    ++at_;
    Json table = Json::Object{};
    SkipBlanks();
    if (Take("}")) return table;
    for (;;) {
      TRYV(KeyValue(table, "", depth + 1));
      SkipBlanks();
      if (Take("}")) return table;
      if (!Take(",")) return Bad("expected ',' or '}'");
    }
  }

  Result<std::string> String() {
    const char quote = Peek();
    const std::string triple(3, quote);
    const bool multiline = Take(triple);
    if (!multiline) ++at_;
    if (multiline) {
      if (Peek() == '\r' && Peek(1) == '\n') ++at_;
      if (Peek() == '\n') ++at_;
    }
    std::string out;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == quote) {
        if (!multiline) {
          ++at_;
          return out;
        }
        if (text_.substr(at_).starts_with(triple)) {
          at_ += 3;
          // Up to two quotes may stand before the closing ones.
          for (int i = 0; i < 2 && Peek() == quote; ++i, ++at_) out += quote;
          return out;
        }
      }
      if (c == '\n' && !multiline) break;
      if (c == '\\' && quote == '"') {
        TRYV(Escape(out, multiline));
        continue;
      }
      out += c;
      ++at_;
    }
    return Bad("a string has no end");
  }

  Result<void> Escape(std::string& out, bool multiline) {
    ++at_;
    const char c = Peek();
    ++at_;
    switch (c) {
      case 'b': out += '\b'; return {};
      case 't': out += '\t'; return {};
      case 'n': out += '\n'; return {};
      case 'f': out += '\f'; return {};
      case 'r': out += '\r'; return {};
      case '"': out += '"'; return {};
      case '\\': out += '\\'; return {};
      case 'u': return Point(out, 4);
      case 'U': return Point(out, 8);
      default: break;
    }
    if (multiline && (c == '\n' || c == ' ' || c == '\t' || c == '\r')) {
      --at_;
      while (Peek() == ' ' || Peek() == '\t' || Peek() == '\n' || Peek() == '\r') ++at_;
      return {};
    }
    return Bad("unknown escape");
  }

  Result<void> Point(std::string& out, std::size_t digits) {
    std::uint32_t point = 0;
    for (std::size_t i = 0; i < digits; ++i, ++at_) {
      const char c = Peek();
      if (std::isxdigit(static_cast<unsigned char>(c)) == 0) return Bad("expected a hexadecimal digit");
      const int lower = std::tolower(static_cast<unsigned char>(c));
      point = point * 16 + static_cast<std::uint32_t>(lower <= '9' ? lower - '0' : lower - 'a' + 10);
    }
    if (point > 0x10FFFF || (point >= 0xD800 && point < 0xE000)) return Bad("no such character");
    AppendUtf8(out, point);
    return {};
  }

  std::string_view text_;
  std::string_view date_key_;
  std::size_t at_ = 0;
  std::set<std::string> defined_;  // tables with a header of their own, and keys
  std::set<std::string> lists_;    // lists of tables
};

}  // namespace

Result<Json> ParseToml(std::string_view text, std::string_view date_key) { return Parser(text, date_key).Run(); }

}  // namespace mlean::pipeline

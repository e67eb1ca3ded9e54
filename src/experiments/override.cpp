#include "experiments/override.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "base/text.hpp"
#include "codec/python_text.hpp"
#include "experiments/override_function.hpp"
#include "experiments/override_lexer.hpp"

namespace mlean::experiments {
namespace {

using codec::Json;

bool IsPrimitive(TokenKind kind) {
  switch (kind) {
    case TokenKind::kFloat:
    case TokenKind::kInt:
    case TokenKind::kBool:
    case TokenKind::kNull:
    case TokenKind::kOther:
    case TokenKind::kId:
    case TokenKind::kEscape:
    case TokenKind::kBlank:
    case TokenKind::kColon:
    case TokenKind::kInterpolation: return true;
    case TokenKind::kOpen:
    case TokenKind::kClose:
    case TokenKind::kComma:
    case TokenKind::kBracketOpen:
    case TokenKind::kBracketClose:
    case TokenKind::kBraceOpen:
    case TokenKind::kBraceClose:
    case TokenKind::kEqual:
    case TokenKind::kQuoted:
    case TokenKind::kEnd: return false;
  }
  return false;
}

// Every second byte: "\,\ " is ", ".
std::string Unescaped(std::string_view text) {
  std::string out;
  for (std::size_t i = 1; i < text.size(); i += 2) out += text[i];
  return out;
}

// The content of a text in quotes: backslashes count only in front of a quote, where each saves the next byte.
std::string Unquoted(std::string_view text) {
  const char quote = text.front();
  std::string out;
  for (std::size_t i = 1; i + 1 < text.size();) {
    std::size_t end = i;
    while (end < text.size() && text[end] == '\\') ++end;
    const std::size_t slashes = end - i;
    if (slashes == 0) {
      out += text[i++];
    } else if (end < text.size() && text[end] == quote) {
      out.append(slashes / 2, '\\');
      if (slashes % 2 == 1) out += quote;
      i = end + slashes % 2;
    } else {
      out.append(slashes, '\\');
      i = end;
    }
  }
  return out;
}

// With the quotes back, as Hydra writes it.
std::string Quoted(std::string_view text, char quote) {
  std::string out(1, quote);
  std::size_t slashes = 0;
  for (const char c : text) {
    if (c == quote) out.append(slashes + 1, '\\');
    slashes = c == '\\' ? slashes + 1 : 0;
    out += c;
  }
  out.append(slashes, '\\');
  return out + quote;
}

Result<Json> NumberOf(const Token& token) {
  const std::string digits = ReplaceAll(token.text, "_", "");
  std::string_view text = digits;
  if (text.starts_with('+')) text.remove_prefix(1);
  if (token.kind == TokenKind::kInt) {
    const std::optional<std::int64_t> number = ParseInt(text);
    if (!number) return Fail(Code::kTooLarge, fmt::format("the number '{}' is too large", token.text));
    return Json(*number);
  }
  std::string plain = ToLower(text);
  if (plain.ends_with('.')) plain += '0';
  if (const std::size_t at = plain.find(".e"); at != plain.npos) plain.insert(at + 1, "0");
  if (plain.starts_with('.')) plain.insert(0, "0");
  if (plain.starts_with("-.")) plain.insert(1, "0");
  return Json(std::strtod(plain.c_str(), nullptr));  // too large is infinity, as in Python
}

class Parser {
 public:
  explicit Parser(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}

  Result<void> Value(Override& out) {
    TRY(Element first, ParseElement(0));
    std::vector<Element> elements;
    elements.push_back(std::move(first));
    while (Peek().kind == TokenKind::kComma) {
      ++at_;
      TRY(Element next, ParseElement(0));
      elements.push_back(std::move(next));
    }
    if (Peek().kind != TokenKind::kEnd) return Expected("the end");
    if (elements.size() == 1) {
      out.is_sweep = elements[0].is_sweep;
      out.values = out.is_sweep ? std::move(elements[0].choices) : std::vector<OverrideValue>{std::move(elements[0].value)};
      return {};
    }
    out.is_sweep = true;
    for (Element& element : elements) {
      if (element.is_sweep) return Fail(Code::kInvalid, "a choice of sweeps is not supported");
      out.values.push_back(std::move(element.value));
    }
    return {};
  }

 private:
  const Token& Peek(std::size_t ahead = 0) const { return tokens_[std::min(at_ + ahead, tokens_.size() - 1)]; }
  Error Expected(std::string_view what) const {
    const Token& token = Peek();
    const std::string found = token.kind == TokenKind::kEnd ? "the end" : "'" + std::string(Trim(token.text)) + "'";
    return Fail(Code::kInvalid, fmt::format("expected {}, not {}, at column {}", what, found, token.at + 1));
  }

  Result<Element> ParseElement(std::size_t depth) {
    if (depth > kMaxOverrideDepth) return Fail(Code::kTooLarge, "it is nested too deeply");
    const TokenKind kind = Peek().kind;
    if (kind == TokenKind::kBracketOpen) return ParseList(depth);
    if (kind == TokenKind::kBraceOpen) return ParseMap(depth);
    if (kind == TokenKind::kId && Peek(1).kind == TokenKind::kOpen) return ParseCall(depth);
    Element out;
    if (kind == TokenKind::kQuoted) {
      const std::string_view text = tokens_[at_++].text;
      const std::string plain = Unquoted(text);
      out.value = {plain, Quoted(plain, text.front())};
      return out;
    }
    TRY(out.value.value, ParsePrimitive(true));
    out.value.text = ValueText(out.value.value);
    return out;
  }

  Result<Json> ParsePrimitive(bool with_colon) {
    const std::size_t begin = at_;
    while (IsPrimitive(Peek().kind) && (with_colon || Peek().kind != TokenKind::kColon)) ++at_;
    std::vector<Token> tokens(tokens_.begin() + static_cast<std::ptrdiff_t>(begin),
                              tokens_.begin() + static_cast<std::ptrdiff_t>(at_));
    if (tokens.empty()) return Expected("a value");
    if (tokens.size() > 1 && tokens.front().kind == TokenKind::kBlank) tokens.erase(tokens.begin());
    if (tokens.size() > 1 && tokens.back().kind == TokenKind::kBlank) tokens.pop_back();
    for (const Token& token : tokens) {
      if (token.kind == TokenKind::kInterpolation) {
        return Fail(Code::kUnsupported, fmt::format("the interpolation '{}' is not supported", token.text));
      }
    }
    if (tokens.size() == 1) {
      const Token& token = tokens[0];
      if (token.kind == TokenKind::kBlank) return Fail(Code::kInvalid, "a value is all blanks");
      if (token.kind == TokenKind::kInt || token.kind == TokenKind::kFloat) return NumberOf(token);
      if (token.kind == TokenKind::kBool) return Json(ToLower(token.text) == "true");
      if (token.kind == TokenKind::kNull) return Json();
    }
    std::string text;
    for (const Token& token : tokens) text += token.kind == TokenKind::kEscape ? Unescaped(token.text) : std::string(token.text);
    return Json(std::move(text));
  }

  Result<Element> ParseList(std::size_t depth) {
    ++at_;
    Element out;
    out.value.value = Json::Array{};
    std::vector<std::string> texts;
    while (Peek().kind != TokenKind::kBracketClose) {
      if (!texts.empty()) {
        if (Peek().kind != TokenKind::kComma) return Expected("',' or ']'");
        ++at_;
      }
      TRY(Element item, ParseElement(depth + 1));
      if (item.is_sweep) return Fail(Code::kInvalid, "a sweep cannot stand in a list");
      out.value.value.Push(std::move(item.value.value));
      texts.push_back(std::move(item.value.text));
    }
    ++at_;
    out.value.text = "[" + Join(texts, ",") + "]";
    return out;
  }

  Result<Element> ParseMap(std::size_t depth) {
    ++at_;
    Element out;
    out.value.value = Json::Object{};
    std::vector<std::string> texts;
    while (Peek().kind != TokenKind::kBraceClose) {
      if (!texts.empty()) {
        if (Peek().kind != TokenKind::kComma) return Expected("',' or '}'");
        ++at_;
      }
      TRY(const Json key, ParsePrimitive(false));
      if (Peek().kind != TokenKind::kColon) return Expected("':'");
      ++at_;
      TRY(Element member, ParseElement(depth + 1));
      if (member.is_sweep) return Fail(Code::kInvalid, "a sweep cannot stand in a map");
      out.value.value.Set(codec::PythonStr(key), std::move(member.value.value));
      texts.push_back(ValueText(key) + ":" + member.value.text);
    }
    ++at_;
    out.value.text = "{" + Join(texts, ",") + "}";
    return out;
  }

  Result<Element> ParseCall(std::size_t depth) {
    Call call;
    call.name = tokens_[at_].text;
    at_ += 2;
    while (Peek().kind != TokenKind::kClose) {
      if (!call.arguments.empty() || !call.named.empty()) {
        if (Peek().kind != TokenKind::kComma) return Expected("',' or ')'");
        ++at_;
      }
      std::string name;
      if (Peek().kind == TokenKind::kId && Peek(1).kind == TokenKind::kEqual) {
        name = Peek().text;
        at_ += 2;
      }
      TRY(Element argument, ParseElement(depth + 1));
      if (!name.empty()) {
        call.named.emplace_back(std::move(name), std::move(argument));
      } else if (call.named.empty()) {
        call.arguments.push_back(std::move(argument));
      } else {
        return Fail(Code::kInvalid, "positional argument follows keyword argument");
      }
    }
    ++at_;
    return Evaluate(call);
  }

  std::vector<Token> tokens_;
  std::size_t at_ = 0;
};

// ---- keys
bool IsWord(std::string_view text, bool may_be_number) {
  if (text.empty()) return false;
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  const auto starts = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$'; };
  if (is_digit(text[0]))
    return may_be_number && std::all_of(text.begin(), text.end(), is_digit) && (text == "0" || text[0] != '0');
  return starts(text[0]) && std::all_of(text.begin(), text.end(), [&](char c) { return starts(c) || is_digit(c) || c == '-'; });
}

bool IsKey(std::string_view key) {
  if (key.empty()) return true;
  const char separator = key.find('/') != key.npos ? '/' : '.';
  const std::vector<std::string> parts = Split(key, separator);
  return std::all_of(parts.begin(), parts.end(),
                     [&](const std::string& part) { return IsWord(part, separator == '.' && parts.size() > 1); });
}

Result<Override> ParseLine(std::string_view text) {
  Override out;
  out.line = text;
  const std::size_t equal = text.find('=');
  std::string_view key = text.substr(0, equal);
  if (key.starts_with('~')) {
    out.kind = Override::Kind::kRemove;
    key.remove_prefix(1);
  } else if (key.starts_with("++")) {
    out.kind = Override::Kind::kForce;
    key.remove_prefix(2);
  } else if (key.starts_with('+')) {
    out.kind = Override::Kind::kAdd;
    key.remove_prefix(1);
  }
  const std::size_t package = key.find('@');
  out.has_package = package != key.npos;
  out.key = key.substr(0, package);
  if (!IsKey(out.key) || (out.has_package && !IsKey(key.substr(package + 1)))) {
    return Fail(Code::kInvalid, fmt::format("'{}' is no key", key));
  }
  if (equal == text.npos) {
    if (out.kind != Override::Kind::kRemove) return Fail(Code::kInvalid, "expected '=' behind the key");
    return out;
  }
  out.has_value = true;
  std::string_view value = text.substr(equal + 1);
  while (value.starts_with(' ') || value.starts_with('\t')) value.remove_prefix(1);
  if (value.empty()) {
    out.values.push_back({Json(""), ""});
    return out;
  }
  TRY(std::vector<Token> tokens, LexValue(value));
  TRYV(Parser(std::move(tokens)).Value(out));
  return out;
}

}  // namespace

Result<Override> Override::Parse(std::string_view text) {
  if (text.size() > kMaxOverrideBytes) return Fail(Code::kTooLarge, "cannot parse an override: it is too long");
  Result<Override> parsed = ParseLine(text);
  if (!parsed) return std::move(parsed).error().With(fmt::format("cannot parse '{}'", text));
  return parsed;
}

std::string Override::Named() const {
  switch (kind) {
    case Kind::kSet: return key;
    case Kind::kAdd: return "+" + key;
    case Kind::kForce: return "++" + key;
    case Kind::kRemove: return "~" + key;
  }
  return key;
}

Result<std::vector<std::vector<std::string>>> Combinations(const std::vector<Override>& overrides) {
  std::vector<std::pair<std::string, std::vector<std::string>>> columns;
  for (const Override& one : overrides) {
    const std::string key = one.Named();
    std::vector<std::string> texts;
    for (const OverrideValue& value : one.values) texts.push_back(key + "=" + value.text);
    if (!one.has_value) texts.push_back(key + "=null");  // as Hydra does; the same as without
    const auto same = std::find_if(columns.begin(), columns.end(), [&](const auto& column) { return column.first == key; });
    if (same != columns.end()) {
      same->second = std::move(texts);
    } else {
      columns.emplace_back(key, std::move(texts));
    }
  }
  std::vector<std::vector<std::string>> rows = {{}};
  for (const auto& [key, texts] : columns) {
    if (rows.size() * texts.size() > kMaxSweepValues) {
      return Fail(Code::kTooLarge, fmt::format("cannot sweep over more than {} combinations", kMaxSweepValues));
    }
    std::vector<std::vector<std::string>> longer;
    for (const std::vector<std::string>& row : rows) {
      for (const std::string& text : texts) {
        longer.push_back(row);
        longer.back().push_back(text);
      }
    }
    rows = std::move(longer);
  }
  return rows;
}

std::vector<FileOverrides> GroupByFile(const std::vector<std::string>& typed) {
  std::vector<FileOverrides> files;
  for (const std::string& one : typed) {
    const std::size_t colon = one.substr(0, one.find('=')).find(':');
    const std::string file = colon == one.npos ? "params.yaml" : one.substr(0, colon);
    auto same = std::find_if(files.begin(), files.end(), [&](const FileOverrides& known) { return known.file == file; });
    if (same == files.end()) same = files.insert(files.end(), {file, {}});
    same->overrides.push_back(colon == one.npos ? one : one.substr(colon + 1));
  }
  return files;
}

}  // namespace mlean::experiments

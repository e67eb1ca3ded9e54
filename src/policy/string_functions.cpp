// size, the string methods of CEL and of its string extension. Positions count code points.
#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "policy/functions.hpp"
#include "policy/regex.hpp"

namespace mlean::policy {
namespace {

bool IsContinuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

std::int64_t CountCodePoints(std::string_view text) {
  return static_cast<std::int64_t>(std::count_if(text.begin(), text.end(), [](char c) { return !IsContinuation(c); }));
}

// The byte offset of code point `index`; the size of the text when it has exactly that many, npos when fewer or `index` is
// negative.
std::size_t ByteOffset(std::string_view text, std::int64_t index) {
  if (index < 0) return std::string_view::npos;
  std::int64_t seen = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (IsContinuation(text[i])) continue;
    if (seen == index) return i;
    ++seen;
  }
  return seen == index ? text.size() : std::string_view::npos;
}

// Charges for looking for `part` in `text`: in the worst case every place is compared in full.
Result<void> SpendSearch(std::string_view text, std::string_view part, Budget& budget) {
  return budget.Spend(1 + text.size() / 16 + text.size() * part.size() / 256);
}

bool AllStrings(Arguments arguments, std::size_t count) {
  return std::all_of(arguments.begin(), arguments.begin() + static_cast<std::ptrdiff_t>(count),
                     [](const Value& value) { return value.Is(Kind::kString); });
}

Result<Value> Size(Arguments arguments, Budget& budget) {
  const Value& a = arguments[0];
  if (a.Is(Kind::kList)) return Value(static_cast<std::int64_t>(a.AsList().size()));
  if (a.Is(Kind::kMap)) return Value(static_cast<std::int64_t>(a.AsMap().size()));
  if (a.Is(Kind::kBytes)) return Value(static_cast<std::int64_t>(a.AsBytes().size()));
  if (!a.Is(Kind::kString)) return NoOverload("size", arguments);
  TRYV(budget.Spend(a.AsString().size() / 16));
  return Value(CountCodePoints(a.AsString()));
}

enum class Test { kContains, kStartsWith, kEndsWith };

template <Test kTest>
Result<Value> TestString(Arguments arguments, Budget& budget) {
  constexpr std::string_view kName = kTest == Test::kContains     ? "contains"
                                     : kTest == Test::kStartsWith ? "startsWith"
                                                                  : "endsWith";
  if (!AllStrings(arguments, 2)) return NoOverload(kName, arguments);
  const std::string_view text = arguments[0].AsString();
  const std::string_view part = arguments[1].AsString();
  if (kTest == Test::kContains) {
    TRYV(SpendSearch(text, part, budget));
    return Value(text.find(part) != std::string_view::npos);
  }
  TRYV(budget.Spend(part.size() / 16));
  return Value(kTest == Test::kStartsWith ? text.starts_with(part) : text.ends_with(part));
}

Result<Value> Matches(Arguments arguments, Budget& budget) {
  if (!AllStrings(arguments, 2)) return NoOverload("matches", arguments);
  // Compiling and a search up to the work limit of the pattern cost far more than a node.
  TRYV(budget.Spend(200 + arguments[0].AsString().size()));
  TRY(const std::shared_ptr<const Regex> regex, Regex::Compile(arguments[1].AsString()));
  TRY(const bool found, regex->Search(arguments[0].AsString()));
  return Value(found);
}

template <bool kUpper>
Result<Value> ChangeCase(Arguments arguments, Budget& budget) {
  if (!AllStrings(arguments, 1)) return NoOverload(kUpper ? "upperAscii" : "lowerAscii", arguments);
  std::string text = arguments[0].AsString();
  TRYV(budget.String(text.size()));
  for (char& c : text) {
    if (kUpper ? (c >= 'a' && c <= 'z') : (c >= 'A' && c <= 'Z')) c = static_cast<char>(c ^ 0x20);
  }
  return Value(std::move(text));
}

// The white space of Unicode at the front of `text`, in bytes.
std::size_t LeadingSpace(std::string_view text) {
  constexpr std::string_view kWide[] = {"\u0085", "\u00A0", "\u1680", "\u2000", "\u2001", "\u2002", "\u2003",
                                        "\u2004", "\u2005", "\u2006", "\u2007", "\u2008", "\u2009", "\u200A",
                                        "\u2028", "\u2029", "\u202F", "\u205F", "\u3000"};
  if (text.empty()) return 0;
  if (text[0] == ' ' || (text[0] >= '\t' && text[0] <= '\r')) return 1;
  for (const std::string_view space : kWide) {
    if (text.starts_with(space)) return space.size();
  }
  return 0;
}

Result<Value> TrimSpace(Arguments arguments, Budget& budget) {
  if (!AllStrings(arguments, 1)) return NoOverload("trim", arguments);
  std::string_view text = arguments[0].AsString();
  TRYV(budget.String(text.size()));
  while (const std::size_t space = LeadingSpace(text)) text.remove_prefix(space);
  while (!text.empty()) {
    std::size_t last = text.size() - 1;
    while (last > 0 && IsContinuation(text[last])) --last;
    if (LeadingSpace(text.substr(last)) != text.size() - last) break;
    text.remove_suffix(text.size() - last);
  }
  return Value(text);
}

// The offsets where `separator` begins in `text`, at most `limit`; an empty one is found before every code point.
std::vector<std::size_t> FindAll(std::string_view text, std::string_view separator, std::int64_t limit, bool at_end) {
  std::vector<std::size_t> found;
  std::size_t at = 0;
  while (limit < 0 || static_cast<std::int64_t>(found.size()) < limit) {
    if (separator.empty()) {
      while (at < text.size() && IsContinuation(text[at])) ++at;
      if (at > text.size() || (at == text.size() && !at_end)) break;
      found.push_back(at++);
    } else {
      at = text.find(separator, at);
      if (at == std::string_view::npos) break;
      found.push_back(at);
      at += separator.size();
    }
  }
  return found;
}

Result<Value> SplitString(Arguments arguments, Budget& budget) {
  const bool limited = arguments.size() == 3;
  if (!AllStrings(arguments, 2) || (limited && !arguments[2].Is(Kind::kInt))) return NoOverload("split", arguments);
  const std::string_view text = arguments[0].AsString();
  const std::string_view separator = arguments[1].AsString();
  const std::int64_t limit = limited ? arguments[2].AsInt() : -1;
  TRYV(SpendSearch(text, separator, budget));
  if (limit == 0 || (text.empty() && separator.empty())) return Value::ListOf({});
  std::vector<std::size_t> cuts = FindAll(text, separator, -1, false);
  // Cutting before the first code point would give an empty part.
  if (separator.empty()) cuts.erase(cuts.begin());
  if (limit > 0 && static_cast<std::int64_t>(cuts.size()) >= limit) cuts.resize(static_cast<std::size_t>(limit - 1));
  TRYV(budget.List(cuts.size() + 1));
  Value::List parts;
  std::size_t begin = 0;
  for (const std::size_t cut : cuts) {
    parts.emplace_back(text.substr(begin, cut - begin));
    begin = cut + separator.size();
  }
  parts.emplace_back(text.substr(begin));
  return Value::ListOf(std::move(parts));
}

Result<Value> Replace(Arguments arguments, Budget& budget) {
  const bool limited = arguments.size() == 4;
  if (!AllStrings(arguments, 3) || (limited && !arguments[3].Is(Kind::kInt))) return NoOverload("replace", arguments);
  const std::string_view text = arguments[0].AsString();
  const std::string_view from = arguments[1].AsString();
  const std::string_view to = arguments[2].AsString();
  TRYV(SpendSearch(text, from, budget));
  const std::vector<std::size_t> places = FindAll(text, from, limited ? arguments[3].AsInt() : -1, true);
  TRYV(budget.String(text.size() - places.size() * from.size() + places.size() * to.size()));
  std::string out;
  std::size_t begin = 0;
  for (const std::size_t place : places) {
    out += text.substr(begin, place - begin);
    out += to;
    begin = place + from.size();
  }
  out += text.substr(begin);
  return Value(std::move(out));
}

Result<Value> Substring(Arguments arguments, Budget& budget) {
  const bool ends = arguments.size() == 3;
  if (!AllStrings(arguments, 1) || !arguments[1].Is(Kind::kInt) || (ends && !arguments[2].Is(Kind::kInt))) {
    return NoOverload("substring", arguments);
  }
  const std::string_view text = arguments[0].AsString();
  TRYV(budget.String(text.size()));
  const std::size_t begin = ByteOffset(text, arguments[1].AsInt());
  const std::size_t end = ends ? ByteOffset(text, arguments[2].AsInt()) : text.size();
  if (begin == std::string_view::npos || end == std::string_view::npos || end < begin) {
    return Fail(Code::kInvalid, "substring out of range");
  }
  return Value(text.substr(begin, end - begin));
}

Result<Value> IndexOf(Arguments arguments, Budget& budget) {
  const bool offset = arguments.size() == 3;
  if (!AllStrings(arguments, 2) || (offset && !arguments[2].Is(Kind::kInt))) return NoOverload("indexOf", arguments);
  const std::string_view text = arguments[0].AsString();
  TRYV(SpendSearch(text, arguments[1].AsString(), budget));
  const std::size_t begin = offset ? ByteOffset(text, arguments[2].AsInt()) : 0;
  if (begin == std::string_view::npos) return Fail(Code::kInvalid, "indexOf out of range");
  const std::size_t found = text.find(arguments[1].AsString(), begin);
  return Value(found == std::string_view::npos ? std::int64_t{-1} : CountCodePoints(text.substr(0, found)));
}

Result<Value> JoinStrings(Arguments arguments, Budget& budget) {
  if (!arguments[0].Is(Kind::kList) || (arguments.size() == 2 && !arguments[1].Is(Kind::kString)))
    return NoOverload("join", arguments);
  const std::string_view separator = arguments.size() == 2 ? std::string_view(arguments[1].AsString()) : "";
  std::size_t bytes = 0;
  for (const Value& part : arguments[0].AsList()) {
    if (!part.Is(Kind::kString)) return Fail(Code::kInvalid, "join takes a list of strings");
    bytes += part.AsString().size() + separator.size();
  }
  TRYV(budget.String(bytes));
  TRYV(budget.Spend(arguments[0].AsList().size()));
  std::string out;
  out.reserve(bytes);
  bool first = true;
  for (const Value& part : arguments[0].AsList()) {
    if (!first) out += separator;
    first = false;
    out += part.AsString();
  }
  return Value(std::move(out));
}

constexpr std::array<Function, 13> kStrings = {{
    {"size", CallStyle::kBoth, 1, 1, Size},
    {"contains", CallStyle::kMember, 2, 2, TestString<Test::kContains>},
    {"startsWith", CallStyle::kMember, 2, 2, TestString<Test::kStartsWith>},
    {"endsWith", CallStyle::kMember, 2, 2, TestString<Test::kEndsWith>},
    {"matches", CallStyle::kBoth, 2, 2, Matches},
    {"lowerAscii", CallStyle::kMember, 1, 1, ChangeCase<false>},
    {"upperAscii", CallStyle::kMember, 1, 1, ChangeCase<true>},
    {"trim", CallStyle::kMember, 1, 1, TrimSpace},
    {"split", CallStyle::kMember, 2, 3, SplitString},
    {"replace", CallStyle::kMember, 3, 4, Replace},
    {"substring", CallStyle::kMember, 2, 3, Substring},
    {"indexOf", CallStyle::kMember, 2, 3, IndexOf},
    {"join", CallStyle::kMember, 1, 2, JoinStrings},
}};

}  // namespace

std::span<const Function> StringFunctions() { return kStrings; }

}  // namespace mlean::policy

#include "cas/dir_parser.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <optional>

#include "codec/json.hpp"

namespace mlean::cas {
namespace {

using codec::Json;

constexpr std::size_t kMaxEntry = 1 << 17;  // a path has at most 4096 bytes, six characters each
constexpr std::string_view kBeforeMd5 = "{\"md5\": \"";
constexpr std::string_view kBeforePath = "\", \"relpath\": \"";
constexpr std::string_view kAfterPath = "\"}";
constexpr std::size_t kPathAt = kBeforeMd5.size() + 32 + kBeforePath.size();

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

// The unit of "\uXXXX" at `at`; nothing when that is no such thing.
std::optional<std::uint32_t> UnitAt(std::string_view text, std::size_t at) {
  if (at + 6 > text.size() || text[at] != '\\' || text[at + 1] != 'u') return std::nullopt;
  std::uint32_t unit = 0;
  for (std::size_t i = at + 2; i < at + 6; ++i) {
    const int digit = HexDigit(text[i]);
    if (digit < 0) return std::nullopt;
    unit = unit * 16 + static_cast<std::uint32_t>(digit);
  }
  return unit;
}

void AppendUtf8(std::string& out, std::uint32_t point) {
  const auto put = [&](std::uint32_t byte) { out += static_cast<char>(byte); };
  if (point < 0x80) {
    put(point);
  } else if (point < 0x800) {
    put(0xC0 | point >> 6);
    put(0x80 | (point & 0x3F));
  } else if (point < 0x10000) {
    put(0xE0 | point >> 12);
    put(0x80 | (point >> 6 & 0x3F));
    put(0x80 | (point & 0x3F));
  } else {
    put(0xF0 | point >> 18);
    put(0x80 | (point >> 12 & 0x3F));
    put(0x80 | (point >> 6 & 0x3F));
    put(0x80 | (point & 0x3F));
  }
}

// Python's ASCII string, without its quotes, as bytes. False for what Python would not have written.
bool Unescape(std::string_view text, std::string& out) {
  out.clear();
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t slash = std::min(text.find('\\', i), text.size());
    const std::string_view plain = text.substr(i, slash - i);
    if (std::any_of(plain.begin(), plain.end(), [](unsigned char c) { return c < 0x20 || c > 0x7E; })) return false;
    out += plain;
    i = slash;
    if (i == text.size()) return true;
    if (i + 1 == text.size()) return false;
    constexpr std::string_view kShort = "\"\\nrtbf";
    constexpr std::string_view kMeaning = "\"\\\n\r\t\b\f";
    if (const std::size_t which = kShort.find(text[i + 1]); which != kShort.npos) {
      out += kMeaning[which];
      i += 2;
      continue;
    }
    const std::optional<std::uint32_t> unit = UnitAt(text, i);
    if (!unit) return false;
    i += 6;
    if (*unit < 0xD800 || *unit > 0xDFFF) {
      AppendUtf8(out, *unit);
    } else if (*unit < 0xDC00) {
      const std::optional<std::uint32_t> low = UnitAt(text, i);
      if (!low || *low < 0xDC00 || *low > 0xDFFF) return false;
      AppendUtf8(out, 0x10000 + ((*unit - 0xD800) << 10) + (*low - 0xDC00));
      i += 6;
    } else if (*unit >= 0xDC80 && *unit <= 0xDCFF) {
      out += static_cast<char>(*unit - 0xDC00);  // a byte that was not UTF-8
    } else {
      return false;
    }
  }
  return true;
}

// Where the string that starts at `at` ends (its closing quote), or npos.
std::size_t EndOfString(std::string_view text, std::size_t at) {
  for (;;) {
    const std::size_t quote = text.find('"', at);
    if (quote == text.npos) return quote;
    std::size_t slashes = 0;
    while (slashes < quote - at && text[quote - 1 - slashes] == '\\') ++slashes;
    if (slashes % 2 == 0) return quote;
    at = quote + 1;
  }
}

Result<void> Deliver(const DirSink& sink, std::string_view path, std::string_view md5) {
  const std::optional<Md5> digest = ParseMd5(md5);
  if (!digest) return BadDirObject(fmt::format("'{}' is no md5", md5));
  if (!IsInsidePath(path)) return BadDirObject(fmt::format("the path '{}' leaves its folder", path));
  sink(path, *digest);
  return {};
}

}  // namespace

Error BadDirObject(std::string_view cause) { return Fail(Code::kCorrupt, fmt::format("cannot read a .dir object: {}", cause)); }

bool IsInsidePath(std::string_view path) {
  if (path.empty() || path.size() > 4096 || path.find('\0') != path.npos) return false;
  for (std::size_t at = 0; at <= path.size();) {
    const std::size_t end = std::min(path.find('/', at), path.size());
    const std::string_view part = path.substr(at, end - at);
    if (part.empty() || part == "." || part == "..") return false;
    at = end + 1;
  }
  return true;
}

Result<DirParser::Step> DirParser::TakeEntry(std::string_view& text) {
  const std::size_t known = std::min(text.size(), kBeforeMd5.size());
  if (text.substr(0, known) != kBeforeMd5.substr(0, known)) return Step::kOther;
  if (text.size() < kPathAt) return Step::kNeedMore;
  if (text.substr(kBeforeMd5.size() + 32, kBeforePath.size()) != kBeforePath) return Step::kOther;
  const std::size_t end = EndOfString(text, kPathAt);
  if (end == text.npos || end + kAfterPath.size() > text.size()) return text.size() > kMaxEntry ? Step::kOther : Step::kNeedMore;
  if (text.substr(end, kAfterPath.size()) != kAfterPath) return Step::kOther;
  if (!Unescape(text.substr(kPathAt, end - kPathAt), path_)) return Step::kOther;
  TRYV(Deliver(sink_, path_, text.substr(kBeforeMd5.size(), 32)));
  text.remove_prefix(end + kAfterPath.size());
  return Step::kTaken;
}

// One entry, or what stands around entries.
Result<DirParser::Step> DirParser::TakeOne(std::string_view& text) {
  switch (state_) {
    case State::kStart:
      if (text.front() != '[') return Step::kOther;
      text.remove_prefix(1);
      state_ = State::kFirst;
      return Step::kTaken;
    case State::kFirst:
      if (text.front() == ']') {
        text.remove_prefix(1);
        state_ = State::kDone;
        return Step::kTaken;
      }
      [[fallthrough]];
    case State::kEntry: {
      TRY(const Step step, TakeEntry(text));
      if (step == Step::kTaken) state_ = State::kSeparator;
      return step;
    }
    case State::kSeparator:
      if (text.front() == ']') {
        text.remove_prefix(1);
        state_ = State::kDone;
        return Step::kTaken;
      }
      if (text.size() < 2) return Step::kNeedMore;
      if (!text.starts_with(", ")) return Step::kOther;
      text.remove_prefix(2);
      state_ = State::kEntry;
      return Step::kTaken;
    case State::kDone: break;
  }
  return Step::kOther;
}

Result<bool> DirParser::Feed(std::string_view piece) {
  kept_ += piece;
  std::string_view text = kept_;
  while (!text.empty()) {
    TRY(const Step step, TakeOne(text));
    if (step == Step::kOther) return false;
    if (step == Step::kNeedMore) break;
  }
  kept_.erase(0, kept_.size() - text.size());
  return true;
}

bool DirParser::End() const { return state_ == State::kDone && kept_.empty(); }

Result<void> ReadDirJson(std::string_view text, const DirSink& sink) {
  if (text.size() > kMaxDirJson) return BadDirObject("it is too large");
  const Result<Json> list = Json::Parse(text, {.max_depth = 4, .surrogate_escape = true});
  if (!list) return BadDirObject(list.error().what);
  if (!list->IsArray()) return BadDirObject("not a list");
  for (const Json& item : list->AsArray()) {
    const Result<std::string> md5 = item.StringAt("md5");
    const Result<std::string> path = item.StringAt("relpath");
    if (!md5 || !path) return BadDirObject(!md5 ? md5.error().what : path.error().what);
    TRYV(Deliver(sink, *path, *md5));
  }
  return {};
}

}  // namespace mlean::cas

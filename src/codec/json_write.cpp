#include <algorithm>
#include <charconv>
#include <cmath>

#include "codec/json.hpp"
#include "codec/python_text.hpp"

namespace mlean::codec {

void AppendJsonString(std::string& out, std::string_view text) {
  constexpr char kHex[] = "0123456789abcdef";
  out += '"';
  std::size_t start = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c >= 0x20 && c != '"' && c != '\\') continue;
    out.append(text, start, i - start);
    start = i + 1;
    switch (c) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\t': out += "\\t"; break;
      case '\b': out += "\\b"; break;
      case '\f': out += "\\f"; break;
      default: out.append({'\\', 'u', '0', '0', kHex[c >> 4], kHex[c & 15]});
    }
  }
  out.append(text, start, text.size() - start);
  out += '"';
}

void AppendJsonNumber(std::string& out, double value) {
  if (!std::isfinite(value)) {
    out += "null";
    return;
  }
  // Whole numbers of ordinary size are frequent (counts, ids) and cheaper as integers.
  if (value == std::trunc(value) && std::abs(value) < 1e15 && !(value == 0 && std::signbit(value))) {
    char buffer[32];
    char* const end = std::to_chars(buffer, buffer + sizeof buffer, static_cast<std::int64_t>(value)).ptr;
    out.append(buffer, end);
    out += ".0";
    return;
  }
  AppendPythonFloat(out, value);
}

namespace {

void AppendInt(std::string& out, std::int64_t value) {
  char buffer[24];
  out.append(buffer, std::to_chars(buffer, buffer + sizeof buffer, value).ptr);
}

struct WriteStyle {
  std::string_view comma = ",";
  std::string_view colon = ":";
  int indent = -1;  // blanks a level; below 0 everything goes on one line
  bool sort_keys = false;
  bool python_nan = false;
  bool ascii = false;
};

class Writer {
 public:
  Writer(std::string& out, const WriteStyle& style) : out_(out), style_(style) {}

  void Value(const Json& value, int level) {
    if (value.IsNull()) {
      out_ += "null";
    } else if (value.IsBool()) {
      out_ += value.AsBool() ? "true" : "false";
    } else if (value.IsInt()) {
      AppendInt(out_, value.AsInt());
    } else if (const std::string* const digits = value.Digits()) {
      out_ += *digits;
    } else if (value.IsDouble()) {
      Double(value.AsDouble());
    } else if (value.IsString()) {
      String(value.AsString());
    } else if (value.IsArray()) {
      Array(value.AsArray(), level);
    } else {
      Object(value.AsObject(), level);
    }
  }

 private:
  void Double(double value) {
    if (std::isfinite(value) || !style_.python_nan) {
      AppendJsonNumber(out_, value);
    } else {
      out_ += std::isnan(value) ? "NaN" : value < 0 ? "-Infinity" : "Infinity";
    }
  }
  void String(std::string_view text) {
    if (style_.ascii) {
      AppendPythonJsonString(out_, text);
    } else {
      AppendJsonString(out_, text);
    }
  }
  void NewLine(int level) {
    if (style_.indent < 0) return;
    out_ += '\n';
    out_.append(static_cast<std::size_t>(style_.indent) * static_cast<std::size_t>(level), ' ');
  }
  void Array(const Json::Array& array, int level) {
    out_ += '[';
    for (std::size_t i = 0; i < array.size(); ++i) {
      if (i > 0) out_ += style_.comma;
      NewLine(level + 1);
      Value(array[i], level + 1);
    }
    if (!array.empty()) NewLine(level);
    out_ += ']';
  }
  void Object(const Json::Object& object, int level) {
    if (style_.sort_keys) {
      SortedObject(object, level);
      return;
    }
    out_ += '{';
    bool first = true;
    for (const Json::Member& member : object) Member(member, level, first);
    if (!first) NewLine(level);
    out_ += '}';
  }
  void SortedObject(const Json::Object& object, int level) {
    std::vector<const Json::Member*> members;
    members.reserve(object.size());
    for (const Json::Member& member : object) members.push_back(&member);
    std::stable_sort(members.begin(), members.end(), [](const auto* a, const auto* b) { return PythonLess(a->first, b->first); });
    out_ += '{';
    bool first = true;
    for (const Json::Member* member : members) Member(*member, level, first);
    if (!first) NewLine(level);
    out_ += '}';
  }
  void Member(const Json::Member& member, int level, bool& first) {
    if (!first) out_ += style_.comma;
    first = false;
    NewLine(level + 1);
    String(member.first);
    out_ += style_.colon;
    Value(member.second, level + 1);
  }

  std::string& out_;
  const WriteStyle& style_;
};

std::string Write(const Json& value, const WriteStyle& style) {
  std::string out;
  Writer(out, style).Value(value, 0);
  return out;
}

}  // namespace

std::string Json::Dump(bool python_nan) const { return Write(*this, {.python_nan = python_nan}); }
std::string Json::Pretty(int indent) const { return Write(*this, {.colon = ": ", .indent = std::max(indent, 0)}); }
std::string Json::Canonical() const { return Write(*this, {.sort_keys = true}); }
std::string Json::DumpPython(bool sort_keys) const {
  return Write(*this, {.comma = ", ", .colon = ": ", .sort_keys = sort_keys, .python_nan = true, .ascii = true});
}

}  // namespace mlean::codec

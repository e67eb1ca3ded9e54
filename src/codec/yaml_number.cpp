// Numbers and times that were read, as ruamel.yaml's round-trip dumper writes them again: hex digits, leading zeros, underscores
// and the number of decimals stay; a plus sign, and what its arithmetic loses, do not.
#include <fmt/core.h>

#include <cstdio>
#include <cstdlib>

#include "base/text.hpp"
#include "codec/python_text.hpp"
#include "codec/yaml_data.hpp"

namespace mlean::codec::yaml {
namespace {

std::string Formatted(const char* format, int width, int precision, double value) {
  char buffer[400];
  const int size = std::snprintf(buffer, sizeof buffer, format, width, precision, value);
  if (size >= 0 && static_cast<std::size_t>(size) < sizeof buffer) return std::string(buffer, static_cast<std::size_t>(size));
  std::string large(static_cast<std::size_t>(std::max(size, 0)) + 1, '\0');
  std::snprintf(large.data(), large.size(), format, width, precision, value);
  large.pop_back();
  return large;
}

bool IsNumberMark(char c) { return c == '0' || c == '.'; }

std::string Unsigned(std::string text) {
  std::size_t zeros = 0;
  while (zeros + 1 < text.size() && text[zeros] == '0') ++zeros;
  return text.substr(zeros);
}

std::string Padded(const std::string& digits, bool negative, std::size_t width) {
  std::string text = negative ? "-" : "";
  if (text.size() + digits.size() < width) text += std::string(width - text.size() - digits.size(), '0');
  return text + digits;
}

std::string Exponent(int value, bool sign, std::size_t width) {
  std::string digits = fmt::format("{}", value < 0 ? -static_cast<long>(value) : static_cast<long>(value));
  const std::string lead = value < 0 ? "-" : sign ? "+" : "";
  if (lead.size() + digits.size() < width) digits = std::string(width - lead.size() - digits.size(), '0') + digits;
  return lead + digits;
}

struct FloatForm {
  int width = 0;      // characters of the mantissa
  int precision = 0;  // place of its dot; -1: none
  char sign = 0;      // '+' or '-' as written
  int zeros = 0;      // leading zeros of the mantissa
  char exponent_mark = 0;
  std::size_t exponent_width = 0;
  bool exponent_sign = false;
};

std::string PlainFloat(const FloatForm& form, double value) {
  const double size = value < 0 ? -value : value;
  const std::string sign = form.sign == 0 ? std::string() : std::string(1, form.sign);
  if (form.precision > 0 && form.precision == form.width - 1) return fmt::format("{}{}.", sign, Formatted("%*.*f", 0, 0, size));
  std::string text;
  if (form.precision < 0) {
    text = sign + Formatted("%0*.*f", form.width - static_cast<int>(sign.size()), 0, size);
  } else {
    text = sign + Formatted("%0*.*f", form.width - static_cast<int>(sign.size()), form.width - form.precision - 1, size);
    if (form.precision == 0 || (form.precision == 1 && !sign.empty())) text = ReplaceAll(text, "0.", ".");
  }
  while (text.size() < static_cast<std::size_t>(form.width)) text += '0';
  return text;
}

std::string ExponentFloat(const FloatForm& form, double value) {
  const std::string all = Formatted("%*.*e", form.width, form.width + (form.sign != 0 ? 1 : 0), value);
  const std::size_t mark = all.find('e');
  std::string mantissa = all.substr(0, mark);
  int exponent = std::atoi(all.c_str() + mark + 1);
  std::size_t keep = static_cast<std::size_t>(form.precision > 0 ? form.width : form.width + 1) + (value < 0 ? 1 : 0);
  mantissa = mantissa.substr(0, keep);
  const std::size_t dot = mantissa.find('.');
  if (dot == mantissa.npos) return {};
  std::string whole = mantissa.substr(0, dot);
  std::string part = mantissa.substr(dot + 1);
  const auto width = static_cast<std::size_t>(form.width);
  while (whole.size() + part.size() < width - (form.precision >= 0 ? 1 : 0)) part += '0';
  if (form.sign != 0 && value > 0) whole = "+" + whole;
  const auto tail = [&] { return form.exponent_mark + Exponent(exponent, form.exponent_sign, form.exponent_width); };
  if (form.precision < 0) {
    if (part != "0") {
      exponent -= static_cast<int>(part.size());
    } else {
      part.clear();
    }
    while (whole.size() + part.size() - (form.sign != 0 ? 1 : 0) < width) {
      part += '0';
      --exponent;
    }
    return whole + part + tail();
  }
  if (form.precision == 0) {
    exponent -= static_cast<int>(part.size());
    return whole + part + "." + tail();
  }
  if (form.zeros > 0) {
    part = std::string(static_cast<std::size_t>(form.zeros) - 1, '0') + whole + part;
    whole = "0";
    part = part.substr(0, part.size() - std::min(part.size(), static_cast<std::size_t>(form.zeros)));
    exponent += form.zeros;
  }
  while (whole.size() < static_cast<std::size_t>(form.precision) && !part.empty()) {
    whole += part.front();
    part.erase(0, 1);
    --exponent;
  }
  return whole + "." + part + tail();
}

}  // namespace

std::string RewrittenInt(std::string_view text) {
  std::string_view trimmed = text;
  while (trimmed.ends_with('_')) trimmed.remove_suffix(1);
  const std::size_t last_underscore = trimmed.rfind('_');
  const bool underscored = last_underscore != trimmed.npos;
  const std::size_t group = underscored ? trimmed.size() - last_underscore - 1 : 0;
  std::string clean = ReplaceAll(text, "_", "");
  bool negative = false;
  if (clean.starts_with('-') || clean.starts_with('+')) {
    negative = clean[0] == '-';
    clean.erase(0, 1);
  }
  std::string prefix;
  if (clean.starts_with("0b") || clean.starts_with("0o") || clean.starts_with("0x")) {
    prefix = clean.substr(0, 2);
    clean.erase(0, 2);
  }
  if (clean.empty()) return std::string(text);
  const bool padded = clean[0] == '0' && (!prefix.empty() || clean.size() > 1);
  const std::size_t width = padded ? clean.size() : 0;
  if (prefix == "0x") {
    bool capital = false;
    for (const char c : clean) {
      if ((c >= 'A' && c <= 'F') || (c >= 'a' && c <= 'f')) {
        capital = c < 'a';
        break;
      }
    }
    for (char& c : clean) {
      if (capital && c >= 'a' && c <= 'f') c = static_cast<char>(c - 32);
      if (!capital && c >= 'A' && c <= 'F') c = static_cast<char>(c + 32);
    }
  }
  std::string digits = Unsigned(clean);
  if (digits == "0") negative = false;
  std::string out = Padded(digits, negative, width);
  if (!underscored) return prefix + out;
  if (group > 0) {
    for (std::size_t at = out.size() > group ? out.size() - group : 0; at > 0; at = at > group ? at - group : 0)
      out.insert(at, 1, '_');
  }
  const std::size_t first = prefix.empty() ? 0 : 2;
  if (!prefix.empty() && text.size() > first && text[first] == '_') out = "_" + out;
  if (text.size() - first > 1 && text.back() == '_') out += '_';
  return prefix + out;
}

std::string RewrittenFloat(std::string_view text, double value) {
  if (value != value) return ".nan";
  if (value - value != 0) return value < 0 ? "-.inf" : ".inf";
  FloatForm form;
  if (text[0] == '-' || text[0] == '+') form.sign = text[0];
  const auto leading_zeros = [](std::string_view mantissa) {
    int zeros = 0;
    for (const char c : mantissa) {
      if (!IsNumberMark(c)) break;
      zeros += c == '0' ? 1 : 0;
    }
    return zeros;
  };
  const std::size_t mark = text.find_first_of("eE");
  const std::string_view mantissa = text.substr(0, mark);
  form.width = static_cast<int>(mantissa.size());
  form.precision = mantissa.find('.') == mantissa.npos ? -1 : static_cast<int>(mantissa.find('.'));
  form.zeros = leading_zeros(mantissa);
  std::string out;
  if (mark == text.npos) {
    out = PlainFloat(form, value);
  } else {
    form.exponent_mark = text[mark];
    const std::string_view exponent = text.substr(mark + 1);
    form.exponent_width = exponent.size();
    form.exponent_sign = !exponent.empty() && (exponent[0] == '+' || exponent[0] == '-');
    if (form.sign != 0) --form.width;
    out = ExponentFloat(form, value);
  }
  return out.empty() ? PythonFloat(value) : out;
}

std::string RewrittenTime(std::string_view text) {
  if (text.size() == 10) return std::string(text);
  // year-month-day, then 'T', 't' or blanks, hour:minute:second, fraction, zone.
  std::size_t at = 0;
  const auto number = [&](std::size_t least) {
    std::string digits;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9') digits += text[at++];
    while (digits.size() < least) digits.insert(0, 1, '0');
    return digits;
  };
  const std::string year = number(4);
  ++at;
  const std::string month = number(2);
  ++at;
  const std::string day = number(2);
  const bool with_t = at < text.size() && (text[at] == 'T' || text[at] == 't');
  while (at < text.size() && (text[at] < '0' || text[at] > '9')) ++at;
  const std::string hour = number(2);
  ++at;
  const std::string minute = number(2);
  ++at;
  const std::string second = number(2);
  std::string fraction;
  if (at < text.size() && text[at] == '.') {
    ++at;
    fraction = number(0);
    fraction.resize(6, '0');
    if (fraction == "000000") fraction.clear();
  }
  while (at < text.size() && (text[at] == ' ' || text[at] == '\t')) ++at;
  const std::string zone(text.substr(std::min(at, text.size())));
  return fmt::format("{}-{}-{}{}{}:{}:{}{}{}{}", year, month, day, with_t ? 'T' : ' ', hour, minute, second,
                     fraction.empty() ? "" : ".", fraction, zone);
}

}  // namespace mlean::codec::yaml

#include "verbs/verb.hpp"

#include <fmt/core.h>

#include <cstdio>

#include "base/text.hpp"

namespace mlean::verbs {

OptionSpec Flag(std::string names, std::string help) { return {OptionKind::kFlag, std::move(names), {}, std::move(help)}; }

OptionSpec ValueOption(std::string names, std::string value_name, std::string help, std::string otherwise) {
  return {OptionKind::kValue, std::move(names), std::move(value_name), std::move(help), false, std::move(otherwise)};
}

OptionSpec OptionalValue(std::string names, std::string value_name, std::string help) {
  return {OptionKind::kOptional, std::move(names), std::move(value_name), std::move(help)};
}

OptionSpec Required(OptionSpec option) {
  option.required = true;
  return option;
}

OptionSpec Repeated(std::string names, std::string value_name, std::string help) {
  return {OptionKind::kRepeated, std::move(names), std::move(value_name), std::move(help)};
}

OptionSpec Positional(std::string name, std::string help, bool required) {
  return {OptionKind::kPositional, std::move(name), {}, std::move(help), required};
}

OptionSpec Rest(std::string name, std::string help) { return {OptionKind::kRest, std::move(name), {}, std::move(help)}; }

OptionSpec ListOption(std::string names, std::string value_name, std::string help) {
  return {OptionKind::kList, std::move(names), std::move(value_name), std::move(help)};
}

OptionSpec Command(std::string name, std::string help) { return {OptionKind::kCommand, std::move(name), {}, std::move(help)}; }

std::string Arguments::Text(std::string_view name, std::string_view otherwise) const {
  const auto found = values_.find(std::string(name));
  return found == values_.end() || found->second.empty() ? std::string(otherwise) : found->second.back();
}

std::vector<std::string> Arguments::List(std::string_view name) const {
  const auto found = values_.find(std::string(name));
  return found == values_.end() ? std::vector<std::string>{} : found->second;
}

Result<std::int64_t> Arguments::Int(std::string_view name, std::int64_t otherwise) const {
  if (!Has(name)) return otherwise;
  if (const auto value = ParseInt(Text(name))) return *value;
  return Fail(Code::kUsage, fmt::format("cannot use --{} '{}': expected a whole number", name, Text(name)));
}

Result<double> Arguments::Double(std::string_view name, double otherwise) const {
  if (!Has(name)) return otherwise;
  if (const auto value = ParseDouble(Text(name))) return *value;
  return Fail(Code::kUsage, fmt::format("cannot use --{} '{}': expected a number", name, Text(name)));
}

std::string OneLine(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\n' || c == '\t') {
      out += c == '\n' ? "\\n" : "\\t";
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      out += fmt::format("\\x{:02x}", static_cast<int>(c));
    } else {
      out += c;
    }
  }
  return out;
}

void Print(std::string_view text) { std::fwrite(text.data(), 1, text.size(), stdout); }

void PrintLine(std::string_view text) {
  Print(text);
  Print("\n");
}

void PrintJson(const codec::Json& value) { PrintLine(value.Pretty()); }

void Note(const Context& context, std::string_view text) {
  if (context.quiet) return;
  std::fflush(stdout);
  fmt::print(stderr, "{}\n", text);
}

}  // namespace mlean::verbs

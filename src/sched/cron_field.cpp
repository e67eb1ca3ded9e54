#include "sched/cron_field.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.hpp"

namespace mlean::sched {
namespace {

Error Bad(const FieldSpec& spec, std::string_view part, std::string_view why) {
  return Fail(Code::kInvalid, fmt::format("{} '{}' {}", spec.name, part, why));
}

struct Range {
  int from = 0;
  int to = 0;
};

// "A-B" inside of H(…), or of a range.
Result<Range> ReadRange(std::string_view text, const FieldSpec& spec) {
  const std::size_t dash = text.find('-');
  TRY(const int from, ReadValue(text.substr(0, dash), spec));
  if (dash == std::string_view::npos) return Range{from, from};
  TRY(const int to, ReadValue(text.substr(dash + 1), spec));
  return Range{from, to};
}

Result<int> ReadStep(std::string_view text, const FieldSpec& spec) {
  const auto step = ParseInt(text);
  if (!step || *step < 1 || *step > spec.high) return Bad(spec, text, fmt::format("is no step of 1 to {}", spec.high));
  return static_cast<int>(*step);
}

// Values from `range.from` on, `step` apart, wrapping past the field's end when the range does.
void Mark(Range range, int step, const FieldSpec& spec, std::vector<bool>& allowed) {
  const int size = spec.high - spec.low + 1;
  const int last = range.to < range.from ? range.to + size : range.to;
  for (int value = range.from; value <= last; value += step) {
    allowed[static_cast<std::size_t>(spec.low + (value - spec.low) % size)] = true;
  }
}

Result<void> ReadHashed(std::string_view part, const FieldSpec& spec, std::uint32_t hash, std::vector<bool>& allowed) {
  std::string_view rest = part.substr(1);
  Range range{spec.low, spec.hash_high < 0 ? spec.high : spec.hash_high};
  if (rest.starts_with("(")) {
    const std::size_t close = rest.find(')');
    if (close == std::string_view::npos) return Bad(spec, part, "has no ')'");
    TRY(range, ReadRange(rest.substr(1, close - 1), spec));
    if (range.from > range.to) return Bad(spec, part, "has a range that runs backwards");
    rest.remove_prefix(close + 1);
  }
  int step = 0;
  if (rest.starts_with("/")) {
    TRY(step, ReadStep(rest.substr(1), spec));
  } else if (!rest.empty()) {
    return Bad(spec, part, "is not understood");
  }
  const auto width = static_cast<std::uint32_t>(step > 0 ? std::min(step, range.to - range.from + 1) : range.to - range.from + 1);
  const int first = range.from + static_cast<int>(hash % width);
  Mark({first, step > 0 ? range.to : first}, step > 0 ? step : 1, spec, allowed);
  return {};
}

}  // namespace

Result<int> ReadValue(std::string_view text, const FieldSpec& spec) {
  if (text.size() == 3) {
    const std::string lower = ToLower(text);
    for (std::size_t i = 0; i < spec.names.size(); ++i) {
      if (lower == ToLower(spec.names[i])) return spec.names_from + static_cast<int>(i);
    }
  }
  const auto number = ParseInt(text);
  if (!number || text.front() == '-' || text.front() == '+') return Bad(spec, text, "is not understood");
  if (*number == spec.wrap_alias) return spec.wrap_alias;
  if (*number < spec.low || *number > spec.high) return Bad(spec, text, fmt::format("is not in {}-{}", spec.low, spec.high));
  return static_cast<int>(*number);
}

Result<void> ReadPart(std::string_view part, const FieldSpec& spec, std::uint32_t hash, std::vector<bool>& allowed) {
  if (part.empty()) return Bad(spec, part, "is empty");
  if (part[0] == 'H' || part[0] == 'h') return ReadHashed(part, spec, hash, allowed);
  const std::size_t slash = part.find('/');
  const std::string_view what = part.substr(0, slash);
  int step = 1;
  if (slash != std::string_view::npos) {
    TRY(step, ReadStep(part.substr(slash + 1), spec));
  }
  if (what == "*" || what == "?") {
    Mark({spec.low, spec.high}, step, spec, allowed);
    return {};
  }
  TRY(Range range, ReadRange(what, spec));
  if (range.from == spec.wrap_alias) {
    if (range.to == range.from) range.to = spec.low;
    range.from = spec.low;
  }
  const bool single = what.find('-') == std::string_view::npos;
  if (single && slash != std::string_view::npos) range.to = spec.high;
  Mark(range, step, spec, allowed);
  return {};
}

Result<std::vector<bool>> ReadField(std::string_view field, const FieldSpec& spec, std::uint32_t hash) {
  std::vector<bool> allowed(static_cast<std::size_t>(spec.high) + 1);
  for (const std::string& part : Split(field, ',')) TRYV(ReadPart(part, spec, hash, allowed));
  return allowed;
}

std::uint64_t Bits(const std::vector<bool>& allowed) {
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < allowed.size(); ++i) bits |= static_cast<std::uint64_t>(allowed[i]) << i;
  return bits;
}

}  // namespace mlean::sched

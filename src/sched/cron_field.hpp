// Inside of this room: one field of a cron expression, read into the set of its values.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace mlean::sched {

struct FieldSpec {
  std::string_view name;  // "minute": for errors
  int low = 0;
  int high = 59;
  std::span<const std::string_view> names = {};  // three letters, upper case; names[0] is `names_from`
  int names_from = 0;
  int wrap_alias = -1;  // a value that means `low`: 7 for weekdays
  int hash_high = -1;   // upper end of a bare H, when not `high`
};

// One number or name of the field; kInvalid when it is neither or out of range.
Result<int> ReadValue(std::string_view text, const FieldSpec& spec);
// One comma-free part: * ? N A-B */S A/S A-B/S H H/S H(A-B) H(A-B)/S. Sets allowed[v] for each value v; `allowed` has high + 1
// places.
Result<void> ReadPart(std::string_view part, const FieldSpec& spec, std::uint32_t hash, std::vector<bool>& allowed);
// A whole field without the day fields' special forms.
Result<std::vector<bool>> ReadField(std::string_view field, const FieldSpec& spec, std::uint32_t hash);
// The values as bits.
std::uint64_t Bits(const std::vector<bool>& allowed);

}  // namespace mlean::sched

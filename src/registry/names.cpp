#include "registry/names.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.hpp"
#include "base/words.hpp"
#include "codec/python_text.hpp"

namespace mlean::registry {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
Error TooLong(std::string_view what, std::size_t limit) {
  return Fail(Code::kInvalid, fmt::format("'{}' exceeds the maximum length of {} characters", what, limit));
}

}  // namespace

Result<void> CheckModelName(std::string_view name) {
  if (Trim(name).empty()) return Fail(Code::kInvalid, "Missing value for required parameter 'name'.");
  if (name.find_first_of("/:") != std::string_view::npos) {
    return Fail(Code::kInvalid, fmt::format("Invalid model name '{}'. Names cannot contain '/' or ':'.", name));
  }
  if (name == "." || name == ".." || !IsValidUtf8(name) || name.find('\0') != std::string_view::npos) {
    std::string json;
    codec::AppendPythonJsonString(json, name);
    return Fail(Code::kInvalid,
                fmt::format("Invalid value {} for parameter 'name' supplied: Names may be treated as files in certain cases, "
                            "and must not resolve to other names when treated as such.",
                            json));
  }
  if (name.size() > 256) return TooLong("name", 256);
  return {};
}

Result<void> CheckAlias(std::string_view alias) {
  if (alias.empty()) return Fail(Code::kInvalid, "Registered model alias name cannot be empty.");
  if (!IsMadeOfWords(alias, "-")) {
    return Fail(
        Code::kInvalid,
        fmt::format("Invalid alias name: '{}'. Names may only contain alphanumerics, underscores (_), and dashes (-).", alias));
  }
  if (CountCharacters(alias) > 255) return TooLong("Registered model alias name", 255);
  if (ToLower(alias) == "latest") return Fail(Code::kInvalid, "'latest' alias name (case insensitive) is reserved.");
  if ((alias[0] == 'v' || alias[0] == 'V') && alias.size() > 1 && std::all_of(alias.begin() + 1, alias.end(), IsDigit)) {
    return Fail(Code::kInvalid, fmt::format("Version alias name '{}' is reserved.", alias));
  }
  return {};
}

Result<void> CheckTag(const Tag& tag) {
  if (tag.key.empty() || !IsMadeOfWords(tag.key, "/.- :") || !IsValidUtf8(tag.value)) {
    std::string json;
    codec::AppendPythonJsonString(json, tag.key);
    return Fail(Code::kInvalid,
                fmt::format("Invalid value {} for parameter 'key' supplied: Names may only contain alphanumerics, underscores "
                            "(_), dashes (-), periods (.), spaces ( ), colon(:) and slashes (/).",
                            json));
  }
  if (CountCharacters(tag.key) > 250) return TooLong("key", 250);
  if (CountCharacters(tag.value) > 100000) return TooLong("value", 100000);
  return {};
}

}  // namespace mlean::registry

#include "policy/regex.hpp"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <fmt/core.h>
#include <pcre2.h>

#include <array>
#include <cstdint>
#include <string>

namespace mlean::policy {
namespace {

constexpr std::size_t kMaxPatternBytes = 1000;
constexpr std::uint32_t kMatchLimit = 20'000;  // backtracking steps: well under a millisecond
constexpr std::uint32_t kHeapLimitKib = 1024;
// No look at single octets of UTF-8 (\C), no callouts, no way to switch UTF off inside the pattern.
constexpr std::uint32_t kOptions = PCRE2_UTF | PCRE2_NEVER_BACKSLASH_C | PCRE2_NO_AUTO_CAPTURE;

std::string ErrorText(int code) {
  std::array<unsigned char, 120> text{};
  pcre2_get_error_message(code, text.data(), text.size());
  return reinterpret_cast<const char*>(text.data());
}

template <auto kFree>
struct Free {
  template <class T>
  void operator()(T* pointer) const {
    kFree(pointer);
  }
};
using Code8 = std::unique_ptr<pcre2_code, Free<pcre2_code_free>>;
using MatchContext = std::unique_ptr<pcre2_match_context, Free<pcre2_match_context_free>>;
using MatchData = std::unique_ptr<pcre2_match_data, Free<pcre2_match_data_free>>;
using CompileContext = std::unique_ptr<pcre2_compile_context, Free<pcre2_compile_context_free>>;

}  // namespace

struct Regex::State {
  Code8 code;
  MatchContext limits;
};

Regex::Regex(std::unique_ptr<State> state) : state_(std::move(state)) {}
Regex::~Regex() = default;

Result<std::shared_ptr<const Regex>> Regex::Compile(std::string_view pattern) {
  if (pattern.size() > kMaxPatternBytes) {
    return Fail(mlean::Code::kTooLarge, fmt::format("a pattern is over {} bytes", kMaxPatternBytes));
  }
  const CompileContext context(pcre2_compile_context_create(nullptr));
  pcre2_set_parens_nest_limit(context.get(), 50);
  int code = 0;
  PCRE2_SIZE offset = 0;
  auto state = std::make_unique<State>();
  state->code.reset(
      pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(), kOptions, &code, &offset, context.get()));
  if (!state->code) {
    return Fail(mlean::Code::kInvalid, fmt::format("'{}' is not a pattern: {}", pattern.substr(0, 60), ErrorText(code)));
  }
  state->limits.reset(pcre2_match_context_create(nullptr));
  pcre2_set_match_limit(state->limits.get(), kMatchLimit);
  pcre2_set_heap_limit(state->limits.get(), kHeapLimitKib);
  return std::shared_ptr<const Regex>(new Regex(std::move(state)));
}

Result<bool> Regex::Search(std::string_view text) const {
  const MatchData found(pcre2_match_data_create(1, nullptr));
  const int code = pcre2_match(state_->code.get(), reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), 0, 0, found.get(),
                               state_->limits.get());
  if (code >= 0) return true;
  if (code == PCRE2_ERROR_NOMATCH) return false;
  return Fail(mlean::Code::kInvalid, fmt::format("a pattern could not be searched: {}", ErrorText(code)));
}

}  // namespace mlean::policy

#include "repo/glob_machine.hpp"

#include <algorithm>
#include <array>
#include <bit>

namespace mlean::repo {

bool GlobSet::Has(char32_t c) const {
  const bool inside =
      std::any_of(ranges.begin(), ranges.end(), [c](const auto& range) { return c >= range.first && c <= range.second; });
  return inside != negated;
}

void GlobMachine::AnyOf(GlobSet set) {
  Add({Op::kSet, false, 0, static_cast<std::uint32_t>(sets_.size())});
  sets_.push_back(std::move(set));
}

std::size_t GlobMachine::BeginOptional() {
  Add({Op::kSkip, false, 0, 0});
  return items_.size() - 1;
}

bool GlobMachine::Takes(const Item& item, char32_t c) const {
  switch (item.op) {
    case Op::kChar: return item.c == c;
    case Op::kSet: return sets_[item.target].Has(c);
    case Op::kNotSlash: return c != '/';
    case Op::kDot: return c != '\n';
    case Op::kAll: return true;
    case Op::kSkip:
    case Op::kMatch:
    case Op::kMatchFolder:
    case Op::kMatchEnd: return false;
  }
  return false;
}

// Adds the state before item `at` and all that need no character to be reached from it. True when that is a match.
bool GlobMachine::Enter(std::span<Word> states, std::size_t at) const {
  for (;; ++at) {
    Word& word = states[at / 64];
    const Word bit = Word{1} << (at % 64);
    if ((word & bit) != 0) return false;
    word |= bit;
    const Item& item = items_[at];
    if (item.op == Op::kMatch) return true;
    if (item.op == Op::kSkip) {
      if (Enter(states, item.target)) return true;
    } else if (!item.star) {
      return false;
    }
  }
}

bool GlobMachine::Start(std::span<Word> states) const {
  std::fill(states.begin(), states.end(), 0);
  return Enter(states, 0);
}

bool GlobMachine::Step(std::span<Word> states, char32_t c) const {
  constexpr std::size_t kInline = 8;
  std::array<Word, kInline> small{};
  std::vector<Word> large;
  if (states.size() > kInline) large.resize(states.size());
  const std::span<Word> next = large.empty() ? std::span<Word>(small).first(states.size()) : std::span<Word>(large);
  for (std::size_t w = 0; w < states.size(); ++w) {
    for (Word bits = states[w]; bits != 0; bits &= bits - 1) {
      const std::size_t at = w * 64 + static_cast<std::size_t>(std::countr_zero(bits));
      const Item& item = items_[at];
      if (item.op == Op::kMatchFolder && c == '/') return true;
      if (Takes(item, c) && Enter(next, item.star ? at : at + 1)) return true;
    }
  }
  std::copy(next.begin(), next.end(), states.begin());
  return false;
}

bool GlobMachine::MatchesAtEnd(std::span<const Word> states) const {
  for (std::size_t w = 0; w < states.size(); ++w) {
    for (Word bits = states[w]; bits != 0; bits &= bits - 1) {
      const Op op = items_[w * 64 + static_cast<std::size_t>(std::countr_zero(bits))].op;
      if (op == Op::kMatchFolder || op == Op::kMatchEnd) return true;
    }
  }
  return false;
}

bool GlobMachine::Alive(std::span<const Word> states) {
  return std::any_of(states.begin(), states.end(), [](Word word) { return word != 0; });
}

bool GlobMachine::Run(std::span<Word> states, std::u32string_view text) const {
  for (std::size_t at = 0; at < text.size(); ++at) {
    // Python's '$' also matches before a newline that ends the text.
    if (text[at] == '\n' && at + 1 == text.size()) {
      for (std::size_t i = 0; i < items_.size(); ++i) {
        if (items_[i].op == Op::kMatchFolder && (states[i / 64] >> (i % 64) & 1) != 0) return true;
      }
    }
    if (Step(states, text[at])) return true;
    if (!Alive(states)) return false;
  }
  return MatchesAtEnd(states);
}

}  // namespace mlean::repo

// Inside of the repo room: a glob as a state machine over characters, run on all possible matches at once. It takes time linear
// in the text whatever the pattern, and it can stop after a folder's path and go on from there for each of its entries.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace mlean::repo {

// A set of characters by ranges, both ends included.
struct GlobSet {
  bool negated = false;
  std::vector<std::pair<char32_t, char32_t>> ranges;
  bool Has(char32_t c) const;
};

class GlobMachine {
 public:
  using Word = std::uint64_t;

  // ---- making: items in order, then one end
  void Char(char32_t c) { Add({Op::kChar, false, c, 0}); }
  void AnyOf(GlobSet set);
  void NotSlash(bool star = false) { Add({Op::kNotSlash, star, 0, 0}); }
  void Dot(bool star = false) { Add({Op::kDot, star, 0, 0}); }  // anything but a newline
  void All(bool star = false) { Add({Op::kAll, star, 0, 0}); }  // anything
  // What is added between the two may be left out.
  std::size_t BeginOptional();
  void EndOptional(std::size_t begin) { items_[begin].target = static_cast<std::uint32_t>(items_.size()); }
  void Match() { Add({Op::kMatch, false, 0, 0}); }  // matches whatever follows
  void MatchFolder() {
    Add({Op::kMatchFolder, false, 0, 0});
  }                                                       // matches at the end of the text, before a last newline, or before '/'
  void MatchEnd() { Add({Op::kMatchEnd, false, 0, 0}); }  // matches at the end of the text

  // ---- running: states are words() words of the caller
  std::size_t words() const { return (items_.size() + 63) / 64; }
  std::size_t size() const { return items_.size(); }
  // True: matches already.
  bool Start(std::span<Word> states) const;
  // Goes on by one character; true: matches, whatever follows.
  bool Step(std::span<Word> states, char32_t c) const;
  // Whether the text matches when it ends here.
  bool MatchesAtEnd(std::span<const Word> states) const;
  // Whether any match is still possible.
  static bool Alive(std::span<const Word> states);

  // Goes on by all of `text`; true: it matches, either with what follows or as it ends here.
  bool Run(std::span<Word> states, std::u32string_view text) const;

 private:
  enum class Op : std::uint8_t { kChar, kSet, kNotSlash, kDot, kAll, kSkip, kMatch, kMatchFolder, kMatchEnd };
  struct Item {
    Op op = Op::kChar;
    bool star = false;
    char32_t c = 0;
    std::uint32_t target = 0;  // of kSkip: where to go on without; of kSet: which
  };
  void Add(Item item) { items_.push_back(item); }
  bool Takes(const Item& item, char32_t c) const;
  bool Enter(std::span<Word> states, std::size_t at) const;

  std::vector<Item> items_;
  std::vector<GlobSet> sets_;
};

}  // namespace mlean::repo

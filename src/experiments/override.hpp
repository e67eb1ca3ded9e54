// Override: one `-S` of `exp run`, in the grammar of Hydra 1.3's overrides (hydra.cc, "Override Grammar"):
//
//   lr=0.1   train.epochs=5   name='a b'   layers=[1,2]   opt={lr:0.1}   key=     sets what is there
//   +new.key=1     adds                ++any=1     sets or adds             ~key  ~key=value     removes
//   lr=0.1,0.2     lr=choice(0.1,0.2)  n=range(1,10,2)                      sweeps: several values
//   int(x) float(x) str(x) bool(x) sort(…) shuffle(…)                       functions
//
//   TRY(const Override set, Override::Parse("train.lr=1e-3"));
//   TRY(codec::Json values, Apply(params, {set}));          // apply_override.hpp
//
// Not supported, with an error that says so: interpolations (${…}), interval(), glob() and tag().
// Input is hostile: nesting and the number of values are bounded. Pure but for shuffle().
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "codec/json.hpp"

namespace mlean::experiments {

constexpr std::size_t kMaxOverrideBytes = std::size_t{64} << 10;
constexpr std::size_t kMaxOverrideDepth = 50;
constexpr std::size_t kMaxSweepValues = 10'000;

// A value, and how Hydra writes it down: "'a b'", "[1,2]", "True".
struct OverrideValue {
  codec::Json value;
  std::string text;
};

struct Override {
  enum class Kind : std::uint8_t { kSet, kAdd, kForce, kRemove };

  Kind kind = Kind::kSet;
  std::string key;                    // dotted
  bool has_package = false;           // "group@package=…": means groups of configuration files, of which there are none
  bool has_value = false;             // false only for "~key"
  bool is_sweep = false;              // `values` are taken one after the other
  std::vector<OverrideValue> values;  // one, unless this is a sweep
  std::string line;                   // as typed

  // kInvalid "cannot parse '…': expected … at column 5"; kUnsupported for the parts of the grammar named above.
  static Result<Override> Parse(std::string_view text);
  // "+new.key": the key with the sign in front of it.
  std::string Named() const;
};

// Every combination of the sweeps' values as overrides without any, the first override slowest; the last of two with the same
// key wins. kTooLarge over kMaxSweepValues combinations.
Result<std::vector<std::vector<std::string>>> Combinations(const std::vector<Override>& overrides);

// "params.yaml:lr=1" and "lr=1" by file, in the order of first mention; the default file is params.yaml.
struct FileOverrides {
  std::string file;
  std::vector<std::string> overrides;
};
std::vector<FileOverrides> GroupByFile(const std::vector<std::string>& typed);

}  // namespace mlean::experiments

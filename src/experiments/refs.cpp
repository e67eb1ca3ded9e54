#include "experiments/refs.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "base/ids.hpp"
#include "base/text.hpp"

namespace mlean::experiments {
namespace {

constexpr std::size_t kIdDigits = 40;

bool IsHex(std::string_view text) { return text.find_first_not_of("0123456789abcdef") == text.npos; }

constexpr std::array<std::string_view, 96> kAdjectives = {
    "agile", "amber", "ample", "azure", "balmy", "basic", "blunt", "bold",  "brave", "brief", "brisk", "broad", "calm",  "cheap",
    "civil", "clean", "clear", "close", "coral", "crisp", "cubic", "curly", "daily", "deep",  "dense", "dry",   "dusty", "eager",
    "early", "equal", "exact", "faint", "fair",  "fancy", "fast",  "fine",  "firm",  "fixed", "flat",  "fluid", "fond",  "fresh",
    "full",  "glad",  "grand", "green", "happy", "hardy", "hazel", "huge",  "icy",   "ideal", "inner", "ivory", "jolly", "just",
    "keen",  "kind",  "large", "lean",  "light", "local", "loose", "loyal", "lucid", "lunar", "major", "mild",  "minor", "misty",
    "neat",  "noble", "novel", "olive", "outer", "pale",  "plain", "polar", "prime", "proud", "quick", "quiet", "rapid", "ready",
    "rosy",  "royal", "sharp", "silky", "solar", "solid", "spare", "sunny", "swift", "tidy",  "vivid", "warm"};

constexpr std::array<std::string_view, 96> kNouns = {
    "acorn", "anvil", "apple", "aspen",  "atlas",  "badge", "basin", "beach",  "birch", "bloom", "brook",  "cabin",
    "canal", "cedar", "chalk", "cliff",  "cloud",  "clove", "coast", "comet",  "coral", "crane", "creek",  "crest",
    "delta", "dune",  "eagle", "ember",  "falcon", "fern",  "field", "finch",  "fjord", "flint", "forge",  "fox",
    "frost", "gale",  "glade", "grove",  "gull",   "harp",  "hazel", "heron",  "hill",  "holly", "inlet",  "iris",
    "ivy",   "jetty", "kelp",  "kite",   "lagoon", "lake",  "larch", "lark",   "ledge", "lemon", "lilac",  "linen",
    "loom",  "lotus", "maple", "marsh",  "meadow", "mesa",  "mint",  "moss",   "oasis", "ocean", "opal",   "orbit",
    "otter", "owl",   "pearl", "pine",   "plum",   "pond",  "quail", "quartz", "reef",  "ridge", "river",  "robin",
    "sage",  "shoal", "slate", "spruce", "stone",  "thyme", "tide",  "topaz",  "tulip", "vale",  "walnut", "wren"};

}  // namespace

std::string RefsOf(std::string_view baseline) {
  return fmt::format("{}{}/{}/", kNamespace, baseline.substr(0, 2), baseline.substr(std::min<std::size_t>(2, baseline.size())));
}

std::string ExpRef::Text() const { return RefsOf(baseline) + name; }

std::optional<ExpRef> ParseExpRef(std::string_view ref) {
  if (!ref.starts_with(kNamespace)) return std::nullopt;
  const std::vector<std::string> parts = Split(ref.substr(kNamespace.size()), '/');
  if (parts.size() != 3 || parts[2].empty()) return std::nullopt;
  ExpRef out{parts[0] + parts[1], parts[2]};
  if (parts[0].size() != 2 || out.baseline.size() != kIdDigits || !IsHex(out.baseline)) return std::nullopt;
  return out;
}

bool IsValidName(std::string_view name) {
  if (name.empty() || name == "@" || name.front() == '.' || name.back() == '.' || name.ends_with(".lock")) return false;
  if (name.find("..") != name.npos || name.find("@{") != name.npos) return false;
  return std::none_of(name.begin(), name.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte <= 0x20 || byte == 0x7F || std::string_view("~^:?*[\\/").find(c) != std::string_view::npos;
  });
}

std::string CommitMessage(std::string_view hash) { return fmt::format("dvc: commit experiment {}", hash); }

std::string ApplyMessage(std::string_view head, std::string_view commit, std::string_view name) {
  return fmt::format("dvc-exp-apply:{}:{}:{}", head, commit, name);
}

std::string RandomName() {
  std::array<unsigned char, 4> bytes{};
  RandomBytes(bytes.data(), bytes.size());
  const std::size_t adjective = (std::size_t{bytes[0]} << 8 | bytes[1]) % kAdjectives.size();
  const std::size_t noun = (std::size_t{bytes[2]} << 8 | bytes[3]) % kNouns.size();
  return fmt::format("{}-{}", kAdjectives[adjective], kNouns[noun]);
}

}  // namespace mlean::experiments

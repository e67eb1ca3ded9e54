#include "track/run_name.hpp"

#include <array>
#include <string_view>

#include <fmt/format.h>

#include "base/ids.hpp"

namespace mlean::track {
namespace {

constexpr std::array<std::string_view, 64> kAdjectives = {
    "able",    "amber",  "bold",   "brave",  "bright", "brisk",  "calm",  "clear",  "clever", "cosmic", "crisp",
    "curious", "daring", "deep",   "eager",  "early",  "fair",   "fancy", "fast",   "fine",   "fond",   "free",
    "fresh",   "gentle", "glad",   "golden", "grand",  "happy",  "hardy", "honest", "humble", "jolly",  "keen",
    "kind",    "light",  "lively", "loyal",  "lucky",  "mellow", "merry", "mighty", "neat",   "nimble", "noble",
    "placid",  "plucky", "polite", "proud",  "quick",  "quiet",  "rapid", "rare",   "salty",  "silent", "sleek",
    "smart",   "snappy", "steady", "sunny",  "swift",  "tidy",   "vivid", "warm",   "witty"};
constexpr std::array<std::string_view, 64> kNouns = {
    "ant",  "ape",   "auk",  "badger", "bat",  "bear",  "bee",   "bird", "boar",  "bug",   "calf",  "carp", "cat",
    "colt", "conch", "crab", "crane",  "crow", "deer",  "dog",   "dove", "duck",  "eel",   "elk",   "fawn", "finch",
    "fish", "foal",  "fox",  "frog",   "goat", "goose", "gull",  "hare", "hawk",  "hen",   "horse", "jay",  "kit",
    "koi",  "lamb",  "lark", "loon",   "lynx", "mare",  "mink",  "mole", "moose", "moth",  "mouse", "newt", "otter",
    "owl",  "ram",   "ray",  "seal",   "shad", "shark", "shrew", "slug", "snail", "stork", "swan",  "wren"};

}  // namespace

std::string RunNameFrom(std::uint64_t seed) {
  const std::string_view adjective = kAdjectives[seed % kAdjectives.size()];
  const std::string_view noun = kNouns[(seed / kAdjectives.size()) % kNouns.size()];
  return fmt::format("{}-{}-{}", adjective, noun, (seed >> 16) % 1000);
}

std::string RandomRunName() {
  std::array<unsigned char, 8> bytes;
  RandomBytes(bytes.data(), bytes.size());
  std::uint64_t seed = 0;
  for (const unsigned char byte : bytes) seed = seed << 8 | byte;
  return RunNameFrom(seed);
}

}  // namespace mlean::track

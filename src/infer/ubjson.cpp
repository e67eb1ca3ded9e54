#include "infer/ubjson.hpp"

#include <fmt/format.h>

#include <bit>
#include <cstring>
#include <limits>

namespace mlean::infer {
namespace {

// Bytes of a value of fixed size; 0 for none (Z T F) and for those of varying size.
std::size_t FixedSize(char marker) {
  switch (marker) {
    case 'i':
    case 'U':
    case 'C': return 1;
    case 'I': return 2;
    case 'l':
    case 'd': return 4;
    case 'L':
    case 'D': return 8;
    default: return 0;
  }
}

template <class Bits>
Bits BigEndian(const char* from) {
  Bits bits;
  std::memcpy(&bits, from, sizeof(bits));
  if constexpr (std::endian::native == std::endian::little) {
    if constexpr (sizeof(Bits) == 2) bits = __builtin_bswap16(bits);
    if constexpr (sizeof(Bits) == 4) bits = __builtin_bswap32(bits);
    if constexpr (sizeof(Bits) == 8) bits = __builtin_bswap64(bits);
  }
  return bits;
}

// One number of the given marker as T; false when it does not fit an integer T.
template <class T>
bool Convert(char marker, const char* from, T& to) {
  const auto whole = [&to](std::int64_t value) {
    to = static_cast<T>(value);
    return std::is_floating_point_v<T> || (value >= static_cast<std::int64_t>(std::numeric_limits<T>::lowest()) &&
                                           value <= static_cast<std::int64_t>(std::numeric_limits<T>::max()));
  };
  switch (marker) {
    case 'i': return whole(static_cast<signed char>(*from));
    case 'U': return whole(static_cast<unsigned char>(*from));
    case 'I': return whole(static_cast<std::int16_t>(BigEndian<std::uint16_t>(from)));
    case 'l': return whole(static_cast<std::int32_t>(BigEndian<std::uint32_t>(from)));
    case 'L': return whole(static_cast<std::int64_t>(BigEndian<std::uint64_t>(from)));
    default: break;
  }
  if constexpr (std::is_floating_point_v<T>) {
    if (marker == 'd') return to = static_cast<T>(std::bit_cast<float>(BigEndian<std::uint32_t>(from))), true;
    if (marker == 'D') return to = static_cast<T>(std::bit_cast<double>(BigEndian<std::uint64_t>(from))), true;
  }
  return false;
}

// All of a typed array whose bytes are known to be there; false at the first value that does not fit.
template <class T>
bool ConvertAll(char marker, const char* from, std::vector<T>& out) {
  const std::size_t size = FixedSize(marker);
  for (T& value : out) {
    if (!Convert(marker, from, value)) return false;
    from += size;
  }
  return true;
}

}  // namespace

void UbjReader::FailAt(std::string_view what) { Fail(fmt::format("byte {}: {}", at_, what)); }

char UbjReader::NextByte() {
  if (at_ >= bytes_.size()) return FailAt("unexpected end"), '\0';
  return bytes_[at_++];
}

std::string_view UbjReader::Take(std::uint64_t size) {
  if (failed()) return {};
  if (size > bytes_.size() - at_)
    return FailAt(fmt::format("{} bytes announced, {} left", size, bytes_.size() - at_)), std::string_view{};
  const std::string_view taken = bytes_.substr(at_, size);
  at_ += size;
  return taken;
}

char UbjReader::Marker() {
  if (failed()) return '\0';
  if (!open_.empty() && open_.back().type != 0) return open_.back().type;
  char marker = NextByte();
  while (marker == 'N' && !failed()) marker = NextByte();
  return marker;
}

std::int64_t UbjReader::IntOf(char marker) {
  std::int64_t value = 0;
  const std::size_t size = FixedSize(marker);
  const std::string_view bytes = Take(size);
  if (failed()) return 0;
  if (size == 0 || !Convert(marker, bytes.data(), value)) FailAt("expected an integer");
  return value;
}

std::uint64_t UbjReader::Length() {
  const std::int64_t length = IntOf(NextByte());
  if (!failed() && length < 0) FailAt(fmt::format("negative length {}", length));
  return failed() ? 0 : static_cast<std::uint64_t>(length);
}

ModelReader::Type UbjReader::Peek() {
  if (failed()) return Type::kNothing;
  const bool typed = !open_.empty() && open_.back().type != 0;
  while (!typed && at_ < bytes_.size() && bytes_[at_] == 'N') ++at_;
  if (!typed && at_ >= bytes_.size()) return Type::kNothing;
  switch (typed ? open_.back().type : bytes_[at_]) {
    case '{': return Type::kObject;
    case '[': return Type::kArray;
    case 'S':
    case 'C': return Type::kString;
    case 'T':
    case 'F': return Type::kBool;
    case 'Z': return Type::kNull;
    default: return Type::kNumber;
  }
}

void UbjReader::Begin(char open, std::string_view what) {
  if (Marker() != open) return FailAt(fmt::format("expected {}", what));
  if (open_.size() >= kMaxDepth) return FailAt(fmt::format("nested deeper than {}", kMaxDepth));
  Container container;
  if (at_ < bytes_.size() && bytes_[at_] == '$') {
    ++at_;
    container.type = NextByte();
    if (FixedSize(container.type) == 0 && std::string_view("S[{").find(container.type) == std::string_view::npos) {
      FailAt("a typed list of an unknown or empty type");
    } else if (at_ >= bytes_.size() || bytes_[at_] != '#') {
      FailAt("a typed list has no count");
    }
  }
  if (!failed() && at_ < bytes_.size() && bytes_[at_] == '#') {
    ++at_;
    container.counted = true;
    container.left = Length();
    // Every value, typed or not, takes at least a byte; this bounds every loop and allocation over it.
    const std::uint64_t least = std::max<std::size_t>(FixedSize(container.type), 1);
    if (!failed() && container.left > (bytes_.size() - at_) / least) {
      FailAt(fmt::format("{} values announced, {} bytes left", container.left, bytes_.size() - at_));
    }
  }
  if (!failed()) open_.push_back(container);
}

bool UbjReader::Next(char close) {
  if (failed() || open_.empty()) return false;
  Container& container = open_.back();
  if (container.counted) {
    if (container.left-- > 0) return true;
  } else {
    while (at_ < bytes_.size() && bytes_[at_] == 'N') ++at_;
    if (at_ >= bytes_.size()) return FailAt("unexpected end"), false;
    if (bytes_[at_] != close) return true;
    ++at_;
  }
  open_.pop_back();
  return false;
}

bool UbjReader::NextMember(std::string_view& key) {
  if (!Next('}')) return false;
  key = Take(Length());
  return !failed();
}

std::string_view UbjReader::String() {
  const char marker = Marker();
  if (failed()) return {};
  if (marker == 'C') return Take(1);
  if (marker != 'S') return FailAt("expected a string"), std::string_view{};
  return Take(Length());
}

std::int64_t UbjReader::Int() {
  const char marker = Marker();
  if (marker == 'T' || marker == 'F') return marker == 'T' ? 1 : 0;
  return failed() ? 0 : IntOf(marker);
}

template <class T>
void UbjReader::Numbers(std::vector<T>& out) {
  out.clear();
  BeginArray();
  if (failed()) return;
  const Container container = open_.back();
  if (container.counted && FixedSize(container.type) > 0) {
    open_.pop_back();
    const std::string_view bytes = Take(container.left * FixedSize(container.type));
    out.resize(failed() ? 0 : container.left);
    if (!ConvertAll(container.type, bytes.data(), out)) FailAt("a number that does not fit its list");
    return;
  }
  while (NextItem()) {
    const char marker = Marker();
    T value = marker == 'T' ? T{1} : T{0};
    if (marker != 'T' && marker != 'F') {
      const std::string_view bytes = Take(FixedSize(marker));
      if (failed()) return;
      if (bytes.empty() || !Convert(marker, bytes.data(), value)) return FailAt("expected a number");
    }
    out.push_back(value);
  }
}

void UbjReader::Ints(std::vector<std::int32_t>& out) { Numbers(out); }
void UbjReader::Floats(std::vector<float>& out) { Numbers(out); }

void UbjReader::Skip() {
  const char marker = Marker();
  if (!failed()) SkipValue(marker);
}

void UbjReader::SkipValue(char marker) {
  if (const std::size_t size = FixedSize(marker); size > 0) {
    Take(size);
  } else if (marker == 'S' || marker == 'H') {
    Take(Length());
  } else if (marker == '[' || marker == '{') {
    // Begin reads the marker itself: step back unless a typed container around announced it.
    if (open_.empty() || open_.back().type == 0) --at_;
    Begin(marker, "a list");
    if (failed()) return;
    if (marker == '[' && open_.back().counted && FixedSize(open_.back().type) > 0) {
      Take(open_.back().left * FixedSize(open_.back().type));
      open_.pop_back();
      return;
    }
    std::string_view key;
    while (marker == '{' ? NextMember(key) : NextItem()) Skip();
  } else if (marker != 'Z' && marker != 'T' && marker != 'F') {
    FailAt("an unknown marker");
  }
}

void UbjReader::Finish() {
  while (at_ < bytes_.size() && bytes_[at_] == 'N') ++at_;
  if (!failed() && at_ != bytes_.size()) FailAt("bytes after the end");
}

}  // namespace mlean::infer

// DirParser: the text of a .dir object, taken in pieces, as paths and md5s, in the order of the text. Used by Tree only.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "cas/object_id.hpp"

namespace mlean::cas {

// kCorrupt "cannot read a .dir object: <cause>".
Error BadDirObject(std::string_view cause);

// A path that stays in its folder: not absolute, no empty parts, no "." and "..", no NUL.
bool IsInsidePath(std::string_view path);

using DirSink = std::function<void(std::string_view path, const Md5& md5)>;

class DirParser {
 public:
  explicit DirParser(DirSink sink) : sink_(std::move(sink)) {}

  // The next piece. False when the text is not of the form that DVC writes: then it may still be JSON that DVC reads
  // (ReadDirJson), and what has come so far does not count.
  Result<bool> Feed(std::string_view piece);
  // Whether the text was whole.
  bool End() const;

 private:
  enum class State : std::uint8_t { kStart, kFirst, kEntry, kSeparator, kDone };
  enum class Step : std::uint8_t { kTaken, kNeedMore, kOther };
  Result<Step> TakeOne(std::string_view& text);
  Result<Step> TakeEntry(std::string_view& text);

  DirSink sink_;
  State state_ = State::kStart;
  std::string kept_;  // a part of an entry that is not complete
  std::string path_;
};

constexpr std::uint64_t kMaxDirJson = std::uint64_t{64} << 20;
// The whole text in any other JSON form, up to kMaxDirJson bytes.
Result<void> ReadDirJson(std::string_view text, const DirSink& sink);

}  // namespace mlean::cas

// TextPieces: a text that leaves in pieces of some 64 KB, because all of it may be much. The rest leaves with the object.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>

namespace mlean::metrics {

using TextSink = std::function<void(std::string_view piece)>;

class TextPieces {
 public:
  explicit TextPieces(TextSink sink) : sink_(std::move(sink)) {}
  TextPieces(const TextPieces&) = delete;
  TextPieces& operator=(const TextPieces&) = delete;
  ~TextPieces() { Send(); }

  void Add(std::string_view text) {
    text_ += text;
    if (text_.size() >= kPiece) Send();
  }

 private:
  static constexpr std::size_t kPiece = std::size_t{1} << 16;
  void Send() {
    if (!text_.empty()) sink_(text_);
    text_.clear();
  }

  TextSink sink_;
  std::string text_;
};

}  // namespace mlean::metrics

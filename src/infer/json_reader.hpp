// JsonReader: ModelReader over JSON text. Strict about what it is asked to read; skipped values are only checked for balance.
// NaN and Infinity are accepted as XGBoost writes them ("NaN", "Infinity", "-Infinity"); whether they may stand there is the
// caller's business.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "infer/model_reader.hpp"

namespace mlean::infer {

class JsonReader final : public ModelReader {
 public:
  explicit JsonReader(std::string_view text) : text_(text) {}

  Type Peek() override;
  void BeginObject() override { Begin('{', "an object"); }
  bool NextMember(std::string_view& key) override;
  void BeginArray() override { Begin('[', "a list"); }
  bool NextItem() override { return Next(']'); }
  std::string_view String() override;
  std::int64_t Int() override;
  void Ints(std::vector<std::int32_t>& out) override;
  void Floats(std::vector<float>& out) override;
  void Skip() override;
  void Finish() override;

 private:
  void Begin(char open, std::string_view what);
  // Past a comma to the next item of the innermost container; false at its end.
  bool Next(char close);
  void SkipBlanks();
  bool Eat(char c);
  void FailAt(std::string_view what);
  std::string_view Escaped(std::size_t start);
  template <class T, class ReadOne>
  void Numbers(std::vector<T>& out, ReadOne read_one);

  std::string_view text_;
  std::size_t at_ = 0;
  std::vector<bool> fresh_;  // per open container: nothing read yet
  std::string unescaped_;
};

}  // namespace mlean::infer

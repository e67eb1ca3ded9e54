// ModelReader: pulls typed values out of a tree of objects and arrays without building it. Two formats behind one face:
// JSON text (json_reader.hpp) and UBJSON (ubjson.hpp), because XGBoost writes the same tree of keys in both.
//
// Errors are sticky: the first one is kept, later calls do nothing, NextMember and NextItem answer false, so loops end; ask
// error() once at the end. Inputs are hostile: depth is bounded, no count is believed before the bytes behind it are there.
// Not thread-safe. Views returned are valid until the next call.
//
//   reader.BeginObject();
//   for (std::string_view key; reader.NextMember(key);) {
//     if (key == "left_children") reader.Ints(left); else reader.Skip();
//   }
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace mlean::infer {

class ModelReader {
 public:
  enum class Type : std::uint8_t { kObject, kArray, kString, kNumber, kBool, kNull, kNothing };
  static constexpr std::size_t kMaxDepth = 64;

  virtual ~ModelReader() = default;

  // What comes next; kNothing after an error. Consumes nothing but blanks and marks.
  virtual Type Peek() = 0;
  virtual void BeginObject() = 0;
  // The next member's key, whose value must then be read or skipped; false at the object's end, which is consumed.
  virtual bool NextMember(std::string_view& key) = 0;
  virtual void BeginArray() = 0;
  virtual bool NextItem() = 0;
  virtual std::string_view String() = 0;
  virtual std::int64_t Int() = 0;
  // Whole arrays of numbers (booleans count as 0 and 1). Values out of range are errors; floats are rounded once, to float32.
  virtual void Ints(std::vector<std::int32_t>& out) = 0;
  virtual void Floats(std::vector<float>& out) = 0;
  virtual void Skip() = 0;
  // After the outermost value: an error if bytes follow.
  virtual void Finish() = 0;

  bool failed() const { return !error_.empty(); }
  // "byte 17: expected ','"; empty while all is well.
  const std::string& error() const { return error_; }
  // Records an error found by the caller in what it read.
  void Fail(std::string error) {
    if (error_.empty()) error_ = std::move(error);
  }

 private:
  std::string error_;
};

// Chooses by the first bytes: UBJSON if the object's first key is announced by a length marker, else JSON. Keeps a view of
// `bytes`.
std::unique_ptr<ModelReader> OpenModelReader(std::string_view bytes);

}  // namespace mlean::infer

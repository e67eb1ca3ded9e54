// UbjReader: ModelReader over UBJSON (draft 12), the default format of XGBoost since 2.1, pulled straight into typed arrays.
//
// Understood: Z T F, integers i U I l L, floats d D, C, S, arrays and objects with and without the `$type` and `#count` headers,
// all big-endian. Counts are checked against the bytes that are left before anything is allocated; a typed array of values
// without bytes ([$Z#…) is refused, since its count could not be checked. Repeated no-ops N are skipped.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "infer/model_reader.hpp"

namespace mlean::infer {

class UbjReader final : public ModelReader {
 public:
  explicit UbjReader(std::string_view bytes) : bytes_(bytes) {}

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
  struct Container {
    bool counted = false;
    char type = 0;           // of every value, when the header said so
    std::uint64_t left = 0;  // values to come, when counted
  };

  void Begin(char open, std::string_view what);
  bool Next(char close);
  // The marker of the value that comes next: of the typed container around it, or read from the bytes.
  char Marker();
  char NextByte();
  std::string_view Take(std::uint64_t size);
  std::int64_t IntOf(char marker);
  std::uint64_t Length();
  void SkipValue(char marker);
  void FailAt(std::string_view what);
  template <class T>
  void Numbers(std::vector<T>& out);

  std::string_view bytes_;
  std::size_t at_ = 0;
  std::vector<Container> open_;
};

}  // namespace mlean::infer

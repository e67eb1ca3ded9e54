// MadeList: a list whose entries are made when they are asked for. What is told of a million files need not lie in memory as a
// million texts. Copies are cheap; what makes the entries must live, and give the same ones each time.
//
//   MadeList<std::string> names(files.size(), [&files](std::size_t i) { return files[i].Name(); });
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

namespace mlean::metrics {

template <typename T>
class MadeList {
 public:
  MadeList() = default;
  MadeList(std::size_t size, std::function<T(std::size_t index)> make) : size_(size), make_(std::move(make)) {}
  MadeList(std::vector<T> items) : size_(items.size()) {  // NOLINT: implicit on purpose
    make_ = [kept = std::make_shared<const std::vector<T>>(std::move(items))](std::size_t index) { return (*kept)[index]; };
  }

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  T operator[](std::size_t index) const { return make_(index); }

 private:
  std::size_t size_ = 0;
  std::function<T(std::size_t)> make_;
};

}  // namespace mlean::metrics

#include "verbs/data/work_bar.hpp"

#include <fmt/core.h>
#include <unistd.h>

#include <cstdio>
#include <utility>

#include "os/terminal.hpp"

namespace mlean::verbs {
namespace {

constexpr auto kBetween = std::chrono::milliseconds(100);
constexpr std::uint64_t kLargeFile = 1'000'000;

}  // namespace

WorkBar::WorkBar(std::string label, bool quiet)
    : label_(std::move(label)), on_(!quiet && os::IsTerminal(STDERR_FILENO)), next_(started_ + kBetween) {}

WorkBar::~WorkBar() { Clear(); }

void WorkBar::Expect(std::uint64_t items, std::uint64_t bytes) {
  item_total_ += items;
  byte_total_ += bytes;
}

void WorkBar::Done(std::uint64_t items, std::uint64_t bytes) {
  items_ += items;
  bytes_ += bytes;
  if (!on_) return;
  const std::unique_lock lock(drawing_, std::try_to_lock);
  if (!lock.owns_lock()) return;
  const auto now = std::chrono::steady_clock::now();
  if (now < next_) return;
  next_ = now + kBetween;
  Draw();
}

void WorkBar::Draw() {
  const std::uint64_t files = item_total_;
  const std::uint64_t bytes = byte_total_;
  const bool by_bytes = bytes > kLargeFile * (files + 1);
  const auto total = static_cast<std::int64_t>(by_bytes ? bytes / 1'000'000 : files);
  const auto done = static_cast<std::int64_t>(by_bytes ? bytes_ / 1'000'000 : items_.load());
  const double seconds = std::chrono::duration<double>(next_ - kBetween - started_).count();
  const std::string label = fmt::format("{} {}", label_, by_bytes ? "MB" : "files");
  fmt::print(stderr, "\r{}\x1b[K", os::ProgressLine(label, done, total, seconds, os::Width()));
  std::fflush(stderr);
  shown_ = true;
}

void WorkBar::Clear() {
  const std::lock_guard lock(drawing_);
  if (shown_) fmt::print(stderr, "\r\x1b[K");
  shown_ = false;
}

}  // namespace mlean::verbs

#include "cas/children_check.hpp"

#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "cas/object_finder.hpp"
#include "cas/tree.hpp"

namespace mlean::cas {
namespace {

using Block = std::vector<Md5>;
constexpr std::size_t kBlock = 512;

class ChildrenCheck {
 public:
  ChildrenCheck(const ObjectStore& store, bool legacy, const Work& work) : finder_(store, legacy), legacy_(legacy), work_(work) {}

  // By one thread: Add() what is read, then Outcome() of all.
  void Add(const Md5& md5) {
    ++added_;
    next_.push_back(md5);
    if (next_.size() < kBlock) return;
    Hand();
    // A small folder is not worth a thread.
    while (static_cast<int>(others_.size()) + 1 < ThreadsOf(work_)) others_.emplace_back([this] { Serve(); });
  }
  Result<bool> Outcome() {
    Hand();
    {
      const std::lock_guard lock(mutex_);
      closed_ = true;
      changed_.notify_all();
    }
    Serve();
    others_.clear();
    return std::move(outcome_);
  }
  std::size_t added() const { return added_; }

 private:
  // Looks for what comes until all is read, and for what is left then.
  void Serve() {
    while (const std::optional<Block> block = Take()) {
      for (const Md5& md5 : *block) {
        if (stop_.load(std::memory_order_relaxed)) return;
        const Result<bool> there = work_.IsCancelled() ? Result<bool>(Cancelled()) : finder_.Has({md5, false, legacy_});
        if (!there || !*there) return Stop(there);
      }
    }
  }

  void Hand() {
    if (next_.empty()) return;
    const std::lock_guard lock(mutex_);
    blocks_.push_back(std::exchange(next_, {}));
    changed_.notify_one();
  }
  std::optional<Block> Take() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !blocks_.empty() || closed_; });
    if (blocks_.empty()) return std::nullopt;
    Block block = std::move(blocks_.front());
    blocks_.pop_front();
    return block;
  }
  // An error outweighs an object that is not there.
  void Stop(const Result<bool>& outcome) {
    const std::lock_guard lock(mutex_);
    if (outcome_.ok()) outcome_ = outcome;
    stop_.store(true, std::memory_order_relaxed);
  }

  const ObjectFinder finder_;
  const bool legacy_;
  const Work& work_;
  Block next_;
  std::size_t added_ = 0;
  std::atomic<bool> stop_ = false;
  std::mutex mutex_;  // guards the four below
  std::condition_variable changed_;
  std::deque<Block> blocks_;
  bool closed_ = false;
  Result<bool> outcome_ = true;
  std::vector<std::jthread> others_;  // the first to be destroyed
};

}  // namespace

Result<bool> HasAllChildren(const ObjectStore& store, const ObjectId& folder, const Work& work) {
  ChildrenCheck check(store, folder.legacy, work);
  const Result<Tree> tree = Tree::Read(store.PathOf(folder), &folder.md5, [&](const Md5& md5) { check.Add(md5); });
  Result<bool> all = check.Outcome();
  if (!tree) return tree.error();
  // In JSON of another form nothing, or more than the tree, was seen.
  if (check.added() == tree->size()) return all;
  TRY(const std::vector<std::size_t> missing, store.Missing(*tree, folder.legacy, work));
  return missing.empty();
}

}  // namespace mlean::cas

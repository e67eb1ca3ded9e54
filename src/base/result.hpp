// Result<T>: the return type of everything that may fail for a reason outside this program.
//
// A Result holds a value or an Error. An Error has a code (what kind of cause), a text of the form
// "cannot <verb> <object>: <cause>", and optionally `fix`: the command that mends it. Exceptions of
// third-party libraries end in the room that wraps the library; none crosses a room. Own bugs are
// asserted with CHECK_BUG, never returned; input is never asserted.
//
//   TRY(const Config config, LoadConfig(path));   // declares config or returns the error
//   TRYV(file.Commit());                          // for Result<void>
//
// TRY is not usable inside a coroutine; use CO_TRY there.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace mlean {

// About twelve causes; the text tells the rest. base/exit_code.hpp maps them to exit statuses.
enum class Code : std::uint8_t {
  kNotFound,     // the named thing does not exist
  kExists,       // it exists already
  kInvalid,      // the input is wrong (syntax, type, range)
  kUsage,        // the command line is wrong
  kDenied,       // a check, gate, policy or permission said no
  kConflict,     // another writer got there first
  kBusy,         // somebody holds the lock, or a queue is full: try again later
  kTimeout,      // a deadline passed
  kIo,           // the operating system refused (permission, broken pipe, a bad disk)
  kFull,         // no room: the disk or a quota is full, or a file must not grow further
  kCorrupt,      // stored data fails its own checks
  kUnsupported,  // known, but this program cannot do it
  kTooLarge,     // over a documented limit
  kCancelled,    // interrupted by the user
  kInternal,     // a bug of ours, or a library in a state it must not have
};

struct Error {
  Code code = Code::kInternal;
  std::string what;  // "cannot <verb> <object>: <cause>", lower case, values quoted
  std::string fix;   // a runnable command or a short advice; empty when there is none

  // The same error with `context` in front: "cannot start turn: cannot read 'x': no such file".
  Error With(std::string_view context) && {
    what = std::string(context) + ": " + what;
    return std::move(*this);
  }
};

inline Error Fail(Code code, std::string what, std::string fix = {}) { return Error{code, std::move(what), std::move(fix)}; }

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}      // NOLINT: implicit on purpose
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT
  explicit operator bool() const { return state_.index() == 0; }
  bool ok() const { return state_.index() == 0; }

  T& operator*() & { return *std::get_if<0>(&state_); }
  const T& operator*() const& { return *std::get_if<0>(&state_); }
  T&& operator*() && { return std::move(*std::get_if<0>(&state_)); }
  T* operator->() { return std::get_if<0>(&state_); }
  const T* operator->() const { return std::get_if<0>(&state_); }
  const Error& error() const& { return *std::get_if<1>(&state_); }
  Error&& error() && { return std::move(*std::get_if<1>(&state_)); }
  T value_or(T other) && { return ok() ? std::move(**this) : std::move(other); }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)), ok_(false) {}  // NOLINT
  explicit operator bool() const { return ok_; }
  bool ok() const { return ok_; }
  void operator*() const {}
  const Error& error() const& { return error_; }
  Error&& error() && { return std::move(error_); }

 private:
  Error error_;
  bool ok_ = true;
};

[[noreturn]] void BugFound(const char* expression, const char* file, int line);

}  // namespace mlean

#define MLEAN_CAT2(a, b) a##b
#define MLEAN_CAT(a, b) MLEAN_CAT2(a, b)
#define MLEAN_TRY(ret, tmp, decl, ...)  \
  auto tmp = (__VA_ARGS__);             \
  if (!tmp) ret std::move(tmp).error(); \
  decl = *std::move(tmp)
#define MLEAN_TRYV(ret, tmp, ...) \
  if (auto tmp = (__VA_ARGS__); !tmp) ret std::move(tmp).error()

#define TRY(decl, ...) MLEAN_TRY(return, MLEAN_CAT(try_, __COUNTER__), decl, __VA_ARGS__)
#define TRYV(...) MLEAN_TRYV(return, MLEAN_CAT(try_, __COUNTER__), __VA_ARGS__)
#define CO_TRY(decl, ...) MLEAN_TRY(co_return, MLEAN_CAT(try_, __COUNTER__), decl, __VA_ARGS__)
#define CO_TRYV(...) MLEAN_TRYV(co_return, MLEAN_CAT(try_, __COUNTER__), __VA_ARGS__)

// Always on, in every build: an own invariant is broken, going on would do harm.
#define CHECK_BUG(expression) \
  if (!(expression)) ::mlean::BugFound(#expression, __FILE__, __LINE__)

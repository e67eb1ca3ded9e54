#include "sql/foreign.hpp"

#include <fmt/core.h>

#include <utility>

#include "os/files.hpp"
#include "sql/connection.hpp"

namespace mlean::sql {
namespace {

class ForeignConn final : public Conn {
 public:
  static Result<std::unique_ptr<Conn>> Open(const std::filesystem::path& path, Handle::Role role) {
    auto state = std::make_unique<State>();
    TRY(state->handle, Handle::Open(path, Sync::kNormal, role));
    std::unique_ptr<Conn> conn(new ForeignConn(std::move(state)));
    return conn;
  }

 private:
  explicit ForeignConn(std::unique_ptr<State> state) : Conn(std::move(state)) {}
};

}  // namespace

Result<std::unique_ptr<Conn>> OpenForeign(const std::filesystem::path& path) {
  const Result<os::FileStat> there = os::Stat(path);
  if (!there) return Fail(Code::kNotFound, fmt::format("cannot open database '{}': no such file", path.string()));
  TRY(std::unique_ptr<Conn> conn, ForeignConn::Open(path, Handle::Role::kForeignReader));
  // SQLite looks at a file only when it is read.
  TRYV(conn->Exec("SELECT count(*) FROM sqlite_master"));
  return conn;
}

Result<std::unique_ptr<Conn>> CreateForeign(const std::filesystem::path& path) {
  if (os::Exists(path)) return Fail(Code::kExists, fmt::format("cannot make database '{}': it is there already", path.string()));
  return ForeignConn::Open(path, Handle::Role::kForeignWriter);
}

}  // namespace mlean::sql

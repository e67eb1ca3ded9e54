// ssh://[user@]host[:port]/path as a remote: SFTP over the user's ssh.
#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <chrono>
#include <deque>
#include <set>
#include <thread>

#include "base/text.hpp"
#include "os/files.hpp"
#include "remotes/local_files.hpp"
#include "remotes/options.hpp"
#include "remotes/sftp_session.hpp"

namespace mlean::remotes {
namespace fs = std::filesystem;
namespace {

using sftp::Payload;
using sftp::Reply;
using sftp::Status;
using sftp::Type;

constexpr std::uint32_t kPiece = 32u << 10;  // what every server takes
constexpr std::size_t kPiecesAhead = 32;     // 1 MiB on the way per file
constexpr std::size_t kKeysAhead = 256;
constexpr std::size_t kMaxNames = 5'000'000;  // of one folder
constexpr int kMaxDepth = 100;

// The cause in a status packet, as an Error about `what`.
Error StatusError(std::string_view verb, std::string_view what, const Reply& reply) {
  Code code = Code::kIo;
  std::string_view cause = reply.text;
  if (reply.type != Type::kStatus) return Fail(Code::kCorrupt, fmt::format("cannot {} '{}': unexpected answer", verb, what));
  if (reply.status == Status::kNoSuchFile) code = Code::kNotFound;
  if (reply.status == Status::kPermissionDenied) code = Code::kDenied;
  if (reply.status == Status::kUnsupported) code = Code::kUnsupported;
  if (cause.empty()) cause = code == Code::kNotFound ? "no such file" : "the server refuses";
  return Fail(code, fmt::format("cannot {} '{}': {}", verb, what, cause));
}

bool IsOk(const Reply& reply) { return reply.type == Type::kStatus && reply.status == Status::kOk; }

class SshRemote final : public Remote {
 public:
  SshRemote(std::string name, SshTarget target, std::string root, RetryPolicy retry, Traits traits,
            const std::atomic<bool>* cancel)
      : Remote(std::move(name), traits, cancel), target_(std::move(target)), root_(std::move(root)), retry_(retry) {}

  Result<FileInfo> Stat(std::string_view key) override {
    FileInfo info;
    TRYV(Repeat([&](SftpSession& session) -> Result<void> {
      TRY(const Reply reply, session.Call(Type::kStat, Payload().Text(PathOf(key)), cancel_flag()));
      if (reply.type != Type::kAttrs) return StatusError("look at", Name(key), reply);
      info = {
          .size = reply.attributes.size, .modified = TimeMs{reply.attributes.mtime} * 1000, .is_dir = reply.attributes.IsDir()};
      return {};
    }));
    return info;
  }

  // All questions go out one behind the other: one round trip serves hundreds.
  Result<std::vector<bool>> Exists(std::span<const std::string> keys, int) override {
    std::vector<bool> found;
    TRYV(Repeat([&](SftpSession& session) -> Result<void> {
      found.assign(keys.size(), false);
      std::deque<SftpSession::Answer> asked;
      for (std::size_t next = 0, done = 0; done < keys.size(); ++done) {
        for (; next < keys.size() && asked.size() < kKeysAhead; ++next) {
          asked.push_back(session.Start(Type::kStat, Payload().Text(PathOf(keys[next]))));
        }
        TRY(const Reply reply, session.Wait(asked.front(), cancel_flag()));
        asked.pop_front();
        if (reply.type == Type::kAttrs) {
          found[done] = !reply.attributes.IsDir();
        } else if (reply.status != Status::kNoSuchFile) {
          return StatusError("look at", Name(keys[done]), reply);
        }
      }
      return {};
    }));
    return found;
  }

  Result<void> List(std::string_view prefix, const ListSink& sink) override {
    bool go_on = true;
    return ListFolder(std::string(prefix), sink, go_on, 0);
  }

  Result<void> Read(std::string_view key, std::uint64_t offset, const ByteSink& sink) override {
    std::uint64_t at = offset;
    Result<void> sunk;
    const Result<void> read = Repeat([&](SftpSession& session) -> Result<void> {
      if (!sunk) return sunk;
      return ReadFrom(session, key, at, [&](std::string_view piece) {
        at += piece.size();
        return sunk = sink(piece);
      });
    });
    return sunk ? read : sunk;
  }

  Result<void> Put(const fs::path& file, std::string_view key, const PutOptions& options) override {
    if (options.if_absent) {
      const Result<FileInfo> there = Stat(key);
      if (there) return Fail(Code::kExists, fmt::format("cannot write '{}': it is there already", Name(key)));
      if (there.error().code != Code::kNotFound) return there.error();
    }
    return Repeat([&](SftpSession& session) { return PutOnce(session, file, key, options); });
  }

  Result<void> Remove(std::span<const std::string> keys, int) override {
    return Repeat([&](SftpSession& session) -> Result<void> {
      Result<void> outcome;
      std::deque<SftpSession::Answer> asked;
      for (std::size_t next = 0, done = 0; done < keys.size(); ++done) {
        for (; next < keys.size() && asked.size() < kKeysAhead; ++next) {
          asked.push_back(session.Start(Type::kRemove, Payload().Text(PathOf(keys[next]))));
        }
        TRY(const Reply reply, session.Wait(asked.front(), cancel_flag()));
        asked.pop_front();
        if (!IsOk(reply) && reply.status != Status::kNoSuchFile && outcome)
          outcome = StatusError("remove", Name(keys[done]), reply);
      }
      return outcome;
    });
  }

 private:
  std::string PathOf(std::string_view key) const { return key.empty() ? root_ : root_ + "/" + std::string(key); }
  std::string Name(std::string_view key) const { return url() + (key.empty() ? "" : "/") + std::string(key); }

  Result<std::shared_ptr<SftpSession>> Session() {
    const std::lock_guard lock(mutex_);
    if (refused_) return *refused_;
    if (session_ && !session_->dead()) return session_;
    Result<std::unique_ptr<SftpSession>> connected = SftpSession::Connect(target_, cancel_flag());
    if (connected) return session_ = *std::move(connected);
    // A person must not be asked again for every object.
    if (connected.error().code != Code::kIo && connected.error().code != Code::kCancelled) refused_ = connected.error();
    return std::move(connected).error();
  }

  // Does it again over a new connection when the old one broke. What the server refuses is not tried again.
  Result<void> Repeat(const std::function<Result<void>(SftpSession& session)>& work) {
    for (int attempt = 1;; ++attempt) {
      Result<std::shared_ptr<SftpSession>> session = Session();
      Result<void> done = session ? work(**session) : Result<void>(session.error());
      const bool broken = !session ? session.error().code == Code::kIo : (*session)->dead();
      if (done || !broken || attempt >= retry_.attempts || cancelled()) return done;
      const auto until =
          std::chrono::steady_clock::now() + std::chrono::milliseconds(retry_.first_pause_ms << std::min(attempt - 1, 6));
      while (!cancelled() && std::chrono::steady_clock::now() < until) std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  }

  Result<void> ReadFrom(SftpSession& session, std::string_view key, std::uint64_t at, const ByteSink& sink) {
    // Size and handle in one round trip.
    SftpSession::Answer size_asked = session.Start(Type::kStat, Payload().Text(PathOf(key)));
    SftpSession::Answer opened = session.Start(Type::kOpen, Payload().Text(PathOf(key)).U32(sftp::kOpenRead).U32(0));
    TRY(const Reply size, session.Wait(size_asked, cancel_flag()));
    TRY(const Reply handle, session.Wait(opened, cancel_flag()));
    if (handle.type != Type::kHandle) return StatusError("read", Name(key), handle);
    Result<void> read;
    if (size.type != Type::kAttrs) {
      read = StatusError("read", Name(key), size);
    } else if (size.attributes.IsDir()) {
      read = Fail(Code::kInvalid, fmt::format("cannot read '{}': it is a folder", Name(key)));
    } else {
      read = ReadPieces(session, key, handle.text, at, size.attributes.size, sink);
    }
    session.Start(Type::kClose, Payload().Text(handle.text));  // nobody needs the answer
    return read;
  }

  Result<void> ReadPieces(SftpSession& session, std::string_view key, const std::string& handle, std::uint64_t at,
                          std::uint64_t size, const ByteSink& sink) {
    struct Piece {
      std::uint64_t offset;
      std::uint32_t size;
      SftpSession::Answer answer;
    };
    std::deque<Piece> asked;
    std::uint64_t next = at;
    const auto ask = [&](std::uint64_t offset, std::uint32_t bytes) {
      return Piece{offset, bytes, session.Start(Type::kRead, Payload().Text(handle).U64(offset).U32(bytes))};
    };
    for (;;) {
      for (; next < size && asked.size() < kPiecesAhead; next += kPiece) {
        asked.push_back(ask(next, static_cast<std::uint32_t>(std::min<std::uint64_t>(kPiece, size - next))));
      }
      if (asked.empty()) return {};
      Piece piece = std::move(asked.front());
      asked.pop_front();
      TRY(const Reply reply, session.Wait(piece.answer, cancel_flag()));
      if (reply.type == Type::kStatus && reply.status == Status::kEof) return {};  // it became shorter; the hash tells
      if (reply.type != Type::kData || reply.text.size() > piece.size) return StatusError("read", Name(key), reply);
      TRYV(sink(reply.text));
      const auto got = static_cast<std::uint32_t>(reply.text.size());
      if (got == 0) return Fail(Code::kIo, fmt::format("cannot read '{}': the server sends nothing", Name(key)));
      if (got < piece.size) asked.push_front(ask(piece.offset + got, piece.size - got));
    }
  }

  Result<void> PutOnce(SftpSession& session, const fs::path& file, std::string_view key, const PutOptions& options) {
    const std::string path = PathOf(key);
    const std::string temp = TempBeside(path).string();
    const Payload open = Payload().Text(temp).U32(sftp::kOpenWrite | sftp::kOpenCreate | sftp::kOpenExclusive).U32(0);
    TRY(Reply handle, session.Call(Type::kOpen, open, cancel_flag()));
    if (handle.type == Type::kStatus && handle.status == Status::kNoSuchFile) {
      TRYV(MakeFolder(session, fs::path(path).parent_path().string(), 0));
      TRY(handle, session.Call(Type::kOpen, open, cancel_flag()));
    }
    if (handle.type != Type::kHandle) return StatusError("write", Name(key), handle);
    Result<void> written = WritePieces(session, key, handle.text, file, options);
    Result<Reply> closed = session.Call(Type::kClose, Payload().Text(handle.text), cancel_flag());
    if (written && !closed) written = closed.error();
    if (written && !IsOk(*closed)) written = StatusError("write", Name(key), *closed);
    if (written) written = Rename(session, temp, path, key);
    if (!written) session.Start(Type::kRemove, Payload().Text(temp));
    return written;
  }

  Result<void> WritePieces(SftpSession& session, std::string_view key, const std::string& handle, const fs::path& file,
                           const PutOptions& options) {
    std::deque<SftpSession::Answer> asked;
    std::uint64_t at = 0;
    const auto settle = [&](std::size_t left) -> Result<void> {
      while (asked.size() > left) {
        TRY(const Reply reply, session.Wait(asked.front(), cancel_flag()));
        asked.pop_front();
        if (!IsOk(reply)) return StatusError("write", Name(key), reply);
      }
      return {};
    };
    TRYV(remotes::ReadPieces(file, 0, [&](std::string_view bytes) -> Result<void> {
      while (!bytes.empty()) {
        const std::string_view piece = bytes.substr(0, kPiece);
        TRYV(settle(kPiecesAhead - 1));
        asked.push_back(session.Start(Type::kWrite, Payload().Text(handle).U64(at).Text(piece)));
        at += piece.size();
        bytes.remove_prefix(piece.size());
        if (options.on_bytes) options.on_bytes(piece.size());
      }
      return {};
    }));
    return settle(0);
  }

  Result<void> Rename(SftpSession& session, const std::string& from, const std::string& to, std::string_view key) {
    if (session.Has("posix-rename@openssh.com=1")) {
      TRY(const Reply reply,
          session.Call(Type::kExtended, Payload().Text("posix-rename@openssh.com").Text(from).Text(to), cancel_flag()));
      return IsOk(reply) ? Result<void>() : StatusError("write", Name(key), reply);
    }
    // Plain rename does not replace.
    TRY(Reply reply, session.Call(Type::kRename, Payload().Text(from).Text(to), cancel_flag()));
    if (!IsOk(reply)) {
      TRYV(session.Call(Type::kRemove, Payload().Text(to), cancel_flag()));
      TRY(reply, session.Call(Type::kRename, Payload().Text(from).Text(to), cancel_flag()));
    }
    return IsOk(reply) ? Result<void>() : StatusError("write", Name(key), reply);
  }

  Result<void> MakeFolder(SftpSession& session, const std::string& path, int depth) {
    if (path.empty() || path == "/" || depth > kMaxDepth) return {};
    const Payload request = Payload().Text(path).U32(0);
    TRY(Reply reply, session.Call(Type::kMakeDir, request, cancel_flag()));
    if (reply.status == Status::kNoSuchFile) {
      TRYV(MakeFolder(session, fs::path(path).parent_path().string(), depth + 1));
      TRY(reply, session.Call(Type::kMakeDir, request, cancel_flag()));
    }
    if (IsOk(reply)) return {};
    // "Failure" is what servers say of a folder that is there; another thread may have been faster.
    TRY(const Reply there, session.Call(Type::kStat, Payload().Text(path), cancel_flag()));
    if (there.type == Type::kAttrs && there.attributes.IsDir()) return {};
    return StatusError("make folder", path, reply);
  }

  Result<void> ListFolder(const std::string& prefix, const ListSink& sink, bool& go_on, int depth) {
    if (depth > kMaxDepth) return Fail(Code::kTooLarge, fmt::format("cannot list '{}': too deep", Name(prefix)));
    std::vector<sftp::Name> names;
    TRYV(Repeat([&](SftpSession& session) { return ReadFolder(session, prefix, names); }));
    for (const sftp::Name& name : names) {
      if (name.attributes.IsDir()) {
        TRYV(ListFolder(prefix + name.name + "/", sink, go_on, depth + 1));
      } else if (name.attributes.IsFile()) {
        go_on = sink({.key = prefix + name.name, .size = name.attributes.size});
      }
      if (!go_on) return {};
    }
    return {};
  }

  Result<void> ReadFolder(SftpSession& session, std::string_view prefix, std::vector<sftp::Name>& names) {
    names.clear();
    TRY(const Reply handle, session.Call(Type::kOpenDir, Payload().Text(PathOf(prefix)), cancel_flag()));
    if (handle.type == Type::kStatus && handle.status == Status::kNoSuchFile) return {};
    if (handle.type != Type::kHandle) return StatusError("list", Name(prefix), handle);
    Result<void> read;
    for (;;) {
      Result<Reply> reply = session.Call(Type::kReadDir, Payload().Text(handle.text), cancel_flag());
      if (!reply) return reply.error();
      if (reply->type == Type::kStatus && reply->status == Status::kEof) break;
      if (reply->type != Type::kName || reply->names.empty()) {
        read = StatusError("list", Name(prefix), *reply);
        break;
      }
      if (names.size() > kMaxNames) {
        read = Fail(Code::kTooLarge, fmt::format("cannot list '{}': it has over {} files", Name(prefix), kMaxNames));
        break;
      }
      for (sftp::Name& name : reply->names) {
        const bool sound =
            name.name != "." && name.name != ".." && name.name.find('/') == std::string::npos && !name.name.empty();
        if (sound) names.push_back(std::move(name));
      }
    }
    session.Start(Type::kClose, Payload().Text(handle.text));
    return read;
  }

  const SshTarget target_;
  const std::string root_;  // without '/' at its end
  const RetryPolicy retry_;
  std::mutex mutex_;
  std::shared_ptr<SftpSession> session_;  // guarded by mutex_
  std::optional<Error> refused_;          // guarded by mutex_
};

}  // namespace

Result<RemotePtr> OpenSsh(const Options& options) {
  const UrlParts url = SplitUrl(options.url());
  SshTarget target;
  target.host = url.host;
  if (target.host.starts_with('[') && target.host.ends_with(']')) target.host = target.host.substr(1, target.host.size() - 2);
  target.user = options.Text("user", url.user);
  target.port = options.Text("port", url.port);
  if (target.host.empty()) return options.Refuse("its url names no host");
  if (target.host.starts_with('-') || target.user.starts_with('-'))
    return options.Refuse("a host or user may not start with '-'");
  const std::optional<std::int64_t> port = target.port.empty() ? std::optional<std::int64_t>(22) : ParseInt(target.port);
  if (!port || *port < 1 || *port > 65535)
    return options.Refuse(fmt::format("'port' must be from 1 to 65535, not '{}'", target.port));
  if (const auto keyfile = options.Path("keyfile")) target.keyfile = keyfile->string();
  TRY(target.password, options.Secret("password", target.host));
  if (!target.password && !url.password.empty()) target.password = url.password;
  TRY(target.passphrase, options.Secret("passphrase", target.host));
  TRY(target.use_agent, options.Bool("allow_agent", true));
  TRY(target.gss_auth, options.Bool("gss_auth", false));
  TRY(const std::int64_t timeout, options.Seconds("timeout", 60'000));
  target.timeout_s = std::max<std::int64_t>(1, timeout / 1000);
  TRY(const Traits traits, options.MakeTraits({.cheap_exists = true, .page_size = 10'000}));
  std::string root = url.path;
  while (root.ends_with('/')) root.pop_back();
  std::string name = SafeUrl(options.url());
  while (name.ends_with('/')) name.pop_back();
  return RemotePtr(std::make_unique<SshRemote>(std::move(name), std::move(target), std::move(root), options.retry(), traits,
                                               options.cancel()));
}

}  // namespace mlean::remotes

#include "remotes/sftp_session.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>

namespace mlean::remotes {
namespace {

constexpr std::uint32_t kMaxPacket = 1u << 20;  // OpenSSH sends at most 256 KiB
constexpr std::chrono::minutes kSignIn{5};

}  // namespace

Result<std::unique_ptr<SftpSession>> SftpSession::Connect(const SshTarget& target, const std::atomic<bool>* cancel) {
  TRY(std::unique_ptr<SshProcess> process, SshProcess::Start(target));
  std::unique_ptr<SftpSession> session(new SftpSession(std::move(process), std::chrono::seconds(target.timeout_s)));
  sftp::Payload version;
  // The first packet has the version where others have their id.
  session->process_->Write(sftp::Packet(sftp::Type::kInit, 3, version.bytes()));
  const Time until = std::chrono::steady_clock::now() + kSignIn;
  const auto cancelled = [&] { return cancel != nullptr && cancel->load(std::memory_order_relaxed); };
  const Result<std::string> hello = session->ReadPacket([&] { return !cancelled() && std::chrono::steady_clock::now() < until; });
  if (!hello && cancelled()) return Fail(Code::kCancelled, fmt::format("cannot reach '{}' by ssh: cancelled", target.host));
  if (!hello && std::chrono::steady_clock::now() >= until)
    return Fail(Code::kTimeout, fmt::format("cannot reach '{}' by ssh: not signed in after five minutes", target.host));
  if (!hello) return hello.error();
  TRY(session->extensions_, sftp::ReadVersion(*hello));
  session->reader_ = std::thread([raw = session.get()] { raw->ReadAnswers(); });
  return session;
}

SftpSession::~SftpSession() {
  process_->HangUp();
  if (reader_.joinable()) reader_.join();
}

bool SftpSession::Has(std::string_view extension) const {
  return std::find(extensions_.begin(), extensions_.end(), extension) != extensions_.end();
}

Result<std::string> SftpSession::ReadPacket(const std::function<bool()>& go_on) {
  unsigned char head[4];
  if (!process_->Read(reinterpret_cast<char*>(head), sizeof head, go_on)) return process_->Cause();
  const std::uint32_t size = std::uint32_t{head[0]} << 24 | std::uint32_t{head[1]} << 16 | std::uint32_t{head[2]} << 8 | head[3];
  // A login script that prints something is the usual cause.
  if (size < 1 || size > kMaxPacket) {
    return Fail(Code::kCorrupt,
                "cannot read the SFTP server's answer: it is no packet (does a login script of the host print text?)");
  }
  std::string packet(size, '\0');
  if (!process_->Read(packet.data(), packet.size(), go_on)) return process_->Cause();
  return packet;
}

bool SftpSession::IsSilent() {
  const std::lock_guard lock(pending_mutex_);
  return !pending_.empty() && std::chrono::steady_clock::now() - last_sign_ > patience_;
}

void SftpSession::ReadAnswers() {
  Error cause;
  for (;;) {
    bool silent = false;
    Result<std::string> packet = ReadPacket([&] { return !(silent = IsSilent()); });
    if (!packet) {
      cause = std::move(packet).error();
      if (silent) cause = Fail(Code::kTimeout, fmt::format("cannot go on by ssh: no answer for {} seconds", patience_.count()));
      break;
    }
    Result<sftp::Reply> reply = sftp::ReadReply(*std::move(packet));
    if (!reply) {
      cause = std::move(reply).error();
      break;
    }
    const std::lock_guard lock(pending_mutex_);
    last_sign_ = std::chrono::steady_clock::now();
    const auto asked = pending_.find(reply->id);
    if (asked == pending_.end()) continue;  // nobody waits any more
    asked->second.set_value(std::move(reply));
    pending_.erase(asked);
  }
  process_->HangUp();
  const std::lock_guard lock(pending_mutex_);
  dead_.store(true, std::memory_order_release);
  for (auto& [id, promise] : pending_) promise.set_value(cause);
  pending_.clear();
}

SftpSession::Answer SftpSession::Start(sftp::Type type, const sftp::Payload& payload) {
  std::promise<Result<sftp::Reply>> promise;
  Answer answer = promise.get_future();
  std::uint32_t id = 0;
  {
    const std::lock_guard lock(pending_mutex_);
    if (dead()) {
      promise.set_value(process_->Cause());
      return answer;
    }
    id = next_id_++;
    if (pending_.empty()) last_sign_ = std::chrono::steady_clock::now();
    pending_.emplace(id, std::move(promise));
  }
  const std::string packet = sftp::Packet(type, id, payload.bytes());
  const std::lock_guard lock(write_mutex_);
  if (!process_->Write(packet)) process_->HangUp();  // the reader tells everybody
  return answer;
}

Result<sftp::Reply> SftpSession::Wait(Answer& answer, const std::atomic<bool>* cancel) const {
  while (answer.wait_for(std::chrono::milliseconds(100)) != std::future_status::ready) {
    if (cancel != nullptr && cancel->load(std::memory_order_relaxed)) return Fail(Code::kCancelled, "cannot finish: cancelled");
  }
  return answer.get();
}

Result<sftp::Reply> SftpSession::Call(sftp::Type type, const sftp::Payload& payload, const std::atomic<bool>* cancel) {
  Answer answer = Start(type, payload);
  return Wait(answer, cancel);
}

}  // namespace mlean::remotes

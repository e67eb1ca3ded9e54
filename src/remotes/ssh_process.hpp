// Inside of the remotes room: the user's own `ssh` as the way to a host's SFTP subsystem, so that his keys, agent, configuration,
// jump hosts and known_hosts count as they do for ssh and git. A host that is not known yet is taken and remembered, one whose
// key has changed is refused (docs/adr/0013-unknown-hosts.md). (libssh2 1.10, which libcurl of Debian 12 uses, cannot sign in to
// current servers with RSA keys.)
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace mlean::remotes {

struct SshTarget {
  std::string host;
  std::string user;  // "": as ssh's configuration says
  std::string port;
  std::string keyfile;
  std::optional<std::string> password;
  std::optional<std::string> passphrase;
  bool use_agent = true;
  bool gss_auth = false;
  std::int64_t timeout_s = 60;  // until connected, and for any sign of life while an answer is due
};

class SshProcess {
 public:
  // Starts it; whether it can sign in shows when nothing can be read. kUnsupported when there is no ssh program.
  static Result<std::unique_ptr<SshProcess>> Start(const SshTarget& target);
  SshProcess(const SshProcess&) = delete;
  SshProcess& operator=(const SshProcess&) = delete;
  ~SshProcess();  // ends it

  // Thread-safe against each other, each for one thread at a time. False: the connection is gone; from Read also that `go_on`,
  // which is asked five times a second while nothing comes, said no; from Write that nothing was taken for timeout_s.
  bool Read(char* bytes, std::size_t size, const std::function<bool()>& go_on);
  bool Write(std::string_view bytes);
  void HangUp() noexcept;  // makes both return false from now on
  // Why the connection ended, by what ssh wrote to its stderr.
  Error Cause() const;

 private:
  explicit SshProcess(std::string name) : name_(std::move(name)) {}
  std::string name_;
  int socket_ = -1;
  int log_ = -1;       // memory file with its stderr
  int ask_pass_ = -1;  // memory file: the script that hands it the secrets
  int pid_ = -1;
};

}  // namespace mlean::remotes

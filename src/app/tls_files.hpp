// The files of --tls-cert and --tls-key, and a look at whether they have changed: certificates are renewed while servers run.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "base/result.hpp"
#include "verbs/verb.hpp"

namespace mlean::app {

struct TlsFiles {
  std::string cert;  // both or none; absolute
  std::string key;
};

// kUsage when only one is there.
Result<TlsFiles> ReadTlsFiles(const verbs::Arguments& arguments, const std::filesystem::path& directory);

// One thread.
class TlsWatch {
 public:
  TlsWatch(TlsFiles files, std::function<Result<void>()> reload);
  // Reloads when a file is another one than at the last look. What cannot be read, because it is being written perhaps, is logged
  // and tried again when it changes next; the server goes on with what it has.
  void Look();

 private:
  std::string Facts() const;

  const TlsFiles files_;
  const std::function<Result<void>()> reload_;
  std::string seen_;
};

}  // namespace mlean::app

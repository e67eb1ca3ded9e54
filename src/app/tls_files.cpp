#include "app/tls_files.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include "base/log.hpp"

namespace mlean::app {

Result<TlsFiles> ReadTlsFiles(const verbs::Arguments& arguments, const std::filesystem::path& directory) {
  if (!arguments.Has("tls-cert") && !arguments.Has("tls-key")) return TlsFiles{};
  if (arguments.Text("tls-cert").empty() || arguments.Text("tls-key").empty()) {
    return Fail(Code::kUsage, "cannot use TLS: it takes a certificate and its key",
                "mlean server --tls-cert FILE --tls-key FILE");
  }
  return TlsFiles{(directory / arguments.Text("tls-cert")).string(), (directory / arguments.Text("tls-key")).string()};
}

TlsWatch::TlsWatch(TlsFiles files, std::function<Result<void>()> reload)
    : files_(std::move(files)), reload_(std::move(reload)), seen_(Facts()) {}

void TlsWatch::Look() {
  if (files_.cert.empty()) return;
  std::string facts = Facts();
  if (facts == seen_) return;
  seen_ = std::move(facts);
  const Result<void> reloaded = reload_();
  if (reloaded) {
    log::Info("tls.reloaded");
  } else {
    log::Failure("tls.problem", {{"error", reloaded.error().what}});
  }
}

std::string TlsWatch::Facts() const {
  std::string out;
  for (const std::string& file : {files_.cert, files_.key}) {
    struct stat facts {};
    if (::stat(file.c_str(), &facts) != 0) facts = {};
    out += fmt::format("{}:{}:{}.{} ", facts.st_ino, facts.st_size, facts.st_mtim.tv_sec, facts.st_mtim.tv_nsec);
  }
  return out;
}

}  // namespace mlean::app

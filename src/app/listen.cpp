#include "app/listen.hpp"

#include <fmt/format.h>

#include "base/text.hpp"

namespace mlean::app {
namespace {

Result<std::uint16_t> ParsePort(std::string_view text, std::string_view whole) {
  const std::optional<std::int64_t> port = ParseInt(text);
  if (port && *port >= 0 && *port <= 65535) return static_cast<std::uint16_t>(*port);
  return Fail(Code::kUsage, fmt::format("cannot listen on '{}': expected ADDRESS:PORT", whole),
              "mlean server --listen 127.0.0.1:5000");
}

std::string WithoutBrackets(std::string address) {
  if (address.starts_with('[') && address.ends_with(']')) return address.substr(1, address.size() - 2);
  return address;
}

}  // namespace

bool Listen::IsLoopback() const { return address == "localhost" || address == "::1" || address.starts_with("127."); }

Result<Listen> ReadListen(const verbs::Arguments& arguments) {
  Listen out;
  if (arguments.Has("listen") && (arguments.Has("host") || arguments.Has("port"))) {
    return Fail(Code::kUsage, "cannot listen: --listen says what --host and --port say");
  }
  if (arguments.Has("listen")) {
    const std::string text = arguments.Text("listen");
    const std::size_t colon = text.rfind(':');
    TRY(out.port, ParsePort(colon == text.npos ? std::string_view() : std::string_view(text).substr(colon + 1), text));
    out.address = text.substr(0, colon);
  }
  out.address = WithoutBrackets(arguments.Text("host", out.address));
  if (arguments.Has("port")) {
    TRY(out.port, ParsePort(arguments.Text("port"), arguments.Text("port")));
  }
  return out;
}

Result<void> CheckListen(const Listen& listen, bool auth) {
  if (auth || listen.IsLoopback()) return {};
  return Fail(
      Code::kDenied,
      fmt::format("cannot listen on '{}': other machines could do everything, for nobody is asked who he is", listen.address),
      fmt::format("mlean users add NAME --admin && mlean server --listen {}:{} --auth",
                  listen.address.find(':') == std::string::npos ? listen.address : "[" + listen.address + "]", listen.port));
}

std::string LocalUrl(const std::string& url) {
  return ReplaceAll(ReplaceAll(url, "//0.0.0.0:", "//127.0.0.1:"), "//[::]:", "//[::1]:");
}

}  // namespace mlean::app

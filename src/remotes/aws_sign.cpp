#include "remotes/aws_sign.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <vector>

#include "base/digest.hpp"
#include "base/text.hpp"
#include "remotes/local_files.hpp"

namespace mlean::remotes {
namespace {

// The query with its parts sorted by name, each with an '='.
std::string CanonicalQuery(std::string_view query) {
  if (query.empty()) return {};
  std::vector<std::string> parts = Split(query, '&');
  for (std::string& part : parts) {
    if (part.find('=') == std::string::npos) part += '=';
  }
  std::sort(parts.begin(), parts.end(), [](const std::string& a, const std::string& b) {
    const std::string_view name_a = std::string_view(a).substr(0, a.find('='));
    const std::string_view name_b = std::string_view(b).substr(0, b.find('='));
    return name_a != name_b ? name_a < name_b : a < b;
  });
  return Join(parts, "&");
}

struct UrlView {
  std::string_view host;
  std::string_view path = "/";
  std::string_view query;
};

UrlView ViewOf(std::string_view url) {
  UrlView view;
  if (const std::size_t at = url.find("://"); at != std::string_view::npos) url.remove_prefix(at + 3);
  if (const std::size_t at = url.find('?'); at != std::string_view::npos) {
    view.query = url.substr(at + 1);
    url = url.substr(0, at);
  }
  const std::size_t slash = std::min(url.find('/'), url.size());
  view.host = url.substr(0, slash);
  if (slash < url.size()) view.path = url.substr(slash);
  return view;
}

std::string HexOf(std::string_view bytes) { return Hex(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()); }

}  // namespace

std::string AwsTime(TimeMs time) {
  const std::string iso = FormatTime(time);  // 2013-05-24T00:00:00.000Z
  return ReplaceAll(ReplaceAll(iso.substr(0, 19), "-", ""), ":", "") + "Z";
}

Result<std::string> PayloadHash(const net::Request& request) {
  if (request.body_file.empty()) return Sha256Hex(request.body);
  if (request.url.starts_with("https:")) return std::string("UNSIGNED-PAYLOAD");
  Hasher hasher(Hasher::Kind::kSha256);
  std::uint64_t left = request.body_length.value_or(~std::uint64_t{0});
  const Error enough = Fail(Code::kCancelled, "enough");
  const Result<void> read = ReadPieces(request.body_file, request.body_offset, [&](std::string_view piece) -> Result<void> {
    piece = piece.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(piece.size(), left)));
    hasher.Update(piece.data(), piece.size());
    left -= piece.size();
    return left == 0 ? Result<void>(enough) : Result<void>();
  });
  if (!read && left != 0) return read.error();
  return hasher.HexDigest();
}

void SignAws(net::Request& request, const AwsKeys& keys, std::string_view region, std::string_view service, TimeMs now,
             std::string_view payload_hash) {
  const UrlView url = ViewOf(request.url);
  const std::string time = AwsTime(now);
  const std::string date = time.substr(0, 8);
  request.headers.emplace_back("X-Amz-Date", time);
  request.headers.emplace_back("X-Amz-Content-Sha256", payload_hash);
  if (!keys.token.empty()) request.headers.emplace_back("X-Amz-Security-Token", keys.token);

  std::vector<std::pair<std::string, std::string>> signed_headers = {{"host", std::string(url.host)}};
  for (const auto& [name, value] : request.headers) signed_headers.emplace_back(ToLower(name), std::string(Trim(value)));
  std::sort(signed_headers.begin(), signed_headers.end());
  std::string names;
  std::string lines;
  for (const auto& [name, value] : signed_headers) {
    names += (names.empty() ? "" : ";") + name;
    lines += name + ":" + value + "\n";
  }
  const std::string canonical =
      fmt::format("{}\n{}\n{}\n{}\n{}\n{}", request.method, url.path, CanonicalQuery(url.query), lines, names, payload_hash);
  const std::string scope = fmt::format("{}/{}/{}/aws4_request", date, region, service);
  const std::string to_sign = fmt::format("AWS4-HMAC-SHA256\n{}\n{}\n{}", time, scope, Sha256Hex(canonical));
  std::string key = HmacSha256("AWS4" + keys.secret, date);
  key = HmacSha256(key, region);
  key = HmacSha256(key, service);
  key = HmacSha256(key, "aws4_request");
  request.headers.emplace_back("Authorization", fmt::format("AWS4-HMAC-SHA256 Credential={}/{},SignedHeaders={},Signature={}",
                                                            keys.id, scope, names, HexOf(HmacSha256(key, to_sign))));
}

}  // namespace mlean::remotes

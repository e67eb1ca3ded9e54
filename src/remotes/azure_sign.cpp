#include "remotes/azure_sign.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <vector>

#include "base/base64.hpp"
#include "base/digest.hpp"
#include "base/text.hpp"
#include "net/message.hpp"
#include "net/percent.hpp"
#include "remotes/options.hpp"

namespace mlean::remotes {
namespace {

std::string HeaderOf(const net::Request& request, std::string_view name) {
  for (const auto& [key, value] : request.headers) {
    if (net::EqualNoCase(key, name)) return value;
  }
  return {};
}

}  // namespace

std::string HttpDate(TimeMs time) {
  constexpr std::string_view kDays[] = {"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"};  // 1970-01-01 was a Thursday
  constexpr std::string_view kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::int64_t days = time / kDayMs - (time % kDayMs < 0 ? 1 : 0);
  const std::int64_t seconds = (time - days * kDayMs) / kSecondMs;
  const CivilDate date = CivilFromDays(days);
  return fmt::format("{}, {:02} {} {} {:02}:{:02}:{:02} GMT", kDays[((days % 7) + 7) % 7], date.day, kMonths[date.month - 1],
                     date.year, seconds / 3600, seconds / 60 % 60, seconds % 60);
}

std::string AzureStringToSign(const net::Request& request, std::string_view account) {
  const std::uint64_t length = request.body_file.empty() ? request.body.size() : request.body_length.value_or(0);
  std::string text = request.method + "\n";
  for (const std::string_view name : {"Content-Encoding", "Content-Language"}) text += HeaderOf(request, name) + "\n";
  text += (length == 0 ? "" : std::to_string(length)) + "\n";
  for (const std::string_view name : {"Content-MD5", "Content-Type", "Date", "If-Modified-Since", "If-Match", "If-None-Match",
                                      "If-Unmodified-Since", "Range"}) {
    text += HeaderOf(request, name) + "\n";
  }
  std::vector<std::string> lines;
  for (const auto& [name, value] : request.headers) {
    const std::string lower = ToLower(name);
    if (lower.starts_with("x-ms-")) lines.push_back(lower + ":" + std::string(Trim(value)) + "\n");
  }
  std::sort(lines.begin(), lines.end());
  text += Join(lines, "");
  const UrlParts url = SplitUrl(request.url);
  text += fmt::format("/{}{}", account, url.path);
  std::vector<std::string> query;
  for (const auto& [name, value] : net::ParseQuery(url.query)) query.push_back(fmt::format("\n{}:{}", ToLower(name), value));
  std::sort(query.begin(), query.end());
  return text + Join(query, "");
}

void SignAzure(net::Request& request, std::string_view account, std::string_view key, TimeMs now) {
  request.headers.emplace_back("x-ms-date", HttpDate(now));
  const std::string signature = Base64(HmacSha256(key, AzureStringToSign(request, account)));
  request.headers.emplace_back("Authorization", fmt::format("SharedKey {}:{}", account, signature));
}

std::map<std::string, std::string, std::less<>> ReadConnectionString(std::string_view text) {
  std::map<std::string, std::string, std::less<>> values;
  for (const std::string& part : Split(text, ';')) {
    const std::size_t equals = part.find('=');
    if (equals != std::string::npos)
      values[ToLower(Trim(std::string_view(part).substr(0, equals)))] = Trim(std::string_view(part).substr(equals + 1));
  }
  return values;
}

}  // namespace mlean::remotes

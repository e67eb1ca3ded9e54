// s3://bucket/prefix: its options, the sign-in and where the endpoint is.
#include <fmt/core.h>

#include "base/base64.hpp"
#include "base/text.hpp"
#include "remotes/aws_profile.hpp"
#include "remotes/crypto.hpp"
#include "remotes/s3_client.hpp"

namespace mlean::remotes {
namespace {

// "24MiB", "50MB", "1000000" as the AWS tools read them.
std::optional<std::uint64_t> HumanSize(std::string_view text) {
  const std::string lower = ToLower(Trim(text));
  const std::size_t digits = std::min(lower.find_first_not_of("0123456789"), lower.size());
  const std::optional<std::int64_t> number = ParseInt(lower.substr(0, digits));
  if (!number || *number <= 0 || *number > (std::int64_t{1} << 32)) return std::nullopt;
  const std::string unit = lower.substr(digits);
  constexpr std::pair<std::string_view, std::uint64_t> kUnits[] = {
      {"", 1}, {"kb", 1u << 10}, {"kib", 1u << 10}, {"mb", 1u << 20}, {"mib", 1u << 20}, {"gb", 1u << 30}, {"gib", 1u << 30}};
  for (const auto& [name, factor] : kUnits) {
    if (unit == name) return static_cast<std::uint64_t>(*number) * factor;
  }
  return std::nullopt;
}

bool IsHostName(std::string_view bucket) {
  return bucket.size() >= 3 && bucket.size() <= 63 &&
         bucket.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string_view::npos;
}

Result<void> ReadEncryption(const Options& options, S3Setup& setup) {
  const auto add = [&](std::string_view option, std::string_view header) {
    if (const auto value = options.Text(option)) setup.put_headers.emplace_back(header, *value);
  };
  add("sse", "X-Amz-Server-Side-Encryption");
  add("sse_kms_key_id", "X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id");
  add("acl", "X-Amz-Acl");
  bool grants = false;
  for (const std::string_view grant : {"full_control", "read", "read_acp", "write_acp"}) {
    const std::string option = fmt::format("grant_{}", grant);
    add(option, "X-Amz-Grant-" + ReplaceAll(grant, "_", "-"));
    grants = grants || options.Text(option).has_value();
  }
  if (grants && options.Text("acl")) return options.Refuse("`acl` and `grant_*` AWS S3 config options are mutually exclusive");
  const auto customer_key = options.Text("sse_customer_key");
  if (!customer_key) return {};
  if (options.Text("sse_kms_key_id")) {
    return options.Refuse("`sse_kms_key_id` and `sse_customer_key` AWS S3 config options are mutually exclusive");
  }
  const std::optional<std::string> raw = FromBase64(*customer_key);
  if (!raw) return options.Refuse("'sse_customer_key' is not base64");
  constexpr std::string_view kName = "X-Amz-Server-Side-Encryption-Customer-";
  setup.access_headers.emplace_back(fmt::format("{}Algorithm", kName), options.Text("sse_customer_algorithm", "AES256"));
  setup.access_headers.emplace_back(fmt::format("{}Key", kName), *customer_key);
  setup.access_headers.emplace_back(fmt::format("{}Key-Md5", kName), Md5Base64(*raw));
  return {};
}

Result<void> ReadPlace(const Options& options, const AwsProfile& profile, S3Setup& setup) {
  const UrlParts url = SplitUrl(options.url());
  setup.url = SafeUrl(options.url());
  while (setup.url.ends_with('/')) setup.url.pop_back();
  setup.bucket = url.host;
  if (setup.bucket.empty()) return options.Refuse("its url names no bucket");
  setup.prefix = url.path.empty() ? "" : url.path.substr(1);
  while (setup.prefix.ends_with('/')) setup.prefix.pop_back();
  if (!setup.prefix.empty()) setup.prefix += '/';

  setup.region = AwsRegion(options, profile);
  TRY(setup.use_ssl, options.Bool("use_ssl", true));
  std::optional<std::string> endpoint = options.Text("endpointurl");
  if (!endpoint) endpoint = options.Env("AWS_ENDPOINT_URL_S3");
  if (!endpoint) endpoint = options.Env("AWS_ENDPOINT_URL");
  if (!endpoint) endpoint = profile.Value("endpoint_url");
  if (endpoint) {
    const std::string scheme = SchemeOf(*endpoint);
    if (scheme != "http" && scheme != "https") return options.Refuse(fmt::format("invalid endpoint: {}", *endpoint));
    setup.endpoint = *endpoint;
    while (setup.endpoint.ends_with('/')) setup.endpoint.pop_back();
  }
  // As botocore: own endpoints get the bucket in the path, AWS in the host name where it may stand there.
  const std::string style = profile.Value("s3.addressing_style").value_or("auto");
  setup.path_style = style == "path" || (style != "virtual" && (endpoint || !IsHostName(setup.bucket)));
  return {};
}

Result<void> ReadParts(const Options& options, const AwsProfile& profile, S3Setup& setup) {
  constexpr std::uint64_t kLeastPart = 5u << 20;  // S3's own bound
  for (const auto& [key, value] :
       {std::pair("s3.multipart_threshold", &setup.multipart_threshold), std::pair("s3.multipart_chunksize", &setup.part_size)}) {
    const auto text = profile.Value(key);
    if (!text) continue;
    const std::optional<std::uint64_t> size = HumanSize(*text);
    if (!size) return options.Refuse(fmt::format("'{}' of profile '{}' is no size: '{}'", key, profile.name, *text));
    *value = std::max(*size, kLeastPart);
  }
  return {};
}

}  // namespace

Result<RemotePtr> OpenS3(const Options& options) {
  TRY(const AwsProfile profile, LoadAwsProfile(options));
  S3Setup setup;
  TRYV(ReadPlace(options, profile, setup));
  TRYV(ReadEncryption(options, setup));
  TRYV(ReadParts(options, profile, setup));
  TRY(HttpSession::Setup http, HttpSession::MakeSetup(options));
  TRY(const bool anonymous, options.Bool("allow_anonymous_login", false));
  TRY(const Traits traits, options.MakeTraits());
  S3Remote::AuthoriseIn authorise;
  if (!anonymous) {
    const std::shared_ptr<AwsKeySource> source = MakeAwsKeySource(options, profile);
    const Clock* const clock = &options.clock();
    authorise = [source, clock](net::Request& request, std::string_view region) -> Result<void> {
      TRY(const AwsKeys keys, source->Keys());
      TRY(const std::string payload, PayloadHash(request));
      SignAws(request, keys, region, "s3", clock->Now(), payload);
      return {};
    };
  }
  return RemotePtr(std::make_unique<S3Remote>(std::move(setup), std::move(http), std::move(authorise), traits));
}

}  // namespace mlean::remotes

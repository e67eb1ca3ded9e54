#include "remotes/s3_client.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "base/base64.hpp"
#include "base/text.hpp"
#include "net/percent.hpp"
#include "os/files.hpp"
#include "remotes/crypto.hpp"
#include "remotes/parallel.hpp"
#include "remotes/xml.hpp"

namespace mlean::remotes {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kBatch = 1000;        // keys of one DeleteObjects
constexpr std::uint64_t kMaxParts = 9'000;  // S3 takes 10,000
constexpr int kPartJobs = 4;                // parts of one file at once

void Append(Headers& to, const Headers& from) { to.insert(to.end(), from.begin(), from.end()); }

Result<std::string> ElementOf(std::string_view body, std::string_view root, std::string_view name) {
  std::string found;
  TRYV(ReadXml(body, [&](std::span<const std::string> path, std::string_view text) -> Result<void> {
    if (path.size() == 2 && path[0] == root && path[1] == name) found = Trim(text);
    return {};
  }));
  if (found.empty()) return Fail(Code::kCorrupt, fmt::format("cannot read the answer: it has no '{}'", name));
  return found;
}

}  // namespace

Result<S3Page> ReadS3Page(std::string_view body) {
  S3Page page;
  bool encoded = false;
  bool truncated = false;
  bool is_list = false;
  std::string key;
  std::uint64_t size = 0;
  TRYV(ReadXml(body, [&](std::span<const std::string> path, std::string_view text) -> Result<void> {
    if (path[0] != "ListBucketResult") return Fail(Code::kCorrupt, "cannot read the answer: it is no listing");
    is_list = true;
    if (path.size() == 2) {
      if (path[1] == "EncodingType") encoded = text == "url";
      if (path[1] == "IsTruncated") truncated = Trim(text) == "true";
      if (path[1] == "NextContinuationToken") page.next = text;
      if (path[1] == "Contents") page.files.emplace_back(std::exchange(key, {}), std::exchange(size, 0));
    } else if (path.size() == 3 && path[1] == "Contents") {
      if (path[2] == "Key") key = text;
      if (path[2] == "Size") {
        const std::optional<std::int64_t> number = ParseInt(Trim(text));
        if (!number || *number < 0) return Fail(Code::kCorrupt, "cannot read the answer: a size is no number");
        size = static_cast<std::uint64_t>(*number);
      }
    }
    return {};
  }));
  if (!is_list) return Fail(Code::kCorrupt, "cannot read the answer: it is no listing");
  if (truncated != !page.next.empty()) {
    if (truncated) return Fail(Code::kCorrupt, "cannot read the answer: the listing goes on, but does not say where");
    page.next.clear();
  }
  for (auto& [name, unused] : page.files) {
    std::string decoded;
    if (!encoded) break;
    if (!net::PercentDecode(name, decoded, true))
      return Fail(Code::kCorrupt, "cannot read the answer: a key is not encoded soundly");
    name = std::move(decoded);
  }
  return page;
}

S3Remote::S3Remote(S3Setup setup, HttpSession::Setup http, AuthoriseIn authorise, Traits traits)
    : Remote(setup.url, traits, http.cancel),
      setup_(std::move(setup)),
      authorise_(std::move(authorise)),
      session_([&] {
        if (authorise_) http.authorise = [this](net::Request& request) { return authorise_(request, Region()); };
        return std::move(http);
      }()),
      region_(setup_.region),
      batch_delete_(setup_.batch_delete) {}

std::string S3Remote::Region() const {
  const std::lock_guard lock(mutex_);
  return region_;
}

std::string S3Remote::PathOf(std::string_view key) const {
  std::string path = setup_.prefix;
  if (key.empty() && path.ends_with('/')) path.pop_back();  // the url itself
  path += key;
  return net::PercentEncodePath(path);
}

std::string S3Remote::UrlOf(const Ask& ask) const {
  const std::string scheme = setup_.use_ssl ? "https" : "http";
  std::string endpoint = setup_.endpoint;
  if (endpoint.empty()) {
    const std::string region = Region();
    endpoint = fmt::format("{}://s3.{}.amazonaws.com{}", scheme, region, region.starts_with("cn-") ? ".cn" : "");
  }
  const std::size_t host = endpoint.find("://") + 3;
  if (!setup_.path_style) endpoint.insert(host, setup_.bucket + ".");
  std::string url = endpoint + "/";
  if (setup_.path_style) url += setup_.bucket + (ask.path.empty() ? "" : "/");
  url += ask.path;
  if (!ask.query.empty()) url += "?" + ask.query;
  return url;
}

bool S3Remote::LearnRegion(const net::Response& response) {
  if (response.status != 301 && response.status != 307 && response.status != 400) return false;
  const std::string named(response.Header("x-amz-bucket-region"));
  if (named.empty() || named.size() > 32) return false;
  if (named.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") != std::string::npos) return false;
  const std::lock_guard lock(mutex_);
  return std::exchange(region_, named) != named;
}

Result<net::Response> S3Remote::Send(const Ask& ask, std::uint64_t offset, const ByteSink* sink) {
  for (int tries = 0;; ++tries) {
    net::Request request = ask.rest;
    request.method = ask.method;
    request.url = UrlOf(ask);
    Result<net::Response> response =
        sink != nullptr ? session_.Stream(std::move(request), offset, *sink) : session_.Send(std::move(request));
    if (!response || tries > 0 || !LearnRegion(*response)) return response;
  }
}

Result<FileInfo> S3Remote::Stat(std::string_view key) {
  Ask ask{.method = "HEAD", .path = PathOf(key)};
  ask.rest.headers = setup_.access_headers;
  TRY(const net::Response response, Send(ask));
  if (response.status != 200) return Refusal("look at", Name(key), response);
  FileInfo info;
  info.size = static_cast<std::uint64_t>(std::max<std::int64_t>(0, ParseInt(response.Header("Content-Length")).value_or(0)));
  info.etag = response.Header("ETag");
  return info;
}

Result<void> S3Remote::List(std::string_view prefix, const ListSink& sink) {
  std::string next;
  for (;;) {
    Ask ask;
    ask.query = "list-type=2&encoding-type=url&prefix=" + net::PercentEncode(setup_.prefix + std::string(prefix));
    if (!next.empty()) ask.query += "&continuation-token=" + net::PercentEncode(next);
    TRY(const net::Response response, Send(ask));
    if (response.status != 200) return Refusal("list", Name(prefix), response);
    Result<S3Page> page = ReadS3Page(response.body);
    if (!page) return std::move(page).error().With(fmt::format("cannot list '{}'", Name(prefix)));
    for (const auto& [key, size] : page->files) {
      if (!key.starts_with(setup_.prefix) || key.ends_with('/')) continue;
      if (!sink({.key = std::string_view(key).substr(setup_.prefix.size()), .size = size})) return {};
    }
    if (page->next.empty()) return {};
    if (page->next == next)
      return Fail(Code::kCorrupt, fmt::format("cannot list '{}': the listing goes round in circles", Name(prefix)));
    next = std::move(page->next);
  }
}

Result<void> S3Remote::Read(std::string_view key, std::uint64_t offset, const ByteSink& sink) {
  Ask ask{.path = PathOf(key)};
  ask.rest.headers = setup_.access_headers;
  TRY(const net::Response response, Send(ask, offset, &sink));
  if (response.status == 200 || response.status == 206) return {};
  if (response.status == 416 && offset > 0) return {};  // nothing is left from there on
  return Refusal("read", Name(key), response);
}

Result<void> S3Remote::Put(const fs::path& file, std::string_view key, const PutOptions& options) {
  TRY(const os::FileStat stat, os::Stat(file));
  return stat.size > setup_.multipart_threshold ? PutParts(file, stat.size, key, options) : PutWhole(file, key, options);
}

Result<void> S3Remote::PutWhole(const fs::path& file, std::string_view key, const PutOptions& options) {
  Ask ask{.method = "PUT", .path = PathOf(key)};
  ask.rest.body_file = file.string();
  ask.rest.on_sent = options.on_bytes;
  ask.rest.headers = setup_.put_headers;
  Append(ask.rest.headers, setup_.access_headers);
  // The store compares it with what arrived: damage on the way, and a damaged source, are found at once.
  if (!options.md5.empty()) ask.rest.headers.emplace_back("Content-MD5", Base64(FromHex(options.md5)));
  if (options.if_absent) ask.rest.headers.push_back(setup_.absent_header);
  TRY(const net::Response response, Send(ask));
  if (response.status == 200) return {};
  Error refusal = Refusal("write", Name(key), response);
  if (response.status == 412 && options.if_absent) refusal.code = Code::kExists;
  return refusal;
}

Result<void> S3Remote::PutParts(const fs::path& file, std::uint64_t size, std::string_view key, const PutOptions& options) {
  Ask start{.method = "POST", .path = PathOf(key), .query = "uploads="};
  start.rest.headers = setup_.put_headers;
  Append(start.rest.headers, setup_.access_headers);
  start.rest.headers.emplace_back("Content-Type", "application/octet-stream");
  TRY(const net::Response started, Send(start));
  if (started.status != 200) return Refusal("write", Name(key), started);
  TRY(const std::string upload, ElementOf(started.body, "InitiateMultipartUploadResult", "UploadId"));
  const std::string upload_query = "uploadId=" + net::PercentEncode(upload);

  Result<void> outcome;
  Result<std::string> parts = SendParts(file, size, key, upload_query, options);
  if (!parts) outcome = parts.error();
  if (outcome) {
    Ask end{.method = "POST", .path = PathOf(key), .query = upload_query};
    end.rest.body = "<CompleteMultipartUpload>" + *parts + "</CompleteMultipartUpload>";
    end.rest.headers = {{"Content-Type", "application/xml"}};
    if (options.if_absent) end.rest.headers.push_back(setup_.absent_header);
    const Result<net::Response> ended = Send(end);
    if (!ended) outcome = ended.error();
    // A 200 may carry an error: it is sent before the parts are joined.
    if (ended && (ended->status != 200 || ReadXmlError(ended->body))) {
      Error refusal = Refusal("write", Name(key), *ended);
      if (ended->status == 412 && options.if_absent) refusal.code = Code::kExists;
      outcome = std::move(refusal);
      // The upload is unknown when an earlier try did end it and only its answer was lost.
      if (ended->status == 404) {
        const Result<FileInfo> there = Stat(key);
        if (there && there->size == size) return {};
      }
    }
  }
  if (outcome) return {};
  // Parts that stay behind cost money. When this fails, too, the bucket's own rules must clean up.
  const Result<net::Response> ignored = Send({.method = "DELETE", .path = PathOf(key), .query = upload_query});
  static_cast<void>(ignored);
  return outcome;
}

// The <Part> elements of the answers, in order.
Result<std::string> S3Remote::SendParts(const fs::path& file, std::uint64_t size, std::string_view key,
                                        std::string_view upload_query, const PutOptions& options) {
  constexpr std::uint64_t kMiB = 1u << 20;
  const std::uint64_t part_size = std::max(setup_.part_size, (size / kMaxParts / kMiB + 1) * kMiB);
  const std::size_t count = static_cast<std::size_t>((size + part_size - 1) / part_size);
  std::vector<std::string> etags(count);
  std::mutex mutex;
  Result<void> outcome;
  ForEach(count, std::min(kPartJobs, traits().jobs), [&](std::size_t i) {
    Ask ask{.method = "PUT", .path = PathOf(key), .query = fmt::format("partNumber={}&{}", i + 1, upload_query)};
    ask.rest.body_file = file.string();
    ask.rest.body_offset = i * part_size;
    ask.rest.body_length = std::min(part_size, size - i * part_size);
    ask.rest.on_sent = options.on_bytes;
    ask.rest.headers = setup_.access_headers;
    Result<net::Response> sent = Send(ask);
    Result<void> done;
    if (!sent) {
      done = std::move(sent).error();
    } else if (sent->status != 200 || sent->Header("ETag").empty()) {
      done = Refusal("write", Name(key), *sent);
    } else {
      etags[i] = sent->Header("ETag");
      return true;
    }
    const std::lock_guard lock(mutex);
    if (outcome) outcome = std::move(done);
    return false;
  });
  TRYV(outcome);
  std::string parts;
  for (std::size_t i = 0; i < count; ++i) {
    parts += fmt::format("<Part><PartNumber>{}</PartNumber><ETag>{}</ETag></Part>", i + 1, XmlEscape(etags[i]));
  }
  return parts;
}

Result<void> S3Remote::RemoveOne(std::string_view key) {
  TRY(const net::Response response, Send({.method = "DELETE", .path = PathOf(key)}));
  if (response.status / 100 == 2 || response.status == 404) return {};
  return Refusal("remove", Name(key), response);
}

Result<void> S3Remote::RemoveBatch(std::span<const std::string> keys) {
  Ask ask{.method = "POST", .query = "delete="};
  ask.rest.body = "<Delete><Quiet>true</Quiet>";
  for (const std::string& key : keys) ask.rest.body += "<Object><Key>" + XmlEscape(setup_.prefix + key) + "</Key></Object>";
  ask.rest.body += "</Delete>";
  ask.rest.headers = {{"Content-Type", "application/xml"}, {"Content-MD5", Md5Base64(ask.rest.body)}};
  TRY(const net::Response response, Send(ask));
  if (response.status != 200) return Refusal("remove objects of", url(), response);
  std::string refused;
  std::string code;
  TRYV(ReadXml(response.body, [&](std::span<const std::string> path, std::string_view text) -> Result<void> {
    if (path.size() != 3 || path[1] != "Error" || !refused.empty()) return {};
    if (path[2] == "Code") code = Trim(text);
    if (path[2] == "Key") refused = text;
    return {};
  }));
  if (code.empty() || code == "NoSuchKey") return {};
  return Fail(code == "AccessDenied" ? Code::kDenied : Code::kIo,
              fmt::format("cannot remove '{}' of '{}': the server answers {}", refused, url(), code));
}

Result<void> S3Remote::Remove(std::span<const std::string> keys, int jobs) {
  if (jobs <= 0) jobs = traits().jobs;
  std::mutex mutex;
  Result<void> outcome;
  const auto keep = [&](Result<void> done) {
    if (done) return;
    const std::lock_guard lock(mutex);
    if (outcome) outcome = std::move(done);
  };
  ForEach((keys.size() + kBatch - 1) / kBatch, jobs, [&](std::size_t i) {
    const std::span<const std::string> batch = keys.subspan(i * kBatch, std::min(kBatch, keys.size() - i * kBatch));
    if (batch.size() > 1 && batch_delete_) {
      Result<void> done = RemoveBatch(batch);
      if (done || done.error().code != Code::kUnsupported) {
        keep(std::move(done));
        return !cancelled();
      }
      batch_delete_ = false;  // the store does not know it: one by one from here on
    }
    ForEach(batch.size(), jobs, [&](std::size_t k) {
      keep(RemoveOne(batch[k]));
      return !cancelled();
    });
    return !cancelled();
  });
  return outcome;
}

}  // namespace mlean::remotes

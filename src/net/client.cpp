#include "net/client.hpp"

#include <curl/curl.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include "net/address.hpp"
#include "net/message.hpp"
#include "os/dynlib.hpp"

namespace mlean::net {
namespace {

// The functions of libcurl that are used; filled once, then only read.
struct Curl {
  CURL* (*easy_init)() = nullptr;
  void (*easy_cleanup)(CURL*) = nullptr;
  CURLcode (*easy_setopt)(CURL*, CURLoption, ...) = nullptr;
  CURLcode (*easy_perform)(CURL*) = nullptr;
  CURLcode (*easy_getinfo)(CURL*, CURLINFO, ...) = nullptr;
  const char* (*easy_strerror)(CURLcode) = nullptr;
  curl_slist* (*slist_append)(curl_slist*, const char*) = nullptr;
  void (*slist_free_all)(curl_slist*) = nullptr;
};

Result<Curl> OpenCurl() {
  constexpr std::string_view kNames[] = {"libcurl.so.4", "libcurl-gnutls.so.4"};
  TRY(const os::Library library, os::Library::Open(kNames, "make HTTP requests", "apt-get install libcurl4"));
  Curl curl;
  TRY(const auto global_init, library.Symbol<CURLcode (*)(long)>("curl_global_init"));
  TRY(curl.easy_init, library.Symbol<CURL* (*)()>("curl_easy_init"));
  TRY(curl.easy_cleanup, library.Symbol<void (*)(CURL*)>("curl_easy_cleanup"));
  TRY(curl.easy_setopt, library.Symbol<CURLcode (*)(CURL*, CURLoption, ...)>("curl_easy_setopt"));
  TRY(curl.easy_perform, library.Symbol<CURLcode (*)(CURL*)>("curl_easy_perform"));
  TRY(curl.easy_getinfo, library.Symbol<CURLcode (*)(CURL*, CURLINFO, ...)>("curl_easy_getinfo"));
  TRY(curl.easy_strerror, library.Symbol<const char* (*)(CURLcode)>("curl_easy_strerror"));
  TRY(curl.slist_append, library.Symbol<curl_slist* (*)(curl_slist*, const char*)>("curl_slist_append"));
  TRY(curl.slist_free_all, library.Symbol<void (*)(curl_slist*)>("curl_slist_free_all"));
  if (global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
    return Fail(Code::kInternal, "cannot start libcurl: it refuses to initialise");
  return curl;
}

// Opened once, by whoever comes first; a failure stays.
const Result<Curl>& TheCurl() {
  static const Result<Curl> curl = OpenCurl();
  return curl;
}

bool HasBreak(std::string_view text) { return text.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos; }

std::string_view TrimLine(std::string_view line) {
  while (!line.empty() && (line.back() == '\r' || line.back() == '\n' || line.back() == ' ' || line.back() == '\t'))
    line.remove_suffix(1);
  while (!line.empty() && (line.front() == ' ' || line.front() == '\t')) line.remove_prefix(1);
  return line;
}

Code CodeOf(CURLcode code) {
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT: return Code::kTimeout;
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CACERT_BADFILE: return Code::kInvalid;
    case CURLE_PEER_FAILED_VERIFICATION: return Code::kDenied;
    case CURLE_TOO_MANY_REDIRECTS: return Code::kInvalid;
    case CURLE_OUT_OF_MEMORY:
    case CURLE_FAILED_INIT:
    case CURLE_BAD_FUNCTION_ARGUMENT: return Code::kInternal;
    default: return Code::kIo;
  }
}

}  // namespace

std::string_view Response::Header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (EqualNoCase(key, name)) return value;
  }
  return {};
}

// The handle and what was set on it last, so that a request like the last one sets next to nothing.
struct Client::Impl {
  explicit Impl(const Curl& functions) : curl(functions), easy(functions.easy_init()) {}
  ~Impl() {
    if (easy != nullptr) curl.easy_cleanup(easy);
    curl.slist_free_all(header_list);
  }

  Result<void> SetUp();
  Result<void> Apply(const Request& request);
  void ApplyMethod(const Request& request);
  Result<void> ApplyHeaders(const Request& request);
  void ApplyLimits(const Request& request);
  void ApplyReach(bool wanted);
  void ApplyTls(const Tls& wanted);
  Result<void> OpenBody(const Request& request);
  bool Rewind();
  Result<Response> Perform(const Request& request);
  int Status() const;  // of the last answer
  Error Failure(const Request& request, CURLcode code) const;

  template <class Value>
  void Set(CURLoption option, Value value) {
    curl.easy_setopt(easy, option, value);
  }
  // Sets a number only when it is not the one that was set last.
  void SetIfNew(CURLoption option, long& last, long value) {
    if (last != value) Set(option, last = value);
  }

  static std::size_t OnBody(char* data, std::size_t size, std::size_t count, void* self);
  static std::size_t OnHeader(char* data, std::size_t size, std::size_t count, void* self);
  static std::size_t OnRead(char* data, std::size_t size, std::size_t count, void* self);
  static int OnSeek(void* self, curl_off_t offset, int origin);
  static curl_socket_t OnSocket(void* self, curlsocktype purpose, curl_sockaddr* address);
  static int OnProgress(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t);

  const Curl& curl;
  CURL* easy;
  curl_slist* header_list = nullptr;
  std::vector<std::pair<std::string, std::string>> header_source;  // what header_list was made of
  bool has_headers = false;
  std::string method;
  bool method_has_body = false;
  std::string url;
  std::string user_password;
  Tls tls;
  long timeout_ms = -1;
  long connect_timeout_ms = -1;
  long stall_seconds = 0;
  long redirects = -1;
  bool public_only = false;
  char error_text[CURL_ERROR_SIZE] = "";

  // Of the request under way.
  const Request* request = nullptr;
  Response* response = nullptr;
  bool too_large = false;
  bool cancelled = false;
  bool not_public = false;
  int body_fd = -1;
  std::uint64_t body_size = 0;  // bytes of the file to send
  std::uint64_t body_left = 0;
};

Result<void> Client::Impl::SetUp() {
  if (easy == nullptr) return Fail(Code::kInternal, "cannot start libcurl: it makes no handle");
  Set(CURLOPT_NOSIGNAL, 1L);
  Set(CURLOPT_TCP_NODELAY, 1L);
  Set(CURLOPT_ERRORBUFFER, error_text);
  Set(CURLOPT_WRITEFUNCTION, &OnBody);
  Set(CURLOPT_WRITEDATA, this);
  Set(CURLOPT_HEADERFUNCTION, &OnHeader);
  Set(CURLOPT_HEADERDATA, this);
  Set(CURLOPT_READFUNCTION, &OnRead);
  Set(CURLOPT_READDATA, this);
  Set(CURLOPT_SEEKFUNCTION, &OnSeek);
  Set(CURLOPT_SEEKDATA, this);
  Set(CURLOPT_XFERINFOFUNCTION, &OnProgress);
  Set(CURLOPT_XFERINFODATA, this);
  Set(CURLOPT_NOPROGRESS, 0L);
  Set(CURLOPT_BUFFERSIZE, 128L << 10);
  Set(CURLOPT_UPLOAD_BUFFERSIZE, 128L << 10);
  Set(CURLOPT_PROTOCOLS_STR, "http,https");
  Set(CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
  Set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  Set(CURLOPT_USERAGENT, "mlean");
  return {};
}

std::size_t Client::Impl::OnBody(char* data, std::size_t size, std::size_t count, void* context) {
  Impl& self = *static_cast<Impl*>(context);
  const std::size_t bytes = size * count;
  if (self.request->sink) {
    if (self.response->status == 0) self.response->status = self.Status();
    if (self.response->status >= 200 && self.response->status < 300) {
      self.cancelled = !self.request->sink(*self.response, {data, bytes});
      return self.cancelled ? 0 : bytes;
    }
  }
  self.too_large =
      bytes > self.request->max_response_bytes - std::min(self.request->max_response_bytes, self.response->body.size());
  if (self.too_large) return 0;
  self.response->body.append(data, bytes);
  return bytes;
}

std::size_t Client::Impl::OnHeader(char* data, std::size_t size, std::size_t count, void* context) {
  constexpr std::size_t kMaxHeaders = 1000;
  Impl& self = *static_cast<Impl*>(context);
  const std::string_view line(data, size * count);
  if (line.starts_with("HTTP/")) {  // a redirect or "100 Continue" may have come before
    self.response->headers.clear();
    self.response->status = 0;
  }
  const std::size_t colon = line.find(':');
  if (colon != std::string_view::npos && self.response->headers.size() < kMaxHeaders) {
    self.response->headers.emplace_back(line.substr(0, colon), TrimLine(line.substr(colon + 1)));
  }
  return line.size();
}

std::size_t Client::Impl::OnRead(char* data, std::size_t size, std::size_t count, void* context) {
  Impl& self = *static_cast<Impl*>(context);
  const std::size_t wanted = static_cast<std::size_t>(std::min<std::uint64_t>(size * count, self.body_left));
  for (;;) {
    const ssize_t got = ::read(self.body_fd, data, wanted);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 || (got == 0 && wanted > 0)) return CURL_READFUNC_ABORT;  // 0: the file became shorter
    self.body_left -= static_cast<std::uint64_t>(got);
    if (self.request->on_sent && got > 0) self.request->on_sent(static_cast<std::uint64_t>(got));
    return static_cast<std::size_t>(got);
  }
}

// The body is sent again from its start: the kept connection turned out to be dead.
int Client::Impl::OnSeek(void* context, curl_off_t offset, int origin) {
  Impl& self = *static_cast<Impl*>(context);
  if (origin != SEEK_SET || offset != 0 || self.body_fd < 0) return CURL_SEEKFUNC_CANTSEEK;
  return self.Rewind() ? CURL_SEEKFUNC_OK : CURL_SEEKFUNC_FAIL;
}

// Asked with the address that is about to be connected to, so that no second look-up of the name can differ.
curl_socket_t Client::Impl::OnSocket(void* context, curlsocktype, curl_sockaddr* address) {
  Impl& self = *static_cast<Impl*>(context);
  if (!IsPublicAddress(&address->addr)) {
    self.not_public = true;
    return CURL_SOCKET_BAD;
  }
  return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

int Client::Impl::OnProgress(void* context, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  Impl& self = *static_cast<Impl*>(context);
  if (self.request->cancel == nullptr || !self.request->cancel->load(std::memory_order_relaxed)) return 0;
  self.cancelled = true;
  return 1;
}

Result<void> Client::Impl::ApplyHeaders(const Request& wanted) {
  if (has_headers && wanted.headers == header_source) return {};
  bool has_type = false;
  for (const auto& [name, value] : wanted.headers) {
    has_type = has_type || EqualNoCase(name, "Content-Type");
    if (name.empty() || HasBreak(name) || HasBreak(value)) {
      return Fail(Code::kInvalid, "cannot send header '" + name + "': it is empty or has a line break");
    }
  }
  curl_slist* list = curl.slist_append(nullptr, "Expect:");        // no round trip before a body
  if (!has_type) list = curl.slist_append(list, "Content-Type:");  // nor libcurl's guess that it is a form
  for (const auto& [name, value] : wanted.headers)
    list = curl.slist_append(list, (name + (value.empty() ? ";" : ": " + value)).c_str());
  Set(CURLOPT_HTTPHEADER, list);
  curl.slist_free_all(header_list);
  header_list = list;
  header_source = wanted.headers;
  has_headers = true;
  return {};
}

void Client::Impl::ApplyMethod(const Request& wanted) {
  const bool from_file = body_fd >= 0;
  const bool has_body =
      from_file || !wanted.body.empty() || wanted.method == "POST" || wanted.method == "PUT" || wanted.method == "PATCH";
  if (wanted.method != method || has_body != method_has_body || from_file) {
    Set(CURLOPT_HTTPGET, 1L);  // undoes what the last method set
    Set(CURLOPT_NOBODY, 0L);
    if (wanted.method == "HEAD") Set(CURLOPT_NOBODY, 1L);
    if (from_file) {
      Set(CURLOPT_UPLOAD, 1L);
    } else if (has_body) {
      Set(CURLOPT_POST, 1L);
    }
    const bool natural = wanted.method == "GET" || wanted.method == "HEAD" || (wanted.method == "POST" && !from_file);
    Set(CURLOPT_CUSTOMREQUEST, natural && (wanted.method == "POST" || !has_body) ? nullptr : wanted.method.c_str());
    method = from_file ? std::string() : wanted.method;  // after an upload everything is set anew
    method_has_body = has_body;
  }
  if (has_body && !from_file) {
    Set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(wanted.body.size()));
    Set(CURLOPT_POSTFIELDS, wanted.body.data());  // borrowed until the end of the request
  }
}

bool Client::Impl::Rewind() {
  body_left = body_size;
  return ::lseek(body_fd, static_cast<off_t>(request->body_offset), SEEK_SET) >= 0;
}

Result<void> Client::Impl::OpenBody(const Request& wanted) {
  if (wanted.body_file.empty()) return {};
  const std::string start = "cannot send file '" + wanted.body_file + "': ";
  body_fd = ::open(wanted.body_file.c_str(), O_RDONLY | O_CLOEXEC);
  struct stat facts {};
  if (body_fd < 0 || ::fstat(body_fd, &facts) != 0 || !S_ISREG(facts.st_mode)) {
    const std::string cause = body_fd < 0 ? std::generic_category().message(errno) : "not a regular file";
    return Fail(body_fd < 0 && errno == ENOENT ? Code::kNotFound : Code::kIo, start + cause);
  }
  const std::uint64_t size = static_cast<std::uint64_t>(facts.st_size);
  if (wanted.body_offset > size || wanted.body_length.value_or(0) > size - wanted.body_offset)
    return Fail(Code::kInvalid, start + "it has only " + std::to_string(size) + " bytes");
  body_size = wanted.body_length.value_or(size - wanted.body_offset);
  if (!Rewind()) return Fail(Code::kIo, start + std::generic_category().message(errno));
  Set(CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(body_size));
  return {};
}

void Client::Impl::ApplyLimits(const Request& wanted) {
  SetIfNew(CURLOPT_TIMEOUT_MS, timeout_ms, static_cast<long>(wanted.timeout_ms));
  SetIfNew(CURLOPT_CONNECTTIMEOUT_MS, connect_timeout_ms, static_cast<long>(wanted.connect_timeout_ms));
  const long stall = static_cast<long>((wanted.stall_timeout_ms + 999) / 1000);
  if (stall != stall_seconds) {
    Set(CURLOPT_LOW_SPEED_LIMIT, stall > 0 ? 1L : 0L);
    SetIfNew(CURLOPT_LOW_SPEED_TIME, stall_seconds, stall);
  }
  if (redirects != wanted.max_redirects) {
    Set(CURLOPT_FOLLOWLOCATION, wanted.max_redirects > 0 ? 1L : 0L);
    SetIfNew(CURLOPT_MAXREDIRS, redirects, static_cast<long>(wanted.max_redirects));
  }
}

void Client::Impl::ApplyReach(bool wanted) {
  if (wanted == public_only) return;
  public_only = wanted;
  Set(CURLOPT_OPENSOCKETFUNCTION, wanted ? &OnSocket : nullptr);
  Set(CURLOPT_OPENSOCKETDATA, this);
  Set(CURLOPT_PROXY, wanted ? "" : nullptr);
}

void Client::Impl::ApplyTls(const Tls& wanted) {
  if (wanted == tls) return;
  tls = wanted;
  std::error_code ignored;
  const bool folder = !tls.ca_file.empty() && std::filesystem::is_directory(tls.ca_file, ignored);
  Set(CURLOPT_SSL_VERIFYPEER, tls.verify ? 1L : 0L);
  Set(CURLOPT_SSL_VERIFYHOST, tls.verify ? 2L : 0L);
  if (!tls.ca_file.empty()) Set(folder ? CURLOPT_CAPATH : CURLOPT_CAINFO, tls.ca_file.c_str());
  Set(CURLOPT_SSLCERT, tls.cert_file.empty() ? nullptr : tls.cert_file.c_str());
  Set(CURLOPT_SSLKEY, tls.key_file.empty() ? nullptr : tls.key_file.c_str());
}

Result<void> Client::Impl::Apply(const Request& wanted) {
  if (!wanted.url.starts_with("http://") && !wanted.url.starts_with("https://")) {
    return Fail(Code::kInvalid, "cannot request '" + wanted.url + "': it is no http:// or https:// address");
  }
  if (HasBreak(wanted.method) || wanted.method.empty())
    return Fail(Code::kInvalid, "cannot request '" + wanted.url + "': wrong method");
  TRYV(ApplyHeaders(wanted));
  TRYV(OpenBody(wanted));
  ApplyMethod(wanted);
  if (wanted.url != url) Set(CURLOPT_URL, (url = wanted.url).c_str());
  ApplyLimits(wanted);
  ApplyReach(wanted.public_only);
  ApplyTls(wanted.tls);
  if (wanted.user_password != user_password) {
    user_password = wanted.user_password;
    Set(CURLOPT_USERPWD, user_password.empty() ? nullptr : user_password.c_str());
  }
  return {};
}

int Client::Impl::Status() const {
  long status = 0;
  curl.easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
  return static_cast<int>(status);
}

Error Client::Impl::Failure(const Request& wanted, CURLcode code) const {
  const std::string start = "cannot request '" + wanted.url + "': ";
  if (too_large)
    return Fail(Code::kTooLarge, start + "the response is over " + std::to_string(wanted.max_response_bytes) + " bytes");
  if (not_public) return Fail(Code::kDenied, start + "its address is not public");
  if (cancelled) return Fail(Code::kCancelled, start + "cancelled");
  return Fail(CodeOf(code), start + (error_text[0] != '\0' ? error_text : curl.easy_strerror(code)));
}

Result<Response> Client::Impl::Perform(const Request& wanted) {
  Response answer;
  request = &wanted;
  response = &answer;
  too_large = cancelled = not_public = false;
  error_text[0] = '\0';
  body_fd = -1;
  const Result<void> applied = Apply(wanted);
  const CURLcode code = applied ? curl.easy_perform(easy) : CURLE_OK;
  if (body_fd >= 0) ::close(body_fd);
  if (!applied) return applied.error();
  if (code != CURLE_OK) return Failure(wanted, code);
  answer.status = Status();
  return answer;
}

Client::Client() = default;
Client::~Client() = default;
Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&&) noexcept = default;

Result<Response> Client::Send(const Request& request) {
  if (!impl_) {
    const Result<Curl>& curl = TheCurl();
    if (!curl) return curl.error();
    impl_ = std::make_unique<Impl>(*curl);
    TRYV(impl_->SetUp());
  }
  return impl_->Perform(request);
}

}  // namespace mlean::net

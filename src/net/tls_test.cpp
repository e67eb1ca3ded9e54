// The server over TLS, spoken to by OpenSSL's own client with a certificate made here.
#include "net/tls.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <unistd.h>
#include <csignal>

#include <filesystem>
#include <fstream>
#include <future>

#include "base/ids.hpp"
#include "net/server.hpp"
#include "net/sse.hpp"

namespace mlean::net {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

// A self-signed certificate for localhost with its key, as PEM files.
void MakeCertificate(const std::string& cert_file, const std::string& key_file, long serial) {
  EVP_PKEY* const key = ::EVP_EC_gen("P-256");
  X509* const cert = ::X509_new();
  ::X509_set_version(cert, X509_VERSION_3);
  ::ASN1_INTEGER_set(::X509_get_serialNumber(cert), serial);
  ::X509_gmtime_adj(::X509_getm_notBefore(cert), -60);
  ::X509_gmtime_adj(::X509_getm_notAfter(cert), 3600);
  ::X509_set_pubkey(cert, key);
  X509_NAME* const name = ::X509_get_subject_name(cert);
  ::X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("localhost"), -1, -1, 0);
  ::X509_set_issuer_name(cert, name);
  ::X509_sign(cert, key, ::EVP_sha256());
  FILE* const cert_out = std::fopen(cert_file.c_str(), "w");
  ::PEM_write_X509(cert_out, cert);
  std::fclose(cert_out);
  FILE* const key_out = std::fopen(key_file.c_str(), "w");
  ::PEM_write_PrivateKey(key_out, key, nullptr, nullptr, 0, nullptr, nullptr);
  std::fclose(key_out);
  ::X509_free(cert);
  ::EVP_PKEY_free(key);
}

int Connect(std::uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  const timeval limit{10, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
  ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  return fd;
}

// A blocking client; every wait ends after ten seconds.
class Peer {
 public:
  explicit Peer(std::uint16_t port, int version = 0) : fd_(Connect(port)), context_(::SSL_CTX_new(::TLS_client_method())) {
    if (version != 0) ::SSL_CTX_set_max_proto_version(context_, version);
    ssl_ = ::SSL_new(context_);
    ::SSL_set_fd(ssl_, fd_);
    secure_ = ::SSL_connect(ssl_) == 1;
  }
  ~Peer() {
    ::SSL_free(ssl_);
    ::SSL_CTX_free(context_);
    ::close(fd_);
  }
  Peer(const Peer&) = delete;

  bool secure() const { return secure_; }
  long Serial() const {
    X509* const cert = ::SSL_get1_peer_certificate(ssl_);
    const long serial = ::ASN1_INTEGER_get(::X509_get0_serialNumber(cert));
    ::X509_free(cert);
    return serial;
  }
  void Send(std::string_view text) {
    EXPECT_EQ(::SSL_write(ssl_, text.data(), static_cast<int>(text.size())), static_cast<int>(text.size()));
  }
  void Get(std::string_view path, std::string_view headers = {}) {
    Send(fmt::format("GET {} HTTP/1.1\r\nHost: x\r\n{}\r\n", path, headers));
  }
  // Ends its side, and goes on listening; `silently`: without telling TLS.
  void CloseWriting(bool silently) {
    if (!silently) ::SSL_shutdown(ssl_);
    ::shutdown(fd_, SHUT_WR);
  }
  // Until `text` holds `mark`, or to the end of the connection when `mark` is empty.
  std::string ReadUntil(std::string_view mark = {}) {
    std::string text;
    char piece[8192];
    while (mark.empty() || text.find(mark) == std::string::npos) {
      const int got = ::SSL_read(ssl_, piece, sizeof(piece));
      if (got <= 0) {
        closed_well_ = ::SSL_get_error(ssl_, got) == SSL_ERROR_ZERO_RETURN;
        break;
      }
      text.append(piece, static_cast<std::size_t>(got));
    }
    return text;
  }
  // The server said that no more comes: nobody has cut the connection.
  bool closed_well() const { return closed_well_; }

 private:
  int fd_;
  SSL_CTX* context_;
  SSL* ssl_ = nullptr;
  bool secure_ = false;
  bool closed_well_ = false;
};

class TlsTest : public testing::Test {
 protected:
  TlsTest() : folder_(std::filesystem::path(testing::TempDir()) / ("tls" + NewHex32())) {
    ::signal(SIGPIPE, SIG_IGN);  // of the peers: OpenSSL writes to a connection that may have ended
    std::filesystem::create_directories(folder_);
    options_.io_threads = 2;
    options_.tls_cert = folder_ / "cert.pem";
    options_.tls_key = folder_ / "key.pem";
    MakeCertificate(options_.tls_cert, options_.tls_key, 1);
    std::string large(3'000'000, ' ');
    for (std::size_t i = 0; i < large.size(); ++i) large[i] = static_cast<char>('a' + i % 23);
    std::ofstream(folder_ / "large") << large;
    large_ = std::move(large);
  }
  ~TlsTest() override {
    server_.reset();
    std::filesystem::remove_all(folder_);
  }
  void Start() {
    Router router;
    router.Add("GET", "/hello", {.on = On::kInline}, [](const Call&) { return Reply::Text(200, "hello"); });
    router.Add("POST", "/echo", {.max_body = 1 << 20}, [](const Call& call) { return Reply::Text(200, std::string(call.body)); });
    router.Add("GET", "/large", {}, [this](const Call&) { return Reply::Text(200, large_); });
    router.Add("GET", "/file", {}, [this](const Call&) { return Reply::File(folder_ / "large", "text/plain"); });
    router.Add("GET", "/endless", {.on = On::kInline}, [this](const Call&) {
      return Reply::Stream(std::string(kEventStream), [this, first = true](std::string& chunk) mutable -> Result<bool> {
        if (first) AppendEvent(chunk, "begin");
        first = false;
        pulls_.fetch_add(1);
        std::this_thread::yield();
        return true;
      });
    });
    auto server = Server::Start(options_, std::move(router), metrics_);
    ASSERT_TRUE(server) << server.error().what;
    server_ = *std::move(server);
  }
  static std::string Body(const std::string& reply) { return reply.substr(reply.find("\r\n\r\n") + 4); }

  std::filesystem::path folder_;
  std::string large_;
  std::atomic<int> pulls_ = 0;
  ServerOptions options_;
  Metrics metrics_;
  std::unique_ptr<Server> server_;
};

TEST_F(TlsTest, AnswersAndKeepsTheConnection) {
  Start();
  EXPECT_THAT(server_->url(), StartsWith("https://127.0.0.1:"));
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    Peer peer(server_->port(), version);
    ASSERT_TRUE(peer.secure());
    for (int i = 0; i < 3; ++i) {
      peer.Get("/hello");
      EXPECT_THAT(peer.ReadUntil("\r\n\r\nhello"), StartsWith("HTTP/1.1 200"));
    }
    // Both in one record: what is left over of it is not waited for.
    peer.Send("GET /hello HTTP/1.1\r\nHost: x\r\n\r\nGET /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    const std::string both = peer.ReadUntil();
    EXPECT_EQ(both.find("HTTP/1.1 200"), 0u);
    EXPECT_NE(both.rfind("HTTP/1.1 200"), 0u);
    EXPECT_TRUE(peer.closed_well());
  }
}

TEST_F(TlsTest, RefusesOldVersions) {
  Start();
  EXPECT_FALSE(Peer(server_->port(), TLS1_1_VERSION).secure());
}

TEST_F(TlsTest, TakesBodiesInPieces) {
  Start();
  Peer peer(server_->port());
  const std::string body(300'000, 'b');
  peer.Send(fmt::format("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.size()));
  for (std::size_t at = 0; at < body.size(); at += 50'000) peer.Send(std::string_view(body).substr(at, 50'000));
  EXPECT_EQ(Body(peer.ReadUntil()), body);
}

TEST_F(TlsTest, AnswersAHalfClosedClient) {
  Start();
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    for (const bool silently : {false, true}) {
      Peer cut(server_->port(), version);
      cut.Send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf");
      cut.CloseWriting(silently);
      EXPECT_THAT(cut.ReadUntil(), AllOf(StartsWith("HTTP/1.1 400"), HasSubstr("ends before its body does")));
      EXPECT_TRUE(cut.closed_well());
      Peer whole(server_->port(), version);
      whole.Send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody");
      whole.CloseWriting(silently);
      EXPECT_EQ(Body(whole.ReadUntil()), "body");
    }
  }
}

TEST_F(TlsTest, SendsLargeBodiesAndFiles) {
  Start();
  for (const std::string_view path : {"/large", "/file"}) {
    Peer peer(server_->port());
    peer.Get(path, "Connection: close\r\n");
    EXPECT_TRUE(Body(peer.ReadUntil()) == large_) << path;
  }
  Peer peer(server_->port());
  peer.Get("/file", "Range: bytes=1000000-1099999\r\n");
  peer.Get("/hello", "Connection: close\r\n");
  const std::string replies = peer.ReadUntil();
  EXPECT_THAT(replies, StartsWith("HTTP/1.1 206"));
  EXPECT_TRUE(Body(replies).substr(0, 100'000) == large_.substr(1'000'000, 100'000));
  EXPECT_TRUE(replies.ends_with("\r\n\r\nhello"));
}

TEST_F(TlsTest, StreamsEndWithTheReaderAndWithTheServer) {
  Start();
  {
    Peer gone(server_->port());
    gone.Get("/endless");
    EXPECT_THAT(gone.ReadUntil("begin"), HasSubstr("event-stream"));
  }
  Gauge& connections = metrics_.Gauges("mlean_http_connections", "Open connections.").Only();
  for (int i = 0; i < 1000 && connections.Value() > 0; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  EXPECT_EQ(connections.Value(), 0);
  Peer events(server_->port());
  events.Get("/endless");
  events.ReadUntil("begin");
  Peer idle(server_->port());
  idle.Get("/hello");
  idle.ReadUntil("hello");
  std::future<bool> drained = std::async(std::launch::async, [&] { return server_->Drain(); });
  EXPECT_TRUE(events.ReadUntil().ends_with("0\r\n\r\n"));
  EXPECT_EQ(idle.ReadUntil(), "");
  EXPECT_TRUE(drained.get());
}

TEST_F(TlsTest, TellsPlainHttpThatItIsNone) {
  Start();
  const int fd = Connect(server_->port());
  const std::string_view request = "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n";
  EXPECT_EQ(::send(fd, request.data(), request.size(), MSG_NOSIGNAL), static_cast<ssize_t>(request.size()));
  char text[4096];
  const ssize_t got = ::recv(fd, text, sizeof(text), 0);
  EXPECT_THAT(std::string(text, static_cast<std::size_t>(std::max<ssize_t>(got, 0))), HasSubstr("https only"));
  ::close(fd);
}

TEST_F(TlsTest, CutsOffHandshakesThatDoNotEnd) {
  options_.handshake_timeout = std::chrono::milliseconds(50);
  options_.idle_timeout = std::chrono::milliseconds(400);  // the loop looks every quarter of the shortest
  Start();
  const int fd = Connect(server_->port());
  char byte = 0;
  EXPECT_EQ(::recv(fd, &byte, 1, 0), 0);
  ::close(fd);
}

TEST_F(TlsTest, ReadsARenewedCertificateAndKeepsTheOldOneWhenItIsUnsound) {
  Start();
  Peer before(server_->port());
  EXPECT_EQ(before.Serial(), 1);
  MakeCertificate(options_.tls_cert, options_.tls_key, 2);
  ASSERT_TRUE(server_->ReloadTls());
  EXPECT_EQ(Peer(server_->port()).Serial(), 2);
  before.Get("/hello");
  EXPECT_THAT(before.ReadUntil("\r\n\r\nhello"), StartsWith("HTTP/1.1 200"));
  std::ofstream(options_.tls_cert) << "rubbish";
  EXPECT_EQ(server_->ReloadTls().error().code, Code::kInvalid);
  EXPECT_EQ(Peer(server_->port()).Serial(), 2);
}

TEST_F(TlsTest, SaysWhichFileIsUnsound) {
  const std::string other_key = folder_ / "other.pem";
  MakeCertificate(folder_ / "other.crt", other_key, 3);
  EXPECT_THAT(TlsContext::Load(folder_ / "none", options_.tls_key).error().what, HasSubstr("certificate"));
  EXPECT_THAT(TlsContext::Load(options_.tls_cert, folder_ / "none").error().what, HasSubstr("cannot read TLS key"));
  EXPECT_THAT(TlsContext::Load(options_.tls_cert, other_key).error().what, HasSubstr("key"));
}

}  // namespace
}  // namespace mlean::net

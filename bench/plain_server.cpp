// The limit of a durable log-metric: a loop that receives a request, writes a row with SQLite, and answers; nothing else. It does
// not look into the request. Usage: plain_server DATABASE; prints its port and serves until killed.
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sqlite3.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

namespace {

constexpr const char* kTables =
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
    "CREATE TABLE metrics(run INTEGER NOT NULL, key INTEGER NOT NULL, time INTEGER NOT NULL, step INTEGER NOT NULL, value REAL "
    "NOT NULL,"
    " is_nan INTEGER NOT NULL, PRIMARY KEY(run, key, time, step, value, is_nan)) WITHOUT ROWID;"
    "CREATE TABLE latest_metrics(run INTEGER NOT NULL, key INTEGER NOT NULL, value REAL NOT NULL, is_nan INTEGER NOT NULL,"
    " time INTEGER NOT NULL, step INTEGER NOT NULL, PRIMARY KEY(run, key)) WITHOUT ROWID";
constexpr const char kAnswer[] = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";

sqlite3* database = nullptr;

sqlite3_stmt* Prepare(const char* sql) {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v2(database, sql, -1, &statement, nullptr) != SQLITE_OK) std::exit(1);
  return statement;
}

void Run(sqlite3_stmt* statement) {
  if (sqlite3_step(statement) != SQLITE_DONE) std::exit(1);
  sqlite3_reset(statement);
}

struct Writer {
  sqlite3_stmt* begin = Prepare("BEGIN IMMEDIATE");
  sqlite3_stmt* point = Prepare("INSERT OR IGNORE INTO metrics VALUES(1, 1, ?1, ?2, 0.5, 0)");
  sqlite3_stmt* latest = Prepare("INSERT OR REPLACE INTO latest_metrics VALUES(1, 1, 0.5, 0, ?1, ?2)");
  sqlite3_stmt* commit = Prepare("COMMIT");

  void Write(long long step) const {
    for (sqlite3_stmt* const statement : {point, latest}) {
      sqlite3_bind_int64(statement, 1, 1'700'000'000'000 + step);
      sqlite3_bind_int64(statement, 2, step);
    }
    for (sqlite3_stmt* const statement : {begin, point, latest, commit}) Run(statement);
  }
};

// One request is in one piece, or its body comes in the next.
bool IsWhole(const std::string& request) {
  const std::size_t head = request.find("\r\n\r\n");
  const std::size_t length = request.find("Content-Length: ");
  return head != request.npos && length != request.npos &&
         request.size() >= head + 4 + std::strtoul(&request[length + 16], nullptr, 10);
}

}  // namespace

int main(int, char** argv) {
  if (sqlite3_open(argv[1], &database) != SQLITE_OK || sqlite3_exec(database, kTables, nullptr, nullptr, nullptr) != SQLITE_OK)
    return 1;
  const Writer writer;
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
  if (::bind(listener, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(listener, 64) != 0) return 1;
  ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
  std::printf("%d\n", ntohs(address.sin_port));
  std::fflush(stdout);
  std::vector<pollfd> open = {{listener, POLLIN, 0}};
  std::vector<std::string> requests = {{}};
  char piece[8192];
  long long step = 0;
  for (;;) {
    if (::poll(open.data(), open.size(), -1) < 0) return 1;
    if (open[0].revents != 0) {
      const int one = 1;
      const int peer = ::accept(listener, nullptr, nullptr);
      ::setsockopt(peer, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
      open.push_back({peer, POLLIN, 0});
      requests.emplace_back();
    }
    for (std::size_t i = open.size(); --i > 0;) {
      if (open[i].revents == 0) continue;
      const ssize_t got = ::recv(open[i].fd, piece, sizeof piece, 0);
      if (got <= 0) {
        ::close(open[i].fd);
        open.erase(open.begin() + static_cast<std::ptrdiff_t>(i));
        requests.erase(requests.begin() + static_cast<std::ptrdiff_t>(i));
        continue;
      }
      std::string& request = requests[i].append(piece, static_cast<std::size_t>(got));
      if (!IsWhole(request)) continue;
      writer.Write(++step);
      request.clear();
      if (::send(open[i].fd, kAnswer, sizeof kAnswer - 1, MSG_NOSIGNAL) < 0) return 1;
    }
  }
}
